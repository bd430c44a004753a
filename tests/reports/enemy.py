"""A report of which an enemy has written every name."""

from __future__ import annotations

from datetime import date

from msgspec.structs import replace

from auditor.finding import (
    Audit,
    ControlOutcome,
    ControlResult,
    Evidence,
    FrameworkResult,
    Hop,
    Location,
    Report,
    Severity,
    SourceSummary,
    Status,
    TypeCount,
    Unread,
    Waiver,
)

from .resources import APP, NET, summary
from .sample import EXPOSED

MARKUP = "[red]x[/red][link=file:///etc/passwd]"
ANSI = "\x1b[31mred\x1b]0;title\x07"
SCRIPT = "</script><img src=x onerror=alert(1)>"
CLIMB = "../../etc/passwd"
FORMULA = "=cmd|' /C calc'!A0"
LINES = "a\nbroken: 0\r\n::error::b"
CDATA = "]]><x>"
COMMANDS = "::error::x ##vso[task.complete result=Failed] %0A"
BIDI = "\u202egpj.exe\u2066"
LONE = "\ud800"
TABLE = "a|b`c`<b>@everyone #1 [x](javascript:alert(1))<!-- -->"
NUL = "a\x00b\x85\u2028c"

EVIL = (
    *(MARKUP, ANSI, SCRIPT, CLIMB, FORMULA, LINES, CDATA, COMMANDS, BIDI, LONE, TABLE, NUL),
    *("", "-", "@SUM(1)", "x" * 400),
)


def hostile(names: tuple[str, ...] = EVIL) -> Report:
    """Every text that comes from the input is an attack."""
    findings = []
    for status in Status:
        for number, name in enumerate(names):
            subject = f"{APP}/{NET}/publicIPAddresses/{name}" if number % 2 else name
            findings.append(
                replace(
                    EXPOSED,
                    status=status,
                    subject=subject,
                    message=f"{name} is public: {name}",
                    remedy=f"az network public-ip delete --ids {subject}",
                    related=(name,),
                    fingerprint=f"{status.value}-{number}",
                    evidence=(Evidence(name, f"/tags/{name}", name), Evidence("", "", {name: 1.5})),
                    location=Location(name or "a.json", number or None, f"/{name}"),
                    witness={"from": name},
                    hops=(Hop(name, name, name),),
                    waiver=Waiver(name, name, date(2027, 1, 31))
                    if status is Status.WAIVED
                    else None,
                )
            )
    return Report(
        audit=Audit(
            version="0.1.0",
            as_of=date(2026, 11, 23),
            sources=tuple(SourceSummary(name, name, 1) for name in names),
            scope=names,
            taken_at=ANSI,
            resources=tuple(
                TypeCount(name, 1, bool(number % 2)) for number, name in enumerate(names)
            ),
            unread=tuple(Unread(name, name) for name in names),
        ),
        rules=(summary("EXP-001", Severity.CRITICAL, broken=len(names), unknown=len(names)),),
        findings=tuple(findings),
        failed=True,
        pages={"EXP-001": SCRIPT + LINES},
        controls={"EXP-001": (MARKUP, LINES)},
    )


def besieged() -> Report:
    """The enemy has written the mapping file as well."""
    controls = tuple(
        ControlResult(name, name, outcome, name, (name,), (name,), fingerprints=("broken-0",))
        for name in EVIL
        for outcome in ControlOutcome
    )
    told = FrameworkResult(SCRIPT, MARKUP + ANSI, controls, LINES + BIDI)
    return replace(hostile(), compliance=(told,))
