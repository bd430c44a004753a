"""Appliances behind a load balancer for all ports, to which routes lead (R-11)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor import simulate
from auditor.addresses import parse_address
from auditor.network.graph import Network
from auditor.simulate import Fate, Packet
from auditor.testing import arm_id, estate, resource

from ...exposed import BALANCER, NIC, NSG, deny, nsg, rule
from ...networks import nic, subnet_id, vnet
from ...reaching import asked, lb_probe, lb_rule, ref
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
