"""Parts that come as records of their own, as templates and `az ... list` have them.

Findings call them, and what holds them, as they do where the owner lists them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from auditor.engine import judge
from auditor.finding import Finding
from auditor.network.build import build
from auditor.registry import rules
from auditor.rule import Rule
from auditor.snapshot.load import load

Json = dict[str, Any]
ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 23, tzinfo=UTC)
PARTS = {
    "microsoft.network/virtualnetworks": ("subnets", "virtualNetworkPeerings"),
    "microsoft.network/networksecuritygroups": ("securityRules",),
    "microsoft.network/routetables": ("routes",),
    "microsoft.network/loadbalancers": ("inboundNatRules", "backendAddressPools"),
}


def apart(resources: list[Json]) -> Iterator[Json]:
    """The same resources, and their parts beside them."""
    for each in resources:
        for collection in PARTS.get(str(each.get("type", "")).lower(), ()):
            parts = each["properties"].get(collection)
            for part in parts or ():
                inside = {"id": f"{each['id']}/{collection}/{part['name']}", **part}
                yield {**inside, "type": f"{each['type']}/{collection}"}
            if parts:
                parts.clear()
        yield each


def said(rule: Rule[Any], path: Path) -> dict[tuple[str, str], tuple[str, str]]:
    """What a rule finds, or cannot tell, and advises, by subject and key."""
    network = build(load((str(path),)), as_of=NOW).network
    [run] = judge(network, [rule])
    return {
        (one.subject.lower(), one.key): (
            one.message if isinstance(one, Finding) else one.missing,
            one.remedy,
        )
        for one in run.outcomes
    }


def fixture_of(rule: Rule[Any], which: str) -> Path:
    folder, name = rule.module.split(".")[-2:]
    return ROOT / "fixtures" / folder / name / f"{which}.json"


def listed(path: Path) -> list[Json]:
    """The resources of a fixture; none of one in another shape."""
    try:
        told = json.loads(path.read_text())
    except json.JSONDecodeError:
        return []
    found = told.get("value", ()) if isinstance(told, dict) else told
    return [each for each in found if isinstance(each.get("properties"), dict)]


PARTED = [
    pytest.param(rule, path, id=f"{rule.id}-{path.stem}")
    for rule in rules().values()
    for path in (fixture_of(rule, "broken"), fixture_of(rule, "kept"))
    if any(each["type"].lower() in PARTS for each in listed(path))
]


@pytest.mark.parametrize(("rule", "path"), PARTED)
def test_parts_apart_are_called_alike(rule: Rule[Any], path: Path, tmp_path: Path) -> None:
    moved = tmp_path / "apart.json"
    moved.write_text(json.dumps({"value": list(apart(listed(path)))}))
    assert said(rule, moved) == said(rule, path)


def test_most_rules_are_asked() -> None:
    assert len(PARTED) > 150
