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
