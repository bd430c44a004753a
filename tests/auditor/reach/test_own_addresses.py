"""Addresses that appliances may put in the place of the source's: those of all their cards."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.testing import arm_id, estate, resource

from ...exposed import BALANCER, NIC, NSG, deny, nsg, rule
from ...networks import nic, subnet_id, vnet
from ...reaching import asked, lb_rule, ref
from ...routing import route, steered, table
from .test_matrix import cells, one_by_one

PAIR = "10.0.1.10"


def network(
    lets_in: str, hop: str = PAIR, *, members: tuple[str, ...] = ("a1", "a2"), more: Any = ()
) -> Network:
    """NIC web sends to db by a pair of appliances of two cards each; db's group lets one in."""
    pool = {
        "backendIPConfigurations": [ref(f"{NIC}/ipConfigurations", m, "primary") for m in members]
    }
    front = {"privateIPAddress": PAIR, "subnet": {"id": subnet_id("a", "outer")}}
    settings: dict[str, Any] = {
        "frontendIPConfigurations": [{"name": "front", "properties": front}],
        "backendAddressPools": [{"name": "pool", "properties": pool}],
        "loadBalancingRules": [lb_rule("ha", 0, 0, balancer="ilb", protocol="All")],
        "inboundNatRules": [],
        "outboundRules": [],
    }
    group = {"networkSecurityGroup": {"id": arm_id(NSG, "nsg")}}
    cards = [("a1", "outer", "10.0.1.4"), ("a2", "outer", "10.0.1.5"),
             ("b1", "inner", "10.0.2.4"), ("b2", "inner", "10.0.2.5")]  # fmt: skip
    return estate(
        vnet(
            "a",
            "10.0.0.0/16",
            subnets={
                "app": steered("10.0.0.0/24"),
                "outer": "10.0.1.0/24",
                "inner": "10.0.2.0/24",
                "data": {"addressPrefix": "10.0.3.0/24", **group},
            },
        ),
        table("rt", route("10.0.3.0/24", "VirtualAppliance", hop)),
        nsg(rule("one", 100, lets_in), deny("rest", 200)),
        nic("web", "10.0.0.4", ("a", "app")),
        nic("db", "10.0.3.4", ("a", "data")),
        *(
            nic(name, address, ("a", place), vm=f"nva{name[1]}", enableIPForwarding=True)
            for name, place, address in cards
        ),
        resource(BALANCER, "ilb", settings, sku={"name": "Standard"}),
        *more,
    )


BEHIND = [
    (PAIR, "10.0.1.4", "unknown"),
    (PAIR, "10.0.1.5", "unknown"),
    (PAIR, "10.0.2.5", "unknown"),
    (PAIR, "10.0.9.9", "blocked"),
    ("10.0.1.4", "10.0.2.4", "unknown"),
    ("10.0.1.4", "10.0.1.5", "blocked"),
]


@pytest.mark.parametrize(("hop", "lets_in", "verdict"), BEHIND)
def test_R_11_an_appliance_has_the_addresses_of_all_its_cards(
    hop: str, lets_in: str, verdict: str
) -> None:
    """Behind a load balancer, those of whichever it chooses; never those of another machine."""
    found = network(lets_in, hop)
    assert asked(found, "web", "db").verdict == verdict
    assert cells(found) == one_by_one(found)


def test_R_11_an_appliance_of_the_pool_that_the_input_lacks_may_have_any_address() -> None:
    assert asked(network("10.0.9.9", members=("a1", "gone")), "web", "db").verdict == "unknown"


def test_R_11_a_card_that_the_input_lacks_may_have_any_address() -> None:
    cards = [ref(NIC, name) for name in ("a1", "b1", "gone")]
    machine = resource(
        "Microsoft.Compute/virtualMachines",
        "nva1",
        {"networkProfile": {"networkInterfaces": cards}},
    )
    assert asked(network("10.0.9.9", more=[machine]), "web", "db").verdict == "unknown"
