"""A picture of the whole where there is too much to draw: each network as one box with counts."""

from __future__ import annotations

from collections import Counter

import msgspec

from auditor.topology import Kind, Line, Picture, Spot, Tie

MOST = 2000
"""Spots that a picture shows; beyond, networks are drawn closed."""


def grouped(picture: Picture, most: int = MOST) -> Picture:
    """Close the networks of a picture that has more spots than `most`; others stay as they are."""
    return by_network(picture) if len(picture.spots) > most else picture


def by_network(picture: Picture) -> Picture:
    """Close every network and hub: what is inside becomes numbers, lines end at the box."""
    outer = _outermost(picture)
    inside: dict[str, Counter[Kind]] = {}
    doubts: Counter[str] = Counter()
    for spot in picture.spots:
        if outer[spot.id] != spot.id:
            counts = inside.setdefault(outer[spot.id], Counter())
            counts[spot.kind] += spot.count
            doubts[outer[spot.id]] += len(spot.doubts)
    spots = tuple(
        _closed(spot, inside.get(spot.id, Counter()), doubts[spot.id])
        for spot in picture.spots
        if outer[spot.id] == spot.id
    )
    return Picture(
        spots,
        _lines(picture, outer),
        {key: tuple(dict.fromkeys(outer[s] for s in at)) for key, at in picture.places.items()},
        {key: _way(outer, way) for key, way in picture.paths.items()},
        grouped=len(picture.spots) - len(spots),
    )


def _outermost(picture: Picture) -> dict[str, str]:
    """The outermost box of each spot: what holds others stands before them.

    What stands outside and has lines to one network alone counts as inside: a storage account
    behind the private endpoint of that network.
    """
    outer: dict[str, str] = {}
    for spot in picture.spots:
        outer[spot.id] = outer[spot.parent] if spot.parent else spot.id
    ends: dict[str, set[str]] = {}
    for line in picture.lines:
        for one, other in ((line.source, line.target), (line.target, line.source)):
            ends.setdefault(one, set()).add(outer[other])
    kinds = {spot.id: spot.kind for spot in picture.spots}
    for spot in picture.spots:
        if spot.parent or spot.kind.holds or spot.kind is Kind.INTERNET:
            continue
        found = [end for end in ends.get(spot.id, ()) if kinds[end] is not Kind.INTERNET]
        if len(found) == 1 and kinds[found[0]] in (Kind.NETWORK, Kind.HUB):
            outer[spot.id] = found[0]
    return outer


def _closed(spot: Spot, counts: Counter[Kind], doubts: int) -> Spot:
    if not counts:
        return spot
    facts = [f"{number} × {kind.word}" for kind, number in sorted(counts.items())]
    told = (f"{doubts} things inside are not told",) if doubts else ()
    return msgspec.structs.replace(spot, facts=(*spot.facts, *facts), doubts=(*spot.doubts, *told))


def _lines(picture: Picture, outer: dict[str, str]) -> tuple[Line, ...]:
    found: dict[tuple[str, str, Tie], Line] = {}
    for line in picture.lines:
        key = (outer[line.source], outer[line.target], line.tie)
        if key[0] == key[1]:
            continue
        known = found.get(key) or Line(*key, down=line.down)
        found[key] = msgspec.structs.replace(
            known,
            texts=tuple(dict.fromkeys((*known.texts, *line.texts))),
            doubts=tuple(dict.fromkeys((*known.doubts, *line.doubts))),
            down=known.down and line.down,
        )
    return tuple(found[key] for key in sorted(found))


def _way(outer: dict[str, str], way: tuple[str, ...]) -> tuple[str, ...]:
    steps = [outer[each] for each in way]
    return tuple(step for at, step in enumerate(steps) if not at or steps[at - 1] != step)
