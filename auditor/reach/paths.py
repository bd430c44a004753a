"""Every path from one point to another: what sets out, what it meets, and who answers.

Paths straight through networks, by appliances, through public entrances, and by application
gateways, which open connections of their own (`via`).
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace
from msgspec.structs import replace as changed

from auditor.addresses import AddressSet, Version
from auditor.network.graph import Network
from auditor.network.service_tags import NO_TAGS, ServiceTags
from auditor.reach.doors import door_of
from auditor.reach.from_inside import from_inside
from auditor.reach.from_outside import from_internet_to
from auditor.reach.from_sites import from_sites_to
from auditor.reach.path import SILENT, Path
from auditor.reach.points import Kind, Point, is_supposed
from auditor.reach.stages import if_somebody


def paths(
    network: Network,
    source: Point,
    target: Point,
    version: Version = 4,
    tags: ServiceTags = NO_TAGS,
    *,
    relays: bool = True,
    pings: bool = True,
    online: bool = True,
) -> tuple[Path, ...]:
    """Give every path from one point to another, for one version of IP.

    `relays` tells whether to follow, too, what application gateways and Front Door send on, `pings`
    whether to follow pings that a frontend answers itself (E-11), `online` whether who is inside a
    network may go out to the internet and come in again. None
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
        found = from_inside(network, source, target, version, tags, relays=relays, online=online)
    if not pings:
        found = (path for path in found if not path.pinged)
    if is_supposed(target):
        found = (_if_it_is(target, path) for path in found)
    if not target.entry:
        return tuple(found)
    return tuple(each for path in found for each in _by(path, target.entry))


def _if_it_is(target: Point, path: Path) -> Path:
    """Give a path to a point that perhaps nobody is, as far as its end is not that very point.

    A balancer leads to the instances of a model: whether one has the address is not told (E-2b).
    """
    if path.target.addresses == target.addresses:
        return path  # delivery has said it
    return replace(path, trail=if_somebody(path.trail, target))


def _by(path: Path, addresses: AddressSet) -> Iterator[Path]:
    """Give a path as far as packets on it are for some addresses; an entrance may have more."""
    if path.entrance is not None and not path.entrance.addresses.overlaps(addresses):
        return
    if path.entrance is not None and path.entrance.addresses <= addresses:
        yield path
        return
    sent = path.trail.sent & path.trail.space.having(destination=addresses)
    if not sent.is_empty:
        yield replace(path, trail=changed(path.trail, sent=sent))
