"""`auditor next-hop` and `auditor effective-routes`: Network Watcher's questions, offline."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from auditor.commands.asking import (
    KEEP_GOING,
    NIC,
    PATHS,
    REPORT,
    SERVICE_TAGS,
    columns,
    plain,
    read_network,
    read_tags,
    reasons_json,
    say_json,
)
from auditor.streams import say

if TYPE_CHECKING:
    from auditor.network.graph import Network
    from auditor.network.interfaces import Interface
    from auditor.network.routing import EffectiveRoute, EffectiveRoutes, NextHop
    from auditor.network.routing.model import Outbound

SYSTEM_ROUTE = "System Route"
"""What Azure answers in place of a table's id when no table made the route."""


@click.command("next-hop")
@PATHS
@NIC
@SERVICE_TAGS
@click.option("--to", "to", required=True, metavar="ADDRESS", help="Where the packet is sent.")
@REPORT
@KEEP_GOING
def next_hop(
    paths: tuple[str, ...], nic: str, tags: str | None, to: str, report: str, keep_going: bool
) -> None:
    """Tell where a packet from a network interface goes next, and which route decides.

    An answer that the input does not hold is Unknown, with the reasons. Exit status 0: answered,
    2: usage, 3: the input cannot be read.
    """
    from auditor.addresses import AddressError, parse_address
    from auditor.errors import UsageError
    from auditor.network import routing
    from auditor.network.interfaces import find_interface

    try:
        address = parse_address(to)
    except AddressError as error:
        raise UsageError(error.what, where="--to", advice="write it as 10.0.0.4") from None
    known = read_tags(tags)
    network = read_network(paths, keep_going)
    interface = _with_routes(find_interface(network, nic))
    found = routing.next_hop(network, interface, address, known)
    if report == "json":
        say_json(_hop_json(found))
    else:
        say("\n".join(_hop_lines(found, interface.label)))


def _with_routes(interface: Interface) -> Interface:
    """Give a network interface that sends. Raises UsageError for a private endpoint's (N-47)."""
    from auditor.errors import UsageError
    from auditor.resources import walk

    if walk.peek(walk.peek(interface, "properties"), "private_endpoint") is not None:
        raise UsageError(
            f"{interface.label} belongs to a private endpoint, which starts no flows",
            where="--nic",
            advice="Azure tells no routes of it (N-47); ask for the network interface of a client",
        )
    return interface


def _hop_json(found: NextHop) -> dict[str, Any]:
    route = found.route
    answer: dict[str, Any] = {
        "nextHopType": found.hop.value,
        "nextHopIpAddress": str(route.address) if route and route.address else None,
        "routeTableId": _table_id(route) if found.certain else None,
    }
    if route is not None:
        answer["route"] = _route_json(route)
    if not found.certain:
        answer["reasons"] = reasons_json(found.reasons)
        answer["possible"] = [_route_json(each) for each in found.possible]
    if found.drops:
        answer["drops"] = found.drops
    if found.doubts:
        answer["doubts"] = reasons_json(found.doubts)
    if found.outbound is not None:
        answer["outbound"] = {"method": found.outbound.method, "fact": found.outbound.fact}
        if found.outbound.reasons:
            answer["outbound"]["reasons"] = reasons_json(found.outbound.reasons)
    return answer


def _table_id(route: EffectiveRoute | None) -> str:
    from auditor.network.routing import Source

    if route is None or route.source is not Source.USER or route.node is None:
        return SYSTEM_ROUTE
    owner = route.node.owner
    return owner.id if owner is not None else route.node.id


def _route_json(route: EffectiveRoute) -> dict[str, Any]:
    """One route as Azure tells it, and in `madeBy` who made it and why."""
    answer: dict[str, Any] = {"name": route.name} if route.name else {}
    answer |= {
        "source": route.source.value,
        "state": route.state,
        "addressPrefix": [str(route.prefix)] if route.told else [],
        "nextHopType": route.hop.value,
        "nextHopIpAddress": [str(route.address)] if route.address else [],
    }
    made_by = {"fact": route.fact}
    if route.node is not None:
        made_by["resource"] = route.node.root.id
        made_by["pointer"] = f"{route.node.pointer}{route.pointer}"
    answer["madeBy"] = made_by
    if route.reasons:
        answer["reasons"] = reasons_json(route.reasons)
    return answer


def _hop_lines(found: NextHop, nic: str) -> Iterator[str]:
    route = found.route
    where = f"{found.address} from {plain(nic)}"
    if not found.certain:
        yield f"{where}: cannot tell"
        for each in found.possible:
            yield f"  perhaps {_hop_words(each)}, by {_made_by(each)}"
        for reason in found.reasons:
            yield f"  cannot tell: {plain(str(reason))}"
        return
    yield f"{where}: {_hop_words(route) if route else 'no route'}"
    if route is not None:
        yield f"  by {_made_by(route)}"
    if found.drops:
        yield f"  dropped: {plain(found.drops)}"
    for reason in found.doubts:
        yield f"  cannot tell: {plain(str(reason))}"
    if found.outbound is not None and not found.drops:
        why = "; ".join(map(str, found.outbound.reasons))
        yield plain(
            f"  leaves by {_way_words(found.outbound)} ({found.outbound.fact})"
            + (f": {why}" if why else "")
        )


_BY = {
    "nat-gateway": "NAT gateway",
    "load-balancer": "load balancer",
    "public-ip": "the public IP of",
}
_WITHOUT_NAME = {"default": "default outbound access", "unknown": "what cannot be told"}


def _way_words(way: Outbound) -> str:
    if way.method in _WITHOUT_NAME:
        return _WITHOUT_NAME[way.method]
    named = f" {way.node.root.label}" if way.node is not None else ""
    return f"{_BY.get(way.method, way.method)}{named}"


def _hop_words(route: EffectiveRoute) -> str:
    return f"{route.hop.value} {route.address}" if route.address else route.hop.value


def _made_by(route: EffectiveRoute) -> str:
    """Name a route: its prefix, its source, who made it, and the fact."""
    maker = ""
    if route.node is not None:
        owner = route.node.owner
        maker = f" of {owner.label}/{route.node.label}" if owner else f" of {route.node.label}"
    what = str(route.prefix) if route.told else "a route that is not told,"
    sure = " if it is there" if route.told and not route.certain else ""
    return plain(f"{what} {route.source.value}{maker} ({route.fact}){sure}")


@click.command("effective-routes")
@PATHS
@NIC
@SERVICE_TAGS
@REPORT
@KEEP_GOING
def effective_routes(
    paths: tuple[str, ...], nic: str, tags: str | None, report: str, keep_going: bool
) -> None:
    """List the routes that packets from a network interface meet, beaten ones included.

    What the input does not tell, such as routes learned by BGP, is named. Exit status 0: answered,
    2: usage, 3: the input cannot be read.
    """
    from auditor.network import routing
    from auditor.network.interfaces import find_interface

    known = read_tags(tags)
    network = read_network(paths, keep_going)
    interface = _with_routes(find_interface(network, nic))
    found = routing.routes_from(network, interface, known)
    if report == "json":
        say_json(_routes_json(found, _keeps_out_learned(network, interface)))
    else:
        say("\n".join(_routes_lines(found)))


def _keeps_out_learned(network: Network, interface: Interface) -> bool | None:
    """Whether the subnet of a NIC takes no routes from gateways (R-12); None: not told."""
    from auditor.errors import Undetermined
    from auditor.network.interfaces import subnet_of
    from auditor.resources.routing import RouteTable

    try:
        ref = subnet_of(network, interface).properties.route_table
        table = network.get(ref, RouteTable)
        return False if table is None else table.properties.disable_bgp_route_propagation
    except Undetermined:
        return None


def _routes_json(found: EffectiveRoutes, keeps_out: bool | None) -> dict[str, Any]:
    told = {} if keeps_out is None else {"disableBgpRoutePropagation": keeps_out}
    answer: dict[str, Any] = {"value": [{**_route_json(r), **told} for r in found.routes]}
    if found.reasons:
        answer["reasons"] = reasons_json(found.reasons)
    return answer


_HEAD = ("Source", "State", "Address Prefix", "Next Hop Type", "Next Hop IP", "Made By")


def _routes_lines(found: EffectiveRoutes) -> Iterator[str]:
    rows = [_row(route) for route in found.routes]
    yield from columns([_HEAD, *rows])
    for reason in found.reasons:
        yield plain(f"cannot tell: {reason}")


def _row(route: EffectiveRoute) -> tuple[str, ...]:
    state = route.state if route.certain else f"{route.state}?"
    maker = route.node.label if route.node is not None else ""
    return (
        route.source.value,
        state,
        str(route.prefix),
        route.hop.value,
        str(route.address or ""),
        f"{maker} ({route.fact})",
    )
