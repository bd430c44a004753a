"""What holds for every rule about addresses, peerings, routes and egress, on a whole estate."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from auditor.engine import judge
from auditor.finding import Finding
from auditor.registry import rules
from auditor.rule import Outcome
from auditor.testing import estate

FOLDER = Path(__file__).parents[2] / "fixtures" / "estates" / "docker-to-aks-broken"
FAMILIES = ("ADR", "PER", "RTE", "NAT")


@pytest.fixture(scope="module")
def resources() -> dict[str, dict[str, Any]]:
    found = {}
    for path in sorted(FOLDER.glob("*.json")):
        for each in json.loads(path.read_text())["value"]:
            found[each["id"]] = each
    return found


def outcomes(resources: list[dict[str, Any]]) -> list[tuple[str, list[Outcome]]]:
    ours = [rule for rule in rules().values() if rule.family in FAMILIES]
    runs = judge(estate(*resources), ours)
    return [
        (run.rule.id, sorted(run.outcomes, key=lambda each: (each.subject, each.key)))
        for run in runs
    ]


def test_every_quoted_value_stands_where_it_is_said_to(
    resources: dict[str, dict[str, Any]],
) -> None:
    quoted = 0
    for _, found in outcomes(list(resources.values())):
        for evidence in (each for outcome in found for each in outcome.evidence):
            here: Any = resources[evidence.resource]
            for token in evidence.pointer.split("/")[1:]:
                here = here[int(token)] if isinstance(here, list) else here[token]
            quoted += 1
    assert quoted > 20


def test_every_finding_says_what_to_do(resources: dict[str, dict[str, Any]]) -> None:
    for id, found in outcomes(list(resources.values())):
        for outcome in found:
            if isinstance(outcome, Finding):
                assert outcome.remedy, id
                assert outcome.evidence, id
                assert "\n" not in outcome.message


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_resources_changes_nothing(
    resources: dict[str, dict[str, Any]], seed: int
) -> None:
    shuffled = list(resources.values())
    random.Random(seed).shuffle(shuffled)
    assert outcomes(shuffled) == outcomes(list(resources.values()))
