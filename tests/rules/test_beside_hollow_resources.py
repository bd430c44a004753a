"""A resource that does not tell its settings hides nothing about another one.

Each rule's pair of fixtures is audited beside *hollow* resources: of every type that is read, one
without `properties` (as in an inventory) and one whose parts have none; and of every type of the
fixture, one for each field that the input names and does not give (as in an ARM template).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from auditor import registry
from auditor.engine import judge, subject_id
from auditor.errors import Undetermined
from auditor.finding import Finding, Unknown
from auditor.ids import fold
from auditor.network.build import build
from auditor.resources import walk
from auditor.resources.base import HIDDEN, TYPES, Node, Ref, Wire
from auditor.rule import Rule
from auditor.snapshot.document import Dialect, Record
from auditor.snapshot.load import load
from auditor.testing import NOW, arm_id

ROOT = Path(__file__).parents[2]
GROUP = "hollow-resources"
CONFIGURED = {"GOV-008", "GOV-010", "EXP-010", "EXP-011"}
"""Rules that ask for waivers, intents or an older snapshot."""
PAIRS = [
    pytest.param(rule, which, id=f"{rule.id}-{which}")
    for rule in registry.rules().values()
    for which in ("broken", "kept")
    if rule.module.startswith("auditor.") and rule.id not in CONFIGURED
]
IDENTITY = {"id", "name", "type"}

DEPENDS = {
    "DEP-010": "with two clusters it is not told which one the Kubernetes objects come from",
    "K8S-001": "with two clusters it is not told which one the Kubernetes objects come from",
    "DNS-007": "a public IP that does not tell its name may have the one a record leads to",
    "K8S-004": "a gateway that does not tell its listeners may publish the host",
    "PER-004": "a network manager that does not tell whom it joins may join them without the hub",
    "ADR-005": "a connection that does not tell its gateways may lead to a site of this network",
    "GW-003": "a machine that does not tell its addresses may have the one a pool sends to",
    "GW-006": "an interface that does not tell its pools may be in the empty one",
    "LB-001": "an interface that does not tell its pools may be in the empty one",
    "EXP-001": "whoever does not tell its public address may have one that nobody has",
    "GOV-001": "a subnet or interface that does not tell what it uses may use the group or table",
    "OBS-002": "a flow log that does not tell what it watches may watch a network of its region",
    "RTE-002": "a machine that does not tell its addresses may be the next hop",
    "PE-005": "a record that does not tell its addresses may give the endpoint's",
    **dict.fromkeys(
        (
            *("DB-008", "DB-009", "LB-004", "NAT-002", "PE-010", "RTE-005"),
            *("EXP-004", "EXP-005", "EXP-008", "EXP-015", "GW-004", "GW-025", "GW-029"),
            *("NSG-010", "NSG-011", "NSG-025"),
        ),
        "a security admin rule that does not tell what it matches may filter anything",
    ),
}
"""Rules whose answer may be in a hollow resource, and how; their subjects may become unknown."""
TELLS = {"EXP-002", "EXP-003", "EXP-006", "EXP-007", "EXP-009"}
"""Rules whose message adds what gets through, which a hollow security admin rule may change."""


def hollow(arm_type: str, name: str, body: dict[str, Any], unresolved: str = "") -> Record:
    address = arm_id(arm_type, *[name] * arm_type.count("/"), group=GROUP)
    text = msgspec.json.encode({"id": address, "name": name, "type": arm_type, **body})
    holes = ((unresolved, "an expression"),) if unresolved else ()
    dialect = Dialect.LOOSE if holes else Dialect.ARM
    return Record(address, arm_type, text, 0, 0, "/value/0", dialect, holes)


def under(path: tuple[str, ...], value: Any) -> Any:
    for key in reversed(path):
        value = {key: value}
    return value


def lists_of_parts(
    cls: type[Wire], path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], type[Node]]]:
    """Where a struct holds lists of parts, and of which class they are."""
    for step in walk.steps(cls):
        if step.struct is None or issubclass(step.struct, Ref) or step.key in path:
            continue
        if issubclass(step.struct, Node):
            if step.many:
                yield (*path, step.key), step.struct
        elif not step.many:
            yield from lists_of_parts(step.struct, (*path, step.key))


def fields_of(cls: type[Wire]) -> Iterator[tuple[str, Any]]:
    """The pointers of what may be unresolved in a node, and the body that it needs around it."""
    for field in msgspec.structs.fields(cls):
        key = field.encode_name
        if key.startswith(HIDDEN) or key in IDENTITY:
            continue
        hint = walk.bare(field.type)
        if key == "properties":
            for pointer, body in fields_of(hint):
                yield f"/properties{pointer}", {"properties": body}
            continue
        yield f"/{key}", {}
        if isinstance(hint, type) and issubclass(hint, Ref):
            yield f"/{key}/id", {key: {}}


@cache
def without_settings() -> tuple[Record, ...]:
    found = [hollow(each, "bare", {}) for each in TYPES]
    for arm_type, cls in TYPES.items():
        for number, (path, _) in enumerate(lists_of_parts(cls)):
            body = under(path, [{"name": "nothing-known"}])
            found.append(hollow(arm_type, f"parts-{number}", body))
    return tuple(found)


@cache
def with_one_hole(arm_type: str) -> tuple[Record, ...]:
    cls = TYPES[arm_type]
    places: list[tuple[tuple[str, ...], str, Any]] = [((), *one) for one in fields_of(cls)]
    for path, part in lists_of_parts(cls):
        places += [
            (path, f"/{'/'.join(path)}/0{pointer}", {"name": "part", **body})
            for pointer, body in fields_of(part)
        ]
    return tuple(
        hollow(
            arm_type,
            f"hole-{number}",
            {"properties": {}, **(under(path, [body]) if path else body)},
            pointer,
        )
        for number, (path, pointer, body) in enumerate(places)
    )


@dataclass(frozen=True)
class Said:
    """What a rule said of the resources that are not hollow."""

    subjects: frozenset[str]
    broken: dict[tuple[str, str], str]
    unknown: frozenset[str]
    whole: list[str]
    faults: list[str]


def ask(rule: Rule[Any], path: Path, beside: tuple[Record, ...]) -> Said:
    snapshot = load((str(path),))
    records = sorted([*snapshot.records, *beside], key=lambda record: fold(record.id))
    network = build(replace(snapshot, records=records), as_of=NOW).network
    [run] = judge(network, [rule])
    whole = [one.missing for one in run.outcomes if isinstance(one, Unknown) and not one.subject]
    try:
        subjects = frozenset(fold(subject_id(one)) for one in rule.subjects(network))
    except Undetermined:  # `whole` tells
        subjects = frozenset()
    ours = [one for one in run.outcomes if f"/{GROUP}/" not in one.subject]
    return Said(
        frozenset(one for one in subjects if f"/{GROUP}/" not in one),
        {
            (o.subject, o.key): "" if rule.id in TELLS else o.message
            for o in ours
            if isinstance(o, Finding)
        },
        frozenset(o.subject for o in ours if isinstance(o, Unknown)),
        whole,
        [o.missing for o in run.outcomes if isinstance(o, Unknown) and o.key == "failed"],
    )


@pytest.mark.parametrize(("rule", "which"), PAIRS)
def test_hollow_resources_change_nothing_about_the_others(rule: Rule[Any], which: str) -> None:
    folder, name = rule.module.split(".")[-2:]
    path = ROOT / "fixtures" / folder / name / f"{which}.json"
    types = {record.type.lower() for record in load((str(path),)).records}
    known = {arm_type.lower(): arm_type for arm_type in TYPES}
    holes = [one for each in sorted(types & known.keys()) for one in with_one_hole(known[each])]
    before = ask(rule, path, ())
    after = ask(rule, path, (*without_settings(), *holes))
    assert after.faults == []
    assert after.whole == before.whole
    # The network as a whole is GOV-006's subject only while nothing of it is missing.
    assert after.subjects >= before.subjects - {"/"}
    if rule.id in DEPENDS:
        assert after.broken.items() <= before.broken.items()
        lost = {subject for subject, _ in before.broken.keys() - after.broken.keys()}
        assert lost <= after.unknown
    else:
        assert after.broken == before.broken
        assert after.unknown == before.unknown
