"""The routing of a virtual hub keeps a network from those it must talk to.

## Why it matters
Each connection of a hub uses one route table and makes its prefixes known in others. When one side
learns of the other and is not learned of, packets arrive and answers do not; when neither does, the
two are apart. Both look like a fault of the application.

## What fails
A connection of a virtual hub to a network,

- whose associated route table certainly leads to another network of the Virtual WAN, while the
  table of that one certainly does not lead back: the connection propagates to it neither by id nor
  by label, and no static route covers the network; or
- by which an `[[intent]]` with `expect = "reachable"` would have to go, although neither table
  leads to the other.

Networks that are kept apart on purpose, in both directions, are kept. *Unknown* when the routing of
the connection, or the routes and labels of a table on which it depends, are not in the snapshot;
where a static route leads to an appliance; and for intents also when the hub has gateways or BGP
peers, which may teach it more. A hub with routing intent sends everything to its firewall, and the
tables are not compared.

## What to do
Propagate to the table that the finding names, by its id or one of its labels.

## References
- https://learn.microsoft.com/azure/virtual-wan/about-virtual-hub-routing
- https://learn.microsoft.com/azure/virtual-wan/scenario-isolate-vnets
- Fact R-29
"""

from __future__ import annotations

from auditor.errors import Undetermined
from auditor.finding import Evidence, Json
from auditor.ids import name as last_segment
from auditor.ids import resource_group, segment
from auditor.network.graph import every, evidence
from auditor.network.hub_routing import Spoke, governed, has_static_routes, learns, mates, spokes
from auditor.reach.hub_intents import Apart, kept_apart
from auditor.reach.wording import one_or_many
from auditor.remedy import az
from auditor.resources.virtual_wan import HubConnection
from auditor.rule import Finding, Network, Outcomes, Reads, Severity, Unknown, rule


@rule(
    "PER-011",
    severity=Severity.HIGH,
    since="0.1.0",
    of=every(HubConnection),
    peers=("CHK:ALZ D10.08",),
    reads=Reads(
        anywhere=("virtualHubs/hubVirtualNetworkConnections", "virtualHubs/hubRouteTables")
    ),
)
def one_way_hub_connection(network: Network, connection: HubConnection) -> Outcomes:
    """Compare a connection with all others of its Virtual WAN."""
    here = spokes(network)[connection.key]
    if here.untold:
        raise Undetermined(here.untold, resource=connection.id)
    whys: dict[str, None] = {}
    for group in mates(network).get(here.wan, ()):
        lost = _lost(network, here, group, whys)
        if lost:
            yield _finding(here, lost)
    for apart in kept_apart(network).get(connection.key, ()):
        if apart.why:
            whys[apart.why] = None
        else:
            yield _of_intent(here, apart)
    if whys:
        yield Unknown(connection.id, f"whether {here.name} gets answers: {'; '.join(whys)}")


def _lost(
    network: Network, here: Spoke, group: tuple[Spoke, ...], whys: dict[str, None]
) -> list[Spoke]:
    """Give those of some connections with the same routing that do not answer."""
    others = [each for each in group if each.connection is not here.connection]
    if not has_static_routes(network, here):
        first = others[:1]
        return others if first and _one_way(network, here, first[0], whys) else []
    return [each for each in others if _one_way(network, here, each, whys)]


def _one_way(network: Network, here: Spoke, there: Spoke, whys: dict[str, None]) -> bool:
    """Whether one learns of another that does not learn of it; notes why that is not told."""
    if governed(network, here, there):
        return False
    out, back = learns(network, here, there), learns(network, there, here)
    if out.answer is True and back.answer is False:
        return True
    if out.answer is not False and back.answer is not True:
        whys.update({each.why: None for each in (out, back) if each.answer is None})
    return False


_SHOWN = 3


def _finding(here: Spoke, lost: list[Spoke]) -> Finding:
    names = ", ".join(each.name for each in lost[:_SHOWN])
    more = f" and {len(lost) - _SHOWN} more" if len(lost) > _SHOWN else ""
    first = lost[0]
    return Finding(
        subject=here.connection.id,
        message=f"what {here.name} sends to {names}{more} gets no answer: connection "
        f"{here.connection.label} does not propagate to {_named(first.table_id)}, "
        f"which {one_or_many(len(lost), f'{names} uses', 'they use')}",
        remedy=_propagate(here, first),
        related=tuple(each.connection.id for each in lost),
        evidence=(_told(here),),
        key=first.table,
    )


def _of_intent(here: Spoke, apart: Apart) -> Finding:
    there = apart.there
    return Finding(
        subject=here.connection.id,
        message=f"the intent {apart.intent} is broken, {apart.ends}: the connections of "
        f"{here.name} and {there.name} do not propagate to each other's tables, "
        f"{_named(here.table_id)} and {_named(there.table_id)}",
        remedy=f"{_propagate(here, there)}; then {_propagate(there, here)}",
        related=(there.connection.id,),
        evidence=(_told(here), _told(there)),
        key=f"{apart.intent} {there.connection.key}",
    )


def _named(table: str) -> str:
    return f"{last_segment(table)} of {segment(table, 'virtualHubs')}"


def _told(spoke: Spoke) -> Evidence:
    pointer = "/properties/routingConfiguration/propagatedRouteTables"
    labels: list[Json] = [*sorted(spoke.labels)]
    told: dict[str, Json] = {"ids": [*spoke.table_ids], "labels": labels}
    return evidence(spoke.connection, pointer, told)


def _propagate(here: Spoke, there: Spoke) -> str:
    """Give the command that lets one connection propagate to another's table as well."""
    return az(
        *("network", "vhub", "connection", "update"),
        resource_group=resource_group(here.connection.id),
        vhub_name=segment(here.connection.id, "virtualHubs"),
        name=here.connection.label,
        propagated_route_tables=(*here.table_ids, there.table_id),
    )
