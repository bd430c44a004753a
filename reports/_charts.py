"""Charts of a history as inline SVG: for pages that load nothing and print well.

Colours come from the page's own variables, each with a value where the page has none. Every chart
has a title and a description in words, for those who do not see it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from auditor import trends
from auditor.past import Entry, Past

from ._text import visible

WIDTH, HEIGHT = 640, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 12, 32, 28
MOST = 120
"""How many runs a chart shows at most: the last ones."""

_COLOURS = {
    "critical": ("critical", "#b42318"),
    "high": ("high", "#c2410c"),
    "medium": ("medium", "#946200"),
    "low": ("low", "#1d4ed8"),
    "info": ("info", "#566273"),
    "unknown": ("unknown", "#946200"),
    "not told": ("accent", "#1d4ed8"),
    "coverage": ("kept", "#0b7a4b"),
}
"""For each series the page's colour, and what stands for it where the page has none."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing and its title; `svg` is markup, safe to stand in a page."""

    title: str
    svg: str


def charts(past: Past) -> tuple[Chart, ...]:
    """Give the charts of a history: findings by severity, what is not told, coverage, ages.

    Nothing of a history that has one run only, but for the ages.
    """
    entries = past.entries[-MOST:]
    found = []
    if len(entries) > 1:
        broken = trends.by_severity(entries)
        if broken:
            found.append(stacked("Broken findings by severity", entries, broken))
        untold = [s for s in (trends.untold(entries), trends.hidden(entries)) if any(s.values)]
        if untold:
            found.append(lines("Unknown answers, and findings not told any more", entries, untold))
        found.append(
            lines("Share of answers that could be told", entries, [trends.coverage(entries)])
        )
    if past.ages:
        found.append(ages(past))
    return tuple(found)


def stacked(title: str, entries: Sequence[Entry], series: Sequence[trends.Series]) -> Chart:
    """Draw counts one upon another, the worst at the bottom."""
    below = [0.0] * len(entries)
    top = _nice(max(sum(each.values[n] or 0 for each in series) for n in range(len(entries))))
    parts = [*_frame(entries, top, "")]
    for each in series:
        above = [low + (value or 0) for low, value in zip(below, each.values, strict=True)]
        there = [_point(n, v, len(entries), top) for n, v in enumerate(above)]
        back = [_point(n, v, len(entries), top) for n, v in enumerate(below)]
        path = "M" + " L".join(there) + " L" + " L".join(reversed(back)) + "Z"
        told = f"{each.name}: {trends.number(each)} now"
        fill = _colour(each.name)
        parts.append(f'<path d="{path}" fill="{fill}"><title>{escape(told)}</title></path>')
        below = above
    return _svg(title, _in_words(entries, series), [*parts, *_legend(series)])


def lines(title: str, entries: Sequence[Entry], series: Sequence[trends.Series]) -> Chart:
    """Draw each series as a line, broken where a run does not tell it."""
    percent = all(each.unit == "%" for each in series)
    known = [value for each in series for value in each.values if value is not None]
    top = 100.0 if percent else _nice(max(known, default=0))
    parts = [*_frame(entries, top, " %" if percent else "")]
    for number, each in enumerate(series):
        told = f"{each.name}: {trends.number(each)} now"
        dash = f' stroke-dasharray="{4 * number} 3"' if number else ""
        parts.append(
            f'<path d="{_line(each, len(entries), top)}" fill="none" '
            f'stroke="{_colour(each.name)}" stroke-width="2"{dash}>'
            f"<title>{escape(told)}</title></path>"
        )
    return _svg(title, _in_words(entries, series), [*parts, *_legend(series)])


def ages(past: Past) -> Chart:
    """Draw how many open findings of each severity are how old, a bar for each severity."""
    most = max(age.number for age in past.ages)
    parts, words = [], []
    top = 8
    height = top + 26 * len(past.ages) + 22
    for row, age in enumerate(past.ages):
        y, x = top + 26 * row, 80.0
        parts.append(f'<text x="74" y="{y + 13}" text-anchor="end">{escape(age.severity)}</text>')
        for bucket, number in enumerate(age.buckets):
            wide = (WIDTH - 80 - 60) * number / most
            if number:
                told = f"{age.severity}: {number:,} open {_BUCKETS[bucket]}"
                parts.append(
                    f'<rect x="{_num(x)}" y="{y}" width="{_num(wide)}" height="18" '
                    f'fill="{_colour(age.severity)}" fill-opacity="{_OPACITY[bucket]}">'
                    f"<title>{escape(told)}</title></rect>"
                )
                words.append(told)
            x += wide
        parts.append(f'<text x="{_num(x + 6)}" y="{y + 13}">{age.number:,}</text>')
    legend = "paler: under 7 days, then under 30, under 90; full: older"
    parts.append(f'<text x="80" y="{height - 6}">{legend}</text>')
    return _svg("How long findings have been open", "; ".join(words), parts, height)


_BUCKETS = ("for less than 7 days", "for 7 to 29 days", "for 30 to 89 days", "for 90 days or more")
_OPACITY = ("0.35", "0.55", "0.8", "1")


def _legend(series: Sequence[trends.Series]) -> Iterator[str]:
    """Name each series and its last value, beside its colour."""
    for place, each in enumerate(series):
        x = _LEFT + place * (WIDTH - _LEFT - _RIGHT) // max(len(series), 3)
        yield f'<rect x="{x}" y="4" width="10" height="10" fill="{_colour(each.name)}"/>'
        yield f'<text x="{x + 15}" y="13">{escape(each.name)} {trends.number(each)}</text>'


def _frame(entries: Sequence[Entry], top: float, unit: str) -> Iterator[str]:
    """Draw the grid, its numbers, and the first and last day."""
    for share in (0.0, 0.5, 1.0):
        y = _y(top * share, top)
        said = f"{top * share:,.0f}{unit}" if top * share == int(top * share) else ""
        yield (
            f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{_num(y)}" y2="{_num(y)}" '
            'stroke="var(--line, #8884)"/>'
        )
        yield f'<text x="{_LEFT - 6}" y="{_num(y + 4)}" text-anchor="end">{said}</text>'
    y = HEIGHT - 8
    yield f'<text x="{_LEFT}" y="{y}">{escape(entries[0].at[:10])}</text>'
    last = escape(entries[-1].at[:10])
    yield f'<text x="{WIDTH - _RIGHT}" y="{y}" text-anchor="end">{last}</text>'


def _line(series: trends.Series, count: int, top: float) -> str:
    path, pen = [], "M"
    for number, value in enumerate(series.values):
        if value is None:
            pen = "M"
            continue
        path.append(pen + _point(number, value, count, top))
        pen = "L"
    return " ".join(path)


def _point(number: int, value: float, count: int, top: float) -> str:
    wide = WIDTH - _LEFT - _RIGHT
    x = _LEFT + (wide * number / (count - 1) if count > 1 else 0)
    return f"{_num(x)},{_num(_y(value, top))}"


def _y(value: float, top: float) -> float:
    return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * (value / top if top else 0)


def _nice(most: float) -> float:
    """Give a round number that is no less."""
    step = 1.0
    while True:
        for factor in (1, 2, 5):
            if step * factor >= most:
                return max(step * factor, 2.0)
        step *= 10


def _num(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _colour(name: str) -> str:
    kind, own = _COLOURS[name]
    return f"var(--{kind}, {own})"


def _in_words(entries: Sequence[Entry], series: Sequence[trends.Series]) -> str:
    """Say what the chart shows: each series from the first run to the last."""
    days = f"{entries[0].at[:10]} to {entries[-1].at[:10]}, {len(entries):,} runs"
    return "; ".join([days, *(_told(each) for each in series)])


def _told(series: trends.Series) -> str:
    known = [value for value in series.values if value is not None]
    if not known:
        return f"{series.name}: not told"
    first, last = (trends.written(value, series.unit) for value in (known[0], known[-1]))
    return f"{series.name}: {first} at first, {last} at last"


def _svg(title: str, words: str, parts: Sequence[str], height: int = HEIGHT) -> Chart:
    head = escape(visible(title))
    drawn = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 {WIDTH} {height}" '
        f'role="img" font-size="12" fill="currentColor">'
        f"<title>{head}</title><desc>{escape(visible(words))}</desc>{''.join(parts)}</svg>"
    )
    return Chart(title, drawn)
