"""Whom appliances may bring packets to that they got from the internet (section 12).

What it does with them nobody can say. The list of what the internet reaches has no row for each of
whom it may bring them to: it says of the appliance that there may be more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from auditor import ids
from auditor.addresses import EVERYTHING
from auditor.network.graph import Network, question
from auditor.network.reasons import Reason
from auditor.network.service_tags import NO_TAGS, ServiceTags
from auditor.reach.ends import points_of
from auditor.reach.entrances import Entrance
from auditor.reach.from_outside import by_strangers
from auditor.reach.path import start
from auditor.reach.points import INTERNET, Point, anywhere_in
from auditor.reach.strangers import doorways
from auditor.reach.untold_appliances import stranger_reason
from auditor.resources.virtual_networks import Subnet


@question
def brought_in(network: Network) -> tuple[Point, ...]:
    """Give every point that an appliance may bring packets of the internet to."""
    found = (
        point
        for subnet, through in _before(network, network.tags)
        for point in points_of(subnet, network)
        if _may_get(network, point, [entrance for entrance, _ in through], network.tags)
    )
    each = {point.id.lower(): point for point in found}
    return tuple(each[key] for key in sorted(each))


def bringers(
    network: Network, entered: Collection[str], tags: ServiceTags = NO_TAGS
) -> tuple[Reason, ...]:
    """Give why the internet may reach more: what appliances bring in, each with its name.

    `entered` are the public addresses, by id, through which somebody is reached.
    """
    told: dict[str, Reason] = {}
    for subnet, through in _before(network, tags):
        for entrance, inner in through:
            who = inner.nic.label if inner.nic is not None else inner.id
            if who in told or entrance.address.lower() not in entered:
                continue
            points = points_of(subnet, network)
            if any(_may_get(network, point, [entrance], tags) for point in points):
                what = f"what {who} brings in of what it gets at {ids.name(entrance.address)}"
                told[who] = Reason(stranger_reason(who).label, what, inner.id)
    return tuple(told[who] for who in sorted(told))


def _before(
    network: Network, tags: ServiceTags
) -> Iterator[tuple[Subnet, tuple[tuple[Entrance, Point], ...]]]:
    """Give the subnets whose routes lead to appliances with public entrances, and these."""
    trails = [start(network, INTERNET, each, EVERYTHING, tags) for each in INTERNET.versions]
    for subnet in network.all(Subnet):
        here = anywhere_in(network, subnet)
        through = tuple(each for trail in trails for each in doorways(trail, here))
        if through:
            yield subnet, through


def _may_get(
    network: Network, point: Point, through: Collection[Entrance], tags: ServiceTags
) -> bool:
    """Tell whether an appliance may bring packets from one of its entrances to a point."""
    keys = {entrance.node.key for entrance in through}
    return any(
        path.entrance is not None
        and path.entrance.node.key in keys
        and not path.bounds.may.is_empty
        for version in point.versions
        for path in by_strangers(network, INTERNET, point, version, tags)
    )
