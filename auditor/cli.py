"""The command line: arguments, exit statuses, and the only place that prints.

Exit status 0: nothing broken at or above --fail-on; 1: something is; 2: the command line or the
configuration cannot be followed; 3: no audit was performed.
"""

from __future__ import annotations

import gc
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from auditor import __version__, streams
from auditor.commands import (
    complying,
    delivering,
    diff,
    filters,
    graph,
    history,
    reach,
    recording,
    routes,
    snapshot,
    verify,
)
from auditor.commands.asking import SERVICE_TAGS, read_tags
from auditor.errors import AuditorError, UsageError
from auditor.schema import DOCUMENTS, schema_of
from auditor.streams import say

if TYPE_CHECKING:
    from auditor.finding import Report
    from auditor.network.graph import Network
    from auditor.rule import Rule
    from auditor.settings import Settings

_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def run() -> NoReturn:
    """Run the command line as a program: end the process with the exit status.

    The process ends at once. Python would take a large network apart object by object first, a
    second for every hundred thousand resources, for memory the system takes back anyway. For the
    same reason the garbage collector rests: it would walk through all of the network at its end.
    """
    gc.disable()
    status = main()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            with suppress(OSError, ValueError):
                stream.flush()
    os._exit(status)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; give the exit status. Raises nothing."""
    with streams.errors():
        return _run(arguments)


def _run(arguments: Sequence[str] | None) -> int:
    try:
        status = cli.main(args=arguments, prog_name="auditor", standalone_mode=False)
        return status if isinstance(status, int) else 0
    except AuditorError as error:
        return _tell(error)
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.ClickException as error:
        error.show(sys.stderr)
        return 2
    except click.Abort:
        sys.stderr.write("auditor: interrupted\n")
        return 130
    except SystemExit as leave:  # shell completion
        return leave.code if isinstance(leave.code, int) else 3
    except Exception as error:
        return _tell(_our_fault(error))


def _our_fault(error: Exception) -> AuditorError:
    """Say that a failure is ours: status 3, for 1 would read as a verdict."""
    frames = traceback.extract_tb(error.__traceback__)
    at = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return AuditorError(
        f"a fault of auditor's own, not of the input: {type(error).__name__}: {error}{at}",
        advice="report it, with the part of the input that it is about",
    )


def _tell(error: AuditorError) -> int:
    lines = [f"auditor: {error}"]
    if error.exit_status == 3:
        lines.insert(0, f"auditor: {error.headline}")
    if error.advice:
        lines.append(f"  help: {error.advice}")
    for line in lines:
        sys.stderr.write("".join(c if c.isprintable() else ascii(c)[1:-1] for c in line) + "\n")
    return error.exit_status


_FOLDERS = click.option(
    "--rules", "folders", metavar="DIR", multiple=True, help="Also the rules in this folder."
)


@click.group(context_settings=_CONTEXT)
@click.version_option(__version__, prog_name="auditor")
def cli() -> None:
    """Tell, with proof, whether an Azure network is what its architecture says it is."""


@cli.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--config", metavar="FILE", help="auditor.toml to use; else found upwards from here.")
@click.option(
    "--select", metavar="IDS", multiple=True, help="Only these rules: ids, families, globs."
)
@click.option("--ignore", metavar="IDS", multiple=True, help="All but these rules.")
@_FOLDERS
@click.option("--fail-on", metavar="SEVERITY", help="Lowest severity that fails (default: high).")
@click.option("--strict", is_flag=True, default=None, help="What cannot be told fails as well.")
@click.option("--baseline", metavar="FILE", help="Findings known before; only new ones fail.")
@click.option("--write-baseline", metavar="FILE", help="Record today's findings as known.")
@click.option(
    "--report",
    "reports",
    metavar="FORMAT[=FILE]",
    multiple=True,
    help="How to tell it; repeats (default: console).",
)
@complying.FRAMEWORKS
@delivering.NOTIFY
@SERVICE_TAGS
@click.option("--keep-going", is_flag=True, help="Audit what can be read when some cannot.")
@click.option("--as-of", metavar="DATE", help="Judge what expires as of this day (default: now).")
@click.option("--since", metavar="FILE", help="An older snapshot: tell which paths opened since.")
def check(paths: tuple[str, ...], **options: Any) -> int:
    """Audit exported Azure JSON: files, folders, or - for standard input.

    Azure's own answers are read as they are: ARM REST, az CLI, Resource Graph, PSRule, templates,
    JSON lines, compressed or not. Exit status 0: kept, 1: broken, 2: usage, 3: no audit.
    """
    from auditor.network.build import paused_gc

    if options["baseline"] and options["write_baseline"]:
        raise UsageError("--baseline and --write-baseline exclude each other")
    settings = _settings(options["config"])
    delivery = delivering.prepared(options["notify"], settings)
    targets = _targets(options["reports"] or ("console",))
    renderers = [*(render for render, _ in targets), *delivery.attachments.values()]
    with paused_gc(), delivery.of_failure():
        report = _audit(paths, options, settings, renderers)
        for render, file in targets:
            _write(render, report, file)
    return delivery.of_report(report)


def _audit(
    paths: tuple[str, ...],
    options: dict[str, Any],
    settings: Settings,
    renderers: Sequence[Callable[..., None]],
    watch: Callable[..., None] | None = None,
) -> Report:
    """Audit what the command line names; `watch` is told what went into it."""
    from auditor import baseline, registry
    from auditor import settings as configuration
    from auditor.assemble import Policy
    from auditor.audit import audit
    from auditor.network.build import build
    from auditor.progress import stages
    from auditor.snapshot.load import load

    as_of = _moment(options["as_of"])
    rules = registry.rules((*settings.rules, *options["folders"]))
    select = _words(options["select"]) or settings.select
    chosen = configuration.chosen(rules, select, (*settings.ignore, *_words(options["ignore"])))
    parameters = configuration.parameters(rules, settings.parameters, settings.file)
    configuration.check_waivers(rules, settings.waivers)
    frameworks = complying.frameworks_of(options["frameworks"], settings, rules, renderers)
    policy = Policy(
        day=as_of.date(),
        threshold=_threshold(options["fail_on"], settings),
        strict=bool(settings.strict if options["strict"] is None else options["strict"]),
        waivers=settings.waivers,
        baseline=baseline.read(options["baseline"]) if options["baseline"] else None,
    )
    tags = read_tags(options["tags"] or settings.service_tags)
    with stages() as stage:
        stage("reading")
        snapshot = load(paths, keep_going=options["keep_going"], stdin=streams.stdin_for(paths))
        stage("joining")
        built = build(
            snapshot,
            keep_going=options["keep_going"],
            as_of=as_of,
            intents=settings.intents,
            tags=tags,
        )
        since = options["since"] or settings.since
        if since:
            stage("reading the older snapshot")
            _look_back(built.network, since, options["keep_going"])
        stage(f"asking {len(chosen)} rules")
        pictured = any(getattr(render, "needs_picture", False) for render in renderers)
        report = audit(snapshot, built, chosen, policy, parameters, pictured=pictured)
        if watch is not None:
            stage("recording")
            watch(snapshot, built.network, chosen, parameters, policy)
        if options["write_baseline"]:
            report = _remember(report, options["write_baseline"])
    return complying.told(report, frameworks, built.network)


def _look_back(network: Network, path: str, keep_going: bool) -> None:
    """Let a network know an older snapshot of itself, in one space of packets."""
    from auditor.network.build import build
    from auditor.reach.space import share
    from auditor.snapshot.load import load

    older = load([path], keep_going=keep_going)
    network.before = build(older, keep_going=keep_going, tags=network.tags).network
    share(network.before, network)


def _remember(report: Report, path: str) -> Report:
    """Write the baseline, and show the report as a run against it would."""
    from dataclasses import replace

    from auditor import baseline
    from auditor.finding import Status

    number = baseline.write(path, report.findings)
    sys.stderr.write(f"auditor: {number} findings recorded as known in {path}\n")
    findings = tuple(
        finding if finding.status is Status.WAIVED else replace(finding, status=Status.BASELINE)
        for finding in report.findings
    )
    rules = tuple(
        replace(rule, broken=0, unknown=0, baseline=rule.broken + rule.unknown + rule.baseline)
        for rule in report.rules
    )
    return replace(report, findings=findings, rules=rules, failed=False)


def _words(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(word.strip() for value in values for word in value.split(",") if word.strip())


def _moment(day: str | None) -> Any:
    from auditor.audit import moment

    try:
        return moment(day)
    except ValueError as error:
        raise UsageError(str(error), where="--as-of", advice="write it as 2026-11-23") from None


def _settings(path: str | None) -> Settings:
    from auditor import settings

    if path is not None:
        return settings.read(Path(path))
    try:
        here = Path.cwd()
    except OSError as error:
        raise UsageError(
            f"the working directory cannot be read: {error.strerror}", advice="go to another"
        ) from error
    found = settings.find(here)
    return settings.read(found) if found else settings.Settings()


def _threshold(given: str | None, settings: Settings) -> Any:
    from auditor.finding import Severity
    from auditor.settings import severity

    if given is not None:
        return severity(given, "--fail-on")
    return Severity.HIGH if settings.fail_on is None else settings.fail_on


def _targets(wanted: Sequence[str]) -> list[tuple[Callable[..., None], str]]:
    from auditor import registry

    targets = []
    for each in wanted:
        name, _, file = each.partition("=")
        file = "" if file == "-" else file
        render = registry.renderer(name)
        if not file and getattr(render, "is_binary", False):
            raise UsageError(
                f"{name} is no text for a terminal", where="--report", advice=f"write {name}=FILE"
            )
        targets.append((render, file))
    files = [os.path.realpath(file) if file else "" for _, file in targets]
    for file in files:
        if files.count(file) > 1:
            place = file or "standard output"
            raise UsageError(
                f"two reports go to {place}", where="--report", advice="write FORMAT=FILE"
            )
    return targets


def _write(render: Callable[[Report, Any], None], report: Report, file: str) -> None:
    if not file:
        with streams.output() as out:
            render(report, out)
        return
    from auditor.baseline import replace
    from auditor.rendering import rendered

    replace(file, rendered(render, report))


_TAKEN_FROM_CHECK = [each for each in check.params if each.name != "write_baseline"]


@cli.command("report", params=[*_TAKEN_FROM_CHECK, *recording.OPTIONS])
def report_(paths: tuple[str, ...], **options: Any) -> int:
    """Audit, record the outcome in a history, and tell what changed since the last time.

    The history is a file of SQLite's, or a PostgreSQL database by URL. The same snapshot and rules
    are recorded once. Exit status 0: kept, 1: broken, 2: usage, or the history cannot be written,
    3: no audit, or the history is damaged.
    """
    from auditor.network.build import paused_gc

    settings = _settings(options["config"])
    delivery = delivering.prepared(options["notify"], settings)
    targets = _targets(options["reports"] or ("console",))
    renderers = [*(render for render, _ in targets), *delivery.attachments.values()]
    with paused_gc(), delivery.of_failure():
        book = recording.open_book(options, settings)
        asked = {**options, "write_baseline": None}
        report = book.add(_audit(paths, asked, settings, renderers, book.watch))
        for render, file in targets:
            _write(render, report, file)
    status = delivery.of_report(report)
    book.settle()
    return status


@cli.command()
@click.option(
    "--report",
    type=click.Choice(["text", "json", "html"]),
    default="text",
    help="How to tell them; html is the whole reference as a page.",
)
@_FOLDERS
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


@cli.command()
@click.argument("rule")
@_FOLDERS
def explain(rule: str, folders: tuple[str, ...]) -> None:
    """Show a rule's page: why it matters, what fails, what to do."""
    from auditor import registry
    from auditor.explain import page
    from auditor.keys import nearest

    found = registry.rules(folders)
    named = {each.name.upper(): each for each in found.values()}
    chosen = found.get(rule.upper()) or named.get(rule.upper())
    if chosen is None:
        raise UsageError(
            f"there is no rule {rule!r}",
            advice=nearest(rule.upper(), [*found, *named]) or "see: auditor rules",
        )
    say(page(chosen))


@cli.command()
@click.argument("document", type=click.Choice(DOCUMENTS), default="report")
def schema(document: str) -> None:
    """Print the JSON Schema of the JSON report.

    Or of what reach, reach --matrix (matrix), diff and history write with --report json, or of
    what --notify posts (notification).
    """
    say(schema_of(document).rstrip())


@cli.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script for a shell: eval "$(auditor completion bash)"."""
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    if found is not None:
        say(found(cli, {}, "auditor", "_AUDITOR_COMPLETE").source())


for each in (
    filters.flow,
    history.history,
    reach.reach,
    graph.graph,
    diff.diff,
    filters.effective_rules,
    routes.next_hop,
    routes.effective_routes,
    snapshot.snapshot,
    verify.verify,
    complying.compliance,
):
    cli.add_command(each)
