"""Whether the input holds a subject, or surely holds it not, or does not tell.

A subject that is not there is gone only when what would hold it was read whole: a snapshot that
says which subscriptions it covers and has no gap there, or a list of parts inside its resource.
Plain exports never tell that a resource is gone: it may simply not have been exported.
"""

from __future__ import annotations

from auditor import ids
from auditor.history.absence import Look
from auditor.ids import fold, parent
from auditor.network.graph import Missing, Network
from auditor.resources import walk
from auditor.resources.base import Node, Wire
from auditor.snapshot.document import Gap, Snapshot

_HIDING = frozenset({"partial", "denied", "failed", "damaged", "undecided", "unsupported"})
_THERE = Look(True)


class Sighted:
    """Looks for subjects in one network, made of one snapshot."""

    def __init__(self, snapshot: Snapshot, network: Network) -> None:
        self._network = network
        self._kubernetes = {fold(each.id) for each in network.kubernetes}
        self._gaps = [gap for gap in network.gaps if gap.kind in _HIDING]
        self._scope = tuple(fold(each) for each in snapshot.scope)

    def __call__(self, subject: str) -> Look:
        """Look for a subject. What is no id (the whole network, an intent) is always there."""
        if not subject.startswith("/"):
            return self._object(subject) if subject.startswith("kubernetes/") else _THERE
        if self._holds(subject):
            return Look(True, whole=self._is_whole(subject))
        gap = next((gap for gap in self._gaps if _hides(gap, subject)), None)
        if gap is not None:
            return Look(None, f"{gap.subject} was not read whole: {gap.detail}")
        owner = parent(subject)
        if owner is not None and self._lists(owner, subject):
            return Look(False, f"{ids.name(owner)} has no {ids.name(subject)} any more")
        if self._covers(subject):
            return Look(False, "it is not in the snapshot, which covers where it was")
        return Look(None, "it is not in the input, and nothing tells that it was deleted")

    def _is_whole(self, subject: str) -> bool:
        """Whether all around a subject was read: its subscription is covered, without a gap."""
        if not self._covers(subject):
            return False
        here = (ids.subscription(subject) or "").lower()
        around = ((ids.subscription(fold(gap.subject)) or here).lower() for gap in self._gaps)
        return here not in around

    def _holds(self, arm_id: str) -> bool:
        found = self._network.find(arm_id)
        if found is not None and not isinstance(found, Missing):
            return True
        return fold(arm_id) in self._network.counted

    def _lists(self, owner: str, subject: str) -> bool:
        """Whether the owner is there and tells all its parts of this kind in a list of its own."""
        node = self._network.find(owner)
        if not isinstance(node, Node):
            return False
        kind = subject.rstrip("/").split("/")[-2].lower()
        return _tells(node, kind) or _tells(walk.peek(node, "properties"), kind)

    def _covers(self, subject: str) -> bool:
        folded = fold(subject)
        return any(folded == each or folded.startswith(f"{each}/") for each in self._scope)

    def _object(self, subject: str) -> Look:
        if fold(subject) in self._kubernetes:
            return _THERE
        parts = subject.split("/")[1:]
        kind = parts[-3].lower() if len(parts) >= 3 else parts[-2].lower() if len(parts) > 1 else ""
        clusters = {each.cluster for each in self._network.kubernetes_lists}
        read = {e.cluster for e in self._network.kubernetes_lists if e.kind.lower() == kind}
        if len(clusters) == 1 and read == clusters:
            return Look(False, "the cluster has it no more")
        return Look(None, "the input does not tell all objects of its kind")


def _tells(struct: object, kind: str) -> bool:
    """Whether a struct has a list with this JSON key, told, of parts that came with it.

    A part with a record of its own came alone: then nobody says that others came too.
    """
    if not isinstance(struct, Wire):
        return False
    for step in walk.steps(type(struct)):
        if step.many and step.key.lower() == kind:
            parts = walk.peek(struct, step.attribute)
            if parts is not None:
                return all(getattr(part, "record", None) is None for part in parts)
    return False


def _hides(gap: Gap, subject: str) -> bool:
    """Whether what a gap left out may hold the subject. What a gap does not place hides all."""
    path, folded = fold(gap.subject), fold(subject)
    if not path.startswith("/subscriptions/"):
        return True
    if folded == path or folded.startswith(f"{path}/"):
        return True
    if (ids.subscription(path) or "") != (ids.subscription(folded) or ""):
        return False
    return _list_type(path) in _types(folded)


def _list_type(path: str) -> str:
    """The type of which a path lists resources: `.../providers/NS/kind[/name/kind]...`."""
    namespace, *words = path.rpartition("/providers/")[2].split("/")
    return "/".join((namespace, *words[::2]))


def _types(folded: str) -> set[str]:
    """The types of a resource and of what holds it."""
    found, each = set(), folded
    while True:
        kind = ids.type_of(each)
        if kind:
            found.add(kind)
        holder = parent(each)
        if holder is None:
            return found
        each = holder
