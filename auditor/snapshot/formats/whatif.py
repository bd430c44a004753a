"""What a deployment would leave behind: `az deployment ... what-if`, and `bicep snapshot`."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET

from auditor import ids
from auditor.snapshot.document import DELETED, DEPLOYED, Gap
from auditor.snapshot.formats.collect import is_arm_id
from auditor.snapshot.formats.document import Document, NotAnExport, Reading, is_given
from auditor.snapshot.formats.evaluate import Budget, Environment, Scope
from auditor.snapshot.formats.lists import list_path
from auditor.snapshot.formats.settle import Place, record
from auditor.snapshot.formats.template import SUBSCRIPTION

_GONE = "delete"
_UNSURE = frozenset({"unsupported"})


def read(document: Document) -> Reading | None:
    """Read the predicted changes: the state after them, resource by resource."""
    envelope = document.envelope
    if envelope is None or not isinstance(envelope.changes, list):
        return None
    top = Place(document.start, document.pointer)
    return _read(document, msgspec.json.decode(document.raw), top)


def read_answer(document: Document) -> Reading | None:
    """Read them from ARM's own answer, which holds them under `properties`."""
    envelope = document.envelope
    if envelope is None or not isinstance(envelope.status, str) or envelope.properties is UNSET:
        return None
    answer = msgspec.json.decode(document.raw)
    settings = answer["properties"]
    if not isinstance(settings, dict) or not isinstance(settings.get("changes"), list):
        return None
    inside = Place(document.start, document.pointer).at(document.text, "properties")
    return _read(document, {"error": answer.get("error"), **settings}, inside)


def _read(document: Document, answer: dict[str, Any], at: Place) -> Reading | None:
    changes = answer["changes"]
    if not all(isinstance(one, dict) and "changeType" in one for one in changes):
        return None
    if answer.get("error"):
        raise NotAnExport(
            "a what-if that ended in an error", advice="mend the deployment, and ask again"
        )
    predicted = _Predicted(document, "what-if")
    for change, place in zip(changes, at.below(document.text, "changes"), strict=True):
        predicted.change(change, place)
    for key in ("potentialChanges", "diagnostics"):
        if answer.get(key):
            predicted.gap("partial", f"the what-if is not sure: it names `{key}`", place=None)
    return predicted.reading


def read_bicep(document: Document) -> Reading | None:
    """Read the resources that `bicep snapshot` evaluated."""
    envelope = document.envelope
    if envelope is None or not isinstance(envelope.predicted_resources, list):
        return None
    answer = msgspec.json.decode(document.raw)
    predicted = _Predicted(document, "bicep snapshot")
    places = Place(document.start, document.pointer).below(document.text, "predictedResources")
    for resource, place in zip(answer["predictedResources"], places, strict=True):
        predicted.resource(resource, place)
    if answer.get("diagnostics"):
        predicted.gap("partial", "bicep was not sure: it names `diagnostics`", place=None)
    return predicted.reading


class _Predicted:
    """Gathers evaluated resources; expressions that are left in them are unresolved."""

    def __init__(self, document: Document, shape: str) -> None:
        self.reading = Reading(shape)
        self._document = document
        self._budget = Budget()
        self._environment = Environment({}, Scope(SUBSCRIPTION, None), self._budget)

    def change(self, change: dict[str, Any], place: Place) -> None:
        kind = str(change.get("changeType")).lower()
        if kind == _GONE:
            self._deleted(change.get("resourceId"), place)
            return
        side = "after" if is_given(change.get("after")) else "before"
        if kind in _UNSURE or not isinstance(change.get(side), dict):
            self._unpredicted(change.get("resourceId"), place)
            return
        resource = {"id": change.get("resourceId"), **change[side]}
        self.resource(resource, place.at(self._document.text, side))

    def _deleted(self, arm_id: object, place: Place) -> None:
        """Note what will not be there, for those who name it still."""
        if isinstance(arm_id, str) and is_arm_id(arm_id):
            where = self._document.where(place.pointer, place.start)
            self.reading.gaps.append(Gap(DELETED, arm_id, "the deployment deletes it", where))

    def _unpredicted(self, arm_id: object, place: Place) -> None:
        """Note a resource that will be there and is not told: its list is not whole."""
        detail = "a change that what-if cannot predict"
        known = isinstance(arm_id, str) and is_arm_id(arm_id)
        scope, provided, _ = str(arm_id).lower().rpartition("/providers/") if known else ("",) * 3
        if not provided or not scope.startswith("/subscriptions/"):
            self.gap("unsupported", detail, place)
            return
        hidden = list_path(ids.type_of(str(arm_id)) or "", str(arm_id)[: len(scope)])
        self.gap("undecided", f"{detail}: {ids.name(str(arm_id))}", place, hidden)

    def resource(self, resource: Any, place: Place) -> None:
        made = self._environment.resolve(resource)
        arm_id = made.get("id") if isinstance(made, dict) else None
        if not isinstance(arm_id, str) or not is_arm_id(arm_id):
            self.gap("unsupported", "a predicted resource whose id cannot be known", place)
            return
        version = made.get("apiVersion")
        self.reading.records.append(
            record(self._document, place, arm_id, made, self._budget, version)
        )

    def gap(self, kind: str, detail: str, place: Place | None, hides: str = "") -> None:
        at = place or Place(self._document.start, self._document.pointer)
        where = self._document.where(at.pointer, at.start)
        cure = DEPLOYED if hides else ""
        self.reading.gaps.append(Gap(kind, hides or self._document.name, detail, where, cure=cure))
