"""Host names as listeners of an application gateway write them (A-21, T-5).

`*` stands for any characters, dots included, and `?` for one. A listener without a host name
accepts every name.
"""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=16384)
def swallows(wide: str, narrow: str) -> bool:
    """Tell whether every name that `narrow` accepts is accepted by `wide` as well.

    Letter case makes no difference. Never true without being so; false for a few pairs in which
    only several of the wide pattern's parts together take the narrow one's `*`.
    """
    return _takes(wide.lower(), narrow.lower())


def _takes(wide: str, narrow: str) -> bool:
    # The usual matching with one place to go back to: the narrow pattern's own `*` and `?` are
    # characters that only a `*` (or, for `?`, a `?` as well) can take.
    at = here = 0
    star = retry = -1
    while at < len(narrow):
        if here < len(wide) and wide[here] == "*":
            star, retry = here, at
            here += 1
        elif here < len(wide) and _same(wide[here], narrow[at]):
            here += 1
            at += 1
        elif star >= 0:
            retry += 1
            here, at = star + 1, retry
        else:
            return False
    return all(char == "*" for char in wide[here:])


def _same(wide: str, narrow: str) -> bool:
    return narrow != "*" and (wide in ("?", narrow))


def meet(listener: str, ingress: str) -> bool:
    """Tell whether a listener's pattern and the host of an Ingress have a name in common.

    In an Ingress `*.` stands for exactly one label (T-4); an empty host on either side is every
    name. Letter case makes no difference.
    """
    pattern, host = listener.lower(), ingress.lower()
    if not pattern or not host:
        return True
    places = _closed(pattern, {0})
    if host.startswith("*."):
        host = host[1:]
        places = _after_label(pattern, places)
    for char in host:
        places = _after(pattern, places, char)
    return len(pattern) in places


def _closed(pattern: str, places: set[int]) -> set[int]:
    """Add the places reached by letting each `*` take nothing."""
    found = set(places)
    for place in sorted(places):
        while place < len(pattern) and pattern[place] == "*":
            place += 1
            found.add(place)
    return found


def _after(pattern: str, places: set[int], char: str) -> set[int]:
    """Give the places after one more character; an empty `char` is any that is no dot."""
    after = set()
    for place in places:
        if place < len(pattern):
            here = pattern[place]
            if here == "*":
                after.add(place)
            elif here == "?" or here == char or (not char and here != "."):
                after.add(place + 1)
    return _closed(pattern, after)


def _after_label(pattern: str, places: set[int]) -> set[int]:
    """Give the places after one or more characters that are no dots."""
    reached: set[int] = set()
    frontier = _after(pattern, places, "")
    while frontier - reached:
        reached |= frontier
        frontier = _after(pattern, frontier, "")
    return reached
