from __future__ import annotations

from typing import Any

import pytest

from auditor.finding import Severity
from auditor.network.graph import Network
from auditor.testing import Answer, arm_id, ask, estate, resource

from ...exposed import GATEWAY, nic, nsg, pip, rule, subnet, vnet
from ...reaching import app_gateway, ref

ORIGIN = "Microsoft.Cdn/profiles/originGroups/origins"
POLICY = "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies"
HOST = "shop.westeurope.cloudapp.azure.com"
EVERYONE = rule("web", 100, "Internet", "443")
EDGE = rule("edge", 100, "AzureFrontDoor.Backend", "443")
OFFICE = rule("office", 110, "198.51.100.0/24", "443")


OURS = "aaaaaaaa-1111-2222-3333-444444444444"
THEIRS = "bbbbbbbb-1111-2222-3333-444444444444"
PREVENTS = {"state": "Enabled", "mode": "Prevention"}


def custom(
    selector: str = "X-Azure-FDID", *, values: Any = (OURS,), negated: bool = True, **more: Any
) -> dict[str, Any]:
    condition = {
        "matchVariables": [{"variableName": "RequestHeaders", "selector": selector}],
        "operator": "Equal",
        "negationConditon": negated,
        "matchValues": list(values),
    }
    return {"name": "fdid", "action": "Block", "matchConditions": [condition], **more}


def everybody(priority: int) -> dict[str, Any]:
    condition = {
        "matchVariables": [{"variableName": "RemoteAddr"}],
        "operator": "IPMatch",
        "matchValues": ["0.0.0.0/0"],
    }
    return {"action": "Block", "priority": priority, "matchConditions": [condition]}


def asked(
    *rules: Any,
    checks: Any = (),
    host: str = HOST,
    beside: Any = (),
    acts: Any = PREVENTS,
    fdid: Any = OURS,
    waf: bool = True,
    **origin: Any,
) -> Answer:
    """Gateway agw at 20.50.1.2, whose WAF has these custom rules, as origin of a Front Door."""
    has: dict[str, Any] = {"firewallPolicy": ref(POLICY, "waf")} if waf else {}
    gateway = app_gateway(**has)
    address = pip("pip", settings={"dnsSettings": {"fqdn": HOST}})
    network: Network = estate(
        nsg(*rules),
        nic("nic-web"),
        address,
        gateway,
        resource(POLICY, "waf", {"customRules": list(checks), "policySettings": acts}),
        resource("Microsoft.Cdn/profiles", "door", {"frontDoorId": fdid}),
        resource(
            ORIGIN, "door/group/shop", {"hostName": host, "enabledState": "Enabled", **origin}
        ),
        *beside,
        vnet(subnet(), subnet("gw", "10.0.1.0/26", nsg="nsg")),
    )
    return ask("GW-029", network)


@pytest.mark.parametrize("host", [HOST, HOST.upper(), "20.50.1.2"])
def test_a_gateway_that_answers_everyone(host: str) -> None:
    (finding,) = asked(EVERYONE, checks=[custom()], host=host).broken

    assert finding.subject == arm_id(GATEWAY, "agw")
    assert finding.key == "anyone"
    assert finding.remedy.endswith("--source-address-prefixes AzureFrontDoor.Backend")
    assert "(tcp 203.0.113.10 to 20.50.1.2:443" in finding.message
    assert finding.evidence[0].pointer == "/properties/hostName"


@pytest.mark.parametrize(
    ("host", "unknown"), [(HOST, 1), ("20.50.1.2", 1), ("shop.contoso.example", 0)]
)
def test_a_gateway_whose_address_is_not_in_the_snapshot_may_be_the_origin(
    host: str, unknown: int
) -> None:
    origin = {"hostName": host, "enabledState": "Enabled"}
    network = estate(
        nsg(EVERYONE),
        app_gateway(),
        resource("Microsoft.Cdn/profiles", "door", {"frontDoorId": OURS}),
        resource(ORIGIN, "door/group/shop", origin),
        vnet(subnet(nsg="nsg")),
    )
    answer = ask("GW-029", network)
    assert (answer.broken, len(answer.unknown)) == ([], unknown)
    assert all("publicIPAddresses/" in each.missing for each in answer.unknown)


def test_the_edge_alone_with_the_header_is_kept() -> None:
    assert asked(EDGE, checks=[custom()]).kept == 1


def test_an_office_beside_the_edge_was_let_in_on_purpose() -> None:
    assert asked(EDGE, OFFICE, checks=[custom()]).kept == 1


@pytest.mark.parametrize("checks", [(), [custom("X-Forwarded-For")], [custom(state="Disabled")]])
def test_N_27_the_tag_without_the_header_lets_every_front_door_in(checks: Any) -> None:
    (finding,) = asked(EDGE, checks=checks).broken

    assert finding.key == "header"
    assert finding.severity is Severity.MEDIUM


def test_the_header_in_any_letters() -> None:
    assert asked(EDGE, checks=[custom("x-azure-fdid")]).kept == 1


def test_an_origin_over_private_link_needs_neither() -> None:
    link = {"privateLink": {"id": "/x"}}

    answer = asked(EVERYONE, sharedPrivateLinkResource=link)

    assert (answer.kept, answer.broken, answer.unknown) == (0, [], [])


def test_an_origin_that_is_off_or_elsewhere_is_not_judged() -> None:
    assert asked(EVERYONE, enabledState="Disabled").broken == []
    assert asked(EVERYONE, host="elsewhere.example").broken == []


def test_a_policy_that_is_not_in_the_snapshot_says_nothing_about_the_header() -> None:
    gone = resource(POLICY, "other")

    assert asked(EDGE, checks=[custom()], beside=[gone]).broken == []


def test_another_tag_in_doubt_is_unknown() -> None:
    answer = asked(rule("cloud", 90, "AzureCloud", "443", access="Deny"), EVERYONE)

    assert [each.key for each in answer.broken] == []
    told = "answers clients outside Front Door: which addresses azurecloud holds"
    assert told in answer.unknown[0].missing


@pytest.mark.parametrize(
    ("checks", "why"),
    [
        ([custom(action="Log")], "no rule of its WAF policy waf blocks others by the header"),
        ([custom(action="Allow", negated=False)], "no rule of its WAF policy waf blocks others"),
        ([custom(negated=False)], "no rule of its WAF policy waf blocks others"),
        (
            [custom(values=[THEIRS])],
            f"its WAF policy waf asks for another X-Azure-FDID than {OURS}",
        ),
    ],
)
def test_a_rule_that_blocks_no_other_door(checks: Any, why: str) -> None:
    (finding,) = asked(EDGE, checks=checks).broken

    assert finding.message.startswith(f"agw is an origin of Front Door door, and {why}")


@pytest.mark.parametrize(
    ("acts", "why"),
    [
        ({"state": "Enabled", "mode": "Detection"}, "its WAF policy waf only detects"),
        ({"state": "Disabled", "mode": "Prevention"}, "its WAF policy waf is switched off"),
    ],
)
def test_a_policy_that_blocks_nothing(acts: Any, why: str) -> None:
    (finding,) = asked(EDGE, checks=[custom()], acts=acts).broken

    assert why in finding.message
    assert "--state Enabled --mode Prevention" in finding.remedy


def test_a_rule_is_added_with_the_id_of_the_door() -> None:
    (finding,) = asked(EDGE, checks=[custom("X-Other", priority=1)]).broken

    assert "--priority 2" in finding.remedy
    assert "--match-variables RequestHeaders.X-Azure-FDID --operator Equal" in finding.remedy
    assert f"--negate true --values {OURS}" in finding.remedy


def test_a_gateway_without_a_policy() -> None:
    (finding,) = asked(EDGE, waf=False).broken

    assert "it has no WAF policy" in finding.message


def test_allowing_ours_and_blocking_everybody_is_kept() -> None:
    ours = custom(action="Allow", negated=False, priority=5)

    assert asked(EDGE, checks=[everybody(9), ours]).kept == 1


@pytest.mark.parametrize(
    "more",
    [
        {"fdid": None, "checks": [custom(values=[THEIRS])]},
        {"checks": [custom(values=[THEIRS, OURS.upper()])]},
    ],
)
def test_any_id_where_ours_is_not_told_and_several(more: Any) -> None:
    assert asked(EDGE, **more).kept == 1


@pytest.mark.parametrize(
    "more", [{"checks": [custom(values=["[parameters('door')]"])]}, {"acts": None}]
)
def test_what_the_policy_does_not_tell_is_unknown(more: Any) -> None:
    (unknown,) = asked(EDGE, **{"checks": [custom()], **more}).unknown

    assert "lets in other Front Doors than door" in unknown.missing


def test_what_other_rules_do_is_no_matter() -> None:
    bots = custom("User-Agent", negated=False, priority=1)

    assert asked(EDGE, checks=[bots, custom(priority=2)]).kept == 1
    assert [each.key for each in asked(EDGE, checks=[bots]).broken] == ["header"]
