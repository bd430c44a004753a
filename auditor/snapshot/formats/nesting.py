"""Deployments inside a template: whether they are made, where, with what, and what comes back.

Bicep turns every module into one, and what a module gives the others into a `reference()` to its
outputs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from auditor.ids import fold
from auditor.snapshot.formats.evaluate import Environment, Scope
from auditor.snapshot.formats.expressions import Unresolved
from auditor.snapshot.formats.functions import Unknown, Value
from auditor.snapshot.formats.lists import DEPLOYMENT

Resource = dict[str, Any]


def deploys(resource: Resource, env: Environment) -> bool:
    """Evaluate `condition`. Raises Unresolved."""
    condition = env.resolve(resource.get("condition", True))
    if isinstance(condition, Unknown):
        raise Unresolved(f"deployed only on a condition: {condition.reason}")
    if isinstance(condition, str):
        return condition.lower() == "true"
    return condition is not False


def known(env: Environment, resource: Resource, key: str) -> str:
    """Give a text of a resource. Raises Unresolved."""
    value = env.resolve(resource.get(key))
    if isinstance(value, Unknown):
        raise Unresolved(f"its {key} cannot be known: {value.reason}")
    if not isinstance(value, str):
        raise Unresolved(f"it has no {key}")
    return value


def target_of(resource: Resource, env: Environment, scope: Scope) -> Scope:
    """Give the scope of a nested deployment."""
    subscription, group = scope.subscription, scope.group
    if "subscriptionId" in resource:
        subscription, group = known(env, resource, "subscriptionId"), None
    if "resourceGroup" in resource:
        group = known(env, resource, "resourceGroup")
    return Scope(subscription, group)


def given_to(parameters: Any, env: Environment) -> dict[str, Any]:
    """Evaluate the parameter values that a deployment hands to its nested template."""
    given: dict[str, Any] = {}
    for name, entry in parameters.items() if isinstance(parameters, dict) else ():
        # Bicep writes a loop in the place of a value as the `copy` of an entry.
        told = env.resolve(entry) if isinstance(entry, dict) and "reference" not in entry else {}
        if "value" in told:
            given[name] = told["value"]
        else:
            given[name] = Unknown(f"the parameter '{name}' comes from a key vault")
    return given


def inside(resource: Resource, env: Environment, scope: Scope) -> tuple[Resource, Environment]:
    """Give the template of a nested deployment, and what its expressions may refer to.

    Raises Unresolved for a linked one.
    """
    settings = resource.get("properties")
    template = settings.get("template") if isinstance(settings, dict) else None
    if not isinstance(settings, dict) or not isinstance(template, dict):
        raise Unresolved("a linked deployment, whose template is elsewhere")
    options = settings.get("expressionEvaluationOptions")
    if not isinstance(options, dict) or str(options.get("scope")).lower() != "inner":
        return template, env
    given = given_to(settings.get("parameters"), env)
    called = env.resolve(resource.get("name"))
    name = called if isinstance(called, str) else None
    target = target_of(resource, env, scope)
    return template, Environment(template, target, env.budget, given, name=name, refer=env.refer)


def reference(env: Environment, to: str) -> Value:
    """Give what `reference()` gives of a nested deployment: its outputs. Raises Unresolved."""
    alone = env.outside_loops()
    for resource in _candidates(env.template, to):
        turn = _turn_called(resource, alone, to)
        if turn is None:
            continue
        if not deploys(resource, turn):
            break
        template, within = inside(resource, turn, turn.scope)
        outputs = template.get("outputs")
        found = outputs.items() if isinstance(outputs, dict) else ()
        return {"outputs": {name: _output(one, within) for name, one in found}}
    raise Unresolved("reference() is known only to Azure")


def _output(output: Any, env: Environment) -> Value:
    """Evaluate one output, which may be a loop."""
    told = output if isinstance(output, dict) else {}
    if env.resolve(told.get("condition", True)) is not True:
        return Unknown("an output on a condition")
    loop = told.get("copy")
    return {"value": env.unfold(loop) if isinstance(loop, dict) else env.resolve(told.get("value"))}


_TURN = re.compile(r"(?P<symbol>[^/\[]+)\[(?P<turn>\d{1,3})\]")
"""How Bicep names one of a loop of modules: `nics[0]`, by its symbolic name and its turn."""


def _candidates(template: Any, to: str) -> list[Resource]:
    """The nested deployments that a symbolic name, a name or an id may mean."""
    resources = template.get("resources")
    if isinstance(resources, dict):
        one = _TURN.fullmatch(to)
        wanted = (one["symbol"] if one else to).lower()
        symbol = [one for name, one in resources.items() if name.lower() == wanted]
        resources = list(resources.values()) if "/" in to else symbol
    found = resources if isinstance(resources, list) else []
    return [one for one in found if isinstance(one, dict) and _is_deployment(one)]


def _turn_called(resource: Resource, env: Environment, to: str) -> Environment | None:
    """Give the environment of the deployment that is meant: of that turn, where it has a loop."""
    if not isinstance(env.template.get("resources"), dict) or "/" in to:
        if id(resource) not in env.kept:
            env.kept[id(resource)] = dict(_by_name(resource, env))
        found: Environment | None = env.kept[id(resource)].get(fold(to))
        return found
    one, turns = _TURN.fullmatch(to), _turns(resource, env)
    if (one is None) is isinstance(resource.get("copy"), dict):
        return None
    place = int(one["turn"]) if one else 0
    return turns[place] if place < len(turns) else None


def _by_name(resource: Resource, env: Environment) -> Iterator[tuple[str, Environment]]:
    """Give the turns of a deployment by name and by id."""
    for turn in _turns(resource, env):
        try:
            name = known(turn, resource, "name")
            prefix = target_of(resource, turn, turn.scope).prefix
        except Unresolved:
            continue
        yield fold(name), turn
        yield fold(f"{prefix}/providers/{DEPLOYMENT}/{name}"), turn


def _turns(resource: Resource, env: Environment) -> list[Environment]:
    loop = resource.get("copy")
    try:
        return env.turns(loop) if isinstance(loop, dict) else [env]
    except Unresolved:
        return []


def _is_deployment(resource: Resource) -> bool:
    kind = resource.get("type")
    return isinstance(kind, str) and kind.lower() == DEPLOYMENT
