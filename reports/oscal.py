"""OSCAL assessment results: how controls fared, for tools of compliance.

A result for each framework. Controls that rules judged have a finding each; its observations are
what the rules said as a whole, and each of their findings with its evidence. OSCAL knows satisfied
and not satisfied alone: what is *not told* is not satisfied, for the reason `other`. Controls with
nothing to judge, or without rules, were not reviewed; a remark names them.

Every UUID is made of what it names: the same audit gives the same bytes. The model is NIST's,
https://pages.nist.gov/OSCAL/ (assessment results).
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any, TextIO

from msgspec.structs import replace

from auditor.finding import (
    ControlOutcome,
    ControlResult,
    FrameworkResult,
    Judged,
    Report,
    RuleSummary,
    Status,
)
from auditor.ids import fold
from auditor.rendering import needs

from ._compliance import outcomes
from ._json import dumps
from ._oscal import VERSION, markup, moment, name_of, plain, prop, token
from ._text import place, remedy_lines, sentence, subject, value_text
from ._totals import is_idle

_REVIEWED = (ControlOutcome.NOT_SATISFIED, ControlOutcome.NOT_TOLD, ControlOutcome.SATISFIED)
_PLAN = (
    "There is no plan in OSCAL: auditor asks every rule of what an export holds. What each rule"
    " does is told by auditor explain."
)


@needs(compliance=True)
def render(report: Report, out: TextIO) -> None:
    """Write the assessment results as one JSON object."""
    frameworks = report.compliance or (_own(report),)
    plan = name_of("plan")
    written: dict[str, Any] = {
        "uuid": "",
        "metadata": {
            "title": "Azure network audit",
            "last-modified": moment(report.audit),
            "version": plain(report.audit.version),
            "oscal-version": VERSION,
        },
        "import-ap": {"href": f"#{plan}"},
        "results": [_Result(report, framework).written() for framework in frameworks],
        "back-matter": {
            "resources": [
                {
                    "uuid": plan,
                    "title": "Assessment plan",
                    "description": _PLAN,
                    "base64": {
                        "filename": "plan.txt",
                        "media-type": "text/plain",
                        "value": b64encode(_PLAN.encode()).decode(),
                    },
                }
            ]
        },
    }
    written["uuid"] = name_of("document", dumps(written))
    out.write(dumps({"assessment-results": written}))


def _own(report: Report) -> FrameworkResult:
    """Take the rules themselves for controls, where no framework was named."""
    controls = tuple(_as_control(rule, report) for rule in report.rules)
    return FrameworkResult("auditor", "The rules of auditor", controls)


def _as_control(rule: RuleSummary, report: Report) -> ControlResult:
    outcome, reason = ControlOutcome.SATISFIED, "all that it judges is in order"
    if rule.broken or rule.waived or rule.baseline:
        outcome, reason = ControlOutcome.NOT_SATISFIED, "something is broken"
    elif rule.unknown:
        outcome, reason = ControlOutcome.NOT_TOLD, "an answer is missing"
    elif is_idle(rule):
        outcome, reason = ControlOutcome.NOTHING, "the snapshot holds nothing that it judges"
    mine = [finding for finding in report.findings if finding.rule == rule.rule]
    if outcome is ControlOutcome.NOT_SATISFIED and all(finding.untold for finding in mine):
        outcome, reason = ControlOutcome.NOT_TOLD, "an answer is missing"
    control = ControlResult(rule.rule, rule.title, outcome, reason, (rule.rule,))
    return replace(control, fingerprints=tuple(finding.fingerprint for finding in mine))


class _Result:
    """One framework's result. What it names has a UUID of its own: OSCAL allows each once."""

    def __init__(self, report: Report, framework: FrameworkResult) -> None:
        self.report = report
        self.framework = framework
        self.when = moment(report.audit)
        self.tool = self._name("tool")
        self.reviewed = [each for each in framework.controls if each.outcome in _REVIEWED]
        asked = {rule for control in self.reviewed for rule in control.rules}
        counted = {mark for control in self.reviewed for mark in control.fingerprints}
        self.rules = {rule.rule: rule for rule in report.rules if rule.rule in asked}
        self.findings = {
            finding.fingerprint: finding
            for finding in report.findings
            if finding.fingerprint in counted
        }

    def written(self) -> dict[str, Any]:
        """Give the result as OSCAL writes it."""
        audit, framework = self.report.audit, self.framework
        said = f"{len(self.reviewed)} controls were reviewed"
        written: dict[str, Any] = {
            "uuid": "",
            "title": markup(framework.title),
            "description": f"{said}: {outcomes(framework) or 'none'}.",
            "start": self.when,
            "end": self.when,
            "props": [
                prop("framework", framework.name),
                prop("as-of", audit.as_of.isoformat()),
                *(prop("scope", scope) for scope in audit.scope),
                *(prop("source", source.name) for source in audit.sources),
            ],
            "local-definitions": self._definitions(),
            "reviewed-controls": {"control-selections": [self._selection()]},
        }
        observations = [*map(self._rule, self.rules.values()), *map(self._observed,
                        self.findings.values())]  # fmt: skip
        if observations:
            written["observations"] = observations
        if self.reviewed:
            written["findings"] = [self._finding(control) for control in self.reviewed]
        remarks = [markup(framework.note)] if framework.note else []
        for outcome in (ControlOutcome.NOTHING, ControlOutcome.NOT_COVERED):
            ids = [each.id for each in framework.controls if each.outcome is outcome]
            remarks += [f"{outcome.capitalize()}: {markup(', '.join(ids))}."] if ids else []
        if remarks:
            written["remarks"] = "\n\n".join(remarks)
        written["uuid"] = name_of("result", framework.name, dumps(written))
        return written

    def _definitions(self) -> dict[str, Any]:
        tool = {
            "uuid": self.tool,
            "type": "software",
            "title": "auditor",
            "description": f"auditor {markup(self.report.audit.version)}",
            "status": {"state": "operational"},
        }
        platform = {
            "uuid": self._name("platform"),
            "uses-components": [{"component-uuid": self.tool}],
        }
        defined: dict[str, Any] = {
            "assessment-assets": {"components": [tool], "assessment-platforms": [platform]}
        }
        items = {self._item(finding): finding for finding in self.findings.values()}
        if items:
            defined["inventory-items"] = [
                {
                    "uuid": uuid,
                    "description": markup(subject(finding)),
                    "props": [prop("arm-id", subject(finding))],
                }
                for uuid, finding in items.items()
            ]
        return defined

    def _selection(self) -> dict[str, Any]:
        if self.reviewed:
            chosen = [{"control-id": self._id(control)} for control in self.reviewed]
            return {"include-controls": chosen}
        every = [{"control-id": self._id(each)} for each in self.framework.controls]
        none = every or [{"control-id": token(self.framework.name)}]
        return {"description": "none", "include-all": {}, "exclude-controls": none}

    def _id(self, control: ControlResult) -> str:
        return token(self.framework.name, control.id)

    def _rule(self, rule: RuleSummary) -> dict[str, Any]:
        numbers = (f"{getattr(rule, each)} {each}" for each in ("kept", *Status))
        return {
            "uuid": self._name("rule", rule.rule),
            "title": markup(f"{rule.rule} {rule.title}"),
            "description": f"Subjects judged: {', '.join(numbers)}.",
            "props": [prop("rule", rule.rule), prop("severity", rule.severity.word)],
            **self._by_tool("control-objective"),
            "collected": self.when,
        }

    def _observed(self, finding: Judged) -> dict[str, Any]:
        written: dict[str, Any] = {
            "uuid": self._name("finding", finding.fingerprint),
            "title": markup(f"{finding.rule} {finding.title}"),
            "description": markup(sentence(finding)),
            "props": [
                prop("rule", finding.rule),
                prop("severity", finding.severity.word),
                prop("status", finding.status.value),
                prop("fingerprint", finding.fingerprint),
            ],
            **self._by_tool("finding"),
            "subjects": [{"subject-uuid": self._item(finding), "type": "inventory-item"}],
        }
        evidence = [
            {"description": markup(f"{read.resource} {read.pointer} = {value_text(read.value)}")}
            for read in finding.evidence
        ]
        if finding.location is not None:
            evidence.append({"description": markup(f"at {place(finding.location)}")})
        if evidence:
            written["relevant-evidence"] = evidence
        written["collected"] = self.when
        remarks = [markup(line) for line in remedy_lines(finding)]
        if finding.waiver is not None:
            until, why = finding.waiver.expires.isoformat(), finding.waiver.reason
            remarks.append(markup(f"Waived until {until} by {finding.waiver.owner}: {why}"))
        if remarks:
            written["remarks"] = "\n\n".join(remarks)
        return written

    def _by_tool(self, kind: str) -> dict[str, Any]:
        return {
            "methods": ["EXAMINE"],
            "types": [kind],
            "origins": [{"actors": [{"type": "tool", "actor-uuid": self.tool}]}],
        }

    def _finding(self, control: ControlResult) -> dict[str, Any]:
        state = "satisfied" if control.outcome is ControlOutcome.SATISFIED else "not-satisfied"
        reason = {ControlOutcome.SATISFIED: "pass", ControlOutcome.NOT_SATISFIED: "fail"}
        observed = dict.fromkeys(
            [
                *(self._name("rule", rule) for rule in control.rules if rule in self.rules),
                *(self._name("finding", m) for m in control.fingerprints if m in self.findings),
            ]
        )
        written: dict[str, Any] = {
            "uuid": self._name("control", control.id),
            "title": markup(f"{control.id} {control.title}"),
            "description": f"{control.outcome.capitalize()}: {markup(control.reason)}.",
            "props": [prop("control", control.id), prop("outcome", control.outcome.value)],
            "target": {
                "type": "objective-id",
                "target-id": self._id(control),
                "status": {
                    "state": state,
                    "reason": reason.get(control.outcome, "other"),
                    "remarks": markup(control.reason),
                },
            },
        }
        if observed:
            written["related-observations"] = [{"observation-uuid": each} for each in observed]
        return written

    def _name(self, kind: str, *parts: str) -> str:
        return name_of(kind, self.framework.name, *parts)

    def _item(self, finding: Judged) -> str:
        return self._name("resource", fold(finding.subject))
