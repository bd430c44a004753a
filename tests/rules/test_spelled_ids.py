"""Evidence gives an id as the input spells it there, whatever its owner is called elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from auditor.engine import judge
from auditor.finding import Finding
from auditor.ids import fold
from auditor.network.build import build
from auditor.registry import rules
from auditor.rule import Rule
from auditor.snapshot.load import load

from .test_every_rule import resolve
from .test_parts_apart import NOW, Json, fixture_of, listed


def loud(told: Any) -> Any:
    """The same, with the ids of all that is referred to in capitals."""
    if isinstance(told, list):
        return [loud(each) for each in told]
    if not isinstance(told, dict):
        return told
    if told.keys() == {"id"} and isinstance(told["id"], str):
        return {"id": told["id"].upper()}
    return {key: loud(value) for key, value in told.items()}


def known(resources: list[Json], found: Finding) -> list[tuple[Any, Any]]:
    """The ids in the evidence of a finding, and what stands at their places."""
    by_id = {fold(each["id"]): each for each in resources}
    return [
        (proof.value, resolve(by_id[fold(proof.resource)], proof.pointer))
        for proof in found.evidence
        if fold(proof.resource) in by_id
        and isinstance(proof.value, str)
        and proof.value.startswith("/")
    ]


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.id) for rule in rules().values()])
def test_evidence_spells_ids_as_the_input_does(rule: Rule[Any], tmp_path: Path) -> None:
    resources = [loud(each) for each in listed(fixture_of(rule, "broken"))]
    if not resources:
        return
    path = tmp_path / "loud.json"
    path.write_text(json.dumps({"value": resources}))
    [run] = judge(build(load((str(path),)), as_of=NOW).network, [rule])
    for found in run.outcomes:
        if isinstance(found, Finding):
            for told, there in known(resources, found):
                assert told == there
