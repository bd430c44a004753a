"""Appliances whose own routes lead back to them: what they send on arrives nowhere (R-5)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.testing import estate, resource

from ...networks import nic, peer, vnet
from ...reaching import Asked, asked
from ...routing import route, steered, table

APPLIANCE = "10.0.9.4"
VM = "Microsoft.Compute/virtualMachines"
LOCAL = route("10.0.0.0/16", "VirtualAppliance", APPLIANCE)
ALL = route("0.0.0.0/0", "VirtualAppliance", APPLIANCE)


def machine(name: str, *cards: Any, listed: bool) -> list[Any]:
    ids = [{"id": card["id"]} for card in cards]
    made = resource(VM, name, {"networkProfile": {"networkInterfaces": ids}})
    return [*cards, *([made] if listed else [])]


def network(*own: Any, cards: Any = (), listed: bool = True) -> Network:
    """Machines of `app` send everything by `nva`, whose subnet has a table of its own routes."""
    spoke = peer("spoke", "10.5.0.0/16", allowForwardedTraffic=True)
    return estate(
        vnet(
            "hub",
            "10.0.0.0/16",
            subnets={
                "app": steered("10.0.1.0/24"),
                "data": steered("10.0.2.0/24"),
                "nva": steered("10.0.9.0/24", "own"),
                "bare": "10.0.8.0/24",
            },
            peers=[spoke],
        ),
        vnet(
            "spoke",
            "10.5.0.0/16",
            subnets={"rest": "10.5.1.0/24"},
            peers=[peer("hub", "10.0.0.0/16", allowForwardedTraffic=True)],
        ),
        table("rt", LOCAL, ALL, route("10.5.0.0/16", "VirtualAppliance", APPLIANCE)),
        table("own", *own),
        nic("web", "10.0.1.4", ("hub", "app"), vm="vm-web"),
        nic("base", "10.0.2.4", ("hub", "data"), vm="vm-base"),
        nic("far", "10.5.1.4", ("spoke", "rest"), vm="vm-far"),
        *machine(
            "fw",
            nic("card", APPLIANCE, ("hub", "nva"), vm="fw", enableIPForwarding=True),
            *cards,
            listed=listed,
        ),
    )


def about(target: str, *own: Any, **more: Any) -> Asked:
    return asked(network(*own, **more), "web", target)


@pytest.mark.parametrize("source", ["web", "card"])
def test_R_5_what_the_routes_of_an_appliance_lead_back_to_it_arrives_nowhere(source: str) -> None:
    found = asked(network(LOCAL), source, "base")

    assert found.verdict == "blocked"
    (stop,) = found.one.blockers
    assert (stop.code, stop.says) == (
        "appliance",
        "the routes of the appliance card lead back to it (R-5)",
    )
    assert stop.opening == "take the route back to card out of the table of its own subnet"


@pytest.mark.parametrize(
    "own",
    [
        [],
        [ALL],
        [LOCAL, route("10.0.2.0/24", "VnetLocal")],
        [route("10.0.3.0/24", "VirtualAppliance", APPLIANCE)],
        [route("10.0.0.0/16", "VirtualAppliance", "10.0.9.9")],
    ],
    ids=["no route", "the network's is longer", "a longer one", "another subnet's", "nobody's"],
)
def test_what_they_may_lead_on_is_not_told(own: Any) -> None:
    assert about("base", *own).labels >= {"nva:card"}


def test_a_guest_may_wrap_what_is_for_elsewhere_into_a_tunnel() -> None:
    beyond = route("10.5.0.0/16", "VirtualAppliance", APPLIANCE)
    lead_on = route("203.0.113.9/32", "Internet")

    assert about("far", LOCAL, beyond).verdict == "unknown"
    assert about("internet", LOCAL, ALL).verdict == "unknown", "by the peer"
    assert about("internet", LOCAL, ALL, beyond, lead_on).verdict == "unknown"
    assert about("far", LOCAL, ALL, beyond, lead_on).verdict == "unknown"


def test_where_nothing_gets_out_no_tunnel_does() -> None:
    beyond = route("10.5.0.0/16", "VirtualAppliance", APPLIANCE)

    assert about("internet", LOCAL, ALL, beyond).verdict == "blocked"
    assert about("far", LOCAL, ALL, beyond).verdict == "blocked"


def test_an_appliance_that_may_send_from_another_subnet_is_not_told() -> None:
    other = nic("second", "10.0.8.4", ("hub", "bare"), vm="fw", enableIPForwarding=True)

    assert about("base", LOCAL, cards=[other]).labels >= {"nva:card"}


def test_an_appliance_whose_machine_is_not_listed_is_not_told() -> None:
    assert asked(network(LOCAL, listed=False), "web", "base").verdict == "unknown"
