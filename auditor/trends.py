"""Numbers over time, made of a history: series to draw, and sparklines for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from auditor.past import SEVERITIES, Entry

BARS = "▁▂▃▄▅▆▇█"
ASCII_BARS = "_.-=+*#@"
"""What stands for the bars where only ASCII can be shown."""
MOST = 40
"""How many runs a sparkline shows at most: the last ones."""


@dataclass(frozen=True, slots=True)
class Series:
    """One number over the runs, the oldest first; None where a run does not tell it.

    `unit` is `findings` or `%`. `good` is whether more of it is better.
    """

    name: str
    values: tuple[float | None, ...]
    unit: str = "findings"
    good: bool = False

    @property
    def last(self) -> float | None:
        """The newest value."""
        return self.values[-1] if self.values else None


def by_severity(entries: Sequence[Entry]) -> tuple[Series, ...]:
    """Give the broken findings of each severity that ever had one."""
    found = (Series(word, tuple(e.broken[word] for e in entries)) for word in SEVERITIES)
    return tuple(series for series in found if any(series.values))


def untold(entries: Sequence[Entry]) -> Series:
    """Give the answers that are missing."""
    return Series("unknown", tuple(entry.unknown for entry in entries))


def hidden(entries: Sequence[Entry]) -> Series:
    """Give the findings that were open once and that a run does not tell of."""
    return Series("not told", tuple(entry.hidden for entry in entries))


def coverage(entries: Sequence[Entry]) -> Series:
    """Give the share of answers that could be told, in percent."""
    shares = (entry.coverage for entry in entries)
    values = tuple(None if share is None else 100 * share for share in shares)
    return Series("coverage", values, "%", good=True)


def waived(entries: Sequence[Entry]) -> Series:
    """Give the findings that are accepted for now."""
    return Series("waived", tuple(entry.waived for entry in entries))


def all_of(entries: Sequence[Entry]) -> tuple[Series, ...]:
    """Give every series that has something to show."""
    more = (untold(entries), hidden(entries), waived(entries), coverage(entries))
    kept = (series for series in more if any(series.values))
    return (*by_severity(entries), *kept)


def sparkline(values: Sequence[float | None]) -> str:
    """Draw the last values as bars between their least and their most, a space for None.

    Equal values are drawn low when they are nothing, else in the middle.
    """
    shown = values[-MOST:]
    known = [value for value in shown if value is not None]
    if not known:
        return ""
    least, most = min(known), max(known)
    return "".join(" " if value is None else BARS[_step(value, least, most)] for value in shown)


def _step(value: float, least: float, most: float) -> int:
    if most == least:
        return 3 if value else 0
    return round((value - least) / (most - least) * (len(BARS) - 1))


def shown(text: str, encoding: str | None) -> str:
    """Give a text with bars as an encoding can show it: where it has no such bars, in ASCII."""
    try:
        BARS.encode(encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return text.translate(str.maketrans(BARS, ASCII_BARS))
    return text


def number(series: Series) -> str:
    """Write the newest value as people read it."""
    return "-" if series.last is None else written(series.last, series.unit)


def written(value: float, unit: str) -> str:
    """Write a value; 100 % is only what is whole."""
    if unit != "%":
        return f"{value:,.0f}"
    return f"{int(value * 10 + 1e-9) / 10:.1f} %"
