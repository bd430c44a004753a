"""What a history adds to reports."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from xml.etree import ElementTree

import jsonschema
import pytest
from msgspec.structs import replace

from auditor import trends
from auditor.finding import Judged, Report
from auditor.past import Age, Changes, Ending, Entry, Life, Past
from auditor.schema import schema_of

from . import enemy, sample
from .rendering import rendered, renderer

HOSTILE = "<script>alert(1)</script>\x1b[31m##vso[x]`|[red]"


def entry(number: int, critical: int, unknown: int = 0, **more: object) -> Entry:
    at = date(2026, 9, 7) + timedelta(days=7 * number)
    told: dict[str, object] = {
        "number": number,
        "at": f"{at}T06:00:00Z",
        "as_of": str(at),
        "version": "0.1.0",
        "failed": bool(critical),
        "broken": {"critical": critical, "high": 0, "medium": 2, "low": 0, "info": 0},
        "unknown": unknown,
        "waived": 0,
        "baseline": 0,
        "kept": 10,
        "hidden": 0,
        "resources": 5,
        "ignored": 1,
        "rules": 3,
        "rules_changed": False,
        "changes": Changes(),
    }
    return Entry(**{**told, **more})  # type: ignore[arg-type]


def life(finding: Judged, **more: str) -> Life:
    told = {
        "fingerprint": finding.fingerprint,
        "rule": finding.rule,
        "title": finding.title,
        "severity": finding.severity.word,
        "subject": finding.subject,
        "message": finding.message,
        "kind": "broken",
        "status": "broken",
        "state": "open",
        "reason": "",
        "first_at": "2026-09-14T06:00:00Z",
        "opened_at": "2026-09-14T06:00:00Z",
        "last_at": "2026-09-28T06:00:00Z",
        "changed_at": "2026-09-14T06:00:00Z",
    }
    return Life(**{**told, **more})  # type: ignore[arg-type]


def past(report: Report, **more: object) -> Past:
    changes = Changes(new=2, fixed=1, untold=1, unanswered=1)
    last = entry(3, 1, 2, hidden=4, changes=changes, rules_changed=True)
    one = report.findings[0] if report.findings else None
    told: dict[str, object] = {
        "estate": "shop",
        "entries": (entry(1, 3), entry(2, 0, 4), last),
        "lives": {each.fingerprint: life(each) for each in report.findings},
        "gone": () if one is None else (life(one, state="fixed"), life(one, state="untold")),
        "ages": (Age("critical", 4, 3, 100, (1, 1, 1, 1)), Age("low", 1, 2, 2, (1, 0, 0, 0))),
        "endings": (
            Ending("EXP-001", "ann", "until the move", "2026-10-01", 3, 2),
            Ending("EXP-001", "bob", "forgotten", "2026-09-01", -27, 1),
        ),
    }
    return Past(**{**told, **more})  # type: ignore[arg-type]


def full(**more: object) -> Report:
    report = sample.full()
    return replace(report, history=past(report, **more))


def hostile() -> Report:
    report = enemy.hostile()
    return replace(
        report,
        history=past(
            report,
            estate=HOSTILE,
            endings=(Ending(HOSTILE, HOSTILE, HOSTILE, "2026-10-01", 3, 2),),
        ),
    )


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM", "CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")


def section(text: str) -> list[str]:
    lines = text.splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith("History"))
    return lines[begin : lines.index("", begin)]


EXPECTED = [
    "History  run 3 of shop",
    "  changed   since 2026-09-21: 2 new, 1 fixed, 1 answer no longer told; the rules",
    "            are others than before",
    "  not told  4 findings that were open before are not told now, 1 of them since",
    "            this run: not fixed, for nothing proves it",
    "  critical  █▁▃  1",
    "  medium    ▄▄▄  2",
    "  unknown   ▁█▅  2",
    "  not told  ▁▁█  4",
    "  coverage  █▁▄  86.6 %",
    "  age       open the longest: critical 100 days, low 2 days",
    "  waiver    EXP-001 ends in 3 days, on 2026-10-01 (2 findings; ann: until the",
    "            move)",
    "            EXP-001 ended on 2026-09-01 (1 finding; bob: forgotten)",
    "  fixed     critical DB-001 rg-app ›",
    "            flexibleServers/mysql-shop/firewallRules/AllowAllAzureServices",
]


def test_the_console_tells_what_changed_and_draws_how_it_went() -> None:
    text = rendered("console", full())

    assert section(text) == EXPECTED
    assert "    since     2026-09-14, 14 days" in text


def test_a_first_run_has_nothing_to_compare_with() -> None:
    text = rendered("console", full(entries=(entry(1, 3),), ages=(), endings=(), gone=()))

    assert section(text) == [
        "History  run 1 of shop",
        "  changed   the first run: there is nothing to compare with",
    ]


def test_a_run_recorded_before_says_so() -> None:
    assert "run 3 of shop, not new" in rendered("console", full(recorded=False))


def test_a_terminal_of_ascii_gets_bars_of_ascii() -> None:
    import io

    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii", errors="strict")
    renderer("console")(full(), out)
    out.flush()

    assert b"  critical  @_-  1\n" in raw.getvalue()


def test_the_page_has_the_history() -> None:
    text = rendered("markdown", full())

    assert "**History** of shop: since 2026-09-21: 2 new, 1 fixed" in text
    assert "| critical | <code>█▁▃</code> | 1 |" in text
    assert "- open since 2026-09-14, 14 days" in text
    assert "**Not told:** 4 findings that were open before are not told now" in text


@pytest.mark.parametrize("report", [full(), hostile(), full(entries=(entry(1, 0),))])
def test_the_json_report_with_a_history_keeps_its_schema(report: Report) -> None:
    document = json.loads(rendered("json", report))

    jsonschema.Draft202012Validator(json.loads(schema_of("report"))).validate(document)
    assert [run["number"] for run in document["history"]["runs"]][-1] == document["history"]["run"]


def test_without_a_history_no_report_speaks_of_one() -> None:
    for name in ("console", "markdown", "json"):
        assert "istory" not in rendered(name, sample.clean())


@pytest.mark.parametrize("name", ["console", "markdown"])
def test_nothing_of_a_history_acts(name: str) -> None:
    text = rendered(name, hostile())

    assert "<script>" not in text or name == "console"
    assert "\x1b" not in text
    assert "##vso" not in text


def charts(report: Report) -> tuple[str, ...]:
    (module,) = {renderer("console").__module__.rpartition(".")[0]}
    from importlib import import_module

    return tuple(each.svg for each in import_module(f"{module}._charts").charts(report.history))


def _drawn(report: Report) -> Iterator[ElementTree.Element]:
    for text in charts(report):
        yield ElementTree.fromstring(text)


SVG = "{http://www.w3.org/2000/svg}"


def test_charts_tell_in_words_what_they_show() -> None:
    found = list(_drawn(full()))

    assert [chart.findtext(f"{SVG}title") for chart in found] == [
        "Broken findings by severity",
        "Unknown answers, and findings not told any more",
        "Share of answers that could be told",
        "How long findings have been open",
    ]
    assert found[0].findtext(f"{SVG}desc") == (
        "2026-09-14 to 2026-09-28, 3 runs; critical: 3 at first, 1 at last; "
        "medium: 2 at first, 2 at last"
    )
    assert all(chart.get("role") == "img" for chart in found)


def test_charts_have_no_script_no_style_and_no_address() -> None:
    for report in (full(), hostile()):
        for text in charts(report):
            assert "script" not in text
            assert "style=" not in text
            assert "href" not in text
            assert text.count("http") == 1, "the name of SVG itself"


def test_charts_stay_within_their_frame() -> None:
    many = tuple(entry(n, (n * 37) % 900, n % 5) for n in range(1, 300))
    for chart in _drawn(full(entries=many)):
        wide, high = map(float, str(chart.get("viewBox")).split()[2:])
        for path in chart.iter(f"{SVG}path"):
            points = str(path.get("d")).replace("M", " ").replace("L", " ").rstrip("Z").split()
            for x, y in (map(float, point.split(",")) for point in points):
                assert 0 <= x <= wide
                assert 0 <= y <= high


def test_a_run_that_does_not_tell_a_number_breaks_the_line() -> None:
    nothing = entry(2, 0, broken=dict.fromkeys(("critical", "high", "medium", "low", "info"), 0),
                    kept=0)  # fmt: skip
    chart = list(_drawn(full(entries=(entry(1, 1), nothing, entry(3, 1)))))[1]
    path = chart.find(f"{SVG}path")

    assert path is not None
    assert str(path.get("d")).count("M") == 2


def test_sparklines_stretch_from_the_least_to_the_most() -> None:
    assert trends.sparkline([0, 1, 2, 3, 4, 5, 6, 7]) == "▁▂▃▄▅▆▇█"
    assert trends.sparkline([5, 5]) == "▄▄"
    assert trends.sparkline([0, 0]) == "▁▁"
    assert trends.sparkline([1, None, 2]) == "▁ █"
    assert trends.sparkline([None]) == ""
    assert len(trends.sparkline(list(range(100)))) == trends.MOST


def test_bars_are_shown_as_an_encoding_can() -> None:
    assert trends.shown("▁█", "utf-8") == trends.shown("▁█", None) == "▁█"
    assert trends.shown("a ▁▂▃▄▅▆▇█", "ascii") == "a _.-=+*#@"
    assert trends.shown("▁█", "cp1252") == "_@"


def test_whole_is_only_what_is_whole() -> None:
    assert trends.written(99.99, "%") == "99.9 %"
    assert trends.written(100.0, "%") == "100.0 %"
    assert trends.written(1234, "findings") == "1,234"


def test_the_html_page_tells_and_draws_the_history() -> None:
    html = rendered("html", full())

    assert "<b>Run 3 of shop</b>, since 2026-09-21: 2 new, 1 fixed" in html
    assert html.count('<svg xmlns="http://www.w3.org/2000/svg" class="chart"') == 4
    assert "<dt>Open since</dt><dd>2026-09-14, 14 days</dd>" in html
    assert "Findings of the run before that are not here (2)" in html
    assert "EXP-001 ends in 3 days" in html


def test_nothing_of_a_history_acts_in_the_html_page() -> None:
    html = rendered("html", hostile())

    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_an_html_page_without_a_history_has_no_part_for_it() -> None:
    assert 'id="history"' not in rendered("html", sample.full())
