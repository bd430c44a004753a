"""The reference of the rules, as a page with a filter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from auditor import __version__
from auditor.web import markdown, page

_SEVERITIES = ("critical", "high", "medium", "low", "info")


@dataclass(frozen=True, slots=True)
class Entry:
    """A rule as the reference shows it; `text` is its page in Markdown, without the title."""

    id: str
    title: str
    severity: str
    family: str
    text: str


def html(entries: Sequence[Entry]) -> str:
    """Write the page; `#ID` leads to a rule."""
    severities = Counter(entry.severity for entry in entries)
    families = Counter(entry.family for entry in entries)
    return page.write(
        "rules.html",
        scripts=("page.js",),
        data={"controls": {}},
        title=f"auditor {__version__}: {len(entries)} rules",
        severities=[(each, severities[each]) for each in _SEVERITIES if severities[each]],
        families=sorted(families.items()),
        rules=[(entry, markdown.html(entry.text, deepen=0)) for entry in entries],
    )
