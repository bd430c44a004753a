"""A change since the older snapshot opened a path.

## Why it matters
Most changes of security groups, routes and peerings are reviewed as text, one resource at a time.
What they open together is seen by nobody: a rule that was harmless while the subnet had no route,
a peering that carries a rule of another team. A packet that arrives today and did not yesterday is
the change that matters.

## What fails
With `auditor check --since OLD`: something that is reachable now was not reachable in the older
snapshot, for any packet: from the internet, or between what changed and the subnets, the sites on
premises and the internet. What only may be reachable is not told here. Resources that are new are
judged as well: whatever reaches them was not there before. So is what only may have been reachable
before, and surely is now, but for ways out to the internet.

One finding for each target and entrance, with a packet that arrives now; sources are listed
together. `auditor diff OLD NEW` tells the whole difference, what was closed included.

## What to do
If the path is wanted, waive the finding or take today's snapshot as the next comparison. If not,
undo the change: the finding names the rules and routes that let the packet pass.
"""

from __future__ import annotations

from msgspec import Struct

from auditor import ids
from auditor.network.graph import question
from auditor.reach.answer import Verdict, answer_on
from auditor.reach.changes import Change, changes, grouped
from auditor.reach.told import told_of
from auditor.reach.wording import name_of, one_or_many, subject_of
from auditor.rule import Finding, Network, Outcomes, Severity, rule

_SHOWN = 5


class Opened(Struct, frozen=True):
    """Paths to one target that opened together."""

    id: str
    paths: tuple[Change, ...]


@question
def opened(network: Network) -> tuple[Opened, ...]:
    """Give what opened since the older snapshot, by target; nothing without such a snapshot.

    When nothing opened, that is one answer about the network as a whole.
    """
    if network.before is None:
        return ()
    found = [c for c in changes(network.before, network) if _is_new(c)]
    groups = tuple(Opened(group[0].target, tuple(group)) for group in grouped(found))
    return groups or (Opened("", ()),)


@rule("GOV-010", severity=Severity.HIGH, since="0.1.0", of=opened)
def opened_path(network: Network, one: Opened) -> Outcomes:
    """Tell of one target what reaches it now and did not."""
    if not one.paths:
        return
    first = one.paths[0]
    before = "and did not before"
    path, packet = first.after, first.witness_gained if first.certain else None
    if packet is None:
        before = "and before it could not be told"
        path, packet = first.confirming, first.witness_confirmed
    if path is None or packet is None:
        return
    target = path.target
    sources = [_source(change) for change in one.paths]
    more = f" and {len(sources) - _SHOWN} more" if len(sources) > _SHOWN else ""
    subject = subject_of(target)
    told = told_of(network, answer_on(path, packet, Verdict.REACHABLE), subject)
    port = f":{packet.destination_port}" if packet.destination_port else ""
    yield Finding(
        subject=subject,
        message=f"{', '.join(sources[:_SHOWN])}{more} now "
        f"{one_or_many(len(sources), 'reaches', 'reach')} {name_of(target)}, {before} "
        f"({told.words})",
        remedy="if nobody wants the path, undo the change: close one of the hops that let the "
        "packet pass",
        related=tuple(dict.fromkeys(filter(None, map(_spelled, one.paths)))),
        evidence=told.evidence,
        key=f"{first.entrance} {' '.join(first.gateways)} {first.turn.value} "
        f"{packet.protocol} {port}",
        witness=told.witness,
        hops=told.hops,
    )


def _is_new(change: Change) -> bool:
    """Whether something surely arrives that surely did not, or may not have.

    A way out to the internet is not new for being sure: by Azure's own access it often is not.
    """
    if change.target == "internet":
        return change.certain and not change.gained.is_empty
    return change.surely_opened


def _spelled(change: Change) -> str:
    source = change.after.source if change.after is not None else None
    return source.id if source is not None and source.node is not None else ""


def _source(change: Change) -> str:
    if change.after is not None:
        return name_of(change.after.source)
    return ids.name(change.source)
