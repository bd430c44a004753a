"""SARIF 2.1.0, for code scanning and for editors.

Broken is kind `fail`; unknown is kind `review`, whose level has to be `none` (SARIF 3.27.10), and
is named once more in a notification, since viewers may hide it. A waived or known finding is
suppressed. GitHub takes 25,000 results of 10 MB when compressed, and shows the first 5,000.
"""

from __future__ import annotations

import gzip
import re
from typing import Any, TextIO
from urllib.parse import quote

from auditor import ids
from auditor.finding import Judged, Location, Report, RuleSummary, Severity, Status

from ._json import dumps
from ._text import (
    line_of,
    plural,
    remedy_lines,
    repository_path,
    sentence,
    subject,
    title,
    value_text,
    visible,
)
from ._totals import FAMILIES

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
RESULTS = 25_000
COMPRESSED = 10_000_000
TAGS = 10
_DESCRIPTION = 1024
_ABSOLUTE = re.compile(r"[\\/]|[A-Za-z]:[\\/]")

LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
# GitHub: above 9.0 critical, from 7.0 high, from 4.0 medium, else low.
SCORES = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
    Severity.INFO: "0.1",
}


def render(report: Report, out: TextIO) -> None:
    """Write one run; results beyond what GitHub takes are left out, and that is said."""
    kept = min(len(report.findings), RESULTS)
    text = dumps(_log(report, kept))
    while kept > 1 and len(text) > COMPRESSED < len(gzip.compress(text.encode(), mtime=0)):
        kept //= 2
        text = dumps(_log(report, kept))
    out.write(text)


def _log(report: Report, kept: int) -> dict[str, Any]:
    findings = report.findings[:kept]
    rules = _rules(report)
    order = {rule: index for index, rule in enumerate(rules)}
    compared = report.fixed > 0 or any(f.status is Status.BASELINE for f in report.findings)
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "auditor",
                "version": report.audit.version,
                "rules": [_rule(rule, report) for rule in rules.values()],
            }
        },
        "invocations": [
            {"executionSuccessful": True, "toolExecutionNotifications": _notes(report, kept)}
        ],
        "originalUriBaseIds": {"SRCROOT": {"description": {"text": "The repository's root."}}},
        "columnKind": "unicodeCodePoints",
        "results": [
            _result(finding, order[finding.rule], report, compared=compared) for finding in findings
        ],
    }
    if report.intents:
        run["properties"] = {
            "intents": [
                {"name": each.name, "outcome": each.outcome, "message": each.message}
                for each in report.intents
            ]
        }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _notes(report: Report, kept: int) -> list[dict[str, Any]]:
    notes = []
    unknown = sum(finding.status is Status.UNKNOWN for finding in report.findings)
    if unknown:
        answers = plural(unknown, "answer is", "answers are")
        notes.append(f"{answers} unknown, because the snapshot lacks what they need; not kept")
    left = len(report.findings) - kept
    if left:
        results = plural(left, "result", "results")
        notes.append(f"{results} left out, the mildest: code scanning takes no more")
    return [{"level": "warning", "message": {"text": note}} for note in notes]


def _rules(report: Report) -> dict[str, RuleSummary]:
    """Give every rule that was asked or that speaks, by id."""
    rules = {rule.rule: rule for rule in report.rules}
    for f in report.findings:
        if f.rule not in rules:
            rules[f.rule] = RuleSummary(f.rule, f.name, f.title, f.family, f.severity)
    return dict(sorted(rules.items()))


def _rule(rule: RuleSummary, report: Report) -> dict[str, Any]:
    named = title(rule.title)
    page = report.pages.get(rule.rule) or named
    family = FAMILIES.get(rule.family, visible(rule.family))
    controls = map(visible, report.controls.get(rule.rule, ()))
    return {
        "id": rule.rule,
        "name": "".join(part.capitalize() for part in rule.name.split("-")),
        "shortDescription": {"text": _sentence(named)},
        "fullDescription": {"text": _summary(page, named)},
        "help": {"text": page, "markdown": page},
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": {
            "precision": "very-high",
            "security-severity": SCORES[rule.severity],
            "tags": list(dict.fromkeys(["security", family, *controls]))[:TAGS],
        },
    }


def _sentence(text: str) -> str:
    text = text if len(text) < _DESCRIPTION else text[: _DESCRIPTION - 2] + "…"
    return text if text.endswith((".", "…")) else f"{text}."


def _summary(page: str, named: str) -> str:
    """Give the page's first paragraph that is not its title; pages say there why it matters."""
    for paragraph in re.split(r"\n\s*\n", page)[1:]:
        words = " ".join(line for line in paragraph.splitlines() if not line.startswith("#"))
        if words.strip():
            return _sentence(visible(words.strip()))
    return _sentence(named)


def _result(finding: Judged, index: int, report: Report, *, compared: bool) -> dict[str, Any]:
    unknown = finding.status is Status.UNKNOWN
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "kind": "review" if unknown else "fail",
        "level": "none" if unknown else LEVELS[finding.severity],
        "message": {"text": _message(finding)},
        "locations": [_location(finding, report)],
        "partialFingerprints": {
            "auditor/v1": finding.fingerprint,
            "primaryLocationLineHash": finding.fingerprint,
        },
    }
    if suppressed := _suppression(finding):
        result["suppressions"] = [suppressed]
    if compared:
        known = finding.status in (Status.BASELINE, Status.WAIVED)
        result["baselineState"] = "unchanged" if known else "new"
    result["properties"] = _properties(finding)
    return result


def _suppression(finding: Judged) -> dict[str, str] | None:
    if finding.status is Status.BASELINE:
        why = "known from the baseline"
    elif finding.status is Status.WAIVED and finding.waiver is not None:
        waiver = finding.waiver
        why = f"{waiver.reason} (until {waiver.expires.isoformat()}, {waiver.owner})"
    elif finding.status is Status.WAIVED:
        why = "waived"
    else:
        return None
    return {"kind": "external", "status": "accepted", "justification": visible(why)}


def _message(finding: Judged) -> str:
    lines = [sentence(finding), "", f"Subject: {subject(finding)}"]
    for read in finding.evidence:
        said = f"{visible(read.pointer)} = {value_text(read.value)}"
        other = read.resource.lower() != finding.subject.lower()
        lines.append(f"Evidence: {said}" + (f" of {visible(read.resource)}" if other else ""))
    lines += [f"What to do: {line}" for line in remedy_lines(finding)]
    # "[text](target)" would be a link (SARIF 3.11.6).
    return re.sub(r"\[(?=[^\]]*\]\()|\](?=\()", r"\\\g<0>", "\n".join(lines))


def _location(finding: Judged, report: Report) -> dict[str, Any]:
    where = finding.location
    if where is None and report.audit.sources:
        where = Location(report.audit.sources[0].name, None, "")
    return {
        "physicalLocation": {
            "artifactLocation": _artifact(where),
            "region": {"startLine": line_of(where)},
        },
        "logicalLocations": [
            {
                "name": ids.name(finding.subject) or subject(finding),
                "fullyQualifiedName": finding.subject or subject(finding),
                "kind": "resource",
            }
        ],
    }


def _artifact(where: Location | None) -> dict[str, str]:
    path = quote(repository_path(where), errors="surrogatepass")
    if where is not None and _ABSOLUTE.match(where.file):
        return {"uri": f"file:///{path}"}
    return {"uri": path, "uriBaseId": "SRCROOT"}


def _properties(finding: Judged) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "severity": finding.severity.word,
        "status": finding.status.value,
        "related": list(finding.related),
    }
    if finding.also:
        properties["also"] = list(finding.also)
    if finding.location is not None:
        properties["pointer"] = finding.location.pointer
    if finding.witness is not None:
        properties["witness"] = dict(finding.witness)
    if finding.hops:
        properties["hops"] = [
            {"resource": hop.resource, "rule": hop.rule, "reason": hop.reason}
            for hop in finding.hops
        ]
    return properties
