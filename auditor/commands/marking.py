"""Foreign text in the Markdown that commands write: read as it is spelled, and never obeyed."""

from __future__ import annotations

import re

from auditor.commands.asking import plain

# Everything but letters, digits and what means nothing within a line; `_` means nothing inside a
# word, `:` only in a web address, and a dot only after www.
_MARKS = re.compile(
    r"[^\w ./,;:=%'\"()·…-]|(?<![^\W_])_|_(?![^\W_])|:(?=/)|(?<=www)\.", re.IGNORECASE
)
# What GitHub links although it is written as a reference: a mention, the number of an issue.
_LINKED = re.compile(r"(&#(?:64|35);)(?=\w)")
_BLANKS = re.compile(r"(?<= ) |^ | $")


def escaped(text: str) -> str:
    """Give foreign text that is no Markdown, no HTML, no link and no end of a table's cell.

    Once it is rendered it reads as `plain` shows it.
    """
    marked = _MARKS.sub(lambda match: f"&#{ord(match[0])};", plain(text))
    return _BLANKS.sub("&#32;", _LINKED.sub(r"\1<wbr>", marked))


def row(cells: list[str] | tuple[str, ...]) -> str:
    """Give one line of a table."""
    return "| " + " | ".join(escaped(cell) for cell in cells) + " |"


def head(*titles: str) -> str:
    """Give the two lines at the head of a table."""
    return f"| {' | '.join(titles)} |\n{'| --- ' * len(titles)}|"
