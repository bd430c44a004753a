"""ARM templates: hand-written, exported by `az group export`, or built by Bicep.

What a template says outright, or by expressions that its own text decides, becomes records;
the rest is unresolved. The answer is about the deployment as written, with default parameters
where no parameter file gives others.
"""

from __future__ import annotations

from typing import Any

import msgspec

from auditor.ids import fold, type_of
from auditor.snapshot.document import Gap
from auditor.snapshot.faults import shown
from auditor.snapshot.formats.deployment import level
from auditor.snapshot.formats.document import Document, NotAnExport, Reading
from auditor.snapshot.formats.evaluate import Budget, Environment, Scope, join_names
from auditor.snapshot.formats.expressions import Unresolved
from auditor.snapshot.formats.functions import Opaque, Unknown, Value
from auditor.snapshot.formats.lists import DEPLOYMENT, list_path
from auditor.snapshot.formats.nesting import (
    deploys,
    inside,
    known,
    reference,
    target_of,
)
from auditor.snapshot.formats.own_settings import settings_of
from auditor.snapshot.formats.settle import Place, hide_all, record

SUBSCRIPTION = "{subscription}"
_GROUP = "microsoft.resources/resourcegroups"
_MAX_NESTED = 8

Resource = dict[str, Any]


def read(document: Document) -> Reading | None:
    """Read a deployment template (`$schema` says so)."""
    above = level(document)
    if above is None:
        return None
    name = _stem(document.called or document.name)
    group = None if above else f"{{resource-group:{name}}}"
    return _Builder(document).build(Scope(SUBSCRIPTION, group))


def _refer(env: Environment, to: str) -> Value:
    """Give what `reference()` gives: outputs of a deployment, else settings. Raises Unresolved."""
    try:
        return reference(env, to)
    except Unresolved as why:
        try:
            return settings_of(env.outside_loops(), to)
        except Unresolved:
            raise why from None


def _stem(name: str) -> str:
    """Give a file's short name in a form that fits into an id."""
    return shown(name, 80).replace("/", "_").replace("\\", "_")


class _Builder:
    """Walks the resources of a template, its nested ones and its nested deployments."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._budget = Budget()
        self._reading = Reading("ARM template")
        self._open_lists: list[tuple[str, str, str]] = []

    def build(self, scope: Scope) -> Reading:
        template = msgspec.json.decode(self._document.raw)
        called = f"{{deployment:{_stem(self._document.called or self._document.name)}}}"
        environment = Environment(
            template,
            scope,
            self._budget,
            self._document.given,
            name=Opaque(called),
            refer=_refer,
        )
        root = Place(self._document.start, self._document.pointer)
        self._all(template, environment, scope, root, 0)
        gaps = self._reading.gaps
        if gaps and not self._reading.records:
            raise NotAnExport(
                f"a template of which no resource can be known: {gaps[0].detail}",
                advice="compile it with its parameters (`bicep snapshot`), or audit the deployment",
            )
        self._reading.records = hide_all(self._reading.records, self._open_lists)
        return self._reading

    def _all(
        self, template: Resource, env: Environment, scope: Scope, place: Place, nested: int
    ) -> None:
        resources = template.get("resources")
        values = list(resources.values()) if isinstance(resources, dict) else resources
        places = place.below(self._document.text, "resources")
        if not isinstance(values, list):
            self._gap(place, "a deployment whose `resources` are no list")
            return
        for resource, where in zip(values, places, strict=False):
            self._each(resource, env, scope, where, None, nested)

    def _each(
        self,
        resource: Any,
        env: Environment,
        scope: Scope,
        place: Place,
        parent: tuple[str, str] | None,
        nested: int,
    ) -> None:
        """Unfold a resource's copy loop, if it has one."""
        if not isinstance(resource, dict):
            self._gap(place, "an element of `resources` that is no object")
            return
        if resource.get("existing") is True:
            return
        loop = resource.get("copy")
        if not isinstance(loop, dict):
            self._one(resource, env, scope, place, parent, nested)
            return
        try:
            turns = env.turns(loop)
        except Unresolved as why:
            loop_of = Unresolved(f"in a copy loop of unknown length: {why}")
            self._left_out(place, resource, env, scope, parent, loop_of)
            return
        for turn in turns:
            self._one(resource, turn, scope, place, parent, nested)

    def _one(
        self,
        resource: Resource,
        env: Environment,
        scope: Scope,
        place: Place,
        parent: tuple[str, str] | None,
        nested: int,
    ) -> None:
        try:
            if not deploys(resource, env):
                return
            if known(env, resource, "type").lower() == DEPLOYMENT:
                self._nested(resource, env, scope, place, nested)
                return
            kind, name = _identity(resource, env, parent)
            arm_id = _arm_id(kind, name, _scope_of(resource, env, scope))
        except Unresolved as why:
            self._left_out(place, resource, env, scope, parent, why)
            return
        own = {key: value for key, value in resource.items() if key.lower() != "resources"}
        made = env.resolve(own)
        version = made.get("apiVersion")
        self._reading.records.append(
            record(self._document, place, arm_id, made, self._budget, version)
        )
        children = resource.get("resources")
        places = place.below(self._document.text, "resources")
        for child, where in zip(
            children if isinstance(children, list) else [], places, strict=False
        ):
            self._each(child, env, scope, where, (kind, name), nested)

    def _left_out(
        self,
        place: Place,
        resource: Resource,
        env: Environment,
        scope: Scope,
        parent: tuple[str, str] | None,
        why: Unresolved,
    ) -> None:
        """Note a resource that cannot be known: the list it would be on is not whole.

        The parents it may belong to miss an element.
        """
        detail = f"a resource ({shown(str(resource.get('type')), 80)}) left out: {why}"
        kind = env.resolve(resource.get("type"))
        if not isinstance(kind, str):
            anything = isinstance(kind, Unknown)
            self._gap(place, detail, scope.prefix if anything else "")
            return
        kind = kind.strip("/")
        if parent is not None and "." not in kind.split("/")[0]:
            kind = f"{parent[0]}/{kind}"
        self._gap(place, detail, list_path(kind, scope.prefix))
        above, _, last = kind.rpartition("/")
        if "/" in above:
            reason = f"the template adds to it a resource that cannot be known ({why})"
            self._open_lists.append((above, last, reason))

    def _nested(
        self, resource: Resource, env: Environment, scope: Scope, place: Place, nested: int
    ) -> None:
        """Read the template inside a deployment resource, in the scope it deploys to."""
        template, within = inside(resource, env, scope)
        if nested >= _MAX_NESTED:
            raise Unresolved(f"deployments nested more than {_MAX_NESTED} deep")
        target = target_of(resource, env, scope)
        where = place.at(self._document.text, "properties").at(self._document.text, "template")
        self._all(template, within, target, where, nested + 1)

    def _gap(self, place: Place, detail: str, hides: str = "") -> None:
        """Note what is not read; `hides` is the list, or the scope, that is not whole for it."""
        where = self._document.where(place.pointer, place.start)
        kind = "undecided" if hides else "unsupported"
        self._reading.gaps.append(Gap(kind, hides or self._document.name, detail, where))


def _identity(
    resource: Resource, env: Environment, parent: tuple[str, str] | None
) -> tuple[str, str]:
    """Give the full type and the full name, both with slashes."""
    kind, name = (known(env, resource, key).strip("/") for key in ("type", "name"))
    if parent is not None and "." not in kind.split("/")[0]:
        kind = f"{parent[0]}/{kind}"
    if parent is not None and name.count("/") + 1 < kind.count("/"):
        name = f"{parent[1]}/{name}"
    if "/" not in kind or not all(name.split("/")) or name.count("/") + 1 != kind.count("/"):
        raise Unresolved("its name does not fit its type")
    return kind, name


def _scope_of(resource: Resource, env: Environment, scope: Scope) -> str:
    """Give the id that the resource's own follows: the scope it extends, or where it deploys."""
    if "scope" not in resource:
        return scope.prefix
    extended = known(env, resource, "scope").strip("/")
    if extended.lower().startswith(("subscriptions/", "providers/")):
        return "/" + extended
    pieces = extended.split("/")
    if len(pieces) < 3 or len(pieces) % 2 == 0:
        raise Unresolved("a scope that is no resource")
    return f"{scope.prefix}/providers/{extended}"


def _arm_id(kind: str, name: str, scope: str) -> str:
    if kind.lower() == _GROUP:
        return f"/{'/'.join(scope.strip('/').split('/')[:2])}/resourceGroups/{name}"
    arm_id = f"{scope}/providers/{join_names(kind, name.split('/'))}"
    if type_of(arm_id) is None or fold(arm_id).count("//"):
        raise Unresolved("its name does not fit its type")
    return arm_id
