"""A list that Azure refused is a gap, and a rule that rests on it answers *unknown*.

Each rule's pair of fixtures is audited again for each kind of list that the collector reads, with
nothing of that list and the gap that the collector records when the list is denied.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from auditor import ids, registry
from auditor.collect.catalogue import KINDS, By, Kind
from auditor.engine import judge, subject_id
from auditor.errors import Undetermined
from auditor.finding import Finding, Unknown
from auditor.ids import fold, parent
from auditor.network.build import build
from auditor.rule import Network, Rule
from auditor.snapshot.document import Gap, Record, Snapshot
from auditor.snapshot.load import load
from auditor.testing import NOW, arm_id, ask, estate, resource

ROOT = Path(__file__).parents[2]
OF_THE_AUDIT = {"GOV-006", "GOV-008", "GOV-010", "EXP-010", "EXP-011"}
"""The rule that tells the gaps, and those that ask for waivers, intents or an older snapshot."""
RULES = [
    rule
    for rule in registry.rules().values()
    if rule.module.startswith("auditor.") and rule.id not in OF_THE_AUDIT
]
PAIRS = [
    pytest.param(rule, which, id=f"{rule.id}-{which}")
    for rule in RULES
    for which in ("broken", "kept")
]


def _is_listed_by(kind: Kind, record: Record) -> bool:
    above = parent(record.id) or ""
    if kind.parent and (ids.type_of(above) or "").lower() != kind.parent.lower():
        return False
    own = record.type.lower()
    if kind.suffix in ("ALL", "recordsets"):  # all but the zone's links, whatever their type
        return not own.endswith("/virtualnetworklinks")
    return own == kind.type.lower()


def _lists(kind: Kind, snapshot: Snapshot, gone: list[Record]) -> set[str]:
    """The paths of the lists of a kind: of what was listed, and of parents without children."""
    if kind.by is By.PARENT:
        parents = [each for each in snapshot.records if each.type.lower() == kind.parent.lower()]
        return {f"{owner}/{kind.suffix}" for owner in (each.id for each in parents)} | {
            f"{parent(each.id)}/{kind.suffix}" for each in gone
        }
    group = "/resourceGroups/{1}" if kind.by is By.GROUP else ""
    under = "/subscriptions/{0}" + group
    places = {(ids.subscription(each.id), ids.resource_group(each.id)) for each in gone}
    return {f"{under.format(*place)}/providers/{kind.type}" for place in places}


@dataclass(frozen=True)
class Refused:
    """A snapshot in which one kind of list was denied, and the folded ids that were on it."""

    kind: Kind
    snapshot: Snapshot
    gone: frozenset[str]

    def held(self, subject: str) -> bool:
        """Whether a subject was on the list, or part of what was."""
        return any(subject == each or subject.startswith(f"{each}/") for each in self.gone)


def refusals(snapshot: Snapshot) -> Iterator[Refused]:
    """Deny each list in turn of which the snapshot holds something; its children go along."""
    for kind in KINDS:
        listed = [each for each in snapshot.records if _is_listed_by(kind, each)]
        if listed:
            yield _refused(snapshot, kind, listed, "denied")


def halves(snapshot: Snapshot) -> Iterator[Refused]:
    """Leave every other element out of each list in turn, as if a page had not come."""
    for kind in KINDS:
        listed = [each for each in snapshot.records if _is_listed_by(kind, each)]
        for start in (0, 1) if len(listed) > 1 else ():
            yield _refused(snapshot, kind, listed[start::2], "partial")


def _refused(snapshot: Snapshot, kind: Kind, gone: list[Record], how: str) -> Refused:
    without = Refused(kind, snapshot, frozenset(fold(each.id) for each in gone))
    left = [each for each in snapshot.records if not without.held(fold(each.id))]
    gaps = [
        Gap(how, path, "403 Forbidden")
        for path in sorted(_lists(kind, snapshot, gone))
        if not without.held(path.lower())
    ]
    now = replace(snapshot, records=left, keys=(), gaps=(*snapshot.gaps, *gaps))
    return dataclasses.replace(without, snapshot=now)


@dataclass(frozen=True)
class Said:
    """What a rule said: its subjects, and which of them are broken and unknown, folded."""

    subjects: frozenset[str]
    broken: frozenset[str]
    unknown: frozenset[str]
    faults: list[str]

    @property
    def kept(self) -> frozenset[str]:
        return self.subjects - self.broken - self.unknown


def said(rule: Rule[Any], snapshot: Snapshot) -> Said:
    return said_of(rule, build(snapshot, as_of=NOW).network)


def said_of(rule: Rule[Any], network: Network) -> Said:
    [run] = judge(network, [rule])
    try:
        subjects = frozenset(fold(subject_id(one)) for one in rule.subjects(network))
    except Undetermined:
        subjects = frozenset()
    return Said(
        subjects,
        frozenset(fold(one.subject) for one in run.outcomes if isinstance(one, Finding)),
        frozenset(fold(one.subject) for one in run.outcomes if isinstance(one, Unknown)),
        [one.missing for one in run.outcomes if isinstance(one, Unknown) and one.key == "failed"],
    )


def fixture(rule: Rule[Any], which: str) -> Snapshot:
    folder, name = rule.module.split(".")[-2:]
    return load((str(ROOT / "fixtures" / folder / name / f"{which}.json"),))


@pytest.mark.parametrize(("rule", "which"), PAIRS)
def test_what_a_refused_list_hides_is_neither_kept_nor_broken(rule: Rule[Any], which: str) -> None:
    snapshot = fixture(rule, which)
    before = said(rule, snapshot)
    for refused in refusals(snapshot):
        now, what = said(rule, refused.snapshot), f"{refused.kind.type} {refused.kind.suffix}"
        assert now.faults == [], what
        assert now.broken <= before.broken, what
        lost = (before.broken | before.unknown) - now.broken - now.unknown
        assert not lost & now.kept, what
        assert before.subjects <= now.subjects or now.unknown, what


def _all_absent(snapshot: Snapshot) -> Snapshot:
    """Deny every list of which the snapshot holds nothing, of its subscriptions and parents."""
    places = {ids.subscription(each.id) for each in snapshot.records} - {None}
    paths: set[str] = set()
    for kind in KINDS:
        if any(_is_listed_by(kind, each) for each in snapshot.records):
            continue
        if kind.by is By.PARENT:
            paths |= _lists(kind, snapshot, [])
        else:
            paths |= {f"/subscriptions/{place}/providers/{kind.type}" for place in places}
    gaps = tuple(Gap("denied", path, "403 Forbidden") for path in sorted(paths))
    return replace(snapshot, keys=(), gaps=(*snapshot.gaps, *gaps))


@pytest.mark.parametrize(("rule", "which"), PAIRS)
def test_what_a_page_that_did_not_come_hides_is_neither_kept_nor_broken(
    rule: Rule[Any], which: str
) -> None:
    snapshot = fixture(rule, which)
    before = said(rule, snapshot)
    for refused in halves(snapshot):
        now, what = said(rule, refused.snapshot), f"{refused.kind.type} {refused.kind.suffix}"
        assert now.faults == [], what
        assert now.broken <= before.broken, what
        assert not (before.broken | before.unknown) & now.kept, what


@pytest.mark.parametrize(("rule", "which"), PAIRS)
def test_what_refused_lists_might_hold_neither_breaks_nor_keeps(
    rule: Rule[Any], which: str
) -> None:
    """Lists of which a fixture has nothing: a denied one may hold what would change the answer."""
    snapshot = fixture(rule, which)
    before, now = said(rule, snapshot), said(rule, _all_absent(snapshot))
    assert now.faults == []
    assert now.broken <= before.broken
    assert now.kept <= before.kept
    assert before.unknown <= now.unknown


SUBSCRIPTION = arm_id("Microsoft.Network/virtualNetworks", "-").partition("/resourceGroups")[0]
ELSEWHERE = "/subscriptions/99999999-9999-9999-9999-999999999999"
VNET = "Microsoft.Network/virtualNetworks"
NICS = f"{SUBSCRIPTION}/providers/Microsoft.Network/networkInterfaces"


def denied(path: str) -> tuple[Gap, ...]:
    return (Gap("denied", path, "403 Forbidden"),)


def with_gateway_subnet(*gaps: Gap) -> Network:
    subnet = {"name": "GatewaySubnet", "properties": {"addressPrefix": "10.0.0.0/27"}}
    return estate(resource(VNET, "hub", {"subnets": [subnet]}), gaps=gaps)


def test_a_denied_list_of_zone_groups_makes_its_endpoint_unknown() -> None:
    endpoint = resource("Microsoft.Network/privateEndpoints", "pe")
    groups = f"{endpoint['id']}/privateDnsZoneGroups"
    network = estate(endpoint, gaps=denied(groups))
    for rule in ("PE-006", "DNS-005"):
        answer = ask(rule, network)
        assert [one.subject for one in answer.unknown] == [endpoint["id"]]
        assert groups in answer.unknown[0].missing
        assert (answer.kept, answer.broken) == (0, [])


def test_denied_clusters_make_their_node_groups_unknown() -> None:
    clusters = f"{SUBSCRIPTION}/providers/Microsoft.ContainerService/managedClusters"
    (unknown,) = ask("EXP-009", estate(gaps=denied(clusters))).unknown
    assert unknown.subject == clusters
    assert "403" in unknown.missing


def test_who_may_be_in_a_subnet_is_of_its_subscription() -> None:
    assert ask("ADR-017", with_gateway_subnet()).kept == 1
    assert ask("ADR-017", with_gateway_subnet(*denied(NICS.replace(SUBSCRIPTION, ELSEWHERE)))).kept
    answer = ask("ADR-017", with_gateway_subnet(*denied(NICS)))
    assert (answer.kept, len(answer.unknown)) == (0, 1)


def test_a_denied_subscription_hides_lists_of_every_type() -> None:
    assert ask("ADR-017", with_gateway_subnet(*denied(SUBSCRIPTION))).unknown
    assert ask("EXP-009", estate(gaps=denied(SUBSCRIPTION))).unknown


def test_a_denied_resource_group_hides_lists_of_every_type() -> None:
    nodes = f"{SUBSCRIPTION}/resourceGroups/MC_rg_aks_we"
    assert ask("ADR-017", with_gateway_subnet(*denied(nodes))).unknown
    assert ask("ADR-017", with_gateway_subnet(*denied(nodes.replace(SUBSCRIPTION, ELSEWHERE)))).kept


def test_what_no_list_can_cure_stays_broken() -> None:
    """A load balancer without a pool serves nothing, whoever the NICs are."""
    rules: dict[str, Any] = {"loadBalancingRules": [], "inboundNatRules": []}
    balancer = resource(
        "Microsoft.Network/loadBalancers", "lb", {"backendAddressPools": [], **rules}
    )
    assert ask("LB-001", estate(balancer, gaps=denied(NICS))).names == ["lb"]
    pool = {"name": "web", "properties": {}}
    some = resource(
        "Microsoft.Network/loadBalancers", "lb", {"backendAddressPools": [pool], **rules}
    )
    answer = ask("LB-001", estate(some, gaps=denied(NICS)))
    assert (answer.broken, len(answer.unknown)) == ([], 1)


def test_a_kept_subject_is_told_unknown_once() -> None:
    gaps = (*denied(NICS), *denied(NICS.replace("networkInterfaces", "loadBalancers")))
    (unknown,) = ask("ADR-017", with_gateway_subnet(*gaps)).unknown
    assert unknown.subject.endswith("/subnets/GatewaySubnet")


@pytest.mark.parametrize("name", ["docker-to-aks", "docker-to-aks-broken", "hub-and-spoke"])
def test_what_a_refused_list_of_an_estate_hides_is_neither_kept_nor_broken(name: str) -> None:
    snapshot = load((str(ROOT / "fixtures" / "estates" / name),))
    network = build(snapshot, as_of=NOW).network
    before = {rule.id: said_of(rule, network) for rule in RULES}
    for refused in chain(refusals(snapshot), halves(snapshot)):
        network = build(refused.snapshot, as_of=NOW).network
        for rule in RULES:
            was, now = before[rule.id], said_of(rule, network)
            what = f"{rule.id} {refused.kind.type} {refused.kind.suffix}"
            assert now.faults == [], what
            assert now.broken <= was.broken, what
            assert not (was.broken | was.unknown) & now.kept, what
