"""GitLab Code Quality: what the merge request widget shows and compares between branches.

Waived and known findings are left out; an unknown says so and is `minor`, whatever its rule.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, TextIO

from auditor.finding import Judged, Report, Severity, Status

from ._json import dumps
from ._text import line_of, repository_path, sentence, subject, visible

SEVERITIES = {
    Severity.CRITICAL: "blocker",
    Severity.HIGH: "critical",
    Severity.MEDIUM: "major",
    Severity.LOW: "minor",
    Severity.INFO: "info",
}


def render(report: Report, out: TextIO) -> None:
    """Write a list of issues, each with a fingerprint of its own."""
    seen: Counter[str] = Counter()
    issues = []
    for finding in report.findings:
        if finding.status in (Status.BROKEN, Status.UNKNOWN):
            seen[finding.fingerprint] += 1
            issues.append(_issue(finding, seen[finding.fingerprint]))
    out.write(dumps(issues))


def _issue(finding: Judged, number: int) -> dict[str, Any]:
    unknown = finding.status is Status.UNKNOWN
    again = f"-{number}" if number > 1 else ""
    return {
        "description": f"{visible(finding.rule)} {sentence(finding)} ({subject(finding)})",
        "check_name": finding.name,
        "fingerprint": finding.fingerprint + again,
        "severity": "minor" if unknown else SEVERITIES[finding.severity],
        "location": {
            "path": visible(repository_path(finding.location)),
            "lines": {"begin": line_of(finding.location)},
        },
    }
