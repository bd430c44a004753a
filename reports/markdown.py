"""A page in GitHub's Markdown, for job summaries, comments and wikis.

What everyone reads comes first; what few need is folded. A job summary holds 1 MiB: beyond that
findings are left out, the mildest first, and a sentence says how many.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import TextIO

from auditor import trends
from auditor.finding import Judged, Report, RuleSummary, Status

from ._compliance import outcomes, told, uncovered
from ._layout import split_command
from ._names import Names
from ._past import ages, compared, ending, gone, not_told, series, since
from ._text import UNTOLD, emit, place, plural, remedy_lines, title, visible
from ._totals import (
    FAMILIES,
    Totals,
    by_rule,
    consequence,
    is_idle,
    of_status,
    unread_lines,
    verdict,
)

LIMIT = 1024 * 1024
_MARGIN = 4096
_LISTED = 20
# Everything but letters, digits and what has no meaning within a line; `_` has none inside a word,
# and `:` none but in a web address.
_SPECIAL = re.compile(
    r"[^\w ./,;:=%'\"()›·…-]|(?<![^\W_])_|_(?![^\W_])|:(?=/)|(?<=www)\.", re.IGNORECASE
)


def render(report: Report, out: TextIO) -> None:
    """Write the page; every name is text, whatever it looks like."""
    names = Names.of(report)
    text = _head(report, names)
    rest = LIMIT - _MARGIN - _size(text)
    untold = _untold(report, names, rest // 4)
    accepted = _accepted(report, names, rest // 8)
    broken = _broken(report, names, rest - _size(untold) - _size(accepted))
    emit(out, text + broken + untold + accepted)


def text_of(text: str) -> str:
    """Write text that Markdown, HTML and GitHub take for nothing else (no link, no mention)."""
    escaped = _SPECIAL.sub(lambda match: f"&#{ord(match[0])};", visible(text))
    return re.sub(r"(&#(?:64|35);)(?=\w)", r"\1<wbr>", escaped)


def code_of(text: str) -> str:
    """Write a name in fixed width."""
    return f"<code>{text_of(text)}</code>" if text else ""


def block_of(text: str) -> str:
    """Write a command in a fence that the command cannot close."""
    ticks = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, ticks + 1)
    return f"{fence}console\n{text}\n{fence}\n"


def _size(text: str) -> int:
    return len(text.encode("utf-8"))


def _head(report: Report, names: Names) -> str:
    totals = Totals.of(report)
    audit = report.audit
    taken = f", snapshot taken {text_of(audit.taken_at)}" if audit.taken_at else ""
    lines = ["# Azure network audit", "", f"**{verdict(totals)}**", ""]
    lines += [
        f"{consequence(report)}. As of {audit.as_of.isoformat()}{taken}, auditor"
        f" {text_of(audit.version)}.",
        "",
    ]
    lines += [*_history(report, names), *_families(report), *_intents(report)]
    lines += [*_compliance(report), *_audited(report)]
    if report.fixed:
        lines += [f"{plural(report.fixed, 'finding')} of the baseline gone.", ""]
    return "\n".join(lines) + "\n"


def _families(report: Report) -> list[str]:
    groups: dict[str, list[RuleSummary]] = defaultdict(list)
    for rule in report.rules:
        if not is_idle(rule):
            groups[rule.family].append(rule)
    if not groups:
        return []
    columns = ("kept", "broken", "unknown", "waived", "baseline")
    lines = ["| Rules | " + " | ".join(columns) + " |", "| --- |" + " ---: |" * len(columns)]
    for family in sorted(groups):
        sums = (sum(getattr(rule, name) for rule in groups[family]) for name in columns)
        said = " | ".join(f"{number:,}" if number else "" for number in sums)
        lines.append(f"| {text_of(family)} {FAMILIES.get(family, '')} | {said} |")
    return [*lines, ""]


def _intents(report: Report) -> list[str]:
    if not report.intents:
        return []
    lines = ["| Intent | expected | outcome | |", "| --- | --- | --- | --- |"]
    for intent in report.intents:
        cells = (text_of(intent.name), intent.expect, intent.outcome, text_of(intent.message))
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, ""]


def _compliance(report: Report) -> list[str]:
    lines: list[str] = []
    for framework in report.compliance:
        head = f"{text_of(framework.title)}: {outcomes(framework)}"
        lines += [f"<details><summary>Compliance, {head}</summary>", ""]
        lines += [text_of(framework.note), ""] if framework.note else []
        lines += ["| Control | | outcome | rules | |", "| --- | --- | --- | --- | --- |"]
        for control in told(framework):
            rules = ", ".join(map(text_of, (*control.rules, *control.intents)))
            cells = (text_of(control.id), text_of(control.title), f"**{control.outcome}**", rules)
            lines.append(f"| {' | '.join(cells)} | {text_of(control.reason)} |")
        missing = uncovered(framework)
        lines += ["", f"No rule looks at {text_of(missing)}."] if missing else []
        lines += ["", "</details>", ""]
    return lines


def _history(report: Report, names: Names) -> list[str]:
    past = report.history
    if past is None:
        return []
    lines = [f"**History** of {text_of(past.estate)}: {text_of(compared(past))}", ""]
    if hidden := not_told(past):
        lines += [f"**Not told:** {text_of(hidden)}", ""]
    drawn = series(past)
    if drawn:
        lines += ["| | trend | now |", "| --- | --- | ---: |"]
        bars = ((one, trends.sparkline(one.values)) for one in drawn)
        lines += [
            f"| {one.name} | <code>{bar}</code> | {trends.number(one)} |" for one, bar in bars
        ]
        lines.append("")
    lines += [f"- open the longest: {ages(past)}"] if past.ages else []
    lines += _some([f"- waiver of {text_of(ending(each))}" for each in past.endings])
    mended = [
        f"- {life.state}: {life.severity} {code_of(life.rule)} {code_of(names.short(life.subject))}"
        for life in gone(past)
    ]
    lines += _some(mended)
    return [*lines, ""]


def _some(lines: list[str]) -> list[str]:
    more = len(lines) - _LISTED
    return [*lines[:_LISTED], f"- and {more:,} more: `auditor history show`"] if more > 0 else lines


def _audited(report: Report) -> list[str]:
    audit = report.audit
    said = [f"- not read: {text_of(line)}" for line in unread_lines(report, _LISTED)]
    said += [f"- scope: {code_of(scope)}" for scope in audit.scope]
    for source in audit.sources:
        records = plural(source.records, "record")
        said.append(f"- {code_of(source.name)}, {text_of(source.shape)}: {records}")
    for kind in audit.resources:
        judged = "" if kind.understood else " (counted only: no rule reads them)"
        said.append(f"- {kind.count:,} {code_of(kind.type)}{judged}")
    lines, room = ["<details><summary>What was audited</summary>", ""], LIMIT // 16
    for number, line in enumerate(said):
        room -= _size(line)
        if room < 0:
            lines.append(f"- and {len(said) - number:,} lines more")
            break
        lines.append(line)
    return [*lines, "", "</details>", ""]


def _fitting(
    heading: str, findings: list[Judged], write: Callable[[Judged, bool], str], room: int
) -> str:
    """Write the findings of each rule under one heading, as many as there is room for."""
    if not findings:
        return ""
    text, written = [f"## {heading} ({len(findings):,})\n\n"], 0
    for group in by_rule(findings):
        for number, finding in enumerate(group):
            part = write(finding, number == 0)
            room -= _size(part)
            if room < 0:
                left = plural(len(findings) - written, "finding is", "findings are")
                text.append(f"\n**{left} left out here: a job summary holds only 1 MiB.**\n\n")
                return "".join(text)
            text.append(part)
            written += 1
    return "".join(text)


def _broken(report: Report, names: Names, room: int) -> str:
    def write(finding: Judged, first: bool) -> str:
        rule = f"{text_of(finding.rule)} {text_of(title(finding.title))}"
        heading = f"### {finding.severity.word}: {rule}\n\n"
        opened = since(report.history, finding)
        return (heading if first else "") + _finding(finding, names, opened)

    return _fitting("Broken", of_status(report, Status.BROKEN), write, room)


def _finding(finding: Judged, names: Names, opened: str) -> str:
    short = code_of(names.short(finding.subject))
    lines = [
        f"<details><summary>{short}<br>{text_of(names.shorten(finding.message))}</summary>",
        "",
    ]
    if finding.subject:
        lines.append(f"- id: {code_of(finding.subject)}")
    if opened:
        lines.append(f"- open since {opened}")
    if finding.location is not None:
        lines.append(f"- at: {code_of(place(finding.location))}")
    for read in finding.evidence:
        of = (
            "" if read.resource == finding.subject else f" of {code_of(names.short(read.resource))}"
        )
        lines.append(f"- evidence: {code_of(f'{read.pointer} = {names.value(read.value)}')}{of}")
    lines += [f"- related: {code_of(names.short(related))}" for related in finding.related]
    lines += [f"- also breaks: {code_of(rule)}" for rule in finding.also]
    for hop in finding.hops:
        said = f"{names.short(hop.resource)}: {hop.rule} ({hop.reason})"
        lines.append(f"- path: {code_of(said)}")
    lines.append("")
    for line in remedy_lines(finding):
        prose, command = split_command(line)
        lines += [f"mend: {text_of(prose)}", ""] if prose else []
        lines += [block_of(command)] if command else []
    return "\n".join([*lines, "</details>", "", ""])


def _untold(report: Report, names: Names, room: int) -> str:
    def write(finding: Judged, first: bool) -> str:
        cells = (
            code_of(finding.rule),
            code_of(names.short(finding.subject)),
            text_of(names.shorten(finding.message.removeprefix(UNTOLD))),
            "<br>".join(text_of(line) for line in remedy_lines(finding)),
        )
        head = "| rule | subject | missing | mend |\n| --- | --- | --- | --- |\n"
        return (head if finding is findings[0] else "") + f"| {' | '.join(cells)} |\n"

    findings = of_status(report, Status.UNKNOWN)
    text = _fitting("Cannot tell", findings, write, room)
    return f"{text}\n" if text else ""


def _accepted(report: Report, names: Names, room: int) -> str:
    def write(finding: Judged, first: bool) -> str:
        said = f"- {code_of(finding.rule)} {code_of(names.short(finding.subject))}"
        if finding.waiver is None:
            return said + "\n"
        until = finding.waiver.expires.isoformat()
        why = f"{text_of(finding.waiver.owner)}: {text_of(finding.waiver.reason)}"
        return f"{said} until {until}, {why}\n"

    texts: Iterable[str] = (
        _fitting(heading, of_status(report, status), write, room // 2)
        for status, heading in ((Status.WAIVED, "Waived"), (Status.BASELINE, "In the baseline"))
    )
    return "\n".join(text for text in texts if text)
