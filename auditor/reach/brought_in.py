"""Whom appliances may bring packets to that they got from the internet (section 12).

What it does with them nobody can say. The list of what the internet reaches has no row for each of
whom it may bring them to: it says of the appliance that there may be more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from auditor import ids
from auditor.addresses import EVERY_PORT
from auditor.network.graph import Network
from auditor.network.reasons import Reason
from auditor.network.service_tags import NO_TAGS, ServiceTags
from auditor.reach.answer import PROTOCOLS
from auditor.reach.ends import points_of
from auditor.reach.entrances import Entrance
from auditor.reach.from_outside import by_strangers
from auditor.reach.points import INTERNET, Point
from auditor.reach.strangers import appliances
from auditor.reach.untold_appliances import stranger_reason
from auditor.reach.verdicts import asked_for
from auditor.resources.virtual_networks import Subnet


def brought_in(network: Network, protocols: Sequence[str] = PROTOCOLS) -> Iterator[Point]:
    """Give the points that an appliance may bring packets of the internet to, one by one."""
    every = appliances(network)
    for point in _everybody(network) if every else ():
        if _may_get(network, point, every, network.tags, protocols):
            yield point


def bringers(
    network: Network, entered: Collection[str], tags: ServiceTags = NO_TAGS
) -> tuple[Reason, ...]:
    """Give why the internet may reach more: what appliances bring in, each with its name.

    `entered` are the public addresses, by id, through which somebody is reached.
    """
    told: dict[str, Reason] = {}
    for each in appliances(network):
        entrance, inner = each
        who = inner.nic.label if inner.nic is not None else inner.id
        if who in told or entrance.address.lower() not in entered:
            continue
        if any(_may_get(network, point, [each], tags) for point in _everybody(network)):
            what = f"what {who} brings in of what it gets at {ids.name(entrance.address)}"
            told[who] = Reason(stranger_reason(who).label, what, inner.id)
    return tuple(told[who] for who in sorted(told))


def _everybody(network: Network) -> Iterator[Point]:
    for subnet in network.all(Subnet):
        yield from points_of(subnet, network)


def _may_get(
    network: Network,
    point: Point,
    through: Sequence[tuple[Entrance, Point]],
    tags: ServiceTags,
    protocols: Sequence[str] = PROTOCOLS,
) -> bool:
    """Tell whether an appliance may bring packets from one of its entrances to a point."""
    return any(
        not (path.bounds.may & asked_for(path.trail.space, protocols, EVERY_PORT)).is_empty
        for version in point.versions
        for path in by_strangers(network, INTERNET, point, version, tags, through=through)
    )
