"""Everything that the internet reaches, entrance by entrance, and what is behind each."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

import msgspec

from auditor.addresses import EVERY_PORT, PortSet, Version
from auditor.network.graph import Network
from auditor.network.service_tags import NO_TAGS, ServiceTags
from auditor.reach.answer import PROTOCOLS, Answer, Verdict, judged
from auditor.reach.doors import door_points, doors
from auditor.reach.entrances import Entrance, entrances
from auditor.reach.from_outside import from_internet
from auditor.reach.path import Path
from auditor.reach.paths import paths
from auditor.reach.points import INTERNET, Point
from auditor.reach.services import service_points
from auditor.reach.unanswered import lost_entrances

_BLOCKED = frozenset({Verdict.BLOCKED})


class Exposed(msgspec.Struct, frozen=True):
    """Something the internet reaches, or may: through an entrance (None: by its own name)."""

    entrance: Entrance | None
    target: Point
    answer: Answer


def exposed(
    network: Network,
    source: Point = INTERNET,
    *,
    protocols: Iterable[str] = PROTOCOLS,
    ports: PortSet = EVERY_PORT,
    tags: ServiceTags = NO_TAGS,
) -> tuple[Exposed, ...]:
    """Give everything that the internet, or some of it, reaches or may reach; blocked is left out.

    Sorted by entrance, then by whoever answers, gateways before what they send on.
    """
    asked = tuple(protocols)
    versions: tuple[Version, ...] = source.versions
    found: list[Exposed] = []
    for version, through in product(versions, _by_address(network)):
        for group in _grouped(from_internet(network, source, version, tags, through=through)):
            first = group[0]
            for answer in judged(
                network, source, first.target, group, version, asked, ports, without=_BLOCKED
            ):
                found.append(Exposed(first.entrance, first.target, answer))
    for point in (*door_points(network), *service_points(network), *lost_entrances(network)):
        version = 6 if point.versions == (6,) else 4
        group = list(paths(network, source, point, version, tags))
        for answer in judged(
            network, source, point, group, version, asked, ports, without=_BLOCKED
        ):
            found.append(Exposed(group[0].entrance, point, answer))
    return tuple(sorted(found, key=_order))


def _by_address(network: Network) -> list[list[Entrance]]:
    """Give the entrances, those of one address together: so no more paths are held at a time."""
    grouped: dict[str, list[Entrance]] = {}
    for entrance in (*entrances(network), *doors(network)):
        grouped.setdefault(entrance.address.lower(), []).append(entrance)
    return list(grouped.values())


def _grouped(every: Iterable[Path]) -> list[list[Path]]:
    grouped: dict[tuple[str, ...], list[Path]] = {}
    for path in every:
        entrance = path.entrance.address.lower() if path.entrance is not None else ""
        key = (entrance, *path.trail.via, path.target.id.lower(), _arrival(path))
        grouped.setdefault(key, []).append(path)
    return list(grouped.values())


def _arrival(path: Path) -> str:
    """What the port becomes: packets that arrive at other ports are told apart."""
    port = path.trail.frame.destination_port
    return str(port) if port is not None else ""


def _order(one: Exposed) -> tuple[object, ...]:
    address = one.entrance.address.lower() if one.entrance is not None else "~"
    answer = one.answer
    return (
        address,
        len(answer.via),
        one.target.id.lower(),
        answer.version,
        answer.verdict.value,
        answer.protocol,
        answer.ports.intervals,
    )
