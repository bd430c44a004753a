"""Appliances send packets round in a loop.

## Why it matters
What an appliance forwards leaves by the routes of the appliance's own subnet. When these lead back
to it, or to another one that sends the packets back, they go round until they die: nothing arrives,
no log says so, and the loop eats the appliances' bandwidth.

## What fails
Followed from an appliance that some route names (an Azure Firewall, a NIC that forwards, the
machines behind an internal load balancer), the effective routes of its subnet lead back to it, at
once or by way of other appliances. The usual case: the route table of the workloads is given to
the firewall's own subnet as well.

A machine with several interfaces fails only when it loops from each of them. *Unknown* where that
differs, where learned routes may come between, and where a machine may wrap the packets into a
tunnel of its own: destinations that are in no network of the input. Loops of more than twelve
appliances are not looked for.

## What to do
Take the route out of the table of the appliance's subnet, or give that subnet a table of its own
whose routes lead on.

## References
- https://learn.microsoft.com/azure/virtual-network/virtual-networks-udr-overview
- https://learn.microsoft.com/azure/virtual-network/tutorial-create-route-table
- Facts R-5, R-6, R-11
"""

from __future__ import annotations

from auditor import ids
from auditor.addresses import Address
from auditor.finding import Evidence, Hop
from auditor.network.graph import evidence
from auditor.network.reasons import remedy, teller
from auditor.network.routing.model import EffectiveRoute
from auditor.network.table_commands import without_route
from auditor.reach.loops import Appliance, Loop, appliances, example, loops
from auditor.resources.routing import Route, RouteTable
from auditor.rule import Finding, Network, Outcomes, Reads, Severity, Unknown, rule


@rule(
    "RTE-006",
    severity=Severity.CRITICAL,
    since="0.1.0",
    of=appliances,
    reads=Reads(subjects=("azureFirewalls", "networkInterfaces", "routeTables", "virtualNetworks")),
)
def routing_loop(network: Network, appliance: Appliance) -> Outcomes:
    """Follow what one appliance forwards until it comes back."""
    if not appliance.exits and appliance.untold:
        whys = "; ".join(map(str, appliance.untold))
        missing = f"where {appliance.label} sends packets on: {whys}"
        yield Unknown(
            appliance.id, missing, remedy=remedy(appliance.untold), told_by=teller(appliance.untold)
        )
    told: set[str] = set()
    unsure: dict[str, Loop] = {}
    for loop in loops(network, appliance):
        key = " ".join(str(one.address) for one in loop.appliances)
        if key in told:
            continue
        if not loop.must:
            unsure.setdefault(key, loop)
            continue
        told.add(key)
        yield _finding(network, loop, key)
    for key, loop in unsure.items():
        if key not in told:
            whys = "; ".join(dict.fromkeys(map(str, loop.reasons)))
            missing = f"whether {_round(loop, example(network, loop.may))}: {whys}"
            by = teller(loop.reasons)
            yield Unknown(appliance.id, missing, related=_others(loop), key=key, told_by=by)


def _finding(network: Network, loop: Loop, key: str) -> Finding:
    return Finding(
        subject=loop.appliances[0].id,
        message=_round(loop, example(network, loop.must)),
        remedy="give the appliance's subnet no route back: " + _command(network, loop),
        related=_others(loop),
        evidence=tuple(_read(loop)),
        key=key,
        hops=tuple(
            Hop(one.id, route.name, "route")
            for one, route in zip(loop.appliances, loop.routes, strict=True)
        ),
    )


def _command(network: Network, loop: Loop) -> str:
    route, last = loop.routes[-1], loop.appliances[-1]
    table = network.holder(route.node, RouteTable) if route.node is not None else None
    if table is None or not isinstance(route.node, Route):
        return f"{last.label} must lead on what is for {route.prefix}"
    return without_route(network, table, route.node, last.exits)


def _others(loop: Loop) -> tuple[str, ...]:
    routes = [route.node.id for route in loop.routes if route.node is not None]
    return tuple(dict.fromkeys((*(one.id for one in loop.appliances[1:]), *routes)))


def _read(loop: Loop) -> list[Evidence]:
    found: dict[str, Evidence] = {}
    for route in loop.routes:
        if isinstance(route.node, Route):
            value = route.node.properties.next_hop_ip_address
            found[route.node.id] = evidence(route.node, "/properties/nextHopIpAddress", value)
    return list(found.values())


def _round(loop: Loop, one_of: Address | None) -> str:
    shown = [
        f"{one.label} sends them to {_next(loop, place)} ({_named(route)})"
        for place, (one, route) in enumerate(zip(loop.appliances, loop.routes, strict=True))
    ]
    return f"packets to {one_of} go round: {', '.join(shown)}"


def _next(loop: Loop, place: int) -> str:
    if len(loop.appliances) == 1:
        return "itself"
    return loop.appliances[(place + 1) % len(loop.appliances)].label


def _named(route: EffectiveRoute) -> str:
    table = ids.top_name(route.node.id) if route.node is not None else ""
    return f"route {route.name} of {table} to {route.prefix}"
