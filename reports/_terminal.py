"""The terminal that a report is for: how wide it is, whether it has colour, how it is painted."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

from ._layout import Line

# The terminal's own sixteen colours: they follow the reader's theme, light or dark.
STYLES = {
    "": "",
    "heading": "bold",
    "label": "dim",
    "dim": "dim",
    "subject": "bold",
    "command": "cyan",
    "good": "bold green",
    "kept": "green",
    "broken": "bold red",
    "unknown": "bold magenta",
    "untold": "bold white on magenta",
    "critical": "bold white on red",
    "high": "bold red",
    "medium": "yellow",
    "low": "blue",
    "info": "cyan",
}
_READABLE = 116


@dataclass(frozen=True, slots=True)
class Look:
    """How wide the report is, in cells, and whether it has colour."""

    width: int = 100
    color: bool = False

    @classmethod
    def of(cls, out: TextIO) -> Look:
        """Read it from the stream and the environment (COLUMNS, NO_COLOR, FORCE_COLOR, TERM)."""
        tty = out.isatty()
        color = tty and os.environ.get("TERM") != "dumb"
        if os.environ.get("FORCE_COLOR"):
            color = True
        if os.environ.get("NO_COLOR"):
            color = False
        return cls(min(max(_columns(out, tty), 40), 400), color)

    @property
    def prose(self) -> int:
        """The width of running text: longer lines are hard to read."""
        return min(self.width, _READABLE)


def _columns(out: TextIO, tty: bool) -> int:
    wanted = os.environ.get("COLUMNS", "")
    if wanted.isascii() and wanted.isdigit() and int(wanted[:6]) > 0:
        return int(wanted[:6])
    try:
        return (os.get_terminal_size(out.fileno()).columns if tty else 0) or 100
    except (OSError, ValueError):
        return 100


def plain(line: Line) -> str:
    return "".join(words for words, _ in line)


def painter() -> Callable[[Line], str]:
    """Paint with rich's styles; the lines are laid out already, and no name is ever markup."""
    from rich.color import ColorSystem
    from rich.style import Style

    styles = {name: Style.parse(style) for name, style in STYLES.items()}

    def paint(line: Line) -> str:
        return "".join(
            styles[style].render(words, color_system=ColorSystem.STANDARD) for words, style in line
        )

    return paint


def trimmed(line: Line) -> Line:
    """Leave out the blanks that end a line."""
    while line and not line[-1][0].rstrip():
        line = line[:-1]
    return [*line[:-1], (line[-1][0].rstrip(), line[-1][1])] if line else []
