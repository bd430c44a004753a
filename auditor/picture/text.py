"""Texts from the input, fit to be shown: nothing acts, everything shows."""

from __future__ import annotations

from auditor.topology import Line, Spot


def shown(text: str, limit: int = 0) -> str:
    """Write what would act as what it is (`\\u202e`), and at most `limit` characters."""
    if not text.isprintable():
        text = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
    return text if not limit or len(text) <= limit else text[: limit - 1] + "…"


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
