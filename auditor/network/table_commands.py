"""Commands that take a route from the subnet that must not have it, with the real names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from auditor import ids
from auditor.network.filters import subnet_name
from auditor.network.graph import Network
from auditor.network.namesakes import names_of, nth_beside
from auditor.remedy import az, region, unused_name
from auditor.resources.routing import Route, RouteTable
from auditor.resources.virtual_networks import Subnet


def without_route(
    network: Network, table: RouteTable, route: Route, subnets: Sequence[Subnet]
) -> str:
    """Give the commands that take a route from some subnets that use its table.

    Where other subnets use the table too, it stays as it is: these get one of their own, with the
    other routes.
    """
    using = _using(network, table)
    mine = [subnet for subnet in subnets if subnet.key in using]
    if not mine or using <= {subnet.key for subnet in mine}:
        return az(
            *("network", "route-table", "route", "delete"),
            resource_group=table.resource_group,
            route_table_name=table.label,
            name=route.label,
        )
    name = new_table_name(network, mine[0])
    others = (each for each in table.routes if each.key != route.key)
    return " && ".join(
        (_create(table, name), *_copies(table, name, others), *_give(mine, table, name))
    )


def _using(network: Network, table: RouteTable) -> frozenset[str]:
    """The keys of the subnets that use a table, told from either side."""
    sources = (edge.source for edge in network.referrers(table, "routeTable"))
    listed = (ids.fold(ref.id) for ref in table.properties.subnets or () if ref.id)
    return frozenset((*(each.key for each in sources if isinstance(each, Subnet)), *listed))


def new_table_name(network: Network, subnet: Subnet) -> str:
    """Give a name for a subnet's new route table that no other has or is to get."""
    name, nth = f"rt-{subnet_name(subnet)}", nth_beside(network, subnet)
    return unused_name(name, names_of(network, RouteTable), nth=nth)


def _create(table: RouteTable, name: str) -> str:
    return az(
        *("network", "route-table", "create"),
        resource_group=table.resource_group,
        name=name,
        location=region(table),
        disable_bgp_route_propagation=table.properties.disable_bgp_route_propagation,
    )


def _copies(table: RouteTable, name: str, routes: Iterable[Route]) -> Iterable[str]:
    for each in routes:
        yield az(
            *("network", "route-table", "route", "create"),
            resource_group=table.resource_group,
            route_table_name=name,
            name=each.label,
            address_prefix=str(each.properties.address_prefix or "<prefix>"),
            next_hop_type=each.properties.next_hop_type or "<next hop>",
            next_hop_ip_address=each.properties.next_hop_ip_address,
        )


def _give(subnets: Iterable[Subnet], table: RouteTable, name: str) -> Iterable[str]:
    """By the table's id: the subnet may be in another resource group."""
    home, _, _ = table.id.rpartition("/")
    for each in subnets:
        yield az(
            *("network", "vnet", "subnet", "update"),
            resource_group=each.resource_group,
            vnet_name=ids.segment(each.id, "virtualNetworks"),
            name=subnet_name(each),
            route_table=f"{home}/{name}",
        )
