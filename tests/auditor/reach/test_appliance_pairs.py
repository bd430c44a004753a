"""Appliances behind a load balancer for all ports, to which routes lead (R-11)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor import simulate
from auditor.addresses import parse_address
from auditor.network.graph import Network
from auditor.reach.closed import closed_but_to
from auditor.reach.screening import callers
from auditor.resources.base import Ref
from auditor.resources.virtual_networks import Subnet
from auditor.simulate import Fate, Packet
from auditor.testing import arm_id, estate, resource

from ...exposed import BALANCER, NIC, NSG, deny, nsg, rule
from ...networks import nic, peer, subnet_id, vnet
from ...reaching import asked, lb_probe, lb_rule, point, ref
from ...routing import route, steered, table
from .test_matrix import cells, one_by_one

MEMBERS = ("nva1", "nva2")
NOTHING: dict[str, Any] = {}


def pair(
    *rules: Any,
    members: tuple[str, ...] = MEMBERS,
    filtered: tuple[str, ...] = MEMBERS,
    hop: str = "10.0.1.10",
    **more: Any,
) -> Network:
    """NIC web sends to NIC db by the balancer before two appliances, some with a group."""
    pool = {
        "backendIPConfigurations": [ref(f"{NIC}/ipConfigurations", m, "primary") for m in members]
    }
    front = {"privateIPAddress": "10.0.1.10", "subnet": {"id": subnet_id("a", "edge")}}
    probe = ref(f"{BALANCER}/probes", "ilb", "probe")
    settings = {
        "frontendIPConfigurations": [{"name": "front", "properties": front}],
        "backendAddressPools": [{"name": "pool", "properties": pool}],
        "loadBalancingRules": [
            lb_rule("ha", 0, 0, balancer="ilb", protocol="All", probe=probe, **more)
        ],
        "probes": [lb_probe(22)],
        "inboundNatRules": [],
        "outboundRules": [],
    }
    group: dict[str, Any] = {"networkSecurityGroup": {"id": arm_id(NSG, "nsg")}}
    return estate(
        vnet(
            "a",
            "10.0.0.0/16",
            subnets={
                "app": steered("10.0.0.0/24"),
                "edge": "10.0.1.0/24",
                "data": "10.0.3.0/24",
            },
        ),
        table("rt", route("10.0.3.0/24", "VirtualAppliance", hop)),
        nsg(*rules),
        nic("web", "10.0.0.4", ("a", "app")),
        nic("db", "10.0.3.4", ("a", "data")),
        *(
            nic(
                name,
                f"10.0.1.{place}",
                ("a", "edge"),
                enableIPForwarding=True,
                **(group if name in filtered else NOTHING),
            )
            for place, name in enumerate(MEMBERS, 4)
        ),
        resource(BALANCER, "ilb", settings, sku={"name": "Standard"}),
    )


NO = deny("no", 100, destinationAddressPrefix="10.0.3.4", destinationPortRange="22")
NO_PROBES = deny("no-probes", 100, "AzureLoadBalancer")


def fate(network: Network, port: int) -> set[Fate]:
    """What becomes of a packet from web to db, as the simulator says."""
    start = arm_id(f"{NIC}/ipConfigurations", "web", "primary")
    packet = Packet(parse_address("10.0.0.4"), parse_address("10.0.3.4"), "tcp", 50000, port)
    return {each.fate for each in simulate.replay(network, start, packet)}


def test_the_simulator_says_so_too() -> None:
    assert fate(pair(), 22) == {Fate.UNKNOWN}
    assert fate(pair(NO), 22) == fate(pair(NO_PROBES), 443) == {Fate.DROPPED}
    assert fate(pair(NO), 443) == fate(pair(NO, filtered=("nva1",)), 22) == {Fate.UNKNOWN}
    assert fate(pair(members=()), 443) == {Fate.DROPPED}


@pytest.mark.parametrize("hop", ["10.0.1.10", "10.0.1.4"])
@pytest.mark.parametrize("rules", [(), (NO,), (NO_PROBES,), (deny("all", 100),)])
def test_the_matrix_says_so_too(rules: tuple[Any, ...], hop: str) -> None:
    """By one appliance as by a balancer before several."""
    network = pair(*rules, hop=hop)

    assert cells(network) == one_by_one(network)


def test_R_11_what_the_appliances_let_through_is_not_told() -> None:
    found = asked(pair(), "web", "db")
    assert (found.verdict, found.labels) == ("unknown", {"nva:ilb"})


def test_P_7_what_no_appliance_of_a_pool_is_sent_is_not_forwarded() -> None:
    """Their groups see the packet as it is, on its way to the machine behind them."""
    shut = asked(pair(NO), "web", "db", 22)
    assert (shut.verdict, shut.stops) == ("blocked", ["nsg-inbound"])
    assert asked(pair(NO), "web", "db", 443).verdict == "unknown"
    assert asked(pair(NO, filtered=("nva1",)), "web", "db", 22).verdict == "unknown"
    front = deny("no", 100, destinationAddressPrefix="10.0.1.10")
    assert asked(pair(front), "web", "db").verdict == "unknown"


def test_E_16_appliances_that_probes_do_not_get_at_are_sent_nothing() -> None:
    shut = asked(pair(NO_PROBES), "web", "db")
    assert (shut.verdict, shut.stops) == ("blocked", ["probe"])
    assert asked(pair(NO_PROBES, filtered=("nva1",)), "web", "db").verdict == "unknown"
    allowed = rule("first", 90, "AzureLoadBalancer")
    assert asked(pair(NO_PROBES, allowed), "web", "db").verdict == "unknown"


def test_R_11_a_pool_without_members_forwards_nothing() -> None:
    shut = asked(pair(members=()), "web", "db")
    assert (shut.verdict, shut.stops) == ("blocked", ["load-balancer"])


def guarded(
    *allowed: str,
    hop: str = "10.0.1.10",
    out: Any = (),
    machine: bool = True,
    cards: int = 1,
    home: str = "a",
    known: bool = True,
) -> Network:
    """The same, db letting in a few addresses; hop 10.0.1.4 is nva1 alone, with so many `cards`.

    `out` are rules at that machine's cards. `home` is the network of db: `b` is joined with a, and
    in the input if `known`.
    """
    rules = [rule(f"r{i}", 100 + i, source, "*") for i, source in enumerate(allowed)]
    pool = {
        "backendIPConfigurations": [ref(f"{NIC}/ipConfigurations", m, "primary") for m in MEMBERS]
    }
    front = {"privateIPAddress": "10.0.1.10", "subnet": {"id": subnet_id("a", "edge")}}
    settings = {
        "frontendIPConfigurations": [{"name": "front", "properties": front}],
        "backendAddressPools": [{"name": "pool", "properties": pool}],
        "loadBalancingRules": [lb_rule("ha", 0, 0, balancer="ilb", protocol="All")],
        "probes": [],
        "inboundNatRules": [],
        "outboundRules": [],
    }
    shut = {"networkSecurityGroup": {"id": arm_id(NSG, "db")}}
    data = {"addressPrefix": "10.0.3.0/24" if home == "a" else "10.8.3.0/24", **shut}
    tied: Any = {"allowVirtualNetworkAccess": True, "allowForwardedTraffic": True}
    subnets: dict[str, Any] = {"app": steered("10.0.0.0/24"), "edge": "10.0.1.0/24",
                               "inner": "10.0.2.0/24"}  # fmt: skip
    there = "10.0.3.4" if home == "a" else "10.8.3.4"
    names = ["nva1", "inner"][:cards]
    listed = [{"id": arm_id(NIC, name)} for name in names]
    profile = {"networkProfile": {"networkInterfaces": listed}}
    filtered: Any = {"networkSecurityGroup": {"id": arm_id(NSG, "out")}, "vm": "nva"}
    return estate(
        vnet("a", "10.0.0.0/16", subnets={**subnets, **({"data": data} if home == "a" else {})},
             peers=[peer("b", "10.8.0.0/16", **tied)]),
        *([vnet("b", "10.8.0.0/16", subnets={} if home == "a" else {"data": data},
             peers=[peer("a", "10.0.0.0/16", **tied)])] if known else []),
        table("rt", route(f"{there}/32", "VirtualAppliance", hop)),
        nsg(*rules, deny("rest", 300), name="db"),
        nsg(*out, name="out"),
        nic("web", "10.0.0.4", ("a", "app")),
        nic("db", there, (home, "data")),
        nic("nva1", "10.0.1.4", ("a", "edge"), enableIPForwarding=True, **filtered),
        nic("nva2", "10.0.1.5", ("a", "edge"), enableIPForwarding=True),
        *([nic("inner", "10.0.2.4", ("a", "inner"), enableIPForwarding=True, **filtered)]
          if cards > 1 else []),
        *([resource("Microsoft.Compute/virtualMachines", "nva", profile)] if machine else []),
        resource(BALANCER, "ilb", settings, sku={"name": "Standard"}),
    )  # fmt: skip


@pytest.mark.parametrize("allowed", ["10.0.1.4", "10.0.1.5", "10.0.0.4"])
def test_appliances_behind_a_balancer_may_put_their_own_address_in_place(allowed: str) -> None:
    """They were taken to send from the balancer's, so that nothing got in: it cannot be told."""
    network = guarded(allowed)
    found = asked(network, "web", "db", 22)
    assert (found.verdict, found.labels) == ("unknown", {"nva:ilb"})
    assert asked(guarded("10.0.9.9"), "web", "db", 22).stops == ["nsg-inbound"]
    assert cells(network) == one_by_one(network)


def test_an_appliance_may_put_the_address_of_its_other_card_in_place() -> None:
    two = guarded("10.0.2.4", hop="10.0.1.4", cards=2)
    assert asked(two, "web", "db", 22).labels == {"nva:nva1"}
    assert asked(guarded("10.0.2.4", hop="10.0.1.4"), "web", "db", 22).verdict == "blocked"
    assert cells(two) == one_by_one(two)


def test_an_appliance_that_the_input_lacks_may_put_any_address_in_place() -> None:
    """It is in a peered network that nobody lists, behind a balancer, say."""
    network = guarded("10.8.1.9", hop="10.8.1.77", known=False)
    found = asked(network, "web", "db", 22)
    assert (found.verdict, found.labels) == ("unknown", {"nva:10.8.1.77"})
    assert cells(network) == one_by_one(network)


NO_OUT = {**NO, "properties": {**NO["properties"], "direction": "Outbound"}}


def test_P_7_an_appliance_of_one_card_sends_on_what_the_rules_there_let_out() -> None:
    """It has to leave by the card that it came by."""

    def sent_on(port: int = 22, **more: Any) -> Any:
        return asked(guarded("*", hop="10.0.1.4", out=[NO_OUT], **more), "web", "db", port)

    shut = sent_on()
    assert (shut.verdict, shut.stops) == ("blocked", ["nsg-outbound"])
    assert shut.one.blockers[0].rule == "securityRules/no"
    assert sent_on(443).verdict == "unknown"
    assert sent_on(cards=2).verdict == "unknown"  # by the other, perhaps
    assert sent_on(machine=False).verdict == "unknown"  # whose cards are not listed
    network = guarded("*", hop="10.0.1.4", out=[NO_OUT])
    assert cells(network) == one_by_one(network)


def test_P_7_what_is_for_another_network_an_appliance_may_wrap_into_a_tunnel() -> None:
    away = {**NO_OUT["properties"], "destinationAddressPrefix": "10.8.3.4"}
    network = guarded("*", hop="10.0.1.4", out=[{**NO_OUT, "properties": away}], home="b")
    assert asked(network, "web", "db", 22).verdict == "unknown"
    assert cells(network) == one_by_one(network)


@pytest.mark.parametrize(
    ("allowed", "names"),
    [
        ("10.0.1.4", ["app", "edge"]),  # its own address, in the place of the client's
        ("10.0.1.10", ["app", "edge"]),
        ("10.0.0.0/24", ["app"]),
        ("10.0.9.0/24", []),
    ],
)
def test_R_11_a_machine_behind_the_balancer_is_seen_as_the_source(
    allowed: str, names: list[str]
) -> None:
    network = _guarded(rule("https", 100, allowed, "443"), deny("rest", 4096))
    db = point(network, "db")
    assert [each.id.rpartition("/")[2] for each in callers(network, [db], 443)] == names
    known = [subnet_id("a", name).lower() for name in names if name != "app"]
    assert closed_but_to(network, [db], known) is ("app" not in names)


@pytest.mark.parametrize(
    ("more", "names"),
    [({"members": (*MEMBERS, "absent")}, ["app"]), ({"hop": "10.0.9.9"}, []), ({}, [])],
)
def test_R_11_an_appliance_that_is_not_told_may_be_seen_as_anybody(
    more: Any, names: list[str]
) -> None:
    rules = (rule("https", 100, "10.7.0.4", "443"), deny("rest", 4096))
    network = _guarded(*rules, **more)
    db = point(network, "db")
    assert [each.id.rpartition("/")[2] for each in callers(network, [db], 443)] == names
    assert closed_but_to(network, [db], ()) is not bool(names)


def _guarded(*rules: Any, **more: Any) -> Network:
    """The same, with a group at the subnet of db alone."""
    network = pair(*rules, filtered=(), **more)
    far = network.nodes[subnet_id("a", "data").lower()]
    assert isinstance(far, Subnet)
    far.properties.network_security_group = Ref(arm_id(NSG, "nsg"))
    return network
