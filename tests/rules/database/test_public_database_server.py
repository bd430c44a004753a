from __future__ import annotations

from typing import Any

import pytest

from auditor.testing import Answer, arm_id, ask, estate, resource

from ...networks import subnet_id

Json = dict[str, Any]
FLEXIBLE = "Microsoft.DBforMySQL/flexibleServers"
SINGLE = "Microsoft.DBforMySQL/servers"


def flexible(network: Json | None) -> Json:
    return resource(FLEXIBLE, "shop", {} if network is None else {"network": network})


def single(**properties: Any) -> Json:
    return resource(SINGLE, "old", properties)


def admits(first: str, last: str, name: str = "rule", server: str = "shop") -> Json:
    kind = FLEXIBLE if server == "shop" else SINGLE
    span = {"startIpAddress": first, "endIpAddress": last}
    return resource(f"{kind}/firewallRules", f"{server}/{name}", span)


def asked(*resources: Json) -> Answer:
    return ask("DB-001", estate(*resources))


@pytest.mark.parametrize("value", ["Enabled", "enabled", "EnabledSomehow"])
def test_a_flexible_server_that_is_public(value: str) -> None:
    [finding] = asked(flexible({"publicNetworkAccess": value})).broken
    assert finding.subject == arm_id(FLEXIBLE, "shop")
    assert finding.evidence[0].pointer == "/properties/network/publicNetworkAccess"
    assert finding.remedy.endswith(
        "az mysql flexible-server update --resource-group rg --name shop --public-access Disabled"
    )
    assert "the export holds no firewall rule of it" in finding.message


def test_a_single_server_that_is_public() -> None:
    [finding] = asked(single(publicNetworkAccess="Enabled")).broken
    assert finding.evidence[0].pointer == "/properties/publicNetworkAccess"
    assert f"az resource update --ids {arm_id(SINGLE, 'old')}" in finding.remedy


@pytest.mark.parametrize(
    "server",
    [
        flexible({"publicNetworkAccess": "Disabled"}),
        flexible({"publicNetworkAccess": "disabled"}),
        single(publicNetworkAccess="Disabled"),
        flexible({"delegatedSubnetResourceId": subnet_id("a", "data")}),
        flexible(
            {"delegatedSubnetResourceId": subnet_id("a", "data"), "publicNetworkAccess": "Enabled"}
        ),
    ],
)
def test_servers_that_are_not(server: Json) -> None:
    """L-21: a server in a delegated subnet has no public endpoint, whatever the flag."""
    assert asked(server).kept == 1


def test_older_api_versions_say_it_elsewhere() -> None:
    old = resource(FLEXIBLE, "shop", {"publicNetworkAccess": "Enabled"})
    [finding] = asked(old).broken
    assert finding.evidence[0].pointer == "/properties/publicNetworkAccess"
    inside = {"delegatedSubnetArguments": {"subnetArmResourceId": subnet_id("a", "data")}}
    assert asked(resource(FLEXIBLE, "shop", {**inside, "publicNetworkAccess": "Enabled"})).kept == 1


@pytest.mark.parametrize("server", [flexible(None), flexible({}), single()])
def test_servers_that_do_not_say(server: Json) -> None:
    answer = asked(server)
    assert (answer.kept, answer.broken) == (0, [])
    assert "has public access" in answer.unknown[0].missing


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (("0.0.0.0", "0.0.0.0"), "every address of Azure, all tenants (rule)"),
        (("0.0.0.0", "255.255.255.255"), "the whole internet (rule)"),
        (("203.0.113.4", "203.0.113.4"), "203.0.113.4"),
        (("203.0.113.4", "203.0.113.9"), "203.0.113.4 - 203.0.113.9 (rule)"),
    ],
)
def test_l_22_the_firewall_tells_how_wide(span: tuple[str, str], words: str) -> None:
    rule = admits(*span)
    [finding] = asked(flexible({"publicNetworkAccess": "Enabled"}), rule).broken
    assert finding.message.endswith(f"open to {words}")
    assert finding.related == (rule["id"],)
    assert finding.evidence[1].pointer == "/properties/startIpAddress"


def test_rules_of_a_single_server() -> None:
    rule = admits("0.0.0.0", "0.0.0.0", server="old")
    [finding] = asked(single(publicNetworkAccess="Enabled"), rule).broken
    assert "every address of Azure" in finding.message
