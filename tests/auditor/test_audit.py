from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from auditor.assemble import Policy
from auditor.audit import audit, moment
from auditor.finding import Evidence, Finding, Location, Report, Severity, Status, Unknown, Unread
from auditor.network.build import build
from auditor.network.graph import Network, every, whole
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.rule import Outcome, Rule
from auditor.settings import WaiverEntry
from auditor.snapshot.document import Gap, KubernetesObject, Snapshot
from auditor.testing import NOW, arm_id, resource, snapshot

VNET = "Microsoft.Network/virtualNetworks"
GROUPS = "/subscriptions/s/providers/Microsoft.Network/networkSecurityGroups"
DAY = NOW.date()
NETWORKS = every(VirtualNetwork)


def network(name: str, *subnets: str) -> dict[str, Any]:
    parts = [{"name": each, "properties": {"addressPrefix": "10.0.0.0/24"}} for each in subnets]
    return resource(VNET, name, {"subnets": parts})


def rule(
    rule_id: str,
    check: Callable[..., Iterator[Outcome]],
    *,
    of: Callable[[Network], Any] = NETWORKS,
    severity: Severity = Severity.HIGH,
    **more: Any,
) -> Rule[Any]:
    return Rule(
        id=rule_id,
        name=rule_id.lower(),
        title=f"Title of {rule_id}.",
        page=f"Page of {rule_id}.",
        severity=severity,
        since="0.1.0",
        subjects=of,
        check=check,
        **more,
    )


def breaks(_: Network, subject: Any) -> Iterator[Outcome]:
    yield Finding(subject.id, "wrong", "mend")


def unsure(_: Network, subject: Any) -> Iterator[Outcome]:
    yield Unknown(subject.id, missing="the weather")


def keeps(_: Network, __: Any) -> Iterator[Outcome]:
    yield from ()


def run(*rules: Rule[Any], of: Snapshot | None = None, **policy: Any) -> Report:
    read = of or snapshot(network("b"), network("a", "x"))
    return audit(read, build(read, as_of=NOW), rules, Policy(day=DAY, **policy))


def waiver(rule_id: str = "*", resource: str = "*", **more: Any) -> WaiverEntry:
    fields = {"reason": "r", "owner": "o", "expires": DAY, "file": "f", "line": 3, **more}
    return WaiverEntry(rule_id, resource, **fields)


def test_findings_are_sorted_by_status_severity_rule_and_subject() -> None:
    report = run(
        rule("CC-001", unsure, severity=Severity.CRITICAL),
        rule("BB-001", breaks, severity=Severity.LOW),
        rule("AA-001", breaks, severity=Severity.CRITICAL),
        rule("DD-001", breaks),
        waivers=(waiver("DD-001", "*/a"),),
    )

    told = [(each.status.value, each.rule, each.subject[-1]) for each in report.findings]
    assert told == [
        ("broken", "AA-001", "a"),
        ("broken", "AA-001", "b"),
        ("broken", "DD-001", "b"),
        ("broken", "BB-001", "a"),
        ("broken", "BB-001", "b"),
        ("unknown", "CC-001", "a"),
        ("unknown", "CC-001", "b"),
        ("waived", "DD-001", "a"),
    ]


def test_summaries_count_every_answer_and_are_sorted() -> None:
    report = run(
        rule("BB-001", breaks), rule("AA-001", unsure), rule("CC-001", keeps),
        waivers=(waiver("BB-001", "*/a"),),
    )  # fmt: skip

    told = {each.rule: (each.kept, each.broken, each.unknown, each.waived) for each in report.rules}
    assert list(told) == ["AA-001", "BB-001", "CC-001"]
    assert told == {"AA-001": (0, 0, 2, 0), "BB-001": (0, 1, 0, 1), "CC-001": (2, 0, 0, 0)}


def test_pages_come_with_the_rules_that_speak_and_controls_with_all_that_have_some() -> None:
    report = run(
        rule("AA-001", breaks, controls=("CIS 5.0/7.2",)),
        rule("BB-001", keeps, controls=("MCSB/NS-1",)),
        rule("CC-001", keeps),
    )

    assert report.pages == {"AA-001": "Page of AA-001."}
    assert report.controls == {"AA-001": ("CIS 5.0/7.2",), "BB-001": ("MCSB/NS-1",)}


def test_what_cannot_be_told_is_marked_even_when_it_is_waived() -> None:
    report = run(rule("AA-001", unsure), rule("BB-001", breaks), waivers=(waiver("AA-001", "*/a"),))

    told = {(each.rule, each.status.value, each.untold) for each in report.findings}
    assert told == {
        ("AA-001", "unknown", True),
        ("AA-001", "waived", True),
        ("BB-001", "broken", False),
    }


@pytest.mark.parametrize(
    ("check", "policy", "failed"),
    [
        (breaks, {}, True),
        (breaks, {"threshold": Severity.CRITICAL}, False),
        (breaks, {"waivers": (waiver(),)}, False),
        (unsure, {}, False),
        (unsure, {"strict": True}, True),
        (unsure, {"strict": True, "threshold": Severity.CRITICAL}, False),
        (unsure, {"strict": True, "waivers": (waiver(),)}, False),
        (keeps, {"strict": True, "threshold": Severity.INFO}, False),
    ],
)
def test_the_verdict(check: Any, policy: dict[str, Any], failed: bool) -> None:
    assert run(rule("AA-001", check), **policy).failed is failed


def test_a_finding_of_another_severity_counts_by_its_own() -> None:
    def milder(_: Network, subject: Any) -> Iterator[Outcome]:
        yield Finding(subject.id, "wrong", "mend", severity=Severity.INFO)

    report = run(rule("AA-001", milder, severity=Severity.CRITICAL))

    assert not report.failed
    assert {each.severity for each in report.findings} == {Severity.INFO}


def test_a_waiver_tells_why() -> None:
    report = run(rule("AA-001", breaks), waivers=(waiver(reason="soon gone"),))

    assert {each.status for each in report.findings} == {Status.WAIVED}
    assert {each.waiver.reason for each in report.findings if each.waiver} == {"soon gone"}


def test_the_first_waiver_that_holds_is_taken() -> None:
    expired = waiver(expires=date(2020, 1, 1), reason="old")
    report = run(rule("AA-001", breaks), waivers=(expired, waiver(reason="new")))

    assert {each.waiver.reason for each in report.findings if each.waiver} == {"new"}


def test_they_see_which_rule_speaks_for_what_a_waiver_means() -> None:
    def special(_: Network, subject: Any) -> Iterator[Outcome]:
        yield Finding(subject.id, "wrong", "mend", covers=(("AA-001", subject.id.upper()),))

    seen: list[Any] = []

    def look(found: Network, _: Any) -> Iterator[Outcome]:
        seen.extend(found.waivers)
        yield from ()

    last = rule("ZZ-001", look, of=whole, after=True)
    rules = [rule("AA-001", breaks), rule("BB-001", special), last]
    run(*rules, waivers=(waiver("AA-001", "*/a"), waiver("AA-001", "*/none")))

    assert [(each.used, each.spoken_for) for each in seen] == [(0, ("BB-001",)), (0, ())]


def test_rules_about_the_audit_see_what_became_of_the_waivers() -> None:
    seen: list[Any] = []

    def late(found: Network, _: Any) -> Iterator[Outcome]:
        seen.extend(found.waivers)
        yield from ()

    run(
        rule("AA-001", breaks),
        rule("ZZ-001", late, of=whole, after=True),
        waivers=(
            waiver("AA-001"),
            waiver("AA-001", "nothing"),
            waiver("AA", "*/b", expires=date(2020, 1, 1)),
            waiver("BB-001"),
        ),
    )

    assert [(each.resource, each.used) for each in seen] == [("*", 2), ("nothing", 0), ("*/b", 1)]
    assert seen[0].location == Location("f", 3, "/waiver/0")


def stale(found: Network, waiver: Any) -> Iterator[Outcome]:
    if not waiver.used:
        yield Finding(waiver.resource, "stale", "mend", location=waiver.location)


def test_a_waiver_of_what_is_told_of_another_waiver_is_of_use() -> None:
    def told(*waivers: WaiverEntry) -> list[int | None]:
        late = rule("ZZ-001", stale, of=lambda found: found.waivers, after=True)
        found = run(rule("AA-001", breaks), late, waivers=waivers).findings
        return [each.location.line for each in found if each.rule == "ZZ-001" and each.location]

    useless = waiver("AA-001", "nothing")
    meant = waiver("ZZ-001", "nothing", line=9, number=1)
    assert told(useless, meant) == [3]
    assert told(waiver("AA-001"), meant) == [9]


def test_two_waivers_of_no_use_do_not_justify_each_other() -> None:
    late = rule("ZZ-001", stale, of=lambda found: found.waivers, after=True)
    twins = (waiver("ZZ-001"), waiver("ZZ-001", line=9, number=1))

    assert len([each for each in run(late, waivers=twins).findings if each.message == "stale"]) == 2


@pytest.mark.parametrize("number", [1, 2])
def test_a_waiver_of_no_use_waives_nothing_that_is_told_of_such_a_waiver(number: int) -> None:
    """It hid what was told of itself: nobody saw that it matches nothing."""
    late = rule("ZZ-001", stale, of=lambda found: found.waivers, after=True)
    useless = [waiver("ZZ-001", line=3 + each, number=each) for each in range(number)]

    report = run(late, waivers=tuple(useless))

    assert [each.status for each in report.findings] == [Status.BROKEN] * number


def test_the_special_rule_names_the_general_one_only_when_it_ran() -> None:
    def special(_: Network, subject: Any) -> Iterator[Outcome]:
        yield Finding(subject.id, "wrong", "mend", covers=(("AA-001", subject.id),))

    both = run(rule("AA-001", breaks), rule("BB-001", special))
    alone = run(rule("BB-001", special))

    assert {(each.rule, each.also) for each in both.findings} == {("BB-001", ("AA-001",))}
    assert {(each.rule, each.also) for each in alone.findings} == {("BB-001", ())}


def test_a_location_is_that_of_the_first_evidence_else_of_the_subject() -> None:
    def quoting(_: Network, subnet: Subnet) -> Iterator[Outcome]:
        pointer = "/properties/subnets/0/properties/addressPrefix"
        yield Finding(subnet.id, "a", "m", evidence=(Evidence(subnet.root.id, pointer, "x"),))
        yield Finding(subnet.id, "b", "m")
        yield Finding("/nowhere", "c", "m")
        yield Finding(subnet.id, "d", "m", location=Location("other", None, ""))

    report = run(rule("AA-001", quoting, of=every(Subnet)))

    where = {each.message: each.location for each in report.findings}
    subnet = "/value/1/properties/subnets/0"
    assert where == {
        "a": Location("estate.json", 1, f"{subnet}/properties/addressPrefix"),
        "b": Location("estate.json", 1, subnet),
        "c": None,
        "d": Location("other", None, ""),
    }


def test_a_part_without_key_has_a_location_and_what_is_missing_that_of_its_relation() -> None:
    kind = "Microsoft.Network/networkSecurityGroups"
    part = arm_id(f"{kind}/securityRules", "nsg", "ssh")
    rules = [{"name": "ssh", "id": part, "properties": {}}]
    group = resource(kind, "nsg", {"securityRules": rules})

    def untold(_: Network, __: Any) -> Iterator[Outcome]:
        yield Unknown(part, "a")
        yield Unknown(arm_id(kind, "gone"), "b", related=(group["id"],))

    report = run(rule("AA-001", untold, of=whole), of=snapshot(group))

    places = [each.location.pointer for each in report.findings if each.location is not None]
    assert sorted(places) == ["/value/0", "/value/0/properties/securityRules/0"]


def test_what_is_missing_has_the_location_of_what_names_it() -> None:
    gone = arm_id("Microsoft.Network/networkSecurityGroups", "gone")
    named = network("a", "s")
    named["properties"]["subnets"][0]["properties"]["networkSecurityGroup"] = {"id": gone}

    def untold(_: Network, __: Any) -> Iterator[Outcome]:
        yield Unknown(gone.upper(), "a")
        yield Unknown(f"{gone}/securityRules/ssh", "b")
        yield Unknown(gone.replace("gone", "other"), "c")

    report = run(rule("AA-001", untold, of=whole), of=snapshot(named))

    told = "/value/0/properties/subnets/0/properties/networkSecurityGroup/id"
    where = [each.location.pointer if each.location else "" for each in report.findings]
    assert sorted(where) == ["", told, told]


def test_an_object_of_kubernetes_has_a_location_too() -> None:
    text = b'{"kind": "Service"}'
    service = KubernetesObject("v1", "Service", "shop", "web", text, 0, 0, "/items/0")
    read = snapshot(network("a"), kubernetes=(service,))

    def telling(_: Network, __: Any) -> Iterator[Outcome]:
        yield Finding(service.id, "open", "mend")

    (found,) = run(rule("AA-001", telling, of=whole), of=read).findings

    assert found.location is not None
    assert found.location.file == "estate.json"
    assert found.location.pointer == "/items/0"


def test_what_was_audited_is_described() -> None:
    boat = resource("Contoso.Boats/boats", "b")

    described = run(rule("AA-001", keeps), of=snapshot(network("a"), boat)).audit

    assert described.as_of == DAY
    assert [(each.name, each.records) for each in described.sources] == [("estate.json", 2)]
    assert [(each.type, each.understood) for each in described.resources] == [
        ("Contoso.Boats/boats", False),
        (VNET, True),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2026-11-23", datetime(2026, 11, 23, tzinfo=UTC)),
        ("2026-11-23T10:00", datetime(2026, 11, 23, 10, tzinfo=UTC)),
        ("2026-11-23T10:00:00+02:00", datetime(2026, 11, 23, 8, tzinfo=UTC)),
    ],
)
def test_a_moment_without_a_zone_is_utc(text: str, told: datetime) -> None:
    assert moment(text) == told


def test_no_moment_is_now() -> None:
    assert moment(None, NOW) == NOW
    assert moment(None).tzinfo is UTC


def test_the_network_is_known_by_its_id() -> None:
    report = run(rule("AA-001", breaks))

    assert report.findings[0].subject == arm_id(VNET, "a")


@pytest.mark.parametrize("kind", ["denied", "failed", "partial", "damaged"])
def test_what_could_not_be_read_is_part_of_what_was_audited(kind: str) -> None:
    gaps = (Gap(kind, GROUPS, "refused (403)"), Gap("lossy", "a.json", "drops fields"))

    described = run(rule("AA-001", keeps), of=snapshot(network("a"), gaps=gaps)).audit

    assert described.unread == (Unread(GROUPS, f"{kind}: refused (403)"),)


def every_subnet(_: Network, __: Subnet) -> Iterator[Outcome]:
    yield from ()


def every_network(_: Network, __: VirtualNetwork) -> Iterator[Outcome]:
    yield from ()


def test_parts_that_nobody_can_be_asked_about_are_unknown_to_rules_about_them() -> None:
    bare = resource(VNET, "bare", {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}})
    read = snapshot(network("a", "x"), bare)

    report = run(
        rule("SUB-001", every_subnet, of=every(Subnet)), rule("NET-001", every_network), of=read
    )

    [told] = report.findings
    assert (told.rule, told.status, told.subject) == ("SUB-001", Status.UNKNOWN, bare["id"])
    assert told.message.startswith("cannot tell: the subnets of bare")
    assert "export" in told.remedy


def test_where_gov_006_tells_it_rules_about_parts_leave_it_to_that() -> None:
    read = snapshot(resource(VNET, "bare", {"addressSpace": {}}))
    other = rule("GOV-006", keeps)

    report = run(rule("SUB-001", every_subnet, of=every(Subnet)), other, of=read)

    assert report.findings == ()


def test_a_rule_that_speaks_of_the_owner_itself_says_it_once() -> None:
    def of_the_owner(network: Network, subject: Subnet | VirtualNetwork) -> Iterator[Outcome]:
        yield from unsure(network, subject)

    read = snapshot(resource(VNET, "bare", {"addressSpace": {}}))

    report = run(rule("SUB-001", of_the_owner), of=read)

    assert [each.message for each in report.findings] == ["cannot tell: the weather"]
