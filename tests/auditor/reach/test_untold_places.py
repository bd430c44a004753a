"""An end whose subnet, address or settings the input does not tell is reached perhaps, or not."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.commands.exposing import exposed_lines
from auditor.network.graph import Network
from auditor.reach.listing import exposed
from auditor.reach.points import Kind
from auditor.reach.selected import ends_of
from auditor.selector import parse_selector
from auditor.simulate.places import vacant
from auditor.testing import arm_id, estate

from ...exposed import PIP, pip
from ...networks import gateway, internal_balancer, nic, site, tunnel, vnet
from ...reaching import asked
from ...routing import endpoint, route, steered, subnet, table

NETWORK = vnet("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24", "data": "10.0.1.0/24"})


def without(whole: dict[str, Any], *path: str | int) -> dict[str, Any]:
    """A resource without one of its fields."""
    at: Any = whole
    for step in path[:-1]:
        at = at[step]
    del at[path[-1]]
    return whole


def untold_nic(*lacks: str) -> dict[str, Any]:
    whole = nic("db", "10.0.1.4", ("a", "data"))
    return without(whole, "properties", "ipConfigurations", 0, *lacks)


WITHOUT = [("properties",), ("properties", "subnet")]


@pytest.mark.parametrize("lacks", WITHOUT)
@pytest.mark.parametrize("pair", [("web", "db"), ("db", "web")])
def test_a_machine_that_does_not_tell_where_it_is(
    lacks: tuple[str, ...], pair: tuple[str, str]
) -> None:
    network = estate(NETWORK, nic("web", "10.0.0.4", ("a", "app")), untold_nic(*lacks))
    assert asked(network, *pair).verdict == "unknown"


@pytest.mark.parametrize("lacks", WITHOUT)
def test_a_site_perhaps_reaches_a_machine_that_does_not_tell_where_it_is(
    lacks: tuple[str, ...],
) -> None:
    network = estate(
        vnet("a", "10.0.0.0/16", subnets={"GatewaySubnet": "10.0.9.0/24", "data": "10.0.1.0/24"}),
        gateway("vgw", "a"),
        site("office", "192.168.0.0/24"),
        tunnel("line", "vgw", "office"),
        untold_nic(*lacks),
    )
    assert asked(network, "onprem 192.168.0.0/24", "db").verdict == "unknown"
    assert asked(network, "db", "onprem 192.168.0.0/24").verdict == "unknown"


def test_L_4_a_route_past_an_endpoint_that_does_not_tell_its_subnet() -> None:
    settings = {"addressPrefix": "10.0.0.0/24", "routeTable": {"id": table("rt")["id"]}}
    network = estate(
        vnet("a", "10.0.0.0/16", subnets={"app": settings, "data": "10.0.1.0/24"}),
        table("rt", route("10.0.1.0/24", "Internet")),
        nic("web", "10.0.0.4", ("a", "app")),
        without(endpoint("store", "10.0.1.9", ("a", "data")), "properties", "subnet"),
    )
    assert asked(network, "web", "store").verdict == "unknown"


def split() -> Network:
    """A VNet whose subnets are records beside it, as lists of one kind each tell them."""
    whole = vnet("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24", "data": "10.0.1.0/24"})
    listed = whole["properties"].pop("subnets")
    return estate(
        whole, *listed, nic("web", "10.0.0.4", ("a", "app")), nic("db", "10.0.1.4", ("a", "data"))
    )


def test_P_12_a_network_that_does_not_list_its_subnets_has_the_routes_of_its_space() -> None:
    assert asked(split(), "web", "db").verdict == "reachable"


def test_a_network_that_does_not_list_its_subnets_stands_for_what_is_not_told() -> None:
    found = ends_of(split(), parse_selector("type:virtualNetworks"))
    assert not found.points
    assert [reason.label for reason in found.reasons] == ["collection-gap"]


@pytest.mark.parametrize("lacks", [("properties",), ("properties", "addressPrefix")])
def test_an_entrance_by_a_gateway_whose_subnet_tells_no_prefix(lacks: tuple[str, ...]) -> None:
    home = vnet("a", "10.0.0.0/16", subnets={"GatewaySubnet": "10.0.9.0/24"})
    door = gateway("vgw", "a")
    front = door["properties"]["ipConfigurations"][0]
    front["properties"]["publicIPAddress"] = {"id": arm_id(PIP, "pip")}
    network = estate(without(home, "properties", "subnets", 0, *lacks), door, pip("pip"))
    found = exposed(network)
    assert {each.target.id for each in found} == {door["id"]}
    assert any(" ?:500, 4500 " in line for line in exposed_lines(found, ()))


def test_an_internal_frontend_whose_subnet_and_address_are_not_told() -> None:
    home = vnet("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24", "data": "10.0.1.0/24"})
    network = estate(
        without(home, "properties", "subnets", 1, "properties"),
        nic("web", "10.0.0.4", ("a", "app")),
        internal_balancer("ilb", None, ("a", "data")),
    )
    assert asked(network, "web", "front").stops == ["load-balancer"]  # it has no rules


@pytest.mark.parametrize("lacks", [(), ("properties", "subnet")])
def test_an_address_is_nobodys_only_where_all_whom_the_subnet_lists_tell_theirs(
    lacks: tuple[str, ...],
) -> None:
    whole = nic("db", "10.0.1.4", ("a", "data"))
    listed = {"id": f"{whole['id']}/ipConfigurations/primary"}
    settings = {"addressPrefix": "10.0.1.0/24", "ipConfigurations": [listed]}
    network = estate(
        vnet("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24", "data": settings}),
        nic("web", "10.0.0.4", ("a", "app")),
        untold_nic(*lacks) if lacks else whole,
    )
    (one,) = ends_of(network, parse_selector("10.0.1.4" if lacks else "10.0.1.9")).points
    assert one.kind is Kind.NOBODY
    assert [reason.label for reason in one.reasons] == (["nobody-listed"] if lacks else [])
    assert vacant(network, subnet(network, "data")) is not bool(lacks)


@pytest.mark.parametrize(
    "tables",
    [
        [table("rt", route("0.0.0.0/0", "VirtualAppliance", "10.0.0.9"))],
        [without(table("rt"), "properties", "routes")],
        [],
    ],
)
def test_P_11_replies_may_go_to_an_appliance_that_a_route_not_told_names(tables: Any) -> None:
    """It may have put its own address in the place of the sender's."""
    network = estate(
        vnet("a", "10.0.0.0/16", subnets={"app": steered("10.0.0.0/24")}),
        vnet("b", "10.9.0.0/16", subnets={"data": "10.9.0.0/24"}),
        nic("web", "10.0.0.4", ("a", "app")),
        nic("nva", "10.0.0.9", ("a", "app"), enableIPForwarding=True),
        nic("db", "10.9.0.4", ("b", "data")),
        *tables,
    )
    assert asked(network, "web", "db").verdict == "unknown"
