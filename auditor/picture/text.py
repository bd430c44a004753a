"""Texts from the input, fit to be shown: nothing acts, everything shows."""

from __future__ import annotations

from unicodedata import east_asian_width

from auditor.topology import Line, Spot

_WIDE = frozenset("mw@%<>=+&\\")


def shown(text: str, limit: int = 0) -> str:
    """Write what would act as what it is (`\\u202e`), and at most `limit` characters."""
    if not text.isprintable():
        text = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
    return text if not limit or len(text) <= limit else text[: limit - 1] + "…"


def fitted(text: str, limit: int) -> str:
    """Write at most `limit` characters as `shown` does, fewer where they are wide.

    Capitals and the letters of East Asia take more room than the letters most names are made of.
    """
    text = shown(text, limit)
    room, taken = limit * 1.12, 0.0
    for place, char in enumerate(text):
        wide = (
            2.0
            if east_asian_width(char) in "WF"
            else 1.6
            if char.isupper()
            else 1.3
            if char in _WIDE
            else 1.0
        )
        taken += wide
        if taken > room:
            return text[: max(place - 1, 1)].removesuffix("…") + "…"
    return text


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
