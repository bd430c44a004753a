"""`auditor rules` and `auditor explain`: what is asked, and why it matters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from auditor.commands.asking import FOLDERS
from auditor.errors import UsageError
from auditor.streams import say

if TYPE_CHECKING:
    from auditor.rule import Rule


@click.command()
@click.option(
    "--report",
    type=click.Choice(["text", "json", "html"]),
    default="text",
    help="How to tell them; html is the whole reference as a page.",
)
@FOLDERS
def rules(report: str, folders: tuple[str, ...]) -> None:
    """List the rules: id, severity, title."""
    from auditor import registry

    found = registry.rules(folders)
    if report == "html":
        say(reference(found.values()).rstrip())
        return
    if report == "json":
        import msgspec

        listed = [_as_json(rule) for rule in found.values()]
        say(msgspec.json.format(msgspec.json.encode(listed), indent=2).decode())
        return
    say("\n".join(_line(rule) for rule in found.values()))


def _line(rule: Rule[Any]) -> str:
    off = "" if rule.on else "  (only when selected)"
    return f"{rule.id:8}  {rule.severity.word:8}  {rule.title}{off}"


def reference(found: Iterable[Rule[Any]]) -> str:
    """Give the reference of rules as a page."""
    from auditor.explain import page
    from auditor.web.rules import Entry, html

    entries = []
    for rule in found:
        title, _, text = page(rule).partition("\n")
        name = title.removeprefix(f"# {rule.id} ").rstrip().removesuffix(".")
        entries.append(Entry(rule.id, name, rule.severity.word, rule.family, text))
    return html(entries)


def _as_json(rule: Rule[Any]) -> dict[str, Any]:
    from auditor.rule import parameter_fields

    return {
        "id": rule.id,
        "name": rule.name,
        "title": rule.title,
        "severity": rule.severity.word,
        "since": rule.since,
        "on": rule.on,
        "parameters": parameter_fields(rule),
        "controls": rule.controls,
        "peers": rule.peers,
    }


@click.command()
@click.argument("rule")
@FOLDERS
def explain(rule: str, folders: tuple[str, ...]) -> None:
    """Show a rule's page: why it matters, what fails, what to do."""
    from auditor import registry
    from auditor.explain import page
    from auditor.keys import nearest_rule

    found = registry.rules(folders)
    named = {each.name.upper(): each for each in found.values()}
    chosen = found.get(rule.upper()) or named.get(rule.upper())
    if chosen is None:
        raise UsageError(
            f"there is no rule {rule!r}",
            advice=nearest_rule(rule, [*found, *named]) or "see: auditor rules",
        )
    say(page(chosen))
