"""`auditor diff`: findings and paths gained and lost between two snapshots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from auditor.commands.asking import (
    KEEP_GOING,
    SERVICE_TAGS,
    read_tags,
    say_json,
    settings_of,
    tell_passed_over,
)
from auditor.streams import say

if TYPE_CHECKING:
    from auditor.commands.differing import Difference
    from auditor.finding import Judged, Report
    from auditor.network.graph import Network
    from auditor.reach.changes import Change
    from auditor.settings import Settings


@click.command()
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option("--config", metavar="FILE", help="auditor.toml to use; else found upwards from here.")
@SERVICE_TAGS
@click.option(
    "--report",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    help="How to tell it.",
)
@KEEP_GOING
@click.option("--strict", is_flag=True, default=None, help="What cannot be told fails as well.")
@click.option("--as-of", metavar="DATE", help="Judge what expires as of this day (default: now).")
def diff(old: str, new: str, report: str, **options: Any) -> int:
    """Tell what changed between two snapshots: findings, and paths gained and lost.

    Every path is told with a packet that arrives now and did not, or no longer does, or of which
    that cannot be told any more. Exit status 1 when a path from the internet surely opened to what
    is not allowed to be public (the rule EXP-001's allow), or the new network breaks an intent of
    auditor.toml; 0 otherwise, 2: usage, 3: an input cannot be read.
    """
    from auditor.commands import differing

    found = _difference(old, new, options)
    if report == "json":
        say_json(differing.as_json(found))
    elif report == "markdown":
        say("\n".join(differing.as_markdown(found)))
    else:
        say("\n".join(differing.as_lines(found)))
    return found.status


def _difference(old: str, new: str, options: dict[str, Any]) -> Difference:
    from auditor.commands.differing import Difference
    from auditor.network.build import paused_gc
    from auditor.reach.changes import changes
    from auditor.reach.intents import Outcome, judgements

    settings = settings_of(options["config"])
    with paused_gc():
        before, was = _audited(old, settings, options, None)
        after, now = _audited(new, settings, options, before)
        paths = changes(before, after)
        judged = judgements(after)
    gained, lost = _findings(was, now)
    return Difference(
        gained,
        lost,
        paths,
        tuple(change for change in paths if _unwanted(change, after, settings)),
        tuple(each.intent.name for each in judged if each.outcome is Outcome.BROKEN),
        tuple(each.intent.name for each in judged if each.outcome is Outcome.UNKNOWN),
        bool(settings.strict if options["strict"] is None else options["strict"]),
    )


def _audited(
    path: str, settings: Settings, options: dict[str, Any], other: Network | None
) -> tuple[Network, Report]:
    """Audit one input. With another network, both tell packets apart in one space."""
    from auditor import registry
    from auditor.assemble import Policy
    from auditor.audit import audit, moment
    from auditor.network.build import build
    from auditor.parameters import parameters_of
    from auditor.reach.space import share
    from auditor.selection import chosen
    from auditor.settings import check_folders, check_patterns
    from auditor.snapshot.load import load
    from auditor.streams import stdin_for

    keep_going = options["keep_going"]
    as_of = moment(options["as_of"])
    check_folders(settings)
    rules = registry.rules(settings.rules)
    check_patterns(rules, settings)
    running = chosen(rules, settings.select, settings.ignore)
    parameters = parameters_of(rules, settings.parameters, settings.file)
    snapshot = load([path], keep_going=keep_going, stdin=stdin_for([path]))
    tell_passed_over(snapshot)
    tags = read_tags(options["tags"] or settings.service_tags)
    built = build(snapshot, keep_going=keep_going, as_of=as_of, intents=settings.intents, tags=tags)
    if other is not None:
        share(other, built.network)
    policy = Policy(day=as_of.date(), waivers=settings.waivers)
    return built.network, audit(snapshot, built, running, policy, parameters)


def _findings(was: Report, now: Report) -> tuple[tuple[Judged, ...], tuple[Judged, ...]]:
    """Give the findings that are new, and those that are gone, by fingerprint."""
    before = {finding.fingerprint for finding in was.findings}
    after = {finding.fingerprint for finding in now.findings}
    return (
        tuple(finding for finding in now.findings if finding.fingerprint not in before),
        tuple(finding for finding in was.findings if finding.fingerprint not in after),
    )


def _unwanted(change: Change, network: Network, settings: Settings) -> bool:
    """Whether a path opened from the internet to what is not allowed to be public."""
    from auditor import ids
    from auditor.network.approval import approved

    if change.source != "internet" or not change.opened or change.via:
        return False
    path = change.after
    point = path.target if path is not None else None
    owner = point.node.root.id if point is not None and point.node is not None else change.target
    names: list[str] = [owner, ids.type_of(owner) or "", change.entrance]
    if path is not None and path.entrance is not None:
        carrier = path.entrance.node.root.id
        names += [carrier, ids.type_of(carrier) or ""]
    return not approved(_allowed(settings), *names)


def _allowed(settings: Settings) -> tuple[str, ...]:
    from auditor import registry
    from auditor.parameters import parameters_of

    rules = registry.rules(settings.rules)
    given = parameters_of(rules, settings.parameters, settings.file).get("EXP-001")
    return tuple((given or rules["EXP-001"].parameters).allow)
