"""What `reference()` gives of a resource of the network that the same template makes.

Azure gives the settings back as they were asked for, with an id for each part that has a name. What
it adds is not known, nor in which order it lists several parts.
"""

from __future__ import annotations

from typing import Any

from auditor.ids import fold, type_of
from auditor.snapshot.formats.evaluate import Environment, join_names
from auditor.snapshot.formats.expressions import Unresolved
from auditor.snapshot.formats.functions import Unknown, Value
from auditor.snapshot.formats.nesting import deploys, known

_NETWORK = "microsoft.network/"
_ORDER = Unknown("Azure may list several in another order")
_ADDED = Unknown("reference() is known only to Azure")


def settings_of(env: Environment, to: str) -> Value:
    """Give the settings of the resource that a symbolic name or an id means. Raises Unresolved."""
    if settings_of not in env.kept:
        env.kept[settings_of] = _by_reference(env)
    arm_id, resource = env.kept[settings_of].get(fold(to), ("", {}))
    if not arm_id or not deploys(resource, env):
        raise Unresolved(_ADDED.reason)
    return _as_given(env.resolve(resource.get("properties", {})), arm_id)


def _by_reference(env: Environment) -> dict[str, tuple[str, dict[str, Any]]]:
    """Give the resources of which all parts are in their settings, by id and by symbolic name."""
    resources = env.template.get("resources")
    named = resources.items() if isinstance(resources, dict) else enumerate(resources or ())
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    parted: set[str] = set()
    for symbol, resource in named:
        if not isinstance(resource, dict):
            continue
        try:
            kind = known(env, resource, "type")
            parted.add(kind.lower().rpartition("/")[0])
            names = known(env, resource, "name").split("/")
            arm_id = f"{env.scope.prefix}/providers/{join_names(kind, names)}"
        except Unresolved:
            continue
        whole = not any(key in resource for key in ("copy", "existing", "resources"))
        if whole and kind.lower().startswith(_NETWORK):
            found[fold(arm_id)] = arm_id, resource
            if isinstance(symbol, str):
                found[fold(symbol)] = arm_id, resource
    # Others add parts to those of such a type: there are more of them then.
    return {at: one for at, one in found.items() if (type_of(one[0]) or "").lower() not in parted}


def _as_given(value: Value, at: str) -> Value:
    """Give a setting as Azure does; `at` is the id of what it is a setting of."""
    if isinstance(value, dict):
        return {key: _as_given(item, f"{at}/{key}") for key, item in value.items()}
    if isinstance(value, list):
        return [_part(item, at) for item in value] if len(value) < 2 else [_ORDER for _ in value]
    return _ADDED if value is None else value


def _part(item: Value, at: str) -> Value:
    name = item.get("name") if isinstance(item, dict) else None
    if not isinstance(name, str):
        return _as_given(item, at)
    arm_id = f"{at}/{name}"
    inner = item.get("properties")
    return {**item, "id": arm_id, "properties": _as_given(inner, arm_id)}
