"""What is posted, for each kind of receiver; foreign text goes where no markup is read."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

import msgspec

from auditor import __version__
from auditor.delivery.message import Message
from auditor.finding import ControlOutcome, Severity, Status

SCHEMA = "auditor.notification/1"
_TEAMS_MOST = 24_000
"""Bytes; Teams takes 28 KB."""


def body_of(kind: str, message: Message, link: str) -> bytes:
    """Give the JSON that a receiver of this kind understands."""
    return _BODIES[kind](message, link)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Sign a body: `v1=` and the HMAC-SHA256, in hex, of the timestamp, a full stop and the body.

    The receiver computes the same, compares in constant time, and refuses what is old.
    """
    signed = timestamp.encode() + b"." + body
    return f"v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"


def _encoded(value: Any) -> bytes:
    return msgspec.json.encode(value)


def _generic(message: Message, link: str) -> bytes:
    report = message.report
    written: dict[str, Any] = {
        "schema": SCHEMA,
        "version": __version__,
        "headline": message.headline,
        "failed": message.failed,
        "audited": report is not None,
        "facts": dict(message.facts),
        "findings": [asdict(line) for line in message.lines],
        "more": message.more,
        "link": link,
    }
    if report is not None:
        statuses = {status: _by_severity(message, status) for status in Status}
        written["numbers"] = {status.value: numbers for status, numbers in statuses.items()}
        if report.history is not None and report.history.previous is not None:
            written["changes"] = asdict(report.history.current.changes)
        written["compliance"] = [
            {
                "framework": framework.name,
                "controls": {
                    outcome.value: sum(c.outcome is outcome for c in framework.controls)
                    for outcome in ControlOutcome
                },
            }
            for framework in report.compliance
        ]
    return _encoded(written)


def _by_severity(message: Message, status: Status) -> dict[str, int]:
    findings = message.report.findings if message.report else ()
    mine = [each.severity for each in findings if each.status is status]
    return {severity.word: mine.count(severity) for severity in reversed(Severity)}


def _teams(message: Message, link: str) -> bytes:
    """Give a message with an adaptive card, fewer findings where it would be too long."""
    while True:
        body = _encoded(_card(message, link))
        if len(body) <= _TEAMS_MOST or not message.lines:
            return body
        message = replace(message, lines=message.lines[:-1], more=message.more + 1)


def _card(message: Message, link: str) -> dict[str, Any]:
    color = "attention" if message.failed else "default"
    parts: list[dict[str, Any]] = [
        _rich([_run(message.headline, weight="bolder", color=color, size="large")]),
        *(_rich([_run(f"{name}: ", weight="bolder"), _run(said)]) for name, said in message.facts),
    ]
    for line in message.lines:
        head = f"{line.severity} {line.rule} {line.title}"
        parts.append(_rich([_run(head, weight="bolder"), _run(f"  {line.subject}: "),
                            _run(line.message)]))  # fmt: skip
    if message.more:
        parts.append(_rich([_run(f"and {message.more:,} more broken", isSubtle=True)]))
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": parts,
        "msteams": {"width": "Full"},
    }
    if link:
        card["actions"] = [{"type": "Action.OpenUrl", "title": "The whole report", "url": link}]
    kind = "application/vnd.microsoft.card.adaptive"
    attachment = {"contentType": kind, "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _rich(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Give a block of text in which, unlike in a TextBlock, Markdown means nothing."""
    return {"type": "RichTextBlock", "inlines": runs}


def _run(text: str, **style: Any) -> dict[str, Any]:
    return {"type": "TextRun", "text": text, **style}


def _slack(message: Message, link: str) -> bytes:
    """Give a message of rich text, whose elements are text and nothing else."""
    sections = [[_text(message.headline, bold=True)]]
    sections += [[_text(f"{name}: ", bold=True), _text(said)] for name, said in message.facts]
    for line in message.lines:
        head = f"{line.severity} {line.rule} {line.title}"
        sections.append([_text(head, bold=True), _text(f"  {line.subject}: {line.message}")])
    if message.more:
        sections.append([_text(f"and {message.more:,} more broken")])
    if link:
        sections.append([{"type": "link", "url": link, "text": "the whole report"}])
    elements = [
        {"type": "rich_text_section", "elements": [*section, _text("\n")]} for section in sections
    ]
    blocks = [{"type": "rich_text", "elements": elements}]
    return _encoded({"text": message.headline, "blocks": blocks})


def _text(text: str, *, bold: bool = False) -> dict[str, Any]:
    element: dict[str, Any] = {"type": "text", "text": text}
    return {**element, "style": {"bold": True}} if bold else element


_BODIES: Mapping[str, Callable[[Message, str], bytes]] = {
    "json": _generic,
    "teams": _teams,
    "slack": _slack,
}
