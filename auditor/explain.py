"""A rule's page with its identity, as `auditor explain` prints it."""

from __future__ import annotations

import json
from typing import Any

from auditor.rule import Rule, parameter_fields


def page(rule: Rule[Any]) -> str:
    """Give the page in Markdown: title, facts in a line each, then the rule's own text."""
    title, _, body = rule.page.partition("\n")
    facts = [
        f"- severity: {rule.severity.word}",
        f"- since: {rule.since}",
        *(["- runs only when selected by id"] if not rule.on else []),
        *([f"- controls: {', '.join(rule.controls)}"] if rule.controls else []),
        *([f"- elsewhere: {', '.join(rule.peers)}"] if rule.peers else []),
    ]
    parts = [f"# {rule.id} {title}", "", f"`{rule.name}`", "", *facts, body.rstrip()]
    defaults = parameter_fields(rule)
    if defaults:
        parts += ["", "## Parameters", f"In auditor.toml, under `[params.{rule.id}]`:", ""]
        parts += [f"- `{name} = {_toml(value)}` by default" for name, value in defaults.items()]
    return "\n".join(parts)


def _toml(value: Any) -> str:
    """Write a default as auditor.toml would: what is shown can be copied."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False)
