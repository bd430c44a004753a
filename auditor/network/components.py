"""Groups of what is linked, directly or through others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable


def components(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, ...]]:
    """Join keys that are linked, directly or not; each group sorted, groups sorted."""
    leader: dict[str, str] = {}

    def lead(key: str) -> str:
        leader.setdefault(key, key)
        while leader[key] != key:
            leader[key] = leader[leader[key]]
            key = leader[key]
        return key

    for left, right in pairs:
        one, other = sorted((lead(left), lead(right)))
        leader[other] = one
    groups: dict[str, list[str]] = defaultdict(list)
    for key in sorted(leader):
        groups[lead(key)].append(key)
    return sorted(tuple(group) for group in groups.values())
