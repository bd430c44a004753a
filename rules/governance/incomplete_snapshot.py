"""The snapshot is incomplete.

## Why it matters
A verdict is worth what it was drawn from. A page that was not fetched, a list that was refused,
or a resource that others point at and nobody exported is a hole: what depends on it answers
*unknown*, and what is only told there (a public address, an open rule) is not seen at all.

## What fails
- A part of the input could not be read: a next page that was not fetched, a list that was denied
  or failed, a resource (its type says so) without an id, a damaged value (with `--keep-going`),
  two inputs that tell one resource differently.
- A resource that is referenced (an NSG by its subnet, a public IP by its NIC, a remote network by
  its peering, ...) and is not in the snapshot; a subnet, too, that its network does not list,
  and a part that a resource names as its own and does not list (the listener of a routing rule).
- A part that came without what it is a part of: a subnet without its network, a rule without its
  group, a backend pool without its gateway. Most rules ask for the whole and have nothing to judge.

More than five absent resources of one type in one resource group are told together; so are more
than five files of which the same mild thing (see below) is to be told. The network inside a virtual
hub is Azure's own and cannot be exported: a peering that leads there is whole when the connections
of the hub are in the input.

*Unknown* when a resource does not tell which parts it has (the rules of a group, the subnets of a
network; in a template, a list that only a parameter tells): nobody can judge parts that are not
told. So it is for a resource that a template makes only on a condition, in a number or by a name
that its text does not tell, and for a linked deployment: what depends on there being no such
resource is *unknown* as well, and so is whether one is missing that others name. And whether what a
template names by the group or subscription of its deployment is what another input tells.

What an export format is known to drop, elements of it that no reader understands, and files that
hold no resource of Azure (a `package.json` beside the exports) are told with severity low: they are
no error of the export.

## What to do
Export what is missing together with the rest: the whole subscription, all pages, with a role that
may read it. For a resource in another tenant or subscription that you cannot read, waive the
finding with the reason; the dependent rules go on answering *unknown*.

## References
- Facts U-1, U-2, R-29
- https://learn.microsoft.com/azure/governance/resource-graph/concepts/work-with-data
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from msgspec import Struct

from auditor import ids
from auditor.finding import Evidence
from auditor.network.gaps import location_of
from auditor.network.graph import evidence, question
from auditor.network.holes import Hole, Stray, absent_parts, holes
from auditor.network.routing_domains import to_hub
from auditor.network.subnets import missing_subnets
from auditor.network.untold import Untold, untold_parts
from auditor.network.untold_homes import export, in_full, perhaps_told
from auditor.remedy import az
from auditor.resources.base import Node
from auditor.resources.virtual_networks import Peering
from auditor.rule import Finding, Network, Outcomes, Severity, Unknown, rule
from auditor.snapshot.document import DELETED, Gap

_TOGETHER = 5
_COMPILE = "compile the template with its parameters, or audit what was deployed"
_MILD = ("unsupported", "foreign", "lossy")
_READ = {
    "partial": "was read in part",
    "denied": "was denied",
    "failed": "failed to load",
    "damaged": "is damaged",
    "conflict": "is told in two ways",
    "unsupported": "is not understood",
    "foreign": "holds what is no resource of Azure",
    "lossy": "was exported with loss",
}


class Missing(Struct, frozen=True):
    """Resources of one type and group that are named and absent, or gaps of the input that are one.

    Or a list of parts that a resource does not tell.
    """

    id: str
    holes: tuple[Hole, ...] = ()
    gaps: tuple[Gap, ...] = ()
    untold: Untold | None = None


@question
def incompleteness(network: Network) -> tuple[Missing, ...]:
    """Everything the audit would have needed; the network itself when nothing is missing."""
    groups: dict[tuple[str, str], list[Hole]] = defaultdict(list)
    for hole in (*holes(network), *missing_subnets(network), *absent_parts(network)):
        kind = (ids.type_of(hole.missing.id) or "").lower()
        groups[kind, (ids.resource_group(hole.missing.id) or "").lower()].append(hole)
    found = [Missing(gaps[0].subject, gaps=gaps) for gaps in _alike(network.gaps)]
    for _, alike in sorted(groups.items()):
        if len(alike) > _TOGETHER:
            found.append(Missing(alike[0].missing.id, tuple(alike)))
        else:
            found.extend(Missing(hole.missing.id, (hole,)) for hole in alike)
    found.extend(Missing(each.node.id, untold=each) for each in untold_parts(network))
    return tuple(found) or (Missing(""),)


@question
def deleted(network: Network) -> frozenset[str]:
    """What a deployment takes away, by its folded id."""
    return frozenset(ids.fold(gap.subject) for gap in network.gaps if gap.kind == DELETED)


def _alike(gaps: Iterable[Gap]) -> Iterator[tuple[Gap, ...]]:
    """Put together what is mild and the same of many: exports are often a file for each command."""
    alike: dict[tuple[str, str], list[Gap]] = defaultdict(list)
    for gap in gaps:
        if gap.kind == DELETED:
            continue
        if gap.kind in _MILD:
            alike[gap.kind, gap.detail].append(gap)
        else:
            yield (gap,)
    for same in alike.values():
        if len(same) > _TOGETHER:
            yield tuple(same)
        else:
            yield from ((gap,) for gap in same)


@rule("GOV-006", severity=Severity.HIGH, since="0.1.0", of=incompleteness)
def incomplete_snapshot(network: Network, missing: Missing) -> Outcomes:
    """Tell one hole."""
    if missing.gaps:
        undecided = missing.gaps[0].kind == "undecided"
        yield _undecided(missing.gaps[0]) if undecided else _gap(missing.gaps)
    elif missing.holes:
        maker, told = _maker(network, missing.holes), _perhaps_there(network, missing.holes)
        if maker is not None:
            yield _perhaps_made(network, missing.holes, maker)
        elif told is not None:
            yield _perhaps_another(network, missing.holes, told)
        else:
            yield _absent(network, missing.holes)
    elif missing.untold is not None:
        yield missing.untold.unknown


def _undecided(gap: Gap) -> Unknown:
    return Unknown(
        gap.subject,
        missing=f"{gap.detail} ({gap.where})",
        remedy=gap.cure or _COMPILE,
        key=f"{gap.kind} {gap.detail}",
        location=location_of(gap.where),
    )


def _maker(network: Network, holes: tuple[Hole, ...]) -> Gap | None:
    """Give what a template may or may not make that can be all of some absent resources."""
    for gap in network.gaps:
        made = f"{ids.fold(gap.subject)}/"
        if gap.kind == "undecided" and all(hole.missing.key.startswith(made) for hole in holes):
            return gap
    return None


def _perhaps_there(network: Network, holes: tuple[Hole, ...]) -> Node | None:
    """Give what the input tells and one of some absent resources may be, if each may be such."""
    told = [perhaps_told(network, hole.missing.key) for hole in holes]
    return told[0] if all(told) else None


def _perhaps_another(network: Network, holes: tuple[Hole, ...], told: Node) -> Unknown:
    absent = _absent(network, holes)
    them = "that" if len(holes) == 1 else "one of them"
    return Unknown(
        absent.subject,
        missing=f"{_named(holes)}, which a template or plan leaves to its deployment: whether "
        f"{told.id} is {them}",
        remedy=in_full(told),
        related=absent.related,
        evidence=absent.evidence,
        key=absent.key,
    )


def _perhaps_made(network: Network, holes: tuple[Hole, ...], maker: Gap) -> Unknown:
    absent = _absent(network, holes)
    are, them = ("is", "it") if len(holes) == 1 else ("are", "them")
    return Unknown(
        absent.subject,
        missing=f"{_named(holes)}, which {are} not there unless a template makes {them}: "
        f"{maker.detail}",
        remedy=maker.cure or _COMPILE,
        related=absent.related,
        evidence=absent.evidence,
        key=absent.key,
    )


def _gap(gaps: tuple[Gap, ...]) -> Finding:
    gap = gaps[0]
    said = gap.where in ("", gap.subject) or gap.where in gap.detail
    where = "" if said else f" ({gap.where})"
    others = tuple(each.subject for each in gaps[1:])
    which = f"{gap.subject}, like {len(others)} more," if others else gap.subject
    return Finding(
        subject=gap.subject,
        message=f"{which} {_READ.get(gap.kind, gap.kind)}: {gap.detail}{where}",
        remedy=_again(gap.kind, "them" if others else "it"),
        related=others,
        severity=Severity.LOW if gap.kind in _MILD else None,
        # What two inputs say of one may be another tomorrow: it is the same conflict.
        key=gap.kind if gap.kind == "conflict" else f"{gap.kind} {gap.detail}",
        location=location_of(gap.where),
    )


def _again(kind: str, what: str) -> str:
    if kind == "foreign":
        return f"leave {what} out, if nothing of it was meant to be audited"
    return f"export {what} again, whole, and audit again"


def _named(holes: tuple[Hole, ...]) -> str:
    """Say who names what is absent."""
    first = holes[0]
    kind = ids.type_of(first.missing.id) or "resource"
    if len(holes) == 1:
        how = "is a part of" if isinstance(first.referrer, Stray) else "refers to"
        return f"{first.referrer.source.label} {how} {kind} {ids.name(first.missing.id)}"
    group = ids.resource_group(first.missing.id) or "no resource group"
    return f"{len(holes)} resources of type {kind} in {group} are referred to"


def _absent(network: Network, holes: tuple[Hole, ...]) -> Finding:
    first = holes[0]
    kind = ids.type_of(first.missing.id) or "resource"
    group = ids.resource_group(first.missing.id) or "no resource group"
    gone = deleted(network)
    taken = all(hole.missing.key in gone for hole in holes)
    return Finding(
        subject=first.missing.id,
        message=f"{_named(holes)}, "
        + ("which the deployment deletes" if taken else "not exported"),
        remedy=f"keep it, or take it out of {first.referrer.source.root.label} as well"
        if taken
        else _export(network, first),
        related=(first.referrer.source.id, *(hole.missing.id for hole in holes[1:])),
        evidence=(_quoted(first),),
        key=f"{kind.lower()} {group.lower()}" if len(holes) > 1 else "",
    )


def _export(network: Network, hole: Hole) -> str:
    """Ask for what is missing; for a part of the resource that names it, for that once more."""
    source = hole.referrer.source
    root = source.root
    if isinstance(source, Peering) and to_hub(network, source):
        # The network inside a hub is Azure's own: what can be exported is the hub.
        return "export the virtual hub and its connections: " + az("network", "vhub", "list")
    if ids.parent(hole.missing.key) == root.key:
        return "export it again, whole: " + az("resource", "show", ids=root.id)
    return export(hole.missing.id)


def _quoted(hole: Hole) -> Evidence:
    return evidence(hole.referrer.source, hole.referrer.pointer, hole.referrer.spelled)
