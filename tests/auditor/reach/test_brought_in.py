"""What appliances may bring in, where all that the internet reaches is told (section 12)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.finding import Location
from auditor.intent import read_intent
from auditor.network.graph import Network
from auditor.reach.brought_in import bringers, brought_in
from auditor.reach.judging import judge
from auditor.reach.listing import exposed
from auditor.testing import arm_id, estate

from ...exposed import NIC, NSG, PIP, deny, nsg, pip, rule
from ...networks import nic, vnet
from ...reaching import asked
from ...routing import route, steered, table

CLIENT = "52.10.0.7"
ONLY = read_intent(
    {
        "name": "only the appliance is public",
        "from": "internet",
        "to": "name:nva",
        "protocol": "any",
        "expect": "only",
    },
    Location("auditor.toml", 1, "/intent/0"),
)


def network(*rules: Any, edge: Any = None, hop: str = "10.0.1.4") -> Network:
    """NIC web, whose routes lead to the appliance nva, which has a public address.

    `rules` are those of the group before web, `edge` is that of the group before nva.
    """
    public = {"publicIPAddress": {"id": arm_id(PIP, "pip")}}
    return estate(
        vnet(
            "a",
            "10.0.0.0/16",
            subnets={
                "app": steered("10.0.0.0/24", networkSecurityGroup={"id": arm_id(NSG, "app")}),
                "edge": {
                    "addressPrefix": "10.0.1.0/24",
                    "networkSecurityGroup": {"id": arm_id(NSG, "edge")},
                },
            },
        ),
        table("rt", route("0.0.0.0/0", "VirtualAppliance", hop)),
        nsg(*rules or (rule("all", 100),), name="app"),
        nsg(edge or rule("in", 100, ports="443"), name="edge"),
        nic("web", "10.0.0.4", ("a", "app")),
        nic("nva", "10.0.1.4", ("a", "edge"), configuration=public, enableIPForwarding=True),
        pip("pip", arm_id(f"{NIC}/ipConfigurations", "nva", "primary")),
    )


def entered(there: Network) -> set[str]:
    """The public addresses by which somebody is reached."""
    return {each.entrance.address.lower() for each in exposed(there) if each.entrance is not None}


def test_the_list_says_that_appliances_may_bring_in_more() -> None:
    there = network()
    assert asked(there, CLIENT, "web", 443).verdict == "unknown"
    [reason] = bringers(there, entered(there))
    assert reason.label == "nva:nva"
    assert str(reason).startswith("what nva brings in of what it gets at pip")


def test_only_is_not_kept_where_an_appliance_may_bring_in_more() -> None:
    found = judge(network(), ONLY)
    assert found.outcome.value == "unknown"
    assert {reason.label for reason in found.reasons} == {"nva:nva"}
    assert {point.id.split("/")[8] for point in brought_in(network())} == {"web"}


@pytest.mark.parametrize(
    "there",
    [
        network(rule("others", 100, "10.9.0.0/24"), deny("rest", 200)),
        network(hop="10.0.1.9"),
        network(edge=deny("none", 100)),
    ],
)
def test_nothing_is_in_doubt_where_nothing_of_it_gets_in(there: Network) -> None:
    """By the rules at the machine or at the appliance, or because no route leads to it."""
    assert not bringers(there, entered(there))
    assert not list(brought_in(there))
    assert judge(there, ONLY).outcome.value == "kept"
