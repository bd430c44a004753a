"""A route to nowhere covers what somebody needs.

## Why it matters
A route whose next hop is None drops packets without a word. Kept from a migration, or made to cut
one range off, it takes with it whatever has moved into its range since: a backend, a private
endpoint, a database.

## What fails
A route with the next hop type `None`, in a table that some subnet uses, which certainly drops

- what an `[[intent]]` with `expect = "reachable"` wants to arrive, or its replies;
- what an application gateway sends to a member of its pools, or the replies; this is *critical*;
- what a subnet that uses the table sends to a private endpoint of its network or of a peer.

Subnets that are meant to be cut off from private endpoints are named by globs of their ids:

    [params.RTE-004]
    isolated = ["*/subnets/snet-quarantine"]

*Unknown* where another route, which the snapshot does not tell, may win. Ranges that Azure drops by
itself, without a route of somebody's own, are not judged.

## What to do
Delete the route, or cut its range so that it leaves out what is needed.

## References
- https://learn.microsoft.com/azure/virtual-network/virtual-networks-udr-overview
- Facts R-5, R-6, R-10, L-4
"""

from __future__ import annotations

from msgspec import Struct

from auditor.network.approval import approved
from auditor.network.graph import evidence
from auditor.network.reads import DATABASES
from auditor.network.reasons import remedy, teller
from auditor.reach.black_holes import Loss, black_holes, losses
from auditor.reach.told import told_of
from auditor.remedy import az
from auditor.resources.routing import Route, RouteTable
from auditor.rule import Finding, Network, Outcomes, Reads, Severity, Unknown, rule


class Params(Struct, frozen=True):
    """Who is meant to be cut off."""

    isolated: tuple[str, ...] = ()
    """Globs of ids of subnets that need no private endpoint."""


@rule(
    "RTE-004",
    severity=Severity.HIGH,
    since="0.1.0",
    of=black_holes,
    parameters=Params,
    reads=Reads(anywhere=("privateEndpoints", "virtualNetworks", "applicationGateways", DATABASES)),
)
def black_hole(network: Network, route: Route, params: Params) -> Outcomes:
    """Name who needs what one route drops."""
    if route.hop != "none":  # raises when that is not told
        return
    found = [each for each in losses(network, route) if not _meant(each, params.isolated)]
    sure = [each for each in found if not each.reasons]
    table = network.holder(route, RouteTable)
    where = table.label if table is not None else "a table that is not in the snapshot"
    what = f"route {route.label} of {where} drops {route.properties.address_prefix}"
    if not sure:
        if found:
            reasons = [reason for each in found for reason in each.reasons]
            whys = "; ".join(dict.fromkeys(map(str, reasons)))
            related = tuple(dict.fromkeys(id_ for each in found for id_ in each.related))
            missing = f"whether {what} although it is needed ({_listed(found)}): {whys}"
            yield Unknown(
                route.id, missing, related=related, remedy=remedy(reasons), told_by=teller(reasons)
            )
        return
    first = next((each.answer for each in sure if each.answer is not None), None)
    told = told_of(network, first) if first is not None else None
    gateway = any(each.told is not None and each.told[0] == "GW-004" for each in sure)
    yield Finding(
        subject=route.id,
        message=f"{what}: {_listed(sure)}",
        remedy=az(
            *("network", "route-table", "route", "delete"),
            resource_group=table.resource_group if table is not None else "<group>",
            route_table_name=table.label if table is not None else "<table>",
            name=route.label,
        ),
        related=tuple(dict.fromkeys(id_ for each in sure for id_ in each.related)),
        evidence=(
            evidence(route, "/properties/nextHopType", route.properties.next_hop_type),
            evidence(route, "/properties/addressPrefix", route.properties.address_prefix),
        ),
        severity=Severity.CRITICAL if gateway else None,
        covers=tuple(dict.fromkeys(each.told for each in sure if each.told is not None)),
        witness=told.witness if told is not None else None,
        hops=told.hops if told is not None else (),
    )


def _meant(loss: Loss, isolated: tuple[str, ...]) -> bool:
    return loss.answer is None and approved(isolated, loss.subnet)


_SHOWN = 3


def _listed(found: list[Loss]) -> str:
    said = list(dict.fromkeys(each.says for each in found))
    more = f"; and {len(said) - _SHOWN} more" if len(said) > _SHOWN else ""
    return "; ".join(said[:_SHOWN]) + more
