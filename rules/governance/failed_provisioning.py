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
from dataclasses import dataclass
from functools import cache

from auditor.network.graph import evidence, question
from auditor.remedy import az
from auditor.resources import walk
from auditor.resources.base import Node, Wire
from auditor.rule import Finding, Network, Outcomes, Severity, rule

# Azure itself writes the second spelling in some answers.
_DONE = frozenset({"succeeded", "succeded"})
_ON_THE_WAY = frozenset(
    {"accepted", "creating", "deleting", "provisioning", "running", "scaling", "starting"}
    | {"stopping", "updating", "upgrading", "inprogress", "pending"}
)


_MOST = 5
"""Parts that are named; the others are counted."""


@dataclass(frozen=True, slots=True)
class Provisioned:
    """A resource that tells its state, with the parts of it that are not as they should be."""

    node: Node
    bad: tuple[tuple[Node, str], ...]

    @property
    def id(self) -> str:
        """The resource."""
        return self.node.id


@question
def provisioned(network: Network) -> tuple[Provisioned, ...]:
    """Every resource that tells its provisioning state."""
    told: set[str] = set()
    bad: dict[str, list[tuple[Node, str]]] = defaultdict(list)
    for node in network.nodes.values():
        settings = walk.peek(node, "properties") or node
        if not _has_state(settings.__class__):
            continue
        state = walk.peek(settings, "provisioning_state")
        if isinstance(state, str):
            key = node.root.key
            told.add(key)
            if state.lower() not in _DONE:
                bad[key].append((node, state))
    return tuple(Provisioned(network.nodes[key], tuple(bad.get(key, ()))) for key in sorted(told))


@cache
def _has_state(settings: type[Wire]) -> bool:
    return "provisioning_state" in settings.__struct_fields__


@question
def _bad(network: Network) -> tuple[Provisioned, ...]:
    return tuple(each for each in provisioned(network) if each.bad)


@rule("GOV-005", severity=Severity.HIGH, since="0.1.0", of=provisioned, suspects=_bad)
def failed_provisioning(network: Network, subject: Provisioned) -> Outcomes:
    """Judge a resource with its parts: one cause, one finding."""
    node = subject.node
    failed = [pair for pair in subject.bad if pair[1].lower() not in _ON_THE_WAY]
    told = sorted(failed or subject.bad, key=lambda pair: (pair[0] is not node, pair[0].key))
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
