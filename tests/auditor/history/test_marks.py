"""What is the same audit, and what is another."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from auditor import registry
from auditor.assemble import Policy
from auditor.baseline import Baseline, Entry
from auditor.finding import Location, Severity
from auditor.history import marks
from auditor.intent import read_intent
from auditor.settings import WaiverEntry
from auditor.snapshot.load import load
from auditor.testing import resource

RULES = registry.rules()
CHOSEN = [RULES["NSG-001"], RULES["TLS-001"]]
WAIVER = WaiverEntry("NSG-001", "*", "r", "o", date(2027, 1, 1), file="a.toml", line=3)
INTENT = {"name": "n", "from": "internet", "to": "type:x", "expect": "unreachable"}


def mark(rules: Any = CHOSEN, parameters: Any = None, intents: Any = (), *others: str,
         **policy: Any) -> str:  # fmt: skip
    told = Policy(**{"day": date(2026, 11, 23), **policy})
    return marks.rules_mark(rules, parameters or {}, told, intents, *others)


def test_the_order_of_rules_and_the_day_do_not_matter() -> None:
    assert mark(CHOSEN[::-1]) == mark()
    assert mark(day=date(2027, 1, 1)) == mark()


def test_whatever_may_change_an_answer_makes_another_mark() -> None:
    intent = read_intent(INTENT, Location("a.toml", 1, ""))
    known = Baseline((Entry("NSG-001", "/a", "1"),))
    made = [
        mark(),
        mark(CHOSEN[:1]),
        mark(parameters={"TLS-001": msgspec.structs.replace(CHOSEN[1].parameters, notice_days=3)}),
        mark(waivers=(WAIVER,)),
        mark(waivers=(replace(WAIVER, expires=date(2027, 1, 2)),)),
        mark(baseline=known),
        mark(baseline=Baseline(())),
        mark(intents=(intent,)),
        mark(threshold=Severity.LOW),
        mark(strict=True),
        mark(CHOSEN, None, (), "another file"),
    ]

    assert len(set(made)) == len(made)


def test_where_a_waiver_or_an_intent_stands_does_not_matter() -> None:
    elsewhere = replace(WAIVER, file="b.toml", line=9, number=4)
    here, there = (read_intent(INTENT, Location(file, 1, "")) for file in ("a.toml", "/b.toml"))

    assert mark(waivers=(WAIVER,)) == mark(waivers=(elsewhere,))
    assert mark(intents=(here,)) == mark(intents=(there,))


def test_a_rule_of_ones_own_goes_by_its_text(tmp_path: Path) -> None:
    text = '''"""A rule.

## Why it matters
x

## What fails
x

## What to do
x
"""
from auditor.rule import Network, Outcomes, Severity, rule
from auditor.network.graph import whole


@rule("ORG-001", severity=Severity.LOW, since="1", of=whole)
def own(network: Network, subject: Network) -> Outcomes:
    """Say nothing."""
    yield from ()
'''
    made = []
    for more in ("", "# changed\n"):
        (tmp_path / "own.py").write_text(text + more)
        registry.rules.cache_clear()
        made.append(mark([registry.rules((str(tmp_path),))["ORG-001"]]))
    registry.rules.cache_clear()

    assert made[0] != made[1]


def test_a_snapshot_is_its_text(tmp_path: Path) -> None:
    import json

    def written(name: str, *bodies: Any) -> str:
        folder = tmp_path / name
        folder.mkdir()
        for number, body in enumerate(bodies):
            (folder / f"{name}{number}.json").write_text(json.dumps(body))
        return marks.snapshot_mark(load([str(folder)]))

    one, other = (resource("Microsoft.Network/virtualNetworks", name, {}) for name in "ab")

    assert written("x", one, other) == written("y", other, one)
    assert written("z", one) != written("w", other)
