"""docs/semantics.md and the tests named by facts tell of one another."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "semantics.md"
TREATED = ("exact", "two bounds", "not modelled")
ROW = re.compile(r"\| ([A-Z]-\d+[a-z]?) \| ([^|]*) \| ([^|]*)\|")
CITED = re.compile(r"`test_([A-Z])_(\d+[a-z]?)_…`")
NAMED = re.compile(r"def test_([A-Z])_(\d+[a-z]?)_")


def rows() -> list[tuple[str, str, str]]:
    return ROW.findall(PAGE.read_text(encoding="utf-8"))


def named_in_tests() -> set[str]:
    """The facts that tests about filters, routes and paths are named by."""
    tests = ROOT / "tests" / "auditor"
    folders = ("network/filtering", "network/routing", "network/firewalling", "reach")
    paths = (path for name in folders for path in (tests / name).glob("*.py"))
    texts = (path.read_text(encoding="utf-8") for path in paths)
    return {f"{family}-{number}" for text in texts for family, number in NAMED.findall(text)}


def test_every_fact_has_one_row_and_one_of_three_treatments() -> None:
    facts = [fact for fact, _, _ in rows()]
    assert len(facts) == len(set(facts))
    assert all(treated.startswith(TREATED) for _, treated, _ in rows())


def test_every_test_that_is_cited_is_there() -> None:
    cited = {f"{f}-{n}" for _, _, where in rows() for f, n in CITED.findall(where)}
    assert cited
    assert cited <= named_in_tests()


def test_every_test_named_by_a_fact_is_cited() -> None:
    assert named_in_tests() <= {fact for fact, _, _ in rows()}


def test_every_fact_that_is_treated_cites_a_test() -> None:
    bare = [
        fact
        for fact, treated, where in rows()
        if not treated.startswith("not modelled") and not CITED.search(where)
    ]
    assert not bare
