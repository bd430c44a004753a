"""Evaluate the expressions of one ARM template, as far as the template itself tells.

A parameter has its default value: that is what deploys when nobody overrides it. Parameters
without one, and all secure ones, are unknown. The subscription and the resource group of the
deployment are placeholders, the same everywhere in one template, so that ids match.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from auditor.snapshot.formats import clouds, functions, lambdas
from auditor.snapshot.formats.document import TooLarge
from auditor.snapshot.formats.expressions import (
    Access,
    Call,
    Expression,
    Literal,
    Unresolved,
    is_expression,
    literal,
    parse,
)
from auditor.snapshot.formats.functions import Opaque, Unknown, Value

MAX_TURNS = 800
"""Turns of a copy loop; the limit of Azure Resource Manager itself."""
MAX_NODES = 1_000_000
"""Values that one template may unfold to; one of 4 MB, Azure's limit, has fewer."""


@dataclass(slots=True)
class Budget:
    """How many values may still be made."""

    left: int = field(default_factory=lambda: MAX_NODES)

    def spend(self) -> None:
        """Count one value. Raises TooLarge at the end."""
        self.left -= 1
        if self.left < 0:
            raise TooLarge


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a template deploys to."""

    subscription: str
    group: str | None

    @property
    def prefix(self) -> str:
        """The id that the ids of resources begin with."""
        base = f"/subscriptions/{self.subscription}"
        return base if self.group is None else f"{base}/resourceGroups/{self.group}"


@dataclass(slots=True)
class Environment:
    """What expressions of one template may refer to.

    `given` holds parameter values from outside (a nested deployment's), already evaluated; `name`
    is what the deployment is called, and `refer` gives what `reference()` gives of a nested one;
    `bound` holds the variables of lambdas around, `kept` what others found out once.
    """

    template: Mapping[str, Value]
    scope: Scope
    budget: Budget
    given: Mapping[str, Value] = field(default_factory=dict)
    indexes: Mapping[str, int] = field(default_factory=dict)
    name: str | None = None
    refer: Callable[[Environment, str], Value] | None = None
    bound: Mapping[str, Value] = field(default_factory=dict)
    kept: dict[object, Value] = field(default_factory=dict)
    _known: dict[tuple[str, str], Value] = field(default_factory=dict)
    _open: set[tuple[str, str]] = field(default_factory=set)

    def at_index(self, loop: str, index: int) -> Environment:
        """Give the same environment inside one turn of the copy loop of a resource."""
        return replace(self, indexes={**self.indexes, loop.lower(): index, "": index})

    def _at_item(self, loop: str, index: int) -> Environment:
        """Give the same environment for one item of a list.

        In the loop of a resource, `copyIndex()` without a name stays the resource's turn:
        https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-numeric
        """
        indexes = {"": index, **self.indexes}
        return replace(self, indexes={**indexes, loop.lower(): index})

    def outside_loops(self) -> Environment:
        """Give the same environment in no turn of any loop, nor in a lambda."""
        return replace(self, indexes={}, bound={})

    def resolve(self, value: Value) -> Value:
        """Evaluate every expression in a JSON value; what cannot be known becomes `Unknown`."""
        self.budget.spend()
        if isinstance(value, str):
            return self._resolve_text(value)
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        if isinstance(value, dict):
            made = {self._key(key): self.resolve(item) for key, item in value.items()}
            return self._with_loops(value, made)
        return value

    def _with_loops(self, value: dict[str, Value], made: dict[str, Value]) -> dict[str, Value]:
        """Unfold the `copy` of an object: each entry becomes a list under its name."""
        loops = value.get("copy")
        if not isinstance(loops, list) or not all(isinstance(one, dict) for one in loops):
            return made
        del made["copy"]
        for one in loops:
            made[str(one.get("name"))] = self.unfold(one)
        return made

    def unfold(self, loop: dict[str, Value]) -> Value:
        """Give the list that a `copy` entry with an `input` stands for."""
        try:
            count = self._count(loop)
        except Unresolved as why:
            return Unknown(str(why))
        turns = (self._at_item(str(loop.get("name", "")), index) for index in range(count))
        return [turn.resolve(loop.get("input")) for turn in turns]

    def turns(self, loop: dict[str, Value]) -> list[Environment]:
        """Give an environment for each turn of a resource's copy loop. Raises Unresolved."""
        count = self._count(loop)
        return [self.at_index(str(loop.get("name", "")), index) for index in range(count)]

    def _count(self, loop: dict[str, Value]) -> int:
        count = self.resolve(loop.get("count"))
        if isinstance(count, Unknown):
            raise Unresolved(count.reason)
        if type(count) is not int or not 0 <= count <= MAX_TURNS:
            raise Unresolved(f"a copy loop whose count is no number from 0 to {MAX_TURNS}")
        return count

    def _key(self, key: str) -> str:
        resolved = self._resolve_text(key)
        return str(resolved) if isinstance(resolved, str) else key

    def _resolve_text(self, text: str) -> Value:
        if not is_expression(text):
            return literal(text)
        try:
            value = self._evaluate(parse(text[1:-1]))
        except Unresolved as why:
            return Unknown(str(why))
        except RecursionError:
            return Unknown("an expression nested too deeply")
        return value

    def _evaluate(self, expression: Expression) -> Value:
        self.budget.spend()
        if isinstance(expression, Literal):
            return expression.value
        if isinstance(expression, Access):
            return _access(self._evaluate(expression.of), self._evaluate(expression.key))
        return self._call(expression)

    def _call(self, call: Call) -> Value:
        name = call.name.lower()
        if name == "if":
            return self._if(call)
        if name == "coalesce":
            return self._coalesce(call)
        if name in lambdas.FUNCTIONS:
            return lambdas.apply(name, call, self._within)
        if "." in name:
            return self._own_function(name, call)
        arguments = [self._evaluate(argument) for argument in call.arguments]
        if name in ("parameters", "variables") and len(arguments) == 1:
            return self._named(name, str(arguments[0]))
        if name == "lambdavariables" and arguments and arguments[0] in self.bound:
            return self.bound[arguments[0]]
        if name == "copyindex":
            return self._copy_index(arguments)
        if name in _SCOPED:
            return self._scoped(name, arguments)
        if name == "environment" and not arguments:
            return clouds.ENVIRONMENT
        if name == "deployment" and self.name is not None:
            return {"name": self.name}
        if name == "reference" and len(arguments) in (1, 2) and isinstance(arguments[0], str):
            return self._reference(arguments[0])
        return functions.call(call.name, arguments)

    def _if(self, call: Call) -> Value:
        if len(call.arguments) != 3:
            raise Unresolved("if() takes three arguments")
        chosen = self._evaluate(call.arguments[0])
        if not isinstance(chosen, bool):
            raise Unresolved(chosen.reason if isinstance(chosen, Unknown) else "if() of no boolean")
        return self._evaluate(call.arguments[1 if chosen else 2])

    def _coalesce(self, call: Call) -> Value:
        """Give the first value that is not null; what comes after it does not matter."""
        for argument in call.arguments:
            value = self._evaluate(argument)
            if isinstance(value, Unknown):
                raise Unresolved(value.reason)
            if value is not None:
                return value
        return None

    def _within(self, body: Expression, variables: dict[str, Value]) -> Value:
        """Evaluate the body of a lambda, or another argument of a function that takes one."""
        return replace(self, bound={**self.bound, **variables})._evaluate(body)

    def _own_function(self, name: str, call: Call) -> Value:
        """Apply a function that the template declares: it sees its own parameters alone."""
        key = ("functions", name)
        if key in self._open:
            raise Unresolved(f"{call.name}() calls itself")
        declared = self._declared(*name.split(".", 1))
        output = _find(declared, "output")
        if not isinstance(output, dict):
            raise Unresolved(f"{call.name}() is not declared")
        names = [str(_find(one, "name")) for one in _all(_find(declared, "parameters"))]
        if len(names) != len(call.arguments):
            raise Unresolved(f"{call.name}() with arguments it does not take")
        given = dict(zip(names, map(self._evaluate, call.arguments), strict=True))
        own = {"functions": self.template.get("functions")}
        around = {key, *(one for one in self._open if one[0] == key[0])}
        inside = Environment(own, self.scope, self.budget, given, _open=around)
        return inside.resolve(output.get("value"))

    def _declared(self, namespace: str, word: str) -> Value:
        for space in _all(self.template.get("functions")):
            if str(_find(space, "namespace")).lower() == namespace:
                return _find(_find(space, "members"), word)
        return None

    def _reference(self, to: str) -> Value:
        """Give the outputs of a nested deployment, or what is asked of a resource; once."""
        key = ("reference", to.lower())
        if self.refer is None or key in self._open:
            raise Unresolved("reference() is known only to Azure")
        if key not in self._known:
            self._open.add(key)
            try:
                self._known[key] = self.refer(self, to)
            finally:
                self._open.discard(key)
        return self._known[key]

    def _named(self, kind: str, name: str) -> Value:
        """Give a parameter's or a variable's value, evaluated once."""
        key = (kind, name.lower())
        if key in self._open:
            raise Unresolved(f"{kind}('{name}') refers to itself")
        if key not in self._known:
            self._open.add(key)
            try:
                # What is evaluated once belongs to no turn of whichever loop reads it first.
                alone = self.outside_loops()
                find = alone._parameter if kind == "parameters" else alone._variable
                self._known[key] = find(name.lower(), name)
            finally:
                self._open.discard(key)
        value = self._known[key]
        if isinstance(value, Unknown):
            raise Unresolved(value.reason)
        return value

    def _parameter(self, folded: str, name: str) -> Value:
        for key, value in self.given.items():
            if key.lower() == folded:
                return value
        declared = _find(self.template.get("parameters"), folded)
        if not isinstance(declared, dict):
            return Unknown(f"the parameter '{name}' is not declared")
        if str(declared.get("type", "")).lower() in ("securestring", "secureobject"):
            return Unknown(f"the parameter '{name}' is a secret")
        if "defaultValue" not in declared and declared.get("nullable") is True:
            return None
        if "defaultValue" not in declared:
            return Unknown(f"the parameter '{name}' has no default value")
        return self.resolve(declared["defaultValue"])

    def _variable(self, folded: str, name: str) -> Value:
        declared = self.template.get("variables")
        if not isinstance(declared, dict):
            return Unknown(f"the variable '{name}' is not declared")
        if folded in {key.lower() for key in declared}:
            return self.resolve(_find(declared, folded))
        loops = declared.get("copy")
        for loop in loops if isinstance(loops, list) else []:
            if isinstance(loop, dict) and str(loop.get("name")).lower() == folded:
                return self.unfold(loop)
        return Unknown(f"the variable '{name}' is not declared")

    def _copy_index(self, arguments: list[Value]) -> int:
        loop = next((str(a).lower() for a in arguments if isinstance(a, str)), "")
        if loop not in self.indexes:
            raise Unresolved("copyIndex() outside a loop that can be unfolded")
        return self.indexes[loop] + sum(a for a in arguments if type(a) is int)

    def _scoped(self, name: str, arguments: list[Value]) -> Value:
        for argument in arguments:
            if isinstance(argument, Unknown):
                raise Unresolved(argument.reason)
        if name == "resourcegroup":
            return self._group()
        if name == "subscription":
            found = self.scope.subscription
            return {"id": f"/subscriptions/{found}", "subscriptionId": found}
        texts = [argument if isinstance(argument, str) else "" for argument in arguments]
        made = _resource_id(name, texts, self.scope)
        return Opaque(made) if any(isinstance(text, Opaque) for text in texts) else made

    def _group(self) -> dict[str, Value]:
        if self.scope.group is None:
            raise Unresolved("resourceGroup() in a deployment to a subscription")
        return {
            "id": self.scope.prefix,
            "name": self.scope.group,
            "location": Unknown("the resource group's location is not in the template"),
        }


_SCOPED = frozenset(
    {
        "extensionresourceid",
        "resourcegroup",
        "resourceid",
        "subscription",
        "subscriptionresourceid",
        "tenantresourceid",
    }
)


def _find(table: Value, folded: str) -> Value:
    """Look a name up without case."""
    if not isinstance(table, dict):
        return None
    return next((value for key, value in table.items() if key.lower() == folded), None)


def _all(value: Value) -> list[Value]:
    return value if isinstance(value, list) else []


def _access(value: Value, key: Value) -> Value:
    """Give a property, whose name has no case, or an element."""
    if isinstance(value, list) and isinstance(key, int) and 0 <= key < len(value):
        found = value[key]
    elif isinstance(value, dict) and str(key).lower() in {name.lower() for name in value}:
        found = _find(value, str(key).lower())
    elif isinstance(value, Unknown):
        found = value
    else:
        raise Unresolved(f"'{str(key)[:40]}' of a value that does not have it")
    if isinstance(found, Unknown):
        raise Unresolved(found.reason)
    return found


def _resource_id(name: str, arguments: list[str], scope: Scope) -> str:
    """Build the id that one of the four `...resourceId` functions gives."""
    if name == "extensionresourceid" and arguments:
        base, rest = arguments[0], arguments[1:]
    else:
        at = next((i for i, text in enumerate(arguments) if _is_type(text)), len(arguments))
        base, rest = _base(name, arguments[:at], scope), arguments[at:]
    if not rest or len(rest[0].strip("/").split("/")) != len(rest):
        raise Unresolved(f"{name}() with arguments it does not take")
    return base.rstrip("/") + "/providers/" + join_names(rest[0], rest[1:])


def _is_type(text: str) -> bool:
    return "." in text.split("/")[0] and "/" in text


def _base(name: str, before: list[str], scope: Scope) -> str:
    if name == "tenantresourceid":
        return ""
    if name == "subscriptionresourceid":
        return f"/subscriptions/{before[0] if before else scope.subscription}"
    subscription = before[0] if len(before) == 2 else scope.subscription
    group = before[-1] if before else scope.group
    return Scope(subscription, group).prefix


def join_names(kind: str, names: list[str]) -> str:
    """Interleave a type with the names: `NS/a/b` and `x`, `y` give `NS/a/x/b/y`.

    Raises Unresolved when they do not fit.
    """
    namespace, *kinds = kind.strip("/").split("/")
    if len(kinds) != len(names) or not all((namespace, *kinds, *names)):
        raise Unresolved("its name does not fit its type")
    pairs = [f"{one}/{other}" for one, other in zip(kinds, names, strict=True)]
    return "/".join([namespace, *pairs])
