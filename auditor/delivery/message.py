"""What is said: the verdict, the numbers, the worst of what is broken, how the controls fare."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass

from auditor import ids
from auditor.errors import AuditorError
from auditor.finding import ControlOutcome, Judged, Report, Severity, Status
from auditor.past import Past

MOST = 10
"""How many findings a message tells."""
_LONGEST = 240


@dataclass(frozen=True, slots=True)
class Line:
    """One finding in a message; every text is fit to be shown, and short."""

    severity: str
    rule: str
    title: str
    subject: str
    message: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Message:
    """A message. `failed`: the exit status is not 0. `report`: None when there was no audit.

    `changed` is false when a history tells nothing that the run before did not.

    `headline` and `facts` hold words and numbers of ours alone, and what the snapshot says of
    itself; `lines` are the worst broken findings, and `more` counts the others.
    """

    headline: str
    failed: bool
    facts: tuple[tuple[str, str], ...] = ()
    lines: tuple[Line, ...] = ()
    more: int = 0
    report: Report | None = None
    changed: bool = True


def shown(text: str, longest: int = _LONGEST) -> str:
    """Give foreign text fit for a message: one line, printable, not long."""
    safe = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
    return safe if len(safe) <= longest else safe[: longest - 1] + "…"


def of_report(report: Report, unrecorded: AuditorError | None = None) -> Message:
    """Say what an audit found, and why a history does not hold it, where one should."""
    broken = [each for each in report.findings if each.status is Status.BROKEN]
    counts = Counter(each.severity for each in broken)
    numbers = ", ".join(f"{counts[s]:,} {s.word}" for s in reversed(Severity) if counts[s])
    untold = sum(each.status is Status.UNKNOWN for each in report.findings)
    judged = any(rule.kept or rule.broken or rule.unknown for rule in report.rules)
    judged = judged and any(kind.count for kind in report.audit.resources if kind.understood)
    headline = f"broken: {numbers or 'none'}"
    if not (judged or broken or untold):
        headline = "nothing was judged"
    if untold:
        headline += f", cannot tell: {untold:,}"
    return Message(
        headline=f"Azure network audit: {headline}",
        failed=report.failed or unrecorded is not None,
        facts=(*_facts(report), *_lost(unrecorded)),
        lines=tuple(map(_line, broken[:MOST])),
        more=max(0, len(broken) - MOST),
        report=report,
        changed=_changed(report.history),
    )


def _lost(unrecorded: AuditorError | None) -> tuple[tuple[str, str], ...]:
    return () if unrecorded is None else (("not recorded", shown(str(unrecorded))),)


def of_error(error: BaseException) -> Message:
    """Say that the audit came to no end: silence would be taken for good news."""
    said = str(error) if isinstance(error, AuditorError) else f"a fault of auditor's own: {error}"
    begun = isinstance(error, AuditorError) and error.exit_status != 3
    headline = "the audit was not completed" if begun else "no audit was performed"
    facts = (("reason", shown(said)),)
    return Message(f"Azure network audit: {headline}", failed=True, facts=facts)


def _changed(past: Past | None) -> bool:
    if past is None or past.previous is None:
        return True
    return past.recorded and any(asdict(past.current.changes).values())


_CHANGES = {
    "new": "new",
    "reopened": "reopened",
    "fixed": "fixed",
    "removed": "removed",
    "untold": "not told any more, and so not fixed",
}


def _history(past: Past) -> list[tuple[str, str]]:
    """Say what changed since the run before, and which waivers end soon."""
    facts = []
    if past.previous is not None:
        numbers = asdict(past.current.changes)
        said = ", ".join(
            f"{numbers[key]:,} {word}" for key, word in _CHANGES.items() if numbers[key]
        )
        facts.append((f"since {past.previous.at[:10]}", said or "nothing new"))
    if past.endings:
        first = min(each.expires for each in past.endings)
        facts.append(("waivers that end soon", f"{len(past.endings):,}, the first on {first}"))
    return facts


def _facts(report: Report) -> list[tuple[str, str]]:
    audit = report.audit
    facts = [("as of", audit.as_of.isoformat())]
    if audit.taken_at:
        facts.append(("snapshot taken", shown(audit.taken_at, 60)))
    if audit.scope:
        more = f" and {len(audit.scope) - 1:,} more" if len(audit.scope) > 1 else ""
        facts.append(("scope", shown(audit.scope[0], 120) + more))
    if audit.unread:
        more = f" and {len(audit.unread) - 1:,} more" if len(audit.unread) > 1 else ""
        facts.append(("not read", shown(audit.unread[0].subject, 120) + more))
    outcome = "something is" if report.failed else "nothing is"
    what = "broken or unknown" if report.strict else "broken"
    facts.append(("outcome", f"{outcome} {what} at {report.threshold.word} or above"))
    facts += _history(report.history) if report.history is not None else []
    for status in (Status.WAIVED, Status.BASELINE):
        number = sum(each.status is status for each in report.findings)
        if number:
            facts.append((status.value, f"{number:,}"))
    if report.fixed:
        facts.append(("gone from the baseline", f"{report.fixed:,}"))
    for framework in report.compliance:
        numbers = Counter(control.outcome for control in framework.controls)
        said = ", ".join(f"{numbers[each]:,} {each}" for each in ControlOutcome if numbers[each])
        facts.append((shown(framework.name, 60), said))
    return facts


def _line(finding: Judged) -> Line:
    group = ids.resource_group(finding.subject)
    name = ids.name(finding.subject) if finding.subject else "the network as a whole"
    return Line(
        severity=finding.severity.word,
        rule=shown(finding.rule, 40),
        title=shown(finding.title.removesuffix(".")),
        subject=shown(f"{group} › {name}" if group else name),
        message=shown(finding.message),
        fingerprint=finding.fingerprint,
    )
