"""What parameters of rules approve: names, by globs."""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import translate
from functools import lru_cache


def approved(patterns: tuple[str, ...], *names: str) -> bool:
    """Tell whether a pattern fits one of the names: ids or ARM types, compared without case.

    `*` stands for any text, slashes included: `*/resourceGroups/hub/*`, `Microsoft.Network/*`.
    """
    if not patterns:
        return False
    fits = _fitting(patterns)
    for name in map(str.lower, names):
        for piece, fit in fits:
            if piece in name and name and fit(name):
                return True
    return False


@lru_cache(maxsize=256)
def _fitting(patterns: tuple[str, ...]) -> tuple[tuple[str, Callable[[str], object]], ...]:
    """What tells whether a name fits each pattern; before it, a text that such a name holds."""
    lowered = [pattern.lower() for pattern in patterns]
    return tuple([(_piece(each), re.compile(translate(each)).match) for each in lowered])


def _piece(pattern: str) -> str:
    """The last text in all that fits a pattern, where ids differ; none of sets of characters."""
    return "" if "[" in pattern else (re.findall(r"[^*?]+", pattern) or [""])[-1]
