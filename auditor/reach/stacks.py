"""Of machines with addresses of both versions of IP, those that can be asked about (P-12)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from auditor.reach.points import Point

Pair: TypeAlias = tuple[Point, Point]


def in_one_version(pairs: Sequence[Pair]) -> list[Pair]:
    """Leave out addresses that share no version, of two resources of which others do.

    A machine speaks to another over IPv4 or over IPv6, never from one to the other. Where they have
    no version in common at all, that is what is to be told.
    """
    if all(share_a_version(*pair) for pair in pairs):  # as nearly always
        return list(pairs)
    joined = {_holders(pair) for pair in pairs if share_a_version(*pair)}
    return [pair for pair in pairs if share_a_version(*pair) or _holders(pair) not in joined]


def share_a_version(source: Point, target: Point) -> bool:
    """Tell whether two points have a version of IP in common, or one does not tell its own."""
    one, other = source.versions, target.versions
    return not one or not other or bool(set(one) & set(other))


def _holders(pair: Pair) -> tuple[str, str]:
    source, target = pair
    return _holder(source), _holder(target)


def _holder(point: Point) -> str:
    return point.node.root.key if point.node is not None else point.id.lower()
