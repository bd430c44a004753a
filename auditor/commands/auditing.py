"""`auditor check` and `auditor report`: audit, and tell the outcome; the latter remembers it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from auditor import streams
from auditor.commands import complying, delivering, outputs, recording
from auditor.commands.asking import (
    FOLDERS,
    SERVICE_TAGS,
    read_tags,
    settings_of,
    tell_passed_over,
)
from auditor.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from auditor.assemble import Policy
    from auditor.finding import Report
    from auditor.network.graph import Network
    from auditor.settings import Settings
    from auditor.snapshot.document import Snapshot


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--config", metavar="FILE", help="auditor.toml to use; else found upwards from here.")
@click.option(
    "--select", metavar="IDS", multiple=True, help="Only these rules: ids, families, globs."
)
@click.option("--ignore", metavar="IDS", multiple=True, help="All but these rules.")
@FOLDERS
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
    if options["baseline"] and options["write_baseline"]:
        raise UsageError("--baseline and --write-baseline exclude each other")
    return _carry_out(paths, options)


def _carry_out(
    paths: tuple[str, ...],
    options: dict[str, Any],
    open_book: Callable[[dict[str, Any], Settings], recording.Book] | None = None,
) -> int:
    """Audit, tell, and record where there is a history to open; give the exit status."""
    from auditor.network.build import paused_gc

    outputs.require_names(options)
    settings = settings_of(options["config"])
    delivery = delivering.prepared(options["notify"], settings)
    targets = outputs.targets_of(options["reports"] or ("console",))
    outputs.spare_what_is_told(options, settings)
    renderers = [*(render for render, _ in targets), *delivery.attachments.values()]
    with paused_gc(), delivery.of_failure():
        book = open_book(options, settings) if open_book is not None else None
        report = _audit(paths, options, settings, renderers, book.watch if book else None)
        if book is not None:
            report = book.add(report)
        for render, file in targets:
            _write(render, report, file)
    unrecorded = book.fault if book is not None else None
    status = delivery.of_report(report, unrecorded)
    if unrecorded is not None:
        raise unrecorded
    return status


def _audit(
    paths: tuple[str, ...],
    options: dict[str, Any],
    settings: Settings,
    renderers: Sequence[Callable[..., None]],
    watch: Callable[..., None] | None = None,
) -> Report:
    """Audit what the command line names; `watch` is told what went into it."""
    from auditor import registry
    from auditor.audit import audit
    from auditor.network.build import build
    from auditor.parameters import parameters_of
    from auditor.progress import stages
    from auditor.selection import chosen
    from auditor.settings import check_folders, check_patterns, check_waivers
    from auditor.snapshot.load import load

    as_of = _moment(options["as_of"])
    check_folders(settings)
    rules = registry.rules((*settings.rules, *options["folders"]))
    check_patterns(rules, settings)
    select = _words(options["select"]) or settings.select
    running = chosen(rules, select, (*settings.ignore, *_words(options["ignore"])))
    parameters = parameters_of(rules, settings.parameters, settings.file)
    check_waivers(rules, settings.waivers)
    frameworks = complying.frameworks_of(options["frameworks"], settings, rules, renderers)
    policy = _policy(options, settings, as_of)
    tags = read_tags(options["tags"] or settings.service_tags)
    read: list[Snapshot] = []
    with stages() as stage:
        stage("reading")
        snapshot = load(paths, keep_going=options["keep_going"], stdin=streams.stdin_for(paths))
        read.append(snapshot)
        outputs.spare_what_was_read(snapshot, options)
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
            read.append(_look_back(built.network, since, options["keep_going"]))
        stage(f"asking {len(running)} rules")
        pictured = any(getattr(render, "needs_picture", False) for render in renderers)
        report = audit(snapshot, built, running, policy, parameters, pictured=pictured)
        if watch is not None:
            stage("recording")
            watch(snapshot, built.network, running, parameters, policy)
        if options["write_baseline"]:
            report = _remember(report, options["write_baseline"])
    for each in read:
        tell_passed_over(each)
    return complying.told(report, frameworks, built.network)


def _policy(options: dict[str, Any], settings: Settings, as_of: datetime) -> Policy:
    """Give what the command line, else the settings, say of what fails and what is accepted."""
    from auditor import baseline
    from auditor.assemble import Policy

    return Policy(
        day=as_of.date(),
        threshold=_threshold(options["fail_on"], settings),
        strict=bool(settings.strict if options["strict"] is None else options["strict"]),
        waivers=settings.waivers,
        baseline=baseline.read(options["baseline"]) if options["baseline"] else None,
    )


def _look_back(network: Network, path: str, keep_going: bool) -> Snapshot:
    """Let a network know an older snapshot of itself, in one space of packets."""
    from auditor.network.build import build
    from auditor.reach.space import share
    from auditor.snapshot.load import load

    older = load([path], keep_going=keep_going)
    network.before = build(older, keep_going=keep_going, tags=network.tags).network
    share(network.before, network)
    return older


def _remember(report: Report, path: str) -> Report:
    """Write the baseline, and show the report as a run against it would."""
    from msgspec.structs import replace

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


def _threshold(given: str | None, settings: Settings) -> Any:
    from auditor.finding import Severity
    from auditor.settings import severity

    if given is not None:
        return severity(given, "--fail-on")
    return Severity.HIGH if settings.fail_on is None else settings.fail_on


def _write(render: Callable[[Report, Any], None], report: Report, file: str) -> None:
    if not file:
        with streams.output() as out:
            render(report, out)
        return
    from auditor.baseline import replace
    from auditor.rendering import rendered

    replace(file, rendered(render, report))


_TAKEN_FROM_CHECK = [each for each in check.params if each.name != "write_baseline"]


@click.command("report", params=[*_TAKEN_FROM_CHECK, *recording.OPTIONS])
def report_(paths: tuple[str, ...], **options: Any) -> int:
    """Audit, record the outcome in a history, and tell what changed since the last time.

    The history is a file of SQLite's, or a PostgreSQL database by URL. The same snapshot and rules
    are recorded once. Exit status 0: kept, 1: broken, 2: usage, or the history cannot be written,
    3: no audit, or the history is damaged.
    """
    return _carry_out(paths, {**options, "write_baseline": None}, recording.open_book)
