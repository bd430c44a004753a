"""What was meant, when nothing is called what somebody wrote."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from auditor.errors import quoted

_SHOWN = 8
"""How many candidates a message names."""

_LONGEST = 200
"""Characters of a candidate that are shown, and of a text that is compared."""


def listed(texts: Iterable[str]) -> str:
    """Give candidates for a sentence: printable, separated by commas, the first few of many."""
    found = list(texts)
    shown = ", ".join(quoted(text, _LONGEST)[1:-1] for text in found[:_SHOWN])
    return f"{shown} and {len(found) - _SHOWN} more" if len(found) > _SHOWN else shown


def suggestion(wanted: str, names: Mapping[str, str], kind: str) -> str:
    """Say what may have been meant: what is nearly so called, else what there is.

    `names` are the candidates as shown, by name in folded letter case; `kind` is what they are
    (`network interface`), for an input that holds none.
    """
    from difflib import get_close_matches  # most names are found

    if not names:
        return f"the input holds no {kind}"
    close = get_close_matches(wanted.casefold()[:_LONGEST], list(names), n=3)
    if close:
        return f"did you mean {listed(names[name] for name in close)}?"
    return f"there are: {listed(sorted(set(names.values())))}"
