"""Lines of styled text, wrapped without ever cutting or breaking what one may want to copy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

Piece: TypeAlias = tuple[str, str]
"""Text and the name of its style; the empty name is plain."""
Line: TypeAlias = list[Piece]

TIE = "\u00a0"
"""A space at which no line is broken."""

_TOOLS = r"az|kubectl|auditor|terraform|helm|[A-Z][a-z]+-Az[A-Z]\w+"
_COMMAND = re.compile(rf"(?:^|(?<=[:;.] )|(?<=^\$ ))((?:{_TOOLS}) \S.*)$")


def wrap(text: str, width: int) -> list[str]:
    """Break at spaces, and after a slash in a word that is longer than a line; lose nothing.

    A word with neither may stand out over `width`: the terminal folds it and a copy is whole.
    """
    lines: list[str] = []
    current = ""
    for piece, gap in _pieces(text, width):
        if current and _cells(current + gap + piece) > width:
            lines.append(current)
            current = piece
        else:
            current += (gap if current else "") + piece
    return [line.replace(TIE, " ") for line in (*lines, current)]


def _pieces(text: str, width: int) -> Iterator[tuple[str, str]]:
    """Give each piece and what joins it to the one before."""
    for word in text.split(" "):
        if _cells(word) <= width:
            yield word, " "
            continue
        for number, part in enumerate(re.split(r"(?<=/)(?=.)", word)):
            yield part, "" if number else " "


def _cells(text: str) -> int:
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def block(text: str, style: str, *, indent: int, width: int) -> Iterator[Line]:
    """Give a paragraph in one style."""
    for line in wrap(text, max(width - indent, 20)):
        yield [(" " * indent, ""), (line, style)]


def labelled(label: str, text: str, style: str, *, indent: int, width: int) -> Iterator[Line]:
    """Give a paragraph that hangs beside its label."""
    column = indent + LABEL
    for number, line in enumerate(wrap(text, max(width - column, 20))):
        head = f"{label if not number else '':{LABEL}}"
        yield [(" " * indent, ""), (head, "label"), (line, style)]


def hanging(
    head: Line, text: str, style: str, *, width: int, tail: Line | None = None
) -> Iterator[Line]:
    """Give a paragraph that hangs beside what stands before it, with something after its end."""
    column, after = width_of(head), tail or []
    lines = wrap(text, max(width - column - width_of(after), 20))
    for number, line in enumerate(lines):
        start = head if not number else [(" " * column, "")]
        yield [*start, (line, style), *(after if number == len(lines) - 1 else [])]


LABEL = 10
"""Cells that a label takes, with the gap behind it."""


def split_command(line: str) -> tuple[str, str]:
    """Part a remedy's line into prose and the command that ends it; either may be empty."""
    found = _COMMAND.search(line)
    if found is None:
        return line, ""
    return line[: found.start()].rstrip().removesuffix("$").rstrip(), found[1]


def width_of(line: Line) -> int:
    """Give the cells that a line takes."""
    return sum(_cells(text) for text, _ in line)
