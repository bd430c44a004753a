"""A network resource is in a failed state.

## Why it matters
After a failed update Azure may run the old settings, the new ones, or some of each. What the
export tells of such a resource is what was asked for, not what works.

## What fails
`properties.provisioningState` of a resource, or of a part of it, is neither `Succeeded` nor one
of the states Azure passes through. A state on its way (`Updating`, `Creating`, `Deleting`, ...)
is told with severity low: export again when it has settled.

## What to do
Look at the activity log for the error, correct its cause, and update the resource once more
without changes; Azure then brings it to the state it was asked for.

## References
- https://learn.microsoft.com/azure/networking/troubleshoot-failed-state
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from operator import attrgetter

from auditor.network.graph import evidence, question
from auditor.remedy import az
from auditor.resources import walk
from auditor.resources.base import Node
from auditor.rule import Finding, Network, Outcomes, Severity, rule

# Azure itself writes the second spelling in some answers.
_DONE = frozenset({"succeeded", "succeded"})
_ON_THE_WAY = frozenset(
    {"accepted", "creating", "deleting", "provisioning", "running", "scaling", "starting"}
    | {"stopping", "updating", "upgrading", "inprogress", "pending"}
)


_MOST = 5
"""Parts that are named; the others are counted."""


@question
def provisioned(network: Network) -> tuple[Node, ...]:
    """Every resource that tells its provisioning state, or has a part that does."""
    return tuple(_states(network)[0])


@question
def _amiss(network: Network) -> dict[Node, list[tuple[Node, str]]]:
    """What is not as it should be, and its state, by the resource that it is or is part of."""
    found: dict[Node, list[tuple[Node, str]]] = defaultdict(list)
    for node, state in _states(network)[1]:
        found[network.nodes[node.root.key]].append((node, state))
    return dict(sorted(found.items(), key=lambda pair: pair[0].key))


@question
def _states(network: Network) -> tuple[set[Node], list[tuple[Node, str]]]:
    """The resources that tell a state, and the nodes in a state that is not good."""
    told: set[Node] = set()
    parts: list[Node] = []
    bad: list[tuple[Node, str]] = []
    for kind in network.kinds():
        field = _field(kind)
        if not field or not kind.indexed:
            continue
        nodes = network.all(kind)
        states = walk.read_each(nodes, field)
        words = set(states)
        silent = words & {None, walk.UNTOLD}
        given = _not_in(silent, nodes, states) if silent else nodes
        if all(map(_record, given)):
            told.update(given)
        else:
            parts += given
        good = silent | {word for word in words - silent if word.lower() in _DONE}
        if good != words:
            pairs = zip(nodes, states, strict=True)
            bad += [(node, state) for node, state in pairs if state not in good]
    told.update(_wholes(parts, told))
    return told, bad


def _not_in(
    words: set[object], nodes: tuple[Node, ...], states: list[str | None]
) -> tuple[Node, ...]:
    pairs = zip(nodes, states, strict=True)
    return tuple([node for node, state in pairs if state not in words])


_record = attrgetter("record")


def _wholes(parts: Iterable[Node], known: set[Node]) -> Iterator[Node]:
    """The resources that nodes are, or are parts of, besides those that are known."""
    # Most parts are of a resource that tells a state itself.
    holders = {node.owner or node if node.record is None else node for node in parts}
    return (node.root for node in holders - known)


@cache
def _field(kind: type[Node]) -> str:
    """Where nodes of a class tell their state, empty when nowhere."""
    if "provisioning_state" in kind.__struct_fields__:
        return "provisioning_state"
    settings = next((s.struct for s in walk.steps(kind) if s.attribute == "properties"), None)
    tells = settings is not None and "provisioning_state" in settings.__struct_fields__
    return "properties.provisioning_state" if tells else ""


@rule("GOV-005", severity=Severity.HIGH, since="0.1.0", of=provisioned, suspects=_amiss)
def failed_provisioning(network: Network, node: Node) -> Outcomes:
    """Judge a resource with its parts: one cause, one finding."""
    bad = _amiss(network)[node]
    failed = [pair for pair in bad if pair[1].lower() not in _ON_THE_WAY]
    told = sorted(failed or bad, key=lambda pair: (pair[0] is not node, pair[0].key))
    yield Finding(
        subject=node.id,
        message=_message(node, told),
        remedy=az("resource", "update", ids=node.id)
        if failed
        else f"export again when {node.label} has settled",
        evidence=tuple(evidence(part, _pointer(part), state) for part, state in told[:_MOST]),
        severity=None if failed else Severity.LOW,
    )


def _message(node: Node, told: list[tuple[Node, str]]) -> str:
    parts = [(part, state) for part, state in told if part is not node]
    names = ", ".join(f"{part.label} is {state}" for part, state in parts[:_MOST])
    more = f" and {len(parts) - _MOST} more" if len(parts) > _MOST else ""
    if len(parts) == len(told):
        return f"parts of {node.label} are in no good state: {names}{more}"
    return f"{node.label} is in state {told[0][1]}" + (
        f"; of its parts {names}{more}" if parts else ""
    )


def _pointer(node: Node) -> str:
    lifted = node.lifted and node.record is None
    return "/provisioningState" if lifted else "/properties/provisioningState"
