"""The report for a person at a terminal.

What was audited, a line for each rule family, the totals with what could not be told, then the
details; the verdict comes last, where the eye rests. The reader may stop at any line.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TextIO

from auditor import trends
from auditor.finding import Json, Judged, Report, RuleSummary, SourceSummary, Status

from . import _compliance
from ._layout import TIE, Line, block, hanging, labelled, split_command, width_of
from ._names import Names
from ._past import ages, compared, ending, gone, not_told, series, since
from ._terminal import STYLES, Look, painter, plain, trimmed
from ._text import UNTOLD, emit, place, plural, remedy_lines, title, value_text, visible
from ._totals import (
    FAMILIES,
    Totals,
    at,
    by_rule,
    consequence,
    is_idle,
    of_status,
    severities,
    unread_lines,
    verdict_parts,
)

_UNTOLD_ABOVE = 3
_SOURCES = 6
_UNREAD = 6
_ENDINGS = 5
_GONE = 5


def render(report: Report, out: TextIO) -> None:
    """Write the report, as wide as the terminal, in colour if it shows colour."""
    look = Look.of(out)
    paint = painter() if look.color else plain
    emit(out, "".join(f"{paint(trimmed(line))}\n" for line in _lines(report, look)))


def _lines(report: Report, look: Look) -> Iterator[Line]:
    names = Names.of(report)
    totals = Totals.of(report)
    yield from _audited(report, look)
    yield from _families(report, totals)
    yield from _totals(report, totals, names, look)
    yield from _history(report, names, look)
    yield from _intents(report, look)
    yield from _compliance.lines(report, look.prose)
    yield from _broken(report, names, look)
    yield from _untold(report, names, look)
    yield from _accepted(report, names, look)
    yield from _next(report, look)
    yield _verdict(totals)


def _audited(report: Report, look: Look) -> Iterator[Line]:
    audit = report.audit
    head = [f"auditor {visible(audit.version)}", f"as of {audit.as_of.isoformat()}"]
    if audit.taken_at:
        head.append(f"snapshot taken {visible(audit.taken_at)}")
    yield [(head[0], "heading"), ("".join(f" · {said}" for said in head[1:]), "dim")]
    yield []
    yield [("Audited", "heading")]
    for said in _sources(audit.sources):
        yield from labelled("source", said, "", indent=2, width=look.width)
    for scope in audit.scope:
        yield from labelled("scope", visible(scope), "", indent=2, width=look.width)
    yield from _types(report, look, understood=True)
    yield from _types(report, look, understood=False)
    for said in unread_lines(report, _UNREAD):
        yield from labelled("not read", visible(said), "unknown", indent=2, width=look.width)
    yield []


def _sources(sources: tuple[SourceSummary, ...]) -> Iterator[str]:
    """Name each input; of many in one folder, the folder; of many folders, how many."""
    if not sources:
        yield "none"
    folders: dict[str, list[SourceSummary]] = defaultdict(list)
    for source in sources:
        folder = source.name.rpartition("/")[0] if len(sources) > _SOURCES else source.name
        folders[folder].append(source)
    if len(folders) > _SOURCES:
        folders = {f"{len(folders):,} folders": list(sources)}
    for name, inside in folders.items():
        many = len(sources) > _SOURCES and f"{plural(len(inside), 'file')} · "
        shapes = ", ".join(visible(shape) for shape in dict.fromkeys(one.shape for one in inside))
        records = plural(sum(one.records for one in inside), "record")
        yield f"{visible(name) or '.'} · {many or ''}{shapes} · {records}"


def _types(report: Report, look: Look, *, understood: bool) -> Iterator[Line]:
    kinds = [kind for kind in report.audit.resources if kind.understood is understood]
    if not kinds:
        return
    kinds.sort(key=lambda kind: (-kind.count, kind.type.lower()))
    total = sum(kind.count for kind in kinds)
    listed = ", ".join(f"{kind.count:,}{TIE}{_short_type(kind.type)}" for kind in kinds)
    said = f"{plural(total, 'resource')}: {listed}"
    if not understood:
        said = f"{plural(total, 'resource')} of types that no rule reads: {listed}"
    label = "judged" if understood else "counted"
    yield from labelled(label, said, "" if understood else "dim", indent=2, width=look.prose)


def _short_type(kind: str) -> str:
    return visible(kind.partition("/")[2] or kind)


def _families(report: Report, totals: Totals) -> Iterator[Line]:
    grouped: dict[str, list[RuleSummary]] = defaultdict(list)
    for rule in report.rules:
        if not is_idle(rule):
            grouped[rule.family].append(rule)
    if not grouped:
        return
    columns = ["kept", "broken", "unknown"]
    columns += [name for name in ("waived", "baseline") if any(_sum(report.rules, name))]
    heads = "".join(f"{name:>9}" for name in columns)
    yield [(f"{'Subjects judged, by rule family':<34}", "heading"), (heads, "dim")]
    for family in sorted(grouped):
        line: Line = [(f"  {visible(family):<5}", ""), (f"{FAMILIES.get(family, ''):<27}", "dim")]
        for name in columns:
            number = sum(_sum(grouped[family], name))
            style = name if name in ("broken", "unknown") else ""
            if name == "kept" and totals.spotless:
                style = "kept"
            line.append((f"{number:>9,}", style) if number else (f"{'·':>9}", "dim"))
        yield line
    yield []


def _sum(rules: tuple[RuleSummary, ...] | list[RuleSummary], name: str) -> list[int]:
    return [getattr(rule, name) for rule in rules]


def _totals(report: Report, totals: Totals, names: Names, look: Look) -> Iterator[Line]:
    yield [("Totals", "heading")]
    broken, unknown = totals.broken.total(), totals.unknown.total()
    said = f"{broken:,} ({severities(totals.broken)})" if broken else "none"
    yield from labelled("broken", said, "broken" if broken else "", indent=2, width=look.prose)
    said = f"{unknown:,} ({severities(totals.unknown)})" if unknown else "none"
    yield from labelled("unknown", said, "unknown" if unknown else "", indent=2, width=look.prose)
    yield from _untold_above(report, names, look)
    if unknown and not report.strict:
        said = f"--strict makes unknowns {at(report.threshold)} fail too"
        yield from labelled("", said, "dim", indent=2, width=look.prose)
    said = f"{totals.kept:,} of {plural(totals.rules, 'rule')}, by every subject"
    if totals.idle:
        said += f"; {totals.idle:,} had nothing to judge"
    yield from labelled("kept", said, "good" if totals.spotless else "", indent=2, width=look.prose)
    if totals.waived:
        yield from labelled("waived", f"{totals.waived:,}", "", indent=2, width=look.prose)
    if totals.baseline or report.fixed:
        said = f"{totals.baseline:,} known before, {report.fixed:,} gone since"
        yield from labelled("baseline", said, "", indent=2, width=look.prose)
    yield from labelled("outcome", consequence(report), "", indent=2, width=look.prose)
    yield []


def _untold_above(report: Report, names: Names, look: Look) -> Iterator[Line]:
    missing = list(_by_message(of_status(report, Status.UNKNOWN), names))
    for number, said in enumerate(missing[:_UNTOLD_ABOVE]):
        label = "" if number else "missing"
        yield from labelled(label, said, "", indent=2, width=look.prose)
    if len(missing) > _UNTOLD_ABOVE:
        more = f"and {len(missing) - _UNTOLD_ABOVE:,} more; see Cannot tell"
        yield from labelled("", more, "dim", indent=2, width=look.prose)


def _intents(report: Report, look: Look) -> Iterator[Line]:
    if not report.intents:
        return
    yield [("Intents", "heading")]
    for intent in report.intents:
        style = "kept" if intent.outcome == "kept" else intent.outcome
        yield [("  ", ""), (f"{intent.outcome:<9}", style), (visible(intent.name), "subject")]
        said = f"expected {intent.expect}: {visible(intent.message)}"
        yield from block(said, "", indent=11, width=look.prose)
    yield []


def _history(report: Report, names: Names, look: Look) -> Iterator[Line]:
    past = report.history
    if past is None:
        return
    number = f"run {past.current.number:,} of {visible(past.estate)}"
    yield [("History", "heading"), (f"  {number}{'' if past.recorded else ', not new'}", "dim")]
    yield from labelled("changed", compared(past), "", indent=2, width=look.prose)
    if hidden := not_told(past):
        yield from labelled("not told", hidden, "unknown", indent=2, width=look.prose)
    drawn = series(past)
    width = max((len(trends.sparkline(one.values)) for one in drawn), default=0)
    for one in drawn:
        bars = f"{trends.sparkline(one.values):<{width}}"
        style = one.name if one.name in STYLES else "unknown" if one.name == "not told" else ""
        last = f"  {trends.number(one)}"
        yield [("  ", ""), (f"{one.name:<10}", "label"), (bars, style), (last, "")]
    if past.ages:
        said = f"open the longest: {ages(past)}"
        yield from labelled("age", said, "", indent=2, width=look.prose)
    yield from _some("waiver", [ending(each) for each in past.endings], _ENDINGS, look)
    mended = [f"{e.severity} {visible(e.rule)} {names.short(e.subject)}" for e in gone(past)]
    yield from _some("fixed", mended, _GONE, look)
    yield []


def _some(label: str, said: list[str], most: int, look: Look) -> Iterator[Line]:
    """Give the first few of a list, and how many more there are."""
    more = [f"and {len(said) - most:,} more; see auditor history show"] if len(said) > most else []
    for line in [*said[:most], *more]:
        yield from labelled(label, line, "", indent=2, width=look.prose)
        label = ""


def _by_message(findings: list[Judged], names: Names) -> dict[str, list[Judged]]:
    groups: dict[str, list[Judged]] = defaultdict(list)
    for finding in findings:
        groups[names.shorten(finding.message.removeprefix(UNTOLD))].append(finding)
    return groups


def _broken(report: Report, names: Names, look: Look) -> Iterator[Line]:
    for group in by_rule(of_status(report, Status.BROKEN)):
        first = group[0]
        badge = f" {first.severity.word.upper()} "
        head: Line = [(badge, first.severity.word), (f" {visible(first.rule)}  ", "heading")]
        many: Line = [(f"  ({len(group):,})", "dim")] if len(group) > 1 else []
        yield from hanging(head, title(first.title), "heading", width=look.width, tail=many)
        for finding in group:
            yield from _finding(finding, names, look, since(report.history, finding))
            yield []


def _finding(finding: Judged, names: Names, look: Look, opened: str) -> Iterator[Line]:
    where = place(finding.location)
    subject: Line = [("  ", ""), (names.short(finding.subject), "subject")]
    gap = look.width - width_of(subject) - len(where)
    if where and look.width >= 120 and gap >= 4:
        yield [*subject, (" " * gap, ""), (where, "dim")]
        where = ""
    elif width_of(subject) <= look.width:
        yield subject
    else:
        yield from block(names.short(finding.subject), "subject", indent=2, width=look.width)
    yield from block(names.shorten(finding.message), "", indent=4, width=look.prose)
    yield from _evidence(finding, names, look)
    if where:
        yield from labelled("at", where, "", indent=4, width=look.width)
    label = "related"
    for related in finding.related:
        yield from labelled(label, names.short(related), "", indent=4, width=look.width)
        label = ""
    if finding.also:
        rules = "this breaks " + ", ".join(finding.also) + " too"
        yield from labelled("also", rules, "", indent=4, width=look.width)
    if opened:
        yield from labelled("since", opened, "", indent=4, width=look.width)
    yield from _remedy(finding, look, indent=4)


def _evidence(finding: Judged, names: Names, look: Look) -> Iterator[Line]:
    label, holder = "evidence", finding.subject
    for read in finding.evidence:
        said = f"{visible(read.pointer)} = {names.value(read.value)}"
        if read.resource.lower() != holder.lower():
            holder = read.resource
            said_of = f"of {names.short(holder)}"
            yield from labelled(label, said_of, "dim", indent=4, width=look.width)
            label = ""
        yield from labelled(label, said, "", indent=4, width=look.width)
        label = ""
    if finding.witness is not None:
        packet = " ".join(f"{visible(k)}={_bare(v)}" for k, v in finding.witness.items())
        yield from labelled("packet", packet, "", indent=4, width=look.width)
    label = "path"
    for hop in finding.hops:
        said = f"{names.short(hop.resource)}: {visible(hop.rule)} ({visible(hop.reason)})"
        yield from labelled(label, said, "", indent=4, width=look.width)
        label = ""


def _bare(value: Json) -> str:
    return visible(value) if isinstance(value, str) else value_text(value)


def _remedy(finding: Judged, look: Look, *, indent: int) -> Iterator[Line]:
    """Give the remedy; a command stands on a line of its own, however long."""
    label = "mend"
    for line in remedy_lines(finding):
        prose, command = split_command(line)
        if prose:
            yield from labelled(label, prose, "", indent=indent, width=look.prose)
            label = ""
        if command:
            yield [(" " * indent, ""), (f"{label:<10}", "label"), (command, "command")]
            label = ""


def _untold(report: Report, names: Names, look: Look) -> Iterator[Line]:
    findings = of_status(report, Status.UNKNOWN)
    if not findings:
        return
    yield [(" CANNOT TELL ", "untold"), (f" {plural(len(findings), 'answer')} missing", "heading")]
    for message, group in _by_message(findings, names).items():
        yield from block(message, "subject", indent=2, width=look.prose)
        for same in by_rule(group):
            subjects = ", ".join(dict.fromkeys(_tied(names.short(one.subject)) for one in same))
            said = f"{same[0].severity.word} · {title(same[0].title)}: {subjects}"
            yield from labelled(visible(same[0].rule), said, "", indent=4, width=look.width)
        remedies = {"\n".join(remedy_lines(one)): one for one in group}
        for one in remedies.values():
            yield from _remedy(one, look, indent=4)
    yield []


def _tied(name: str) -> str:
    return name.replace(" › ", f"{TIE}›{TIE}")


def _accepted(report: Report, names: Names, look: Look) -> Iterator[Line]:
    for status, heading in (
        (Status.WAIVED, "Waived"),
        (Status.BASELINE, "Known from the baseline"),
    ):
        findings = of_status(report, status)
        if not findings:
            continue
        yield [(heading, "heading"), (f"  ({len(findings):,})", "dim")]
        for one in findings:
            said = f"{one.severity.word} · {names.short(one.subject)}"
            if one.waiver is not None:
                until = one.waiver.expires.isoformat()
                why = f"{visible(one.waiver.owner)}: {visible(one.waiver.reason)}"
                said += f" · until {until}, {why}"
            yield from labelled(visible(one.rule), said, "", indent=2, width=look.width)
        yield []


def _next(report: Report, look: Look) -> Iterator[Line]:
    asked = list({finding.rule: finding for finding in reversed(report.findings)}.values())[:-3:-1]
    if not asked:
        return
    yield [("Next", "heading")]
    for one in asked:
        command = f"auditor explain {visible(one.rule)}"
        head: Line = [("  ", ""), (f"{command:<26}", "command")]
        yield from hanging(head, title(one.title), "dim", width=look.width)
    yield []


def _verdict(totals: Totals) -> Line:
    line: Line = []
    for said, style in verdict_parts(totals):
        line += [(" · " if line else "", "dim"), (said, style)]
    return line
