"""How the controls of frameworks fare, by what rules and intents said.

A control is worth no more than the weakest thing it rests on: one broken rule breaks it, accepted
or not; one answer that is missing, one rule that was not asked, one list that could not be read,
and it cannot be told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from auditor.compliance.framework import Control, Framework
from auditor.finding import (
    ControlOutcome,
    ControlResult,
    FrameworkResult,
    IntentState,
    Judged,
    Report,
    RuleSummary,
    Status,
)
from auditor.ids import fold, type_of
from auditor.network.graph import Network
from auditor.network.holes import holes
from auditor.network.untold import untold_parts
from auditor.snapshot.document import Gap

_HIDING = frozenset({"partial", "denied", "failed", "damaged", "undecided", "unsupported"})
"""Gaps behind which there may be whole resources that no rule saw."""


def hidden(network: Network) -> tuple[Gap, ...]:
    """Give what may hide resources from the rules: lists not read, and resources only named.

    And lists of parts that a resource does not tell, an NSG's rules: no rule judges those.
    """
    absent = (
        Gap("absent", hole.missing.id, "named, and not in the snapshot") for hole in holes(network)
    )
    untold = (
        Gap("untold", f"{each.node.id}/{each.pointer.rpartition('/')[2]}", "not told by the input")
        for each in untold_parts(network)
    )
    return (*(gap for gap in network.gaps if gap.kind in _HIDING), *absent, *untold)


def judge(
    frameworks: Iterable[Framework], report: Report, gaps: Sequence[Gap] = ()
) -> tuple[FrameworkResult, ...]:
    """Give each framework's controls their outcomes; `gaps` as `hidden` gives them."""
    told = _Told(report, gaps)
    return tuple(
        FrameworkResult(
            name=framework.name,
            title=framework.title,
            controls=tuple(told.of(control) for control in framework.controls),
            note=framework.note,
        )
        for framework in frameworks
    )


class _Told:
    """A report, looked up by rule and by intent."""

    def __init__(self, report: Report, gaps: Sequence[Gap]) -> None:
        self.gaps = gaps
        self.rules = {rule.rule: rule for rule in report.rules}
        self.intents = {intent.name: intent for intent in report.intents}
        self.types = frozenset(kind.type.lower() for kind in report.audit.resources if kind.count)
        self.findings: dict[str, list[tuple[int, Judged]]] = {}
        for number, finding in enumerate(report.findings):
            for rule in (finding.rule, *finding.also):
                self.findings.setdefault(rule, []).append((number, finding))

    def of(self, control: Control) -> ControlResult:
        """Judge one control."""
        mine: dict[int, Judged] = {}
        for rule in control.rules:
            for number, finding in self.findings.get(rule, ()):
                if rule in finding.also or _about(finding, control.types):
                    mine[number] = finding
        findings = [mine[number] for number in sorted(mine)]
        outcome, reason = self._verdict(control, findings)
        return ControlResult(
            id=control.id,
            title=control.title,
            outcome=outcome,
            reason=reason,
            rules=control.rules,
            intents=control.intents,
            broken=sum(each.status is Status.BROKEN for each in findings),
            unknown=sum(each.status is Status.UNKNOWN for each in findings),
            accepted=sum(each.status in (Status.WAIVED, Status.BASELINE) for each in findings),
            fingerprints=tuple(each.fingerprint for each in findings),
        )

    def _verdict(self, control: Control, findings: list[Judged]) -> tuple[ControlOutcome, str]:
        if not control.rules and not control.intents:
            return ControlOutcome.NOT_COVERED, "no rule looks at it"
        intents = [self.intents[name] for name in control.intents if name in self.intents]
        broken = _broken(findings, intents)
        if broken:
            return ControlOutcome.NOT_SATISFIED, broken
        missing = self._missing(control, findings, intents)
        if missing:
            return ControlOutcome.NOT_TOLD, missing
        judged = [self.rules[rule] for rule in control.rules if not _idle(self.rules[rule])]
        if not intents and (not judged or not self._present(control)):
            return ControlOutcome.NOTHING, "the snapshot holds nothing that its rules judge"
        if control.beyond:
            reason = f"nothing is broken as far as rules look; not looked at: {control.beyond}"
            return ControlOutcome.NOT_TOLD, reason
        return ControlOutcome.SATISFIED, "all that its rules judge is in order"

    def _missing(self, control: Control, findings: list[Judged], intents: list[IntentState]) -> str:
        """Say what keeps a control from being told, or nothing."""
        absent = [rule for rule in control.rules if rule not in self.rules]
        if absent:
            return f"not asked: {', '.join(absent)}"
        lost = [name for name in control.intents if name not in self.intents]
        if lost:
            return f"not asked: the intent {', '.join(lost)}"
        untold = sum(each.untold for each in findings)
        if untold:
            return f"{_number(untold, 'answer')} missing"
        unknown = [intent.name for intent in intents if intent.outcome != "kept"]
        if unknown:
            return f"cannot tell the intent {', '.join(unknown)}"
        gaps = [gap for gap in self.gaps if _hides(gap, control.types)]
        if not gaps:
            return ""
        first = f"{gaps[0].subject} ({gaps[0].detail})"
        more = f" and {_number(len(gaps) - 1, 'other part')}" if len(gaps) > 1 else ""
        return f"the snapshot is incomplete: {first}{more}"

    def _present(self, control: Control) -> bool:
        """Whether the snapshot holds resources that the control is about."""
        if not control.types:
            return True
        roots = {"/".join(kind.lower().split("/")[:2]) for kind in control.types}
        return any("/".join(kind.split("/")[:2]) in roots for kind in self.types)


def _broken(findings: list[Judged], intents: list[IntentState]) -> str:
    """Say what breaks a control, or nothing."""
    open_ones = sum(each.status is Status.BROKEN for each in findings)
    accepted = sum(
        each.status in (Status.WAIVED, Status.BASELINE) and not each.untold for each in findings
    )
    failed = [intent.name for intent in intents if intent.outcome == "broken"]
    parts = []
    if open_ones:
        parts.append(_number(open_ones, "finding"))
    if accepted:
        parts.append(f"{_number(accepted, 'finding')} accepted by a waiver or the baseline")
    if failed:
        parts.append(f"the intent {', '.join(failed)} is broken")
    return "; ".join(parts)


def _number(number: int, one: str) -> str:
    return f"{number:,} {one}{'' if number == 1 else 's'}"


def _idle(rule: RuleSummary) -> bool:
    return not (rule.kept or rule.broken or rule.unknown or rule.waived or rule.baseline)


def _about(finding: Judged, types: tuple[str, ...]) -> bool:
    """Whether a finding's subject is of one of the types, or part of such; of none, is it told?"""
    kind = type_of(finding.subject)
    if not types or kind is None:
        return True
    folded = kind.lower()
    return any(folded == each.lower() or folded.startswith(f"{each.lower()}/") for each in types)


def _hides(gap: Gap, types: tuple[str, ...]) -> bool:
    """Whether a gap may hide resources of one of the types, or something that holds such."""
    path = fold(gap.subject)
    if not types or not path.startswith("/subscriptions/") or "/providers/" not in path:
        return True
    namespace, *words = path.rpartition("/providers/")[2].split("/")
    hidden = "/".join((namespace, *words[::2])) + "/"
    return any(
        hidden.startswith(f"{each.lower()}/") or f"{each.lower()}/".startswith(hidden)
        for each in types
    )
