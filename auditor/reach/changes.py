"""Which paths a change of the network opened, closed, or moved.

Two networks that share one space (`auditor.reach.space.share`) have equal sets of packets exactly
when they are the same object. So only points whose filters, routes or entrances differ are asked
about: what did not change on either side of a pair did not change between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum

import msgspec
from msgspec.structs import replace

from auditor.addresses import Version
from auditor.ids import fold
from auditor.network.graph import Network, question
from auditor.network.sites import every_site
from auditor.packets.diagram import PacketSet
from auditor.reach.bounds import Bounds
from auditor.reach.ends import points_of
from auditor.reach.faces import face
from auditor.reach.frame import Packet
from auditor.reach.from_outside import from_internet
from auditor.reach.path import Path
from auditor.reach.paths import paths
from auditor.reach.points import INTERNET, Kind, Point, anywhere_in, on_premises
from auditor.reach.samples import coordinates, some_packet
from auditor.reach.services import service_points
from auditor.reach.space import somehow, space_of
from auditor.resources.virtual_networks import Subnet


class Turn(Enum):
    """What became of a path."""

    GAINED = "gained"
    LOST = "lost"
    WIDENED = "widened"
    NARROWED = "narrowed"
    CHANGED = "changed"
    """Some packets gained, others lost."""
    MOVED = "moved"
    """The same, by another entrance."""
    DOUBTED = "doubted"
    """What surely arrived only may now: nothing else is different."""
    CONFIRMED = "confirmed"
    """What only may have arrived surely does: nothing else is different."""


class Change(msgspec.Struct, frozen=True):
    """A path that is not what it was: from a source to a target, by an entrance and gateways.

    `gained` and `lost` are packets as sent that certainly arrive now, or certainly arrived before;
    `certain` is false where only what may arrive differs. `doubted` are those that certainly
    arrived before and only may now, by the path `doubtful`; `confirmed` those that only may have
    arrived before and certainly do now, by the path `confirming`. Witnesses are packets of these.
    """

    turn: Turn
    source: str
    target: str
    entrance: str
    via: tuple[str, ...]
    gained: PacketSet
    lost: PacketSet
    doubted: PacketSet
    confirmed: PacketSet
    certain: bool
    before: Path | None = None
    after: Path | None = None
    doubtful: Path | None = None
    confirming: Path | None = None

    @property
    def gateways(self) -> tuple[str, ...]:
        """The gateways that it goes by, as keys; `via` has their ids as spelled."""
        return tuple(map(fold, self.via))

    @property
    def opened(self) -> bool:
        """Whether something arrives, or may, of which it was not sure that it did."""
        return not (self.gained.is_empty and self.confirmed.is_empty)

    @property
    def surely_opened(self) -> bool:
        """Whether something certainly arrives of which it was not sure that it did."""
        return (self.certain and not self.gained.is_empty) or not self.confirmed.is_empty

    @property
    def witness_gained(self) -> Packet | None:
        """A packet that arrives now and did not before."""
        return some_packet(self.gained)

    @property
    def witness_lost(self) -> Packet | None:
        """A packet that arrived before and does not now."""
        return some_packet(self.lost)

    @property
    def witness_doubted(self) -> Packet | None:
        """A packet that arrived before, of which it cannot be told now."""
        return some_packet(self.doubted)

    @property
    def witness_confirmed(self) -> Packet | None:
        """A packet that arrives now, of which it could not be told before."""
        return some_packet(self.confirmed)

    @property
    def unsure(self) -> bool:
        """Whether something of it cannot be told."""
        return not self.certain or not self.doubted.is_empty


_Key = tuple[str, str, str, tuple[str, ...], Version]


class _Known(msgspec.Struct):
    """What arrives by the paths of one key: straight ones, and by balancers and appliances."""

    bounds: Bounds
    paths: list[Path]

    def taking(self, packets: PacketSet) -> Path:
        """Give the path by which the packet goes that stands for some, else the first."""
        witness = some_packet(packets)
        if witness is not None:
            for path in self.paths:
                if path.bounds.may.at(coordinates(witness)):
                    return path
        return self.paths[0]


def changes(old: Network, new: Network) -> tuple[Change, ...]:
    """Give every path that changed between two networks of one space, sorted.

    From the internet into networks, and between what changed and every subnet, the internet and
    the sites on premises.
    """
    found: list[Change] = []
    for version in _VERSIONS:
        before = _by_key(_internet(old, version))
        after = _by_key(_internet(new, version))
        found += _compared(before, after, space_of(new, version).empty)
        for pair in _pairs(old, new, version):
            before = _by_key(_between(old, *pair), pair[1])
            after = _by_key(_between(new, *pair), pair[1])
            found += _compared(before, after, space_of(new, version).empty)
    return tuple(sorted(_moved(found), key=_order))


_VERSIONS: tuple[Version, ...] = (4, 6)


def _internet(network: Network, version: Version) -> Iterator[Path]:
    yield from from_internet(network, INTERNET, version, network.tags)
    if version == 4:
        for point in service_points(network):
            yield from paths(network, INTERNET, point, version, network.tags)


def _between(network: Network, source: str, target: str, version: Version) -> Iterator[Path]:
    points = _points(network)
    if source in points and target in points:
        yield from paths(network, points[source], points[target], version, network.tags)


def _by_key(every: Iterable[Path], target: str = "") -> dict[_Key, _Known]:
    """Join paths of one source, entrance and target: the one asked about, else who answers."""
    found: dict[_Key, _Known] = {}
    for path in every:
        version = path.trail.space.version
        entrance = path.entrance.address.lower() if path.entrance is not None else ""
        to = target or path.target.id.lower()
        via = tuple(map(fold, path.trail.via))
        key = (path.source.id.lower(), to, entrance, via, version)
        known = found.get(key)
        if known is None:
            found[key] = _Known(path.bounds, [path])
        else:
            known.bounds = known.bounds | path.bounds
            known.paths.append(path)
    return found


def _compared(
    before: dict[_Key, _Known], after: dict[_Key, _Known], empty: PacketSet
) -> Iterator[Change]:
    nothing = Bounds.exactly(empty)
    for key in sorted({*before, *after}):
        old, new = before.get(key), after.get(key)
        was = old.bounds if old is not None else nothing
        now = new.bounds if new is not None else nothing
        if was.may is now.may and was.must is now.must:
            continue
        gained, lost = now.must - was.may, was.must - now.may
        doubted, confirmed = was.must & now.unsure, now.must & was.unsure
        certain = not (gained.is_empty and lost.is_empty)
        if not certain:
            gained, lost = now.may - was.may, was.may - now.may
        if gained.is_empty and lost.is_empty:
            turn = Turn.CONFIRMED if doubted.is_empty else Turn.DOUBTED
            certain = turn is Turn.CONFIRMED
        else:
            turn = _turn(was.may.is_empty, now.may.is_empty, gained, lost)
        source, target, entrance, *_ = key
        known = new or old
        via = known.paths[0].trail.via if known is not None else ()
        yield Change(
            turn,
            source,
            target,
            entrance,
            via,
            gained,
            lost,
            doubted,
            confirmed,
            certain,
            old.taking(lost) if old is not None else None,
            new.taking(gained) if new is not None else None,
            new.taking(doubted) if new is not None and not doubted.is_empty else None,
            new.taking(confirmed) if new is not None and not confirmed.is_empty else None,
        )


def _turn(was_empty: bool, is_empty: bool, gained: PacketSet, lost: PacketSet) -> Turn:
    if was_empty:
        return Turn.GAINED
    if is_empty:
        return Turn.LOST
    if lost.is_empty:
        return Turn.WIDENED
    return Turn.NARROWED if gained.is_empty else Turn.CHANGED


def _moved(found: list[Change]) -> list[Change]:
    """Join a path lost at one entrance and gained at another, if all else is the same.

    An entrance that has another address now, and is otherwise what it was, is another entrance too.
    """
    lost: dict[object, list[Change]] = {}
    for change in found:
        if change.turn is Turn.LOST and change.entrance:
            lost.setdefault(_unmoved(change, change.lost), []).append(change)
    joined: list[Change] = []
    gone: set[int] = set()
    for change in found:
        if change.turn is Turn.CHANGED and change.entrance and _only_readdressed(change):
            joined.append(replace(change, turn=Turn.MOVED))
            continue
        may_be_moved = change.turn is Turn.GAINED and change.entrance
        twins = lost.get(_unmoved(change, change.gained)) if may_be_moved else None
        if not twins:
            joined.append(change)
            continue
        twin = twins.pop(0)
        gone.add(id(twin))
        moved = replace(change, turn=Turn.MOVED, lost=twin.lost, before=twin.before)
        joined.append(replace(moved, certain=change.certain and twin.certain))
    return [change for change in joined if id(change) not in gone]


def _unmoved(change: Change, packets: PacketSet) -> tuple[object, ...]:
    """What is the same of a path that only moved: its ends, and its packets but for the address."""
    sent = _wherever_to(packets)
    return change.source, change.target, change.gateways, change.certain, id(packets.space), sent


def _only_readdressed(change: Change) -> bool:
    return _wherever_to(change.gained) is _wherever_to(change.lost)


def _wherever_to(packets: PacketSet) -> PacketSet:
    return somehow(packets, "destination")


def _order(change: Change) -> tuple[object, ...]:
    return (
        change.source != "internet",
        change.source,
        change.target,
        change.entrance,
        change.gateways,
        change.turn.value,
    )


def grouped(paths: Iterable[Change]) -> list[list[Change]]:
    """Put changes together that say the same of one target, from several sources."""
    found: dict[tuple[object, ...], list[Change]] = {}
    for change in paths:
        witness = (
            change.witness_gained
            or change.witness_lost
            or change.witness_confirmed
            or change.witness_doubted
        )
        key = (
            change.source == "internet",
            change.target,
            change.entrance,
            change.gateways,
            change.turn,
            change.certain,
            witness.protocol if witness else "",
            witness.destination_port if witness else 0,
        )
        found.setdefault(key, []).append(change)
    return list(found.values())


# What changed


@question
def _points(network: Network) -> dict[str, Point]:
    """Every point by its folded id: those of subnets, any machine of each, sites, the internet."""
    found: dict[str, Point] = {}
    for subnet in network.all(Subnet):
        found[subnet.key] = anywhere_in(network, subnet)
        for point in points_of(subnet, network):
            found.setdefault(point.id.lower(), point)
    sites = every_site(network)
    if sites.must:
        found["onprem"] = on_premises(sites.must)
    found["internet"] = INTERNET
    return found


def _pairs(old: Network, new: Network, version: Version) -> Iterator[tuple[str, str, Version]]:
    """The pairs of which at least one end changed, the other a subnet or the outside."""
    were, are = _points(old), _points(new)
    changed = sorted(
        key
        for key in {*were, *are}
        if not (key in were and key in are and _same(old, were[key], new, are[key], version))
    )
    others = {**were, **are}
    peers = sorted(
        key for key, point in others.items() if point.kind is Kind.SUBNET or point.outside
    )
    asked: set[tuple[str, str]] = set()
    for key in changed:
        for peer in peers:
            for pair in ((key, peer), (peer, key)):
                outside = others[pair[0]].outside and others[pair[1]].outside
                if pair[0] == pair[1] or outside or pair in asked or pair[0] == "internet":
                    continue
                asked.add(pair)
                yield (*pair, version)


def _same(old: Network, was: Point, new: Network, now: Point, version: Version) -> bool:
    if was.addresses != now.addresses or was.outside:
        return was.addresses == now.addresses
    return face(old, was, version) == face(new, now, version)
