from __future__ import annotations

from typing import Any
from unittest.mock import Mock

import pytest

from auditor.addresses import prefix_or_none
from auditor.errors import Undetermined
from auditor.network import route_tables
from auditor.network.route_tables import (
    default_route,
    is_node_route,
    is_used,
    steered_networks,
    steered_subnets,
)
from auditor.resources.routing import Route, RouteTable
from auditor.resources.virtual_networks import Subnet
from auditor.testing import arm_id, estate, resource

from ...networks import subnet_id, vnet

TABLE = "Microsoft.Network/routeTables"
Json = dict[str, Any]


def table(*routes: tuple[str, str, str], subnets: tuple[str, ...] = ()) -> Json:
    return resource(
        TABLE,
        "rt",
        {
            "routes": [
                {"name": name, "properties": {"addressPrefix": to, "nextHopType": kind}}
                for name, to, kind in routes
            ],
            "subnets": [{"id": each} for each in subnets],
        },
    )


def app(**more: Any) -> Json:
    return vnet("a", "10.0.0.0/16", subnets={"app": {"addressPrefix": "10.0.0.0/24", **more}})


USES = {"routeTable": {"id": arm_id(TABLE, "rt")}}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("aks-nodepool1-12345678-vmss000000", True),
        ("aks-nodepool1-12345678-vmss00001z", True),
        ("aks-agentpool-19082361-0", True),
        ("akswin000001", True),
        ("aks-nodepool1-12345678-vmss000000____2440", True),
        ("aks-to-firewall", False),
        ("aks-egress-firewall", False),
        ("aksfirewall", False),
        ("default", False),
    ],
)
def test_k_45_routes_that_kubenet_keeps_are_told_by_name(name: str, expected: bool) -> None:
    (route,) = estate(table((name, "10.244.0.0/24", "VirtualAppliance"))).all(Route)
    assert is_node_route(route) is expected


def test_a_table_is_used_whichever_side_says_so() -> None:
    listed = estate(app(), table(subnets=(subnet_id("a", "app").upper(),)))
    naming = estate(app(**USES), table())
    for network in (listed, naming):
        (node,) = network.all(RouteTable)
        assert is_used(network, node)
        assert [each.name for each in steered_subnets(network, node)] == ["app"]
        assert [each.name for each in steered_networks(network, node)] == ["a"]
    lonely = estate(app(), table())
    assert not is_used(lonely, lonely.all(RouteTable)[0])


def test_a_subnet_that_only_the_table_tells_of_is_unknown() -> None:
    network = estate(table(subnets=(subnet_id("a", "app"),)))
    (node,) = network.all(RouteTable)
    assert is_used(network, node)
    with pytest.raises(Undetermined, match="app is not in the snapshot"):
        steered_subnets(network, node)


@pytest.mark.parametrize(
    ("routes", "expected"),
    [
        ([("all", "0.0.0.0/0", "VirtualAppliance")], "all"),
        ([("all", "0.0.0.0/0", "VirtualNetworkGateway")], "all"),
        ([("all", "0.0.0.0/0", "None")], "all"),
        ([("all", "0.0.0.0/0", "Internet")], None),
        ([("low", "0.0.0.0/1", "None"), ("high", "128.0.0.0/1", "VirtualAppliance")], "low"),
        ([("low", "0.0.0.0/1", "None")], None),
        ([("tag", "AzureCloud", "VirtualAppliance")], None),
        ([("six", "::/0", "VirtualAppliance")], None),
        ([], None),
    ],
)
def test_r_30_what_takes_everything_elsewhere(
    routes: list[tuple[str, str, str]], expected: str | None
) -> None:
    network = estate(app(**USES), table(*routes))
    found = default_route(network, network.all(Subnet)[0])
    assert (found.name if found else None) == expected


def test_an_absent_table_is_unknown() -> None:
    network = estate(app(**USES))
    with pytest.raises(Undetermined, match="rt is not in the snapshot"):
        default_route(network, network.all(Subnet)[0])


def test_a_table_of_many_subnets_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ref = {"routeTable": {"id": arm_id(TABLE, "rt")}}
    subnets = {f"s{n}": {"addressPrefix": f"10.0.{n}.0/24", **ref} for n in range(5)}
    network = estate(table(("all", "0.0.0.0/0", "None")), vnet("a", "10.0.0.0/16", subnets=subnets))
    reading = Mock(side_effect=prefix_or_none)
    monkeypatch.setattr(route_tables, "prefix_or_none", reading)

    found = {default_route(network, subnet) for subnet in network.all(Subnet)}

    assert [each.label for each in found if each is not None] == ["all"]
    assert reading.call_count == 1
