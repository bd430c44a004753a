"""Paths from the internet: by public entrances, Front Door, and appliances of strangers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from auditor.addresses import EVERYTHING, Version
from auditor.network.front_door_fetches import fetches
from auditor.network.graph import Network, question
from auditor.network.service_tags import NO_TAGS, ServiceTags
from auditor.reach.absent import into_absent
from auditor.reach.approaches import entrances_straight_to, entrances_towards
from auditor.reach.doors import (
    at_door,
    door_of,
    doors,
    fetched,
    is_door,
    is_untold,
    linked,
    perhaps_fetched,
)
from auditor.reach.entering import enter
from auditor.reach.entrances import Entrance, entrances
from auditor.reach.own_entrances import by_own_entrance
from auditor.reach.path import Path, ends_at, start
from auditor.reach.pings import pings
from auditor.reach.points import INTERNET, Kind, Point, keys_of
from auditor.reach.relaying import followed
from auditor.reach.services import answered
from auditor.reach.strangers import appliances, led_back, past_stranger
from auditor.reach.trail import Trail
from auditor.reach.unanswered import to_nobody
from auditor.reach.unresolved import (
    perhaps,
    private_fronts_towards,
    relayed,
    unsure_entrances,
)
from auditor.reach.untold_balancers import from_outside_by_untold
from auditor.resources.front_doors import ClassicFrontDoor, FrontDoorEndpoint


def from_internet(
    network: Network,
    source: Point = INTERNET,
    version: Version = 4,
    tags: ServiceTags = NO_TAGS,
    *,
    through: Iterable[Entrance] | None = None,
    relays: bool = True,
    wanted: Point | None = None,
) -> Iterator[Path]:
    """Give every path from the internet into networks, entrance by entrance.

    `relays` tells whether to follow what application gateways and Front Door send on; `wanted`, to
    leave out machines behind load balancers that surely are not that.
    """
    for entrance in (*entrances(network), *doors(network)) if through is None else through:
        if entrance.version != version:
            continue
        trail = start(network, source, version, entrance.addresses or EVERYTHING, tags)
        if is_door(entrance):
            yield from _fetched(trail, source, entrance) if relays else ()
            continue
        for each, end in enter(trail, entrance, wanted):
            yield Path(source, end, each, entrance)
            for there, member in followed(each, end) if relays and each.listener else ():
                yield Path(source, member, there, entrance)


def _fetched(trail: Trail, source: Point, door: Entrance) -> Iterator[Path]:
    """Give the paths through an endpoint of Front Door to whoever answers for its origins."""
    for at, there in fetched(trail, door):
        if not isinstance(there, Entrance):
            for each, end in linked(at, there):
                yield Path(source, end, each, door)
                for further, member in followed(each, end):
                    yield Path(source, member, further, door)
            continue
        if there.version != trail.space.version:
            continue
        for each, end in enter(at, there):
            yield Path(source, end, each, door)
            for further, member in followed(each, end):
                yield Path(source, member, further, door)


def from_internet_to(
    network: Network,
    source: Point,
    target: Point,
    version: Version,
    tags: ServiceTags,
    *,
    relays: bool,
) -> Iterator[Path]:
    """Give every path from the internet to one point, as `from_internet` does to all."""
    if target.kind is Kind.SERVICE:
        trail = start(network, source, version, EVERYTHING, tags)
        yield Path(source, target, answered(trail, target))
        return
    if target.kind is Kind.UNANSWERED:
        trail = start(network, source, version, target.addresses, tags)
        yield Path(source, target, to_nobody(trail, target))
        return
    if target.kind is Kind.BEYOND:
        yield into_absent(network, source, target, version, tags)
        return
    door = door_of(network, target)
    if door is not None:
        trail = start(network, source, version, EVERYTHING, tags)
        yield Path(source, target, at_door(trail, door), door)
        return
    through = (
        (*entrances_towards(network, target), *_doors_towards(network, target))
        if relays
        else entrances_straight_to(network, target)
    )
    for path in from_internet(
        network, source, version, tags, through=through, relays=relays, wanted=target
    ):
        if ends_at(path, target):
            yield path
    for entrance in through if target.kind is Kind.FRONTEND else ():
        if entrance.version == version:
            trail = start(network, source, version, entrance.addresses or EVERYTHING, tags)
            yield from pings(trail, source, target, entrance)
    if relays:
        yield from _by_unsure_gateways(network, source, target, version, tags)
        yield from _by_unsure_doors(network, source, target, version, tags)
    yield from from_outside_by_untold(network, source, target, version, tags)
    own = by_own_entrance(start(network, source, version, EVERYTHING, tags), source, target)
    if own is not None:
        yield own
    yield from by_strangers(network, source, target, version, tags, relays=relays)


def _by_unsure_gateways(
    network: Network, source: Point, target: Point, version: Version, tags: ServiceTags
) -> Iterator[Path]:
    """Give the paths by gateways that may send on to a point, for all that is told."""
    for entrance in unsure_entrances(network):
        if entrance.version != version:
            continue
        trail = start(network, source, version, entrance.addresses or EVERYTHING, tags)
        for each, end in enter(trail, entrance):
            for there, who in perhaps(each, end, target):
                path = Path(source, who, there, entrance)
                if ends_at(path, target):
                    yield path


def _by_unsure_doors(
    network: Network, source: Point, target: Point, version: Version, tags: ServiceTags
) -> Iterator[Path]:
    """Give the paths by Front Doors whose origins may be entrances towards a point."""
    towards = [each for each in entrances_towards(network, target) if each.version == version]
    for door in unsure_doors(network) if towards else ():
        if door.version != version:
            continue
        trail = start(network, source, version, EVERYTHING, tags)
        for at, entrance in perhaps_fetched(trail, door, towards):
            for each, end in enter(at, entrance):
                for there, who in ((each, end), *followed(each, end, target)):
                    path = Path(source, who, there, door)
                    if ends_at(path, target):
                        yield path


@question
def unsure_doors(network: Network) -> tuple[Entrance, ...]:
    """Give the endpoints of Front Door of which an origin does not tell whom it means."""
    return tuple(
        door
        for door in doors(network)
        if isinstance(door.node, FrontDoorEndpoint | ClassicFrontDoor)
        and any(is_untold(network, fetch) for fetch in fetches(network, door.node))
    )


def by_strangers(
    network: Network,
    source: Point,
    target: Point,
    version: Version,
    tags: ServiceTags,
    *,
    relays: bool = False,
    through: Iterable[tuple[Entrance, Point]] | None = None,
) -> Iterator[Path]:
    """Give the paths through appliances of which nothing is told, where routes lead to these.

    Those of the point, or else of others: then in the appliance's own name (section 12). `relays`
    tells whether to follow what application gateways send on.
    """
    every = appliances(network) if through is None else through
    if not every:
        return
    trail = start(network, source, version, EVERYTHING, tags)
    fronts = private_fronts_towards(network, target) if relays else ()
    back = {each.id: led_back(trail, each) for each in (target, *fronts)}
    for entrance, inner in every:
        if entrance.version != version:
            continue
        here = start(network, source, version, entrance.addresses or EVERYTHING, tags)
        for at, end in enter(here, entrance):
            found = list(past_stranger(at, end, inner, target, back[target.id]))
            for front in fronts:
                for there, who in past_stranger(at, end, inner, front, back[front.id]):
                    found += relayed(there, who, target)
            for each, who in found:
                path = Path(source, who, each, entrance)
                if ends_at(path, target):
                    yield path


@question
def _fetching(network: Network) -> dict[str, tuple[Entrance, ...]]:
    """The endpoints of Front Door that lead to points, by the ids of these and of their subnets."""
    found: dict[str, dict[str, Entrance]] = defaultdict(dict)
    for door in doors(network):
        trail = start(network, INTERNET, 4, EVERYTHING, network.tags)
        for path in _fetched(trail, INTERNET, door):
            place = path.target.subnet.key if path.target.subnet is not None else ""
            for key in {*keys_of(path.target), place} - {""}:
                found[key][door.address.lower()] = door
    return {key: tuple(each.values()) for key, each in found.items()}


def _doors_towards(network: Network, target: Point) -> tuple[Entrance, ...]:
    """Give the endpoints of Front Door that may lead to a point."""
    places = {target.id.lower(), target.subnet.key if target.subnet is not None else ""} - {""}
    found = {d.address.lower(): d for key in places for d in _fetching(network).get(key, ())}
    return tuple(found[key] for key in sorted(found))
