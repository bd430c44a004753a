"""Compliance on the command line: which frameworks a check tells of, and what they map to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from auditor.errors import UsageError
from auditor.streams import say

if TYPE_CHECKING:
    from auditor.compliance.framework import Framework
    from auditor.finding import Report
    from auditor.network.graph import Network
    from auditor.rule import Rule
    from auditor.settings import Settings

FRAMEWORKS = click.option(
    "--framework",
    "frameworks",
    metavar="NAME|FILE",
    multiple=True,
    help="Also tell how its controls fare; repeats (auditor compliance lists them).",
)


def frameworks_of(
    given: Sequence[str],
    settings: Settings,
    rules: Mapping[str, Rule[Any]],
    renderers: Iterable[Callable[..., None]] = (),
) -> tuple[Framework, ...]:
    """Give the frameworks to tell of: those of the command line, else of the configuration.

    When there are none and a report cannot do without (`render.needs_compliance`), the newest of
    those shipped. Raises UsageError.
    """
    wanted = tuple(given) or settings.frameworks
    if not wanted and not any(getattr(each, "needs_compliance", False) for each in renderers):
        return ()
    from auditor.compliance.framework import NEWEST, chosen

    return chosen(wanted or NEWEST, rules, [intent.name for intent in settings.intents])


def told(report: Report, frameworks: tuple[Framework, ...], network: Network) -> Report:
    """Add to a report how the controls fare."""
    if not frameworks:
        return report
    from msgspec.structs import replace

    from auditor.compliance.judging import hidden, judge

    return replace(report, compliance=judge(frameworks, report, hidden(network)))


@click.command()
@click.argument("framework", required=False)
@click.option(
    "--report",
    type=click.Choice(["text", "json", "toml"]),
    default="text",
    help="How to tell it; toml is a mapping file to change and give to --framework.",
)
@click.option(
    "--rules", "folders", metavar="DIR", multiple=True, help="Also the rules in this folder."
)
def compliance(framework: str | None, report: str, folders: tuple[str, ...]) -> None:
    """List the compliance frameworks, or the controls of one and the rules that tell of each."""
    from auditor import registry
    from auditor.compliance.framework import chosen, names

    rules = registry.rules(folders)
    if framework is None:
        if report == "toml":
            raise UsageError("name a framework to write as a mapping file", where="--report")
        found = chosen(names(), rules)
        say(_json(found) if report == "json" else "\n".join(map(_line, found)))
        return
    (one,) = chosen([framework], rules, where="")
    say({"text": _table, "json": lambda each: _json((each,)), "toml": _toml}[report](one))


def _line(framework: Framework) -> str:
    covered = sum(bool(control.rules) for control in framework.controls)
    said = f"{covered} of {len(framework.controls)} controls about networks have rules"
    return f"{framework.name:8}  {framework.title}: {said}"


def _table(framework: Framework) -> str:
    width = max(len(control.id) for control in framework.controls)
    lines = [framework.title, framework.note, ""]
    for control in framework.controls:
        lines.append(f"{control.id:{width}}  {control.title}")
        lines.append(f"{'':{width}}  {', '.join(control.rules) or 'no rule looks at it'}")
        if control.beyond:
            lines.append(f"{'':{width}}  not looked at: {control.beyond}")
    return "\n".join(lines)


def _json(frameworks: Iterable[Framework]) -> str:
    import msgspec

    return msgspec.json.format(msgspec.json.encode(list(frameworks)), indent=2).decode()


def _toml(framework: Framework) -> str:
    """Write a mapping file; its name is new, for the shipped one keeps its own."""
    lines = [f"name = {_quoted(f'our {framework.name}')}", f"title = {_quoted(framework.title)}"]
    if framework.note:
        lines.append(f"note = {_quoted(framework.note)}")
    for control in framework.controls:
        lines += ["", "[[control]]", f"id = {_quoted(control.id)}"]
        lines.append(f"title = {_quoted(control.title)}")
        for key in ("rules", "types"):
            values = getattr(control, key)
            if values:
                lines.append(f"{key} = [{', '.join(map(_quoted, values))}]")
        if control.beyond:
            lines.append(f"beyond = {_quoted(control.beyond)}")
    return "\n".join(lines)


def _quoted(text: str) -> str:
    """Write a TOML string: JSON's escapes are TOML's, but for what is beyond 16 bits."""
    import json

    return json.dumps(text, ensure_ascii=False)
