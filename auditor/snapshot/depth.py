"""How deep a JSON text nests, for texts small enough to count.

The decoder has a limit of its own, which differs between versions of Python; for texts up to
`COUNTED` bytes the limit is `faults.MAX_DEPTH`, the same everywhere.
"""

from __future__ import annotations

from auditor.snapshot.faults import MAX_DEPTH, too_deep
from auditor.snapshot.scan import Text, nesting

COUNTED = 1 << 20


def check(name: str, text: Text) -> None:
    """Raise InputError when `text` nests deeper than `MAX_DEPTH`."""
    if len(text) <= COUNTED and nesting(text) > MAX_DEPTH:
        raise too_deep(name)
