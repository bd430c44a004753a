"""A page for people: one file, no network, filters, evidence, paths and remedies.

The page is whole without its script: that only filters, copies and lays the picture out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any, TextIO

from markupsafe import Markup

from auditor.finding import FrameworkResult, Judged, Report, RuleSummary, Severity, Status
from auditor.web import markdown, page, pictured, vendor

from ._charts import charts
from ._compliance import left_out, outcomes, told
from ._layout import split_command
from ._names import Names
from ._past import compared, ending, not_told, since
from ._text import UNTOLD, place, plural, remedy_lines, title, visible
from ._totals import (
    FAMILIES,
    Totals,
    consequence,
    is_idle,
    parts_of_input,
    unread_lines,
    verdict,
)

_WORDS = {
    Status.BROKEN: "broken",
    Status.UNKNOWN: "cannot tell",
    Status.WAIVED: "waived",
    Status.BASELINE: "in the baseline",
}
_STATES = {
    "fixed": "fixed",
    "removed": "removed",
    "untold": "not told",
    "retold": "told otherwise",
    "answered": "answered",
}
_GONE = 500
_UNREAD = 6
"""How many findings that are gone the page lists."""
_COLUMNS = ("kept", "broken", "unknown", "waived", "baseline")


def render(report: Report, out: TextIO) -> None:
    """Write the page; every name is text, whatever it looks like."""
    drawn = pictured.prepared(report.picture) if report.picture is not None else None
    data: dict[str, Any] = {"controls": _controls(report)}
    if drawn is not None:
        data["picture"] = pictured.data_of(drawn)
    text = page.write(
        "report.html",
        styles=("page.css",) if drawn is None else pictured.STYLES,
        scripts=("page.js",) if drawn is None else pictured.SCRIPTS,
        data=data,
        title=f"Azure network audit: {verdict(Totals.of(report))}",
        picture=None if drawn is None else pictured.values_of(drawn),
        elk=vendor.ELK_VERSION,
        **_values(report),
    )
    encoding = getattr(out, "encoding", None) or "utf-8"
    out.write(text.encode(encoding, "xmlcharrefreplace").decode(encoding))


render.needs_picture = True  # type: ignore[attr-defined]


def _values(report: Report) -> dict[str, Any]:
    names = Names.of(report)
    return {
        "head": _head(report),
        "tiles": _tiles(report),
        "coverage": _coverage(report),
        "intents": [
            {
                "name": visible(intent.name),
                "expect": visible(intent.expect),
                "outcome": _outcome(intent.outcome),
                "message": visible(intent.message),
            }
            for intent in report.intents
        ],
        "history": _history(report, names),
        "compliance": [_framework(framework, names) for framework in report.compliance],
        "findings": [_finding(finding, report, names) for finding in report.findings],
        "filters": _filters(report),
        "families": _families(report),
        "rules": _pages(report),
        "sources": [
            {"name": visible(s.name), "shape": visible(s.shape), "records": s.records}
            for s in report.audit.sources
        ],
        "types": [
            {"type": visible(kind.type), "count": kind.count, "understood": kind.understood}
            for kind in report.audit.resources
        ],
    }


def _framework(framework: FrameworkResult, names: Names) -> dict[str, Any]:
    return {
        "title": visible(framework.title),
        "note": visible(framework.note),
        "outcomes": outcomes(framework),
        "uncovered": [(visible(each.id), visible(each.title)) for each in left_out(framework)],
        "controls": [
            {
                "id": visible(control.id),
                "title": visible(control.title),
                "outcome": control.outcome.value,
                "rules": [visible(each) for each in control.rules],
                "intents": [visible(each) for each in control.intents],
                "reason": names.shorten(control.reason),
            }
            for control in told(framework)
        ],
    }


def _history(report: Report, names: Names) -> dict[str, Any] | None:
    past = report.history
    if past is None:
        return None
    return {
        "estate": visible(past.estate),
        "number": past.current.number,
        "compared": compared(past),
        "not_told": not_told(past),
        "charts": [{"title": chart.title, "svg": Markup(chart.svg)} for chart in charts(past)],
        "endings": [ending(each) for each in past.endings],
        "gone": [
            {
                "state": _STATES[life.state],
                "severity": life.severity,
                "rule": visible(life.rule),
                "subject": names.short(life.subject),
                "id": visible(life.subject),
                "why": visible(life.reason),
            }
            for life in past.gone[:_GONE]
        ],
        "more": max(len(past.gone) - _GONE, 0),
    }


def _outcome(word: str) -> str:
    return _WORDS[Status.UNKNOWN] if word == Status.UNKNOWN else visible(word)


def _head(report: Report) -> dict[str, Any]:
    totals, audit = Totals.of(report), report.audit
    facts = [("as of", audit.as_of.isoformat())]
    facts.append(("snapshot taken", visible(audit.taken_at or "") or "not told by the input"))
    facts.append(("scope", ", ".join(map(visible, audit.scope)) or "not told by the input"))
    judged = sum(kind.count for kind in audit.resources if kind.understood)
    facts.append(("resources judged", f"{judged:,}"))
    facts.append(("rules asked", f"{totals.rules:,}"))
    if report.fixed:
        facts.append(("of the baseline", f"{plural(report.fixed, 'finding')} gone"))
    good = totals.spotless and not report.findings
    return {
        "verdict": _sentence(totals),
        "tone": "broken" if totals.broken.total() else "kept" if totals.spotless else "unknown",
        "consequence": consequence(report)[0].upper() + consequence(report)[1:] + ".",
        "facts": facts,
        "version": visible(audit.version),
        "nothing": "Nothing is broken, and all could be told." if good else "There is no finding.",
    }


def _sentence(totals: Totals) -> str:
    """Say the outcome as one says it: `7 broken, 2 critical; 3 cannot be told`."""
    if totals.silent:
        return "Nothing was judged"
    broken, unknown = totals.broken.total(), totals.unknown.total()
    worst = next((each for each in reversed(Severity) if totals.broken[each]), None)
    said = f"{broken:,} broken, {totals.broken[worst]:,} {worst.word}" if worst is not None else ""
    said = said or "Nothing broken"
    if unknown:
        said = f"{said}; {unknown:,} cannot be told"
    if totals.unread:
        said = f"{said}; {plural(totals.unread, 'part')} not read"
    return "All kept" if totals.spotless else said


def _tiles(report: Report) -> list[dict[str, Any]]:
    totals = Totals.of(report)
    tiles: list[dict[str, Any]] = [
        {"tone": each.word, "number": totals.broken[each], "word": f"{each.word}, broken"}
        for each in reversed(Severity)
    ]
    tiles.append(
        {"tone": "unknown", "number": totals.unknown.total(), "word": _WORDS[Status.UNKNOWN]}
    )
    if totals.waived:
        tiles.append({"tone": "", "number": totals.waived, "word": _WORDS[Status.WAIVED]})
    if totals.baseline:
        tiles.append({"tone": "", "number": totals.baseline, "word": _WORDS[Status.BASELINE]})
    tiles.append({"tone": "kept", "number": totals.kept, "word": "rules kept"})
    return tiles


def _coverage(report: Report) -> dict[str, Any] | None:
    """What no answer could be given to: by rule, and what nobody reads."""
    untold = [rule for rule in report.rules if rule.unknown]
    unread = [kind for kind in report.audit.resources if not kind.understood]
    idle = sum(is_idle(rule) for rule in report.rules)
    said = []
    if report.audit.unread:
        parts = parts_of_input(len(report.audit.unread))
        lines = "; ".join(map(visible, unread_lines(report, _UNREAD)))
        said.append(f"{parts} could not be read, and what is there was not judged: {lines}.")
    elif not untold:
        said.append("Every question that was asked has an answer.")
    if idle:
        said.append(f"{plural(idle, 'rule')} found nothing to judge.")
    if unread:
        number = sum(kind.count for kind in unread)
        kinds = plural(len(unread), "type")
        are, them = ("is", "it") if number == 1 else ("are", "them")
        said.append(
            f"{plural(number, 'resource')} of {kinds} {are} counted only: no rule reads {them}."
        )
    rows = [
        {"id": visible(rule.rule), "title": title(rule.title), "unknown": rule.unknown}
        for rule in sorted(untold, key=lambda rule: (-rule.unknown, rule.rule))
    ]
    return {"said": said, "rules": rows}


def _families(report: Report) -> dict[str, Any]:
    """How the rules of each family fared; what there is none of has no column."""
    groups: dict[str, list[RuleSummary]] = defaultdict(list)
    for rule in report.rules:
        if not is_idle(rule):
            groups[rule.family].append(rule)
    words = dict(zip(_COLUMNS, ("kept", *_WORDS.values()), strict=True))
    named = [
        name
        for name in _COLUMNS
        if name in _COLUMNS[:3] or any(getattr(rule, name) for rule in report.rules)
    ]
    rows = [
        {
            "family": visible(family),
            "word": FAMILIES.get(family, ""),
            "numbers": [sum(getattr(rule, name) for rule in groups[family]) for name in named],
        }
        for family in sorted(groups)
    ]
    return {"columns": [words[name] for name in named], "rows": rows}


def _controls(report: Report) -> dict[str, list[str]]:
    return {
        visible(rule): [visible(control) for control in controls]
        for rule, controls in report.controls.items()
    }


def _filters(report: Report) -> dict[str, Any]:
    """The choices there are, each with the number of findings it leaves."""
    severities = Counter(finding.severity for finding in report.findings)
    statuses = Counter(finding.status for finding in report.findings)
    families = Counter(finding.family for finding in report.findings)
    of_rule = _controls(report)
    controls = Counter(
        control for finding in report.findings for control in of_rule.get(finding.rule, ())
    )
    return {
        "severities": [
            {"value": each.word, "number": severities[each]}
            for each in reversed(Severity)
            if severities[each]
        ],
        "statuses": [
            {"value": each.value, "word": _WORDS[each], "number": statuses[each]}
            for each in Status
            if statuses[each]
        ],
        "families": [
            {"value": visible(each), "word": FAMILIES.get(each, ""), "number": families[each]}
            for each in sorted(families)
        ],
        "controls": [{"value": each, "number": controls[each]} for each in sorted(controls)],
    }


def _finding(finding: Judged, report: Report, names: Names) -> dict[str, Any]:
    waiver = finding.waiver
    message = names.shorten(finding.message)
    return {
        "rule": visible(finding.rule),
        "title": title(finding.title),
        "family": visible(finding.family),
        "severity": finding.severity.word,
        "status": finding.status.value,
        "word": _WORDS[finding.status],
        "fingerprint": visible(finding.fingerprint),
        "message": message.removeprefix(UNTOLD) if finding.status is Status.UNKNOWN else message,
        "since": since(report.history, finding),
        "subject": names.short(finding.subject),
        "id": visible(finding.subject),
        "also": [visible(rule) for rule in finding.also],
        "waiver": None
        if waiver is None
        else {
            "until": waiver.expires.isoformat(),
            "owner": visible(waiver.owner),
            "reason": visible(waiver.reason),
        },
        "evidence": [
            {
                "of": "" if read.resource == finding.subject else names.short(read.resource),
                "id": visible(read.resource),
                "pointer": visible(read.pointer),
                "value": names.value(read.value),
            }
            for read in finding.evidence
        ],
        "place": place(finding.location),
        "packet": _packet(finding),
        "hops": [
            {
                "resource": names.short(hop.resource),
                "id": visible(hop.resource),
                "rule": visible(hop.rule),
                "reason": visible(hop.reason),
            }
            for hop in finding.hops
        ],
        "related": [{"name": names.short(each), "id": visible(each)} for each in finding.related],
        "remedies": [
            dict(zip(("prose", "command"), split_command(line), strict=True))
            for line in remedy_lines(finding)
        ],
        "controls": [visible(each) for each in report.controls.get(finding.rule, ())],
        "drawn": report.picture is not None and finding.fingerprint in report.picture.places,
    }


def _packet(finding: Judged) -> str:
    """Write the packet that shows it: `tcp 1.0.0.4:49152 to 203.0.113.30:22`."""
    told = finding.witness or {}
    parts = [told.get(key) for key in ("protocol", "source", "destination")]
    if not all(isinstance(part, str) for part in parts):
        return visible(", ".join(f"{key} {value}" for key, value in sorted(told.items())))
    protocol, source, destination = map(str, parts)
    ports = [told.get("sourcePort"), told.get("destinationPort")]
    ends = [
        f"{address}:{port}" if isinstance(port, int) else address
        for address, port in zip((source, destination), ports, strict=True)
    ]
    return visible(f"{protocol} {ends[0]} to {ends[1]}")


def _pages(report: Report) -> dict[str, dict[str, Any]]:
    titles = {rule.rule: title(rule.title) for rule in report.rules}
    return {
        visible(rule): {
            "title": titles.get(rule, ""),
            "html": markdown.html(_body(text)),
        }
        for rule, text in sorted(report.pages.items())
    }


def _body(text: str) -> str:
    """The page below its title, with nothing in it that acts."""
    return "\n".join(visible(line) for line in text.split("\n")[1:])
