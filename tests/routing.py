"""Networks with route tables, and questions about them in a line each."""

from __future__ import annotations

from typing import Any

from auditor.addresses import parse_address
from auditor.network.graph import Network
from auditor.network.interfaces import find_interface
from auditor.network.routing import EffectiveRoutes, NextHop, effective_routes, next_hop
from auditor.network.service_tags import NO_TAGS, ServiceTags
from auditor.resources.virtual_networks import Subnet
from auditor.testing import arm_id, estate, resource

from .networks import Json, nic, subnet_id, vnet

TABLE = "Microsoft.Network/routeTables"
ENDPOINT = "Microsoft.Network/privateEndpoints"


def table(name: str, *routes: Json, **more: Any) -> Json:
    """A route table."""
    return resource(TABLE, name, {"routes": list(routes), **more})


def route(prefix: str | None, kind: str, address: str | None = None, name: str = "") -> Json:
    """A user-defined route."""
    properties: Json = {"nextHopType": kind}
    if prefix is not None:
        properties["addressPrefix"] = prefix
    if address is not None:
        properties["nextHopIpAddress"] = address
    return {"name": name or f"to-{prefix}".replace("/", "-"), "properties": properties}


def steered(prefix: str, table_name: str = "rt", **more: Any) -> Json:
    """The properties of a subnet that uses a route table."""
    return {"addressPrefix": prefix, "routeTable": {"id": arm_id(TABLE, table_name)}, **more}


def endpoint(
    name: str, address: str | None, in_: tuple[str, str], status: str = "Approved"
) -> Json:
    """A private endpoint with a static address."""
    state = {"privateLinkServiceConnectionState": {"status": status}}
    properties: Json = {
        "subnet": {"id": subnet_id(*in_)},
        "privateLinkServiceConnections": [{"name": "c", "properties": state}],
    }
    if address:
        static = {"privateIPAddress": address}
        properties["ipConfigurations"] = [{"name": "x", "properties": static}]
    return resource(ENDPOINT, name, properties)


def subnet(network: Network, name: str = "app", vnet_name: str = "a") -> Subnet:
    """The subnet of a VNet."""
    found = network.nodes[subnet_id(vnet_name, name).lower()]
    assert isinstance(found, Subnet)
    return found


def routes(network: Network, name: str = "app", vnet_name: str = "a") -> EffectiveRoutes:
    """The effective routes of a subnet."""
    return effective_routes(network, subnet(network, name, vnet_name))


def told(network: Network, name: str = "app", vnet_name: str = "a") -> list[str]:
    """The routes that are active for sure, as `prefix hop`."""
    found = routes(network, name, vnet_name).routes
    return [f"{r.prefix} {r.hop.value}" for r in found if r.active and r.certain]


def hop(
    network: Network, to: str, name: str = "app", vnet_name: str = "a", tags: ServiceTags = NO_TAGS
) -> NextHop:
    """The next hop from a subnet."""
    return next_hop(network, subnet(network, name, vnet_name), parse_address(to), tags)


def hop_of_nic(network: Network, nic: str, to: str) -> NextHop:
    """The next hop from a NIC."""
    return next_hop(network, find_interface(network, nic), parse_address(to))


def decided(found: NextHop) -> tuple[str, str, str]:
    """The next hop type, the fact and the source of the route that decides."""
    assert found.route is not None, found.reasons
    return found.hop.value, found.route.fact, found.route.source.value


def labels(found: NextHop | EffectiveRoutes) -> set[str]:
    """The labels of the reasons."""
    return {reason.label for reason in found.reasons}


def steering(*udr: Any, more: tuple[Any, ...] = (), peers: Any = (), **settings: Any) -> Network:
    """VNet `a` (10.0.0.0/16) whose subnet `app` uses a table; an appliance at 10.0.9.4."""
    return estate(
        vnet(
            "a",
            "10.0.0.0/16",
            subnets={"app": steered("10.0.0.0/24"), "nva": "10.0.9.0/24"},
            peers=peers,
        ),
        table("rt", *udr, **settings),
        nic("fw", "10.0.9.4", ("a", "nva"), vm="fw", enableIPForwarding=True),
        *more,
    )
