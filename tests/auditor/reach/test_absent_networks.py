"""Whoever is in peered networks that the input does not hold (R-14, R-18)."""

from __future__ import annotations

from typing import Any

from auditor.network.graph import Network
from auditor.reach.answer import Answer, answers
from auditor.reach.points import Kind
from auditor.reach.selected import ends_of
from auditor.selector import parse_selector
from auditor.testing import arm_id, estate

from ...exposed import PIP, deny, nsg, pip
from ...firewalls import FIREWALL, collection, firewall, group, nat_rule, policy
from ...networks import gateway, nic, peer, site, subnet_id, tunnel, vnet
from ...routing import route, steered, table

FLAGS: Any = {"allowVirtualNetworkAccess": True, "allowForwardedTraffic": True}


def lonely(*more: Any, remote: Any = ("10.7.0.0/16",), app: Any = "10.0.0.0/24") -> Network:
    """NIC web in VNet a, which is peered with VNet gone, of which nothing else is told."""
    subnets = {"app": app, "GatewaySubnet": "10.0.9.0/27"}
    return estate(
        vnet("a", "10.0.0.0/16", subnets=subnets, peers=[peer("gone", *remote, **FLAGS)]),
        nic("web", "10.0.0.4", ("a", "app")),
        *more,
    )


def told(network: Network, source: str, target: str) -> list[Answer]:
    """The answers about TCP 443 from one selector to another."""
    ends = [ends_of(network, parse_selector(each)).points for each in (source, target)]
    return [
        answer
        for one in ends[0]
        for other in ends[1]
        for answer in answers(network, one, other, protocols=("tcp",))
    ]


def verdicts(network: Network, source: str, target: str) -> list[tuple[str, str, set[str]]]:
    """Whom the answers are about, what they say, and why they are not told."""
    return [
        (
            answer.target.id.rpartition("/")[2],
            answer.verdict.value,
            {reason.label for reason in answer.reasons},
        )
        for answer in told(network, source, target)
    ]


def test_R_14_who_is_in_a_peered_network_that_is_missing_cannot_be_told() -> None:
    network = lonely()
    assert verdicts(network, "name:web", "10.7.0.4") == [("gone", "unknown", {"peer-external"})]
    assert verdicts(network, "name:web", "10.7.0.0/24") == [("gone", "unknown", {"peer-external"})]
    [found] = told(network, "name:web", "10.7.0.4")
    assert found.target.kind is Kind.BEYOND


def test_R_18_addresses_besides_the_remote_space_are_not_there() -> None:
    assert verdicts(lonely(), "name:web", "10.5.0.4") == [("onprem", "blocked", set())]


def test_R_18_without_a_remote_space_any_private_address_may_be_there() -> None:
    network = lonely(remote=())
    assert ("gone", "unknown") in [each[:2] for each in verdicts(network, "name:web", "10.5.0.4")]
    assert [each[0] for each in verdicts(network, "name:web", "10.0.0.4")][:1] != ["gone"]


def test_what_certainly_stops_packets_for_a_missing_network_does() -> None:
    shut = lonely(
        nsg(deny("no", 100, direction="Outbound")),
        app={
            "addressPrefix": "10.0.0.0/24",
            "networkSecurityGroup": {
                "id": "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg"
                "/providers/Microsoft.Network/networkSecurityGroups/nsg"
            },
        },
    )
    assert verdicts(shut, "name:web", "10.7.0.4") == [("gone", "blocked", set())]
    dropped = lonely(table("rt", route("10.7.0.0/16", "None")), app=steered("10.0.0.0/24"))
    assert verdicts(dropped, "name:web", "10.7.0.4") == [("gone", "blocked", set())]


def test_packets_from_a_missing_network_may_come() -> None:
    [found] = told(lonely(), "10.7.0.4", "name:web")
    assert found.verdict.value == "unknown"
    back = lonely(
        nic("nva", "10.0.0.9", ("a", "app"), enableIPForwarding=True),
        table("rt", route("10.7.0.0/16", "VirtualAppliance", "10.0.0.9")),
        app=steered("10.0.0.0/24"),
    )
    assert told(back, "10.7.0.4", "name:web")[0].verdict.value == "unknown"
    lost = lonely(table("rt", route("10.7.0.0/16", "None")), app=steered("10.0.0.0/24"))
    assert told(lost, "10.7.0.4", "name:web")[0].verdict.value == "blocked"


def test_from_outside_nothing_is_told_of_a_missing_network() -> None:
    network = lonely(
        gateway("vpn", "a"), site("office", "192.168.0.0/16"), tunnel("line", "vpn", "office")
    )
    for source in ("internet", "onprem"):
        [found] = told(network, source, "10.7.0.4")
        assert (found.verdict.value, {r.label for r in found.reasons}) == (
            "unknown", {"peer-external"},
        )  # fmt: skip


def test_a_listed_machine_in_a_missing_network_is_found_by_its_address() -> None:
    network = lonely(nic("db", "10.7.0.4", ("gone", "data")))
    [found] = told(network, "name:web", "10.7.0.4")
    assert "networkInterfaces/db" in found.target.id
    assert found.verdict.value == "unknown"


def test_a_peer_of_an_inventory_is_as_good_as_missing() -> None:
    """Its peering tells its addresses; nothing tells who is there."""
    far = vnet("b", "10.1.0.0/16", subnets={"app": "10.1.0.0/24"}, peers=[peer("a", "10.0.0.0/16")])
    del far["properties"]
    network = estate(
        vnet("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24"}, peers=[peer("b", "10.1.0.0/16")]),
        nic("web", "10.0.0.4", ("a", "app")),
        far,
    )
    ends = ends_of(network, parse_selector("10.1.0.4"))
    assert [each.kind for each in ends.points] == [Kind.BEYOND]


def behind_firewall(target: str) -> Network:
    """A firewall in VNet a whose NAT rule sends 443 of its public address to another."""
    configuration = {
        "privateIPAddress": "10.0.8.4",
        "subnet": {"id": subnet_id("a", "AzureFirewallSubnet")},
        "publicIPAddress": {"id": arm_id(PIP, "pip")},
    }
    subnets = {"app": "10.0.0.0/24", "AzureFirewallSubnet": "10.0.8.0/26"}
    return estate(
        vnet("a", "10.0.0.0/16", subnets=subnets, peers=[peer("gone", "10.7.0.0/16", **FLAGS)]),
        firewall(ipConfigurations=[{"name": "c", "properties": configuration}]),
        policy("g"),
        group(
            "g", 100, collection("nat", 100, "Dnat", nat_rule("web", target, "20.50.1.2", "443"))
        ),
        pip("pip", arm_id(f"{FIREWALL}/azureFirewallIpConfigurations", "fw", "c")),
    )


def test_E_20_who_gets_what_a_nat_rule_sends_to_a_missing_network_cannot_be_told() -> None:
    found = verdicts(behind_firewall("10.7.0.4:443"), "internet", "20.50.1.2")
    assert ("unknown", {"collection-gap"}) in [each[1:] for each in found]
    nowhere = verdicts(behind_firewall("10.9.0.4:443"), "internet", "20.50.1.2")
    assert {verdict for _, verdict, _ in nowhere} == {"blocked"}
