"""Texts from the input, fit to be shown: nothing acts, everything shows."""

from __future__ import annotations

import re
from unicodedata import east_asian_width

from auditor.topology import Line, Spot

_BOLD = 1.12
"""How much wider bold letters are."""
_DOTS = 1.0
_WIDTHS = {
    **dict.fromkeys("ijlI'|!", 0.3),
    **dict.fromkeys(" .,:;·`", 0.32),
    **dict.fromkeys("tfr-/\\()[]", 0.4),
    **dict.fromkeys("cszkJ*_?", 0.56),
    **dict.fromkeys("w&<>=+~×", 0.84),
    **dict.fromkeys("MOQGD", 0.86),
    **dict.fromkeys("mW@%", 1.0),
}
"""Widths of letters as parts of the font's size, of DejaVu Sans."""
_FROM_THE_RIGHT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")


def shown(text: str, limit: int = 0) -> str:
    """Write what would act as what it is (`\\u202e`), and at most `limit` characters."""
    if not text.isprintable():
        text = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
    return text if not limit or len(text) <= limit else text[: limit - 1] + "…"


def fitted(text: str, room: float, size: float, *, bold: bool = False) -> str:
    """Write what fits into so many pixels, as `shown` does; what was cut ends in `…`.

    Nobody knows the font of who looks: letters are as wide as in the widest that are common.
    """
    text = shown(text)
    unit = size * (_BOLD if bold else 1.0)
    taken, end = 0.0, 0
    for place, char in enumerate(text):
        if taken + unit * _DOTS <= room:
            end = place
        taken += unit * _width(char)
        if taken > room:
            return _isolated(text[: max(end, 1)] + "…")
    return _isolated(text)


def _width(char: str) -> float:
    """A letter's width as part of the font's size."""
    known = _WIDTHS.get(char)
    if known is not None:
        return known
    if char > "\u2e7f" and east_asian_width(char) in "WF":
        return 1.35 if char > "\uffff" else 1.0
    return 0.76 if char.isupper() else 0.65


def _isolated(text: str) -> str:
    """Let what is read from the right begin at its own right, the `…` at its end."""
    return f"\u2068{text}\u2069" if _FROM_THE_RIGHT.search(text) else text


def title(spot: Spot) -> str:
    """Name a spot for a person: `subnet snet-web`, `4 machines vm-web-*`."""
    if spot.missing:
        return f"{spot.kind.word} {shown(spot.name)}, not in the snapshot"
    if spot.count > 1:
        return f"{spot.count} {spot.kind.word} {shown(spot.name)}"
    return spot.kind.word if spot.id == "internet" else f"{spot.kind.word} {shown(spot.name)}"


def about(spot: Spot) -> list[str]:
    """Give all that is told about a spot, a line each."""
    lines = [title(spot), *(shown(fact) for fact in spot.facts)]
    lines += [f"? {shown(doubt)}" for doubt in spot.doubts]
    if spot.names:
        lines.append(", ".join(shown(name) for name in spot.names[:20]))
        if len(spot.names) > 20:
            lines.append(f"and {len(spot.names) - 20} more")
    if spot.id.startswith("/") and "#" not in spot.id:
        lines.append(shown(spot.id))
    return lines


def label(line: Line) -> str:
    """Say what a line is: `TCP 443`, `one side only, cannot tell`."""
    texts = [shown(text) for text in line.texts[:2]]
    if len(line.texts) > 2:
        texts.append(f"and {len(line.texts) - 2} more")
    return ", ".join([*texts, *(["cannot tell"] if line.doubts else [])])
