"""Every path from one point to another: what sets out, what it meets, and who answers.

Paths straight through networks, by appliances, through public entrances, and by application
gateways, which open connections of their own (`via`).
"""

from __future__ import annotations

from auditor.addresses import AddressSet, Version
from auditor.network.graph import Network
from auditor.network.service_tags import NO_TAGS, ServiceTags
from auditor.reach.doors import door_of
from auditor.reach.from_inside import from_inside
from auditor.reach.from_outside import from_internet_to
from auditor.reach.from_sites import from_sites_to
from auditor.reach.path import SILENT, Path
from auditor.reach.points import (
    Kind,
    Point,
)


def paths(
    network: Network,
    source: Point,
    target: Point,
    version: Version = 4,
    tags: ServiceTags = NO_TAGS,
    *,
    relays: bool = True,
) -> tuple[Path, ...]:
    """Give every path from one point to another, for one version of IP.

    `relays` tells whether to follow, too, what application gateways and Front Door send on. None
    from what starts no flows: frontends, private endpoints (L-3), platform services; and none
    from an endpoint of Front Door, which starts them for its clients.
    """
    if source.kind in SILENT or door_of(network, source) is not None:
        return ()
    if source.kind is Kind.INTERNET:
        found = from_internet_to(network, source, target, version, tags, relays=relays)
    elif source.kind is Kind.ON_PREMISES:
        found = from_sites_to(network, source, target, version, tags, relays=relays)
    else:
        found = from_inside(network, source, target, version, tags, relays=relays)
    return tuple(path for path in found if not target.entry or _enters(path, target.entry))


def _enters(path: Path, addresses: AddressSet) -> bool:
    return path.entrance is not None and path.entrance.addresses.overlaps(addresses)
