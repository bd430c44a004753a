"""The numbers that every report for people gives, and the sentence that sums them up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from auditor.finding import Judged, Report, RuleSummary, Severity, Status

from ._text import plural

FAMILIES = {
    "ADR": "address plan",
    "AKS": "AKS networking",
    "DB": "databases",
    "DEP": "retirements",
    "DNS": "DNS",
    "EXP": "exposure",
    "FD": "Front Door and Traffic Manager",
    "FW": "firewalls and appliances",
    "GOV": "governance",
    "GW": "Application Gateway",
    "K8S": "Kubernetes objects",
    "LB": "load balancers",
    "NAT": "egress and SNAT",
    "NSG": "network security groups",
    "OBS": "observability",
    "PE": "private endpoints",
    "PER": "peering",
    "RTE": "routes",
    "TLS": "certificates",
    "VPN": "VPN, ExpressRoute, Bastion",
    "WAF": "web application firewall",
}


@dataclass(frozen=True, slots=True)
class Totals:
    """Findings by status and severity; rules by how they fared as a whole."""

    broken: Counter[Severity]
    unknown: Counter[Severity]
    waived: int
    baseline: int
    rules: int
    kept: int
    idle: int
    judged: int
    """Resources that some rule reads; rules about the audit itself are kept without any."""
    unread: int
    """Parts of the input that could not be read, whether or not a rule was asked that tells it."""

    @classmethod
    def of(cls, report: Report) -> Totals:
        """Count a report."""
        by = Counter((finding.status, finding.severity) for finding in report.findings)
        return cls(
            broken=Counter({s: by[Status.BROKEN, s] for s in Severity}),
            unknown=Counter({s: by[Status.UNKNOWN, s] for s in Severity}),
            waived=sum(by[Status.WAIVED, s] for s in Severity),
            baseline=sum(by[Status.BASELINE, s] for s in Severity),
            rules=len(report.rules),
            kept=sum(1 for rule in report.rules if is_kept(rule)),
            idle=sum(1 for rule in report.rules if is_idle(rule)),
            judged=sum(kind.count for kind in report.audit.resources if kind.understood),
            unread=len(report.audit.unread),
        )

    @property
    def silent(self) -> bool:
        """True when no rule found anything of the network to judge."""
        found = self.judged and self.rules - self.idle
        return not (found or self.broken.total() or self.unknown.total())

    @property
    def spotless(self) -> bool:
        """True when all was read, something was judged and is kept: the only case for green."""
        doubtful = self.broken.total() or self.unknown.total() or self.unread or self.silent
        return not doubtful and self.kept > 0


def is_idle(rule: RuleSummary) -> bool:
    """Say whether the snapshot holds nothing that the rule judges."""
    return not (rule.kept or rule.broken or rule.unknown or rule.waived or rule.baseline)


def is_kept(rule: RuleSummary) -> bool:
    """Say whether every subject keeps the rule."""
    return rule.kept > 0 and not (rule.broken or rule.unknown or rule.waived or rule.baseline)


def severities(counts: Counter[Severity]) -> str:
    """Write `3 critical, 5 high`."""
    return ", ".join(f"{counts[s]:,} {s.word}" for s in reversed(Severity) if counts[s])


def verdict(totals: Totals) -> str:
    """Write `broken: 3 critical, 5 high · unknown: 2 · 41 rules kept`."""
    return " · ".join(said for said, _ in verdict_parts(totals))


def verdict_parts(totals: Totals) -> list[tuple[str, str]]:
    """Give the verdict's parts, each with what it is about: `broken`, `unknown`, `good` or ``."""
    unread = [(f"not read: {parts_of_input(totals.unread)}", "unknown")] if totals.unread else []
    if totals.silent:
        whole = "what could be read" if unread else "the snapshot"
        return [
            (f"nothing was judged: {whole} holds nothing that a rule reads", "unknown"),
            *unread,
        ]
    broken, unknown = totals.broken.total(), totals.unknown.total()
    good = "good" if totals.spotless else ""
    parts = [
        (f"broken: {severities(totals.broken) or 'none'}", "broken" if broken else good),
        (f"unknown: {unknown:,}" if unknown else "unknown: none", "unknown" if unknown else good),
    ]
    parts += unread
    if totals.waived:
        parts.append((f"waived: {totals.waived:,}", ""))
    if totals.baseline:
        parts.append((f"baseline: {totals.baseline:,}", ""))
    return [*parts, (f"{plural(totals.kept, 'rule')} kept", good)]


def parts_of_input(number: int) -> str:
    """Write `2 parts of the input`."""
    return f"{plural(number, 'part')} of the input"


def unread_lines(report: Report, most: int) -> list[str]:
    """Write what could not be read and why, `most` at most and how many more there are.

    Names are as Azure tells them: who renders escapes them.
    """
    unread = report.audit.unread
    lines = [f"{each.subject} ({each.reason})" for each in unread[:most]]
    return [*lines, f"and {len(unread) - most:,} more"] if len(unread) > most else lines


def consequence(report: Report) -> str:
    """Say in one sentence what the audit's exit status rests on."""
    cause = "broken or unknown" if report.strict else "broken"
    if report.failed:
        return f"exit status 1: something is {cause} {at(report.threshold)}"
    return f"exit status 0: nothing is {cause} {at(report.threshold)}"


def at(threshold: Severity) -> str:
    """Write the severities from the threshold up: `at high or above`."""
    if threshold is Severity.INFO:
        return "at any severity"
    return "at critical" if threshold is Severity.CRITICAL else f"at {threshold.word} or above"


def by_rule(findings: Iterable[Judged]) -> list[list[Judged]]:
    """Put neighbours of one rule and severity together; nothing changes its place."""
    return [list(group) for _, group in groupby(findings, lambda one: (one.rule, one.severity))]


def of_status(report: Report, status: Status) -> list[Judged]:
    """Give the findings with one status, in order."""
    return [finding for finding in report.findings if finding.status is status]
