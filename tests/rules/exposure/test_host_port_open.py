from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.testing import arm_id, ask, estate, resource

from ...exposed import NIC, PIP, balancer, deny, forwards, nic, nsg, pip, rule, subnet, vnet
from ...routing import route, steered, table

WEB = rule("web", 100, "Internet", "8080")


def machine(*rules: Any, sku: str = "Standard", routes: Any = None) -> Network:
    """NIC nic-web at 20.50.1.2 behind a security group of its subnet."""
    routed: Any = {} if routes is None else steered("10.0.0.0/24")
    return estate(
        nsg(*rules),
        nic("nic-web", public="pip"),
        pip("pip", sku={"name": sku}),
        table("rt", *(routes or ())),
        vnet(subnet(nsg="nsg", **{k: v for k, v in routed.items() if k == "routeTable"})),
    )


def test_what_arrives_and_is_answered_is_told_with_a_packet_to_try() -> None:
    (finding,) = ask("EXP-004", machine(WEB)).broken

    assert finding.subject == arm_id(NIC, "nic-web")
    assert finding.message == (
        "the internet reaches nic-web by pip on TCP 8080 "
        "(tcp 203.0.113.10 to 20.50.1.2:8080 -> 10.0.0.4:8080)"
    )
    assert finding.related == (arm_id(PIP, "pip"),)
    assert [(each.resource.rpartition("/")[2], each.pointer, each.value)
            for each in finding.evidence] == [
        ("nsg", "/properties/securityRules/0", "securityRules/web")
    ]  # fmt: skip
    assert finding.witness is not None
    assert finding.witness["destinationPort"] == 8080
    assert [hop.reason for hop in finding.hops][:2] == ["public-address", "nsg-inbound"]


@pytest.mark.parametrize(
    "rules",
    [
        (),
        (deny("no", 90), WEB),
        (rule("partner", 100, "52.1.2.0/24", "8080"),),
        (rule("quarter", 100, ["0.0.0.0/2"], "8080"),),
        (rule("peers", 100, "VirtualNetwork", "8080"),),
    ],
)
def test_what_does_not_let_most_of_the_internet_in_is_kept(rules: Any) -> None:
    assert ask("EXP-004", machine(*rules)).kept == 1


def test_halves_are_the_whole() -> None:
    halves = rule("halves", 100, ["0.0.0.0/1", "128.0.0.0/1"], ["8080", "8081"])

    (finding,) = ask("EXP-004", machine(halves, deny("some", 90, "52.0.0.0/8"))).broken

    assert "on TCP 8080-8081 (" in finding.message


def test_a_port_open_to_a_partner_alone_is_not_among_those_told() -> None:
    partner = rule("partner", 110, "52.1.2.0/24", "9090")

    (finding,) = ask("EXP-004", machine(WEB, partner)).broken

    assert "on TCP 8080 (" in finding.message


def test_N_11_the_group_of_the_nic_counts_too() -> None:
    network = estate(
        nsg(WEB),
        nsg(name="own"),
        nic("nic-web", public="pip", nsg="own"),
        pip("pip"),
        vnet(subnet(nsg="nsg")),
    )

    assert ask("EXP-004", network).kept == 1


def test_E_3_a_standard_address_without_a_group_is_closed_and_a_basic_one_open() -> None:
    def bare(sku: str) -> Network:
        return estate(nic("nic-web", public="pip"), pip("pip", sku={"name": sku}), vnet(subnet()))

    assert ask("EXP-004", bare("Standard")).kept == 1
    (finding,) = ask("EXP-004", bare("Basic")).broken
    assert "on every port (" in finding.message


def test_N_50_an_admin_rule_may_close_what_the_group_opens() -> None:
    settings = {
        "priority": 10, "direction": "Inbound", "access": "Deny", "protocol": "Tcp",
        "sources": [{"addressPrefixType": "IPPrefix", "addressPrefix": "*"}],
        "destinations": [{"addressPrefixType": "IPPrefix", "addressPrefix": "*"}],
        "sourcePortRanges": ["0-65535"], "destinationPortRanges": ["8080"],
    }  # fmt: skip
    kind = "Microsoft.Network/networkManagers/securityAdminConfigurations/ruleCollections/rules"
    shut = resource(kind, "avnm/base/all/no", settings, kind="Custom")
    network = estate(
        nsg(WEB), nic("nic-web", public="pip"), pip("pip"), shut, vnet(subnet(nsg="nsg"))
    )

    answer = ask("EXP-004", network)

    assert answer.broken == []
    assert "admin" in answer.unknown[0].missing


def test_R_13_what_arrives_and_is_never_answered_is_not_reached() -> None:
    dropped = machine(WEB, routes=[route("0.0.0.0/0", "None")])
    appliance = machine(WEB, routes=[route("0.0.0.0/0", "VirtualAppliance", "10.0.9.4")])

    assert ask("EXP-004", dropped).kept == 1
    assert ask("EXP-004", appliance).broken == []


def test_a_machine_behind_a_public_load_balancer_is_reached_at_its_frontend() -> None:
    network = estate(
        nsg(WEB),
        nic("nic-web"),
        pip("pip"),
        balancer(loadBalancingRules=[forwards("http", 80, 8080)]),
        vnet(subnet(nsg="nsg")),
    )

    (finding,) = ask("EXP-004", network).broken

    assert finding.subject == arm_id(NIC, "nic-web")
    assert "by pip on TCP 80 (tcp 203.0.113.10 to 20.50.1.2:80 -> 10.0.0.4:8080)" in finding.message


def test_one_finding_for_each_entrance() -> None:
    network = estate(
        nsg(WEB),
        nic("nic-web", public="own"),
        pip("own", address="20.50.1.3"),
        pip("pip"),
        balancer(loadBalancingRules=[forwards("http", 80, 8080)]),
        vnet(subnet(nsg="nsg")),
    )

    found = ask("EXP-004", network).broken

    assert sorted(each.key.rpartition("/")[2] for each in found) == ["own", "pip"]


@pytest.mark.parametrize("pattern", ["*/networkInterfaces/NIC-web", "*/publicIPAddresses/pip"])
def test_who_is_meant_to_answer_is_approved(pattern: str) -> None:
    assert ask("EXP-004", machine(WEB), allow=(pattern,)).kept == 1
    assert ask("EXP-004", machine(WEB), allow=("*/other",)).kept == 0


def test_what_the_tags_hold_decides_is_unknown() -> None:
    cloud = deny("no-cloud", 90, "AzureCloud", "8080")

    answer = ask("EXP-004", machine(cloud, WEB))

    assert answer.broken == []
    (unknown,) = answer.unknown
    assert "whether the internet reaches nic-web by pip on TCP 8080: " in unknown.missing
    assert "service-tag:azurecloud" in unknown.missing


def behind_a_lost_balancer(*rules: dict[str, Any]) -> Network:
    pools = [{"id": arm_id("Microsoft.Network/loadBalancers/backendAddressPools", "gone", "p")}]
    card = nic("nic-web")
    first = card["properties"]["ipConfigurations"][0]["properties"]
    first["loadBalancerBackendAddressPools"] = pools
    return estate(nsg(*rules), card, vnet(subnet(nsg="nsg")))


@pytest.mark.parametrize(("port", "management"), [("8080", 0), ("20-30", 1)])
def test_what_an_absent_balancer_opens_is_unknown(port: str, management: int) -> None:
    found = behind_a_lost_balancer(rule("web", 100, ports=port))
    answer = ask("EXP-004", found)
    assert answer.broken == []
    (unknown,) = answer.unknown
    lost = arm_id("Microsoft.Network/loadBalancers", "gone")
    assert unknown.subject == unknown.told_by == lost
    assert unknown.missing == (
        f"whether the internet reaches nic-web by gone: {lost} is not in the snapshot"
    )
    assert len(ask("EXP-005", found).unknown) == management


def test_an_absent_balancer_opens_nothing_that_a_group_closes() -> None:
    closed = behind_a_lost_balancer(rule("inside", 100, "10.0.0.0/8"))
    assert ask("EXP-004", closed).unknown == []
    approved = ask("EXP-004", behind_a_lost_balancer(WEB), allow=("*/loadBalancers/gone",))
    assert approved.unknown == []


def test_a_group_that_is_not_in_the_snapshot_makes_it_unknown() -> None:
    network = estate(nic("nic-web", public="pip"), pip("pip"), vnet(subnet(nsg="gone")))

    answer = ask("EXP-004", network)

    assert answer.broken == []
    assert [each.subject for each in answer.unknown] == [arm_id(NIC, "nic-web")]


def test_a_subnet_without_its_network_asks_for_the_network() -> None:
    home = arm_id("Microsoft.Network/virtualNetworks", "vnet")
    public = pip("pip", sku={"name": "Standard"})
    lone = {**subnet(nsg="nsg"), "type": "Microsoft.Network/virtualNetworks/subnets"}
    network = estate(nsg(WEB), nic("nic-web", public="pip"), public, lone)

    (unknown,) = ask("EXP-004", network).unknown
    assert unknown.missing.endswith(f": {home} is not in the snapshot (collection-gap)")
    assert unknown.remedy == f"export it with the rest: az resource show --ids {home}"
