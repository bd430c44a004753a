"""JUnit XML, for the test pages of build servers.

A suite for each rule family; in it a failed test for each broken subject, a skipped one for each
unknown, waived or known one, and a passed one for each rule that every subject keeps. A rule that
had nothing to judge gives no test. Intents are a suite of their own. Under `--strict` an unknown
that fails the audit is an error.
"""

from __future__ import annotations

from collections import Counter
from typing import TextIO
from xml.etree import ElementTree as ET

from auditor.finding import Judged, Report, Status

from ._text import place, plural, remedy_lines, sentence, subject, title, value_text, visible
from ._totals import FAMILIES, is_kept


def render(report: Report, out: TextIO) -> None:
    """Write one document; characters that XML cannot hold are shown as escapes."""
    root = ET.Element("testsuites", name="auditor")
    families = {rule.family for rule in report.rules} | {f.family for f in report.findings}
    for family in sorted(families):
        suite = _suite(report, family)
        if len(suite):
            root.append(suite)
    if report.intents:
        root.append(_intents(report))
    _count(root)
    ET.indent(root)
    out.write(ET.tostring(root, encoding="us-ascii", xml_declaration=True).decode("ascii") + "\n")


def _suite(report: Report, family: str) -> ET.Element:
    said = FAMILIES.get(family)
    name = visible(family) + (f" {said}" if said else "")
    suite = ET.Element("testsuite", name=name)
    seen: Counter[tuple[str, str]] = Counter()
    for finding in report.findings:
        if finding.family == family:
            seen[finding.rule, finding.subject] += 1
            suite.append(_case(finding, report, seen[finding.rule, finding.subject]))
    for rule in report.rules:
        if rule.family == family and is_kept(rule):
            name = f"{title(rule.title)}: kept by {plural(rule.kept, 'subject')}"
            classname = f"{visible(rule.rule)} {visible(rule.name)}"
            ET.SubElement(suite, "testcase", classname=classname, name=name)
    _count(suite)
    return suite


def _intents(report: Report) -> ET.Element:
    """Give a test for each intent; the findings about those that are broken are tests besides."""
    suite = ET.Element("testsuite", name="intents")
    for intent in report.intents:
        name = f"{visible(intent.name)} ({intent.expect})"
        case = ET.SubElement(suite, "testcase", classname="intent", name=name)
        if intent.outcome != "kept":
            tag = "failure" if intent.outcome == "broken" else "skipped"
            ET.SubElement(case, tag, message=visible(intent.message))
    _count(suite)
    return suite


def _count(element: ET.Element) -> None:
    cases = list(element.iter("testcase"))
    element.set("tests", str(len(cases)))
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(attribute, str(sum(case.find(tag) is not None for case in cases)))


def _case(finding: Judged, report: Report, number: int) -> ET.Element:
    name = subject(finding) + (f" ({number})" if number > 1 else "")
    case = ET.Element(
        "testcase", classname=f"{visible(finding.rule)} {visible(finding.name)}", name=name
    )
    if finding.location is not None:
        case.set("file", visible(finding.location.file))
        if finding.location.line is not None:
            case.set("line", str(finding.location.line))
    tag = _tag(finding, report)
    outcome = ET.SubElement(case, tag, message=_reason(finding))
    if tag != "skipped":
        outcome.set("type", finding.severity.word)
        outcome.text = _details(finding)
    return case


def _tag(finding: Judged, report: Report) -> str:
    if finding.status is Status.BROKEN:
        return "failure"
    fails = report.strict and finding.severity >= report.threshold
    return "error" if finding.status is Status.UNKNOWN and fails else "skipped"


def _reason(finding: Judged) -> str:
    if finding.status is Status.BASELINE:
        return f"known from the baseline: {sentence(finding)}"
    if finding.status is not Status.WAIVED:
        return sentence(finding)
    if finding.waiver is None:
        return f"waived: {sentence(finding)}"
    waiver = finding.waiver
    why = f"until {waiver.expires.isoformat()}, {visible(waiver.owner)}: {visible(waiver.reason)}"
    return f"waived {why}; {sentence(finding)}"


def _details(finding: Judged) -> str:
    lines = [title(finding.title), f"at {place(finding.location)}" if finding.location else ""]
    for read in finding.evidence:
        said = f"{visible(read.pointer)} = {value_text(read.value)}"
        lines.append(f"{said} of {visible(read.resource)}")
    lines += remedy_lines(finding)
    return "\n".join(line for line in lines if line)
