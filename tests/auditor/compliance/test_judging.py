from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from auditor.compliance.framework import Control, Framework
from auditor.compliance.judging import hidden, judge
from auditor.finding import (
    Audit,
    ControlOutcome,
    ControlResult,
    IntentState,
    Judged,
    Report,
    RuleSummary,
    Severity,
    Status,
    TypeCount,
)
from auditor.network.build import build
from auditor.snapshot.document import Gap
from auditor.testing import NOW, arm_id, resource, snapshot

NSG = "Microsoft.Network/networkSecurityGroups"
GROUP = arm_id(NSG, "nsg-a")
GATEWAY = arm_id("Microsoft.Network/applicationGateways", "agw")
CONTROL = Control("7.1", "t", rules=("NSG-004",))


def finding(rule: str = "NSG-004", status: Status = Status.BROKEN, **more: Any) -> Judged:
    given = {"subject": f"{GROUP}/securityRules/r", "fingerprint": f"{rule}-{status}", **more}
    return Judged(
        rule=rule, name="n", title="t", family="NSG", severity=Severity.HIGH, status=status,
        message="m", remedy="", untold=status is Status.UNKNOWN, **given,
    )  # fmt: skip


def report(*findings: Judged, kept: int = 1, rules: tuple[str, ...] = ("NSG-004",)) -> Report:
    counted = [
        RuleSummary(
            rule, "n", "t", "NSG", Severity.HIGH, kept,
            broken=sum(f.rule == rule and f.status is Status.BROKEN for f in findings),
            unknown=sum(f.rule == rule and f.status is Status.UNKNOWN for f in findings),
            waived=sum(f.rule == rule and f.status is Status.WAIVED for f in findings),
            baseline=sum(f.rule == rule and f.status is Status.BASELINE for f in findings),
        )
        for rule in rules
    ]  # fmt: skip
    audit = Audit("0", date(2026, 11, 23), resources=(TypeCount(NSG, 1, True),))
    return Report(audit, tuple(counted), findings)


def told(control: Control, of: Report, *gaps: Gap) -> ControlResult:
    ((result,),) = (each.controls for each in judge([Framework("F", "f", (control,))], of, gaps))
    return result


def outcome(control: Control, of: Report, *gaps: Gap) -> str:
    return told(control, of, *gaps).outcome.value


def test_a_control_whose_rules_are_all_kept_is_satisfied() -> None:
    assert outcome(CONTROL, report()) == "satisfied"


@pytest.mark.parametrize("status", [Status.BROKEN, Status.WAIVED, Status.BASELINE])
def test_what_is_broken_breaks_the_control_accepted_or_not(status: Status) -> None:
    result = told(CONTROL, report(finding(status=status)))

    assert result.outcome is ControlOutcome.NOT_SATISFIED
    assert result.fingerprints == (f"NSG-004-{status}",)
    assert ("accepted" in result.reason) is (status is not Status.BROKEN)


def test_one_answer_that_is_missing_leaves_the_control_untold() -> None:
    result = told(CONTROL, report(finding(status=Status.UNKNOWN)))

    assert (result.outcome.value, result.reason) == ("not told", "1 answer missing")


def test_what_cannot_be_told_stays_untold_when_it_is_waived() -> None:
    waived = replace(finding(status=Status.UNKNOWN), status=Status.WAIVED)

    assert outcome(CONTROL, report(waived)) == "not told"


def test_a_broken_rule_outweighs_a_missing_answer() -> None:
    assert outcome(CONTROL, report(finding(), finding(status=Status.UNKNOWN))) == "not satisfied"


def test_a_rule_that_was_not_asked_leaves_the_control_untold() -> None:
    control = replace(CONTROL, rules=("NSG-004", "NSG-009"))

    assert told(control, report()).reason == "not asked: NSG-009"
    assert outcome(control, report()) == "not told"


def test_rules_without_a_subject_leave_nothing_to_judge() -> None:
    assert outcome(CONTROL, report(kept=0)) == "nothing to judge"


def test_a_control_without_rules_is_not_covered() -> None:
    assert outcome(Control("1", "t"), report()) == "not covered"


def test_a_control_of_which_rules_see_a_part_is_never_satisfied() -> None:
    control = replace(CONTROL, beyond="the moon")

    assert outcome(control, report()) == "not told"
    assert "the moon" in told(control, report()).reason
    assert outcome(control, report(finding())) == "not satisfied"


def test_a_finding_that_speaks_for_a_rule_breaks_its_control() -> None:
    special = finding("EXP-005", subject=GATEWAY, also=("NSG-004",))
    control = replace(CONTROL, types=(NSG,))

    assert outcome(control, report(special, rules=("NSG-004", "EXP-005"))) == "not satisfied"


def test_findings_about_other_types_do_not_count() -> None:
    control = replace(CONTROL, types=("microsoft.network/networksecuritygroups",))

    assert outcome(control, report(finding(subject=GATEWAY))) == "satisfied"
    assert outcome(control, report(finding())) == "not satisfied"
    assert outcome(control, report(finding(subject=""))) == "not satisfied"


def test_without_a_resource_of_its_types_there_is_nothing_to_judge() -> None:
    control = replace(CONTROL, types=("Microsoft.Network/applicationGateways",))

    assert outcome(control, report()) == "nothing to judge"


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("/subscriptions/s", "not told"),
        ("exports/broken.json", "not told"),
        (f"/subscriptions/s/providers/{NSG}", "not told"),
        (f"/subscriptions/s/resourceGroups/g/providers/{NSG}/x/securityRules", "not told"),
        (f"/subscriptions/s/resourceGroups/g/providers/{NSG.upper()}/x", "not told"),
        ("/subscriptions/s/providers/Microsoft.Network/applicationGateways", "satisfied"),
    ],
)
def test_a_list_that_was_not_read_leaves_controls_about_it_untold(
    subject: str, expected: str
) -> None:
    gap = Gap("denied", subject, "403")

    assert outcome(replace(CONTROL, types=(NSG,)), report(), gap) == expected
    assert outcome(CONTROL, report(), gap) == "not told"
    assert outcome(CONTROL, report(kept=0), gap) == "not told"


def test_resources_that_are_only_named_hide_something() -> None:
    subnet = {"name": "s", "properties": {"networkSecurityGroup": {"id": GROUP}}}
    settings = {"subnets": [subnet], "virtualNetworkPeerings": []}
    network = resource("Microsoft.Network/virtualNetworks", "v", settings)
    read = replace(snapshot(network), gaps=(Gap("lossy", "a", "b"), Gap("denied", "c", "d")))

    told = [(gap.kind, gap.subject) for gap in hidden(build(read, as_of=NOW).network)]
    assert told == [("denied", "c"), ("absent", GROUP)]


@pytest.mark.parametrize(
    ("said", "expected"),
    [("kept", "satisfied"), ("broken", "not satisfied"), ("unknown", "not told")],
)
def test_an_intent_can_tell_of_a_control(said: str, expected: str) -> None:
    control = Control("1.3", "t", intents=("no way in",))
    of = replace(report(), intents=(IntentState("no way in", "unreachable", said, "m"),))

    assert outcome(control, of) == expected


def test_an_intent_that_was_not_asked_leaves_the_control_untold() -> None:
    assert outcome(Control("1.3", "t", intents=("no way in",)), report()) == "not told"


def test_a_finding_counts_once_however_many_rules_it_speaks_for() -> None:
    control = replace(CONTROL, rules=("NSG-004", "NSG-005"))
    result = told(control, report(finding(also=("NSG-005",)), rules=("NSG-004", "NSG-005")))

    assert (result.broken, result.fingerprints) == (1, ("NSG-004-broken",))


@pytest.mark.parametrize("settings", [{}, {"securityRules": []}])
def test_a_group_that_does_not_tell_its_rules_keeps_a_control_from_being_satisfied(
    settings: dict[str, Any],
) -> None:
    unresolved = () if not settings else (("/properties/securityRules", "a parameter"),)
    read = snapshot(resource(NSG, "nsg-b", settings), unresolved=unresolved)
    network = build(read, as_of=NOW).network
    control = replace(CONTROL, types=(NSG,))

    assert outcome(control, report(), *hidden(network)) == "not told"
