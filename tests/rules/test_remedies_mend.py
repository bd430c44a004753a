"""Whoever does what a remedy says is rid of the finding."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from auditor.engine import judge
from auditor.finding import Finding
from auditor.network.build import build
from auditor.registry import rules
from auditor.rule import Rule, Severity
from auditor.snapshot.load import load

from ..mending import commands, follow
from .test_parts_apart import NOW, ROOT, Json, fixture_of, listed

LEFT_OPEN = re.compile(r"<[^>]+>|\b(ADDRESS|HTTPS-LISTENER|POLICY-ID|CIDR|PASSWORD|HOST)\b")
"""What only a person can fill in."""

ELSEWHERE = {
    "aks create": "it makes another cluster, and the old one is still there until people move",
    "keyvault certificate import": "it renews what is in the vault; the gateway takes it later",
    "role assignment create": "who may read a vault is no part of an export",
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


BEGUN = {
    ("ADR-002", "network vnet update"): "subnets have to move before the old range can go",
    ("GW-021", "network vnet subnet create"): "the gateway has to move there",
    ("GW-020", "network application-gateway update"): "fewer instances fit; a small subnet stays",
}
"""Commands that are the first step of more, which the remedy says in words."""


def can_be_followed(rule: Rule[Any], remedy: str) -> bool:
    """Whether a remedy is commands, with nothing left open, for what the export tells."""
    words = {told for told, _ in commands(remedy)}
    if not words or LEFT_OPEN.search(remedy) or ELSEWHERE.keys() & words:
        return False
    return not {(rule.id, told) for told in words} & BEGUN.keys()


def follow_each(rule: Rule[Any], resources: list[Json], path: Path) -> None:
    """Follow every remedy of a rule by itself, and see the finding gone."""
    path.write_text(json.dumps({"value": resources}))
    told = {key: one for key, one in broken(rule, path).items() if can_be_followed(rule, one)}
    for key, remedy in told.items():
        changed = copy.deepcopy(resources)
        follow(changed, remedy)
        path.write_text(json.dumps({"value": changed}))
        assert not changed or key not in broken(rule, path), remedy


RULES = [pytest.param(rule, id=rule.id) for rule in rules().values()]
ESTATE = [
    resource
    for path in sorted((ROOT / "fixtures/estates/docker-to-aks-broken").rglob("*.json"))
    for resource in listed(path)
]


@pytest.mark.parametrize("rule", RULES)
def test_remedies_mend(rule: Rule[Any], tmp_path: Path) -> None:
    resources = listed(fixture_of(rule, "broken"))
    if resources:
        follow_each(rule, resources, tmp_path / "mended.json")


@pytest.mark.parametrize(
    "rule", [pytest.param(rule, id=rule.id) for rule in rules().values() if rule.on]
)
def test_remedies_mend_in_an_estate(rule: Rule[Any], tmp_path: Path) -> None:
    follow_each(rule, ESTATE, tmp_path / "mended.json")


LEADS_TO = {
    ("ADR-001", "ADR-015"): "what lives in the subnet moves first, as the remedy says",
    ("DB-001", "DB-009"): "it says: when the application uses a private endpoint",
    ("EXP-002", "NAT-001"): "it says to give the machine another way out first",
    ("EXP-003", "NAT-001"): "it says to give the machines another way out first",
    ("EXP-015", "NSG-003"): "another port of the same rule, told once the graver one is closed",
    ("GW-002", "GW-025"): "who reaches the private backend is told of what the gateway uses",
    ("GW-024", "NAT-001"): "of a machine in the gateway's subnet, which GW-021 sends away",
    ("PER-002", "PER-007"): "an older address space, which the peerings record when they connect",
    ("PER-002", "RTE-005"): "public addresses inside a network, which ADR-007 tells",
}
"""What following a remedy of one rule makes another tell, and why that is no fault of it."""


class Audit(NamedTuple):
    """What all rules find: the grave, by rule, subject and key, and each rule's remedies."""

    grave: frozenset[tuple[str, str, str]]
    remedies: dict[str, list[str]]


def audit(resources: list[Json], path: Path) -> Audit:
    """Ask every rule together, as an audit does: the special ones speak for others."""
    path.write_text(json.dumps({"value": resources}))
    network = build(load((str(path),)), as_of=NOW).network
    grave: set[tuple[str, str, str]] = set()
    remedies: dict[str, list[str]] = {}
    for run in judge(network, [rule for rule in rules().values() if rule.on]):
        found = [one for one in run.outcomes if isinstance(one, Finding)]
        remedies[run.rule.id] = [one.remedy for one in found]
        for one in found:
            if (run.rule.severity if one.severity is None else one.severity) >= Severity.HIGH:
                grave.add((run.rule.id, one.subject.lower(), one.key))
    return Audit(frozenset(grave), remedies)


def opened_by(rule: Rule[Any], resources: list[Json], told: Audit, path: Path) -> list[str]:
    """What is found after a remedy of a rule that was not before, each remedy by itself."""
    found: list[str] = []
    for remedy in told.remedies.get(rule.id, ()):
        if can_be_followed(rule, remedy):
            changed = copy.deepcopy(resources)
            follow(changed, remedy)
            new = audit(changed, path).grave - told.grave if changed else ()
            found += [f"{one}: {remedy}" for one in new if (rule.id, one[0]) not in LEADS_TO]
    return found


@pytest.fixture(scope="module")
def estate_told(tmp_path_factory: pytest.TempPathFactory) -> Audit:
    return audit(ESTATE, tmp_path_factory.mktemp("estate") / "estate.json")


@pytest.mark.parametrize("rule", RULES)
def test_remedies_open_nothing_else(rule: Rule[Any], tmp_path: Path) -> None:
    resources = listed(fixture_of(rule, "broken"))
    if resources:
        told = audit(resources, tmp_path / "broken.json")
        assert opened_by(rule, resources, told, tmp_path / "mended.json") == []


@pytest.mark.parametrize("rule", RULES)
def test_remedies_open_nothing_else_in_an_estate(
    rule: Rule[Any], estate_told: Audit, tmp_path: Path
) -> None:
    assert opened_by(rule, ESTATE, estate_told, tmp_path / "mended.json") == []


def twins(resources: list[Json]) -> list[Json]:
    """Resources, and others of the same names in another subscription."""
    text = json.dumps(resources)
    heads = sorted(set(re.findall(r"/subscriptions/([0-9a-fA-F-]{36})(?=/)", text)))
    for number, head in enumerate(heads):
        text = text.replace(head, f"99999999-0000-0000-0000-{number:012}")
    return [*resources, *json.loads(text)]


@pytest.mark.parametrize("rule", RULES)
def test_remedies_mend_beside_namesakes_in_another_subscription(
    rule: Rule[Any], tmp_path: Path
) -> None:
    """Each command says in which subscription it is meant."""
    resources = listed(fixture_of(rule, "broken"))
    if resources:
        follow_each(rule, twins(resources), tmp_path / "mended.json")


def test_most_remedies_are_followed(tmp_path: Path) -> None:
    estate = tmp_path / "estate.json"
    estate.write_text(json.dumps({"value": ESTATE}))
    here, there = (
        [
            remedy
            for rule in rules().values()
            if listed(path := estate if whole else fixture_of(rule, "broken"))
            for remedy in broken(rule, path).values()
            if can_be_followed(rule, remedy)
        ]
        for whole in (False, True)
    )
    assert len(here) > 80
    assert len(there) > 60
