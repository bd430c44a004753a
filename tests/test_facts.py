"""Every fact about Azure that is cited by number stands in docs/facts.md, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "facts.md"
FOLDERS = ("auditor", "rules", "reports", "tests", "bench", "docs", "fixtures")
FACT = re.compile(r"(?<![\w./-])([ADEGKLNPRTU])-([1-9]\d?)([a-z]?)(?![\w-])")
SPAN = re.compile(rf"{FACT.pattern} to {FACT.pattern}")
LINE = re.compile(
    r"- \*\*(?P<fact>[A-Z]-\d+[a-z]?)\*\* (?P<text>[^ ].*[.]) "
    r"\((?:high|medium|low)(?:; \[[^\]]+\]\(https://[^\s()]+\))*\)"
)

Fact = tuple[str, int, str]


def facts_in(text: str) -> set[Fact]:
    return {(family, int(number), part) for family, number, part in FACT.findall(text)}


def spans_in(text: str) -> set[tuple[Fact, Fact]]:
    return {
        ((first, int(low), start), (last, int(high), end))
        for first, low, start, last, high, end in SPAN.findall(text)
    }


def sources() -> Iterator[str]:
    """Give the text of every module and page that may cite a fact."""
    for path in [
        *ROOT.glob("*.md"),
        *(each for name in FOLDERS for each in (ROOT / name).rglob("*")),
    ]:
        if path.suffix in {".py", ".md", ".toml"} and path not in {PAGE, Path(__file__)}:
            yield path.read_text(encoding="utf-8")


@cache
def read() -> tuple[frozenset[Fact], frozenset[tuple[Fact, Fact]]]:
    texts = list(sources())
    cited = frozenset[Fact]().union(*map(facts_in, texts))
    return cited, frozenset[tuple[Fact, Fact]]().union(*map(spans_in, texts))


def listed() -> list[Fact]:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    return [fact for line in lines if line[:1] == "-" for fact in facts_in(line[:12])]


def spelled(facts: set[Fact]) -> list[str]:
    return [f"{family}-{number}{part}" for family, number, part in sorted(facts)]


def test_citations_are_told_from_rules_curves_and_names() -> None:
    assert facts_in("N-14, `K-5`; (E-2b) and T-8.") == {
        ("N", 14, ""),
        ("K", 5, ""),
        ("E", 2, "b"),
        ("T", 8, ""),
    }
    assert facts_in("T-001 P-256 GW-001 a-N-1 rg/A-1 D-0 A-1-b Q-4") == set()


def test_every_cited_fact_is_on_the_page() -> None:
    cited, _ = read()
    assert spelled(set(cited - set(listed()))) == [], "write these facts into docs/facts.md"


def test_every_fact_on_the_page_is_cited() -> None:
    cited, spans = read()
    idle = {
        fact
        for fact in listed()
        if fact not in cited and not any(low <= fact <= high for low, high in spans)
    }
    assert spelled(idle) == [], "these facts of docs/facts.md are cited nowhere"


def test_facts_stand_once_and_in_order() -> None:
    facts = listed()
    assert facts == sorted(set(facts))
    assert len(facts) > 150


def test_each_line_has_the_fact_its_confidence_and_its_pages() -> None:
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line[:1] == "-"]
    assert [line for line in lines if not LINE.fullmatch(line)] == []
