"""Whoever does what a remedy says is rid of the finding."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from auditor.engine import judge
from auditor.finding import Finding
from auditor.network.build import build
from auditor.registry import rules
from auditor.rule import Rule
from auditor.snapshot.load import load

from ..mending import commands, follow
from .test_parts_apart import NOW, fixture_of, listed

LEFT_OPEN = re.compile(r"<[^>]+>|\b(ADDRESS|HTTPS-LISTENER|POLICY-ID|CIDR|PASSWORD|HOST)\b")
"""What only a person can fill in."""

ELSEWHERE = {
    "aks create": "it makes another cluster, and the old one is still there until people move",
    "keyvault set-policy": "the rights on a vault are no part of an export",
    "mysql flexible-server create": "it makes another server, and the data is still to be copied",
    "resource show": "it exports what was left out, and changes nothing",
}
"""Commands after which the finding is still there, and why."""


def broken(rule: Rule[Any], path: Path) -> dict[tuple[str, str], str]:
    """The remedies of what a rule finds, by subject and key."""
    network = build(load((str(path),)), as_of=NOW).network
    [run] = judge(network, [rule])
    return {
        (one.subject.lower(), one.key): one.remedy
        for one in run.outcomes
        if isinstance(one, Finding)
    }


def can_be_followed(remedy: str) -> bool:
    """Whether a remedy is commands, with nothing left open, for what the export tells."""
    words = [told for told, _ in commands(remedy)]
    return bool(words) and not LEFT_OPEN.search(remedy) and not ELSEWHERE.keys() & set(words)


BEGUN = {
    ("ADR-002", "network vnet update"): "subnets have to move before the old range can go",
    ("GW-020", "network application-gateway update"): "fewer instances fit; a small subnet stays",
}
"""Commands that are the first step of more, which the remedy says in words."""


MENDED = [
    pytest.param(rule, key, remedy, id=f"{rule.id}-{place}")
    for rule in rules().values()
    if listed(fixture_of(rule, "broken"))
    for place, (key, remedy) in enumerate(sorted(broken(rule, fixture_of(rule, "broken")).items()))
    if can_be_followed(remedy)
    if not {(rule.id, words) for words, _ in commands(remedy)} & BEGUN.keys()
]


@pytest.mark.parametrize(("rule", "key", "remedy"), MENDED)
def test_a_remedy_mends(rule: Rule[Any], key: tuple[str, str], remedy: str, tmp_path: Path) -> None:
    resources = listed(fixture_of(rule, "broken"))
    follow(resources, remedy)
    if not resources:
        return  # it was all there was
    changed = tmp_path / "mended.json"
    changed.write_text(json.dumps({"value": resources}))
    assert key not in broken(rule, changed)


def test_most_remedies_are_followed() -> None:
    assert len(MENDED) > 80
