"""The functions of ARM templates that take a lambda: `map`, `filter`, `reduce` and their kin.

Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-lambda
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cmp_to_key
from typing import TypeAlias

from auditor.snapshot.formats.expressions import Call, Expression, Literal, Unresolved
from auditor.snapshot.formats.functions import MAX_ITEMS, Opaque, Unknown, Value

Evaluate: TypeAlias = Callable[[Expression, dict[str, Value]], Value]
"""Evaluates an expression with what the variables of a lambda are."""
_Lambda: TypeAlias = Callable[..., Value]


def apply(name: str, call: Call, evaluate: Evaluate) -> Value:
    """Apply one of `FUNCTIONS`. Raises Unresolved when it cannot be evaluated."""
    given = [_argument(name, each, evaluate) for each in call.arguments]
    try:
        over, *rest = given
        if isinstance(over, Unknown):
            raise Unresolved(over.reason)
        if not isinstance(over, dict if name == "mapvalues" else list) or len(over) > MAX_ITEMS:
            raise TypeError
        return FUNCTIONS[name](over, *rest)
    except (TypeError, ValueError):
        raise Unresolved(f"{call.name}() with arguments it does not take") from None


def _argument(name: str, argument: Expression, evaluate: Evaluate) -> Value:
    """Give a lambda as something to call, and the value of anything else."""
    if not isinstance(argument, Call) or argument.name.lower() != "lambda":
        return evaluate(argument, {})
    *variables, body = argument.arguments or (None,)
    words = [str(each.value) for each in variables if isinstance(each, Literal)]
    if body is None or len(words) != len(variables):
        raise Unresolved(f"{name}() with arguments it does not take")
    return lambda *values: evaluate(body, dict(zip(words, values, strict=False)))


def _yes(answer: Value) -> bool:
    if not isinstance(answer, bool):
        raise Unresolved(answer.reason if isinstance(answer, Unknown) else "a lambda of no boolean")
    return answer


def _key(answer: Value) -> str:
    if not isinstance(answer, str) or isinstance(answer, Opaque):
        raise Unresolved("a key of an object that only Azure knows")
    return answer


def _filter(values: list[Value], keeps: _Lambda) -> list[Value]:
    return [value for index, value in enumerate(values) if _yes(keeps(value, index))]


def _map(values: list[Value], made: _Lambda) -> list[Value]:
    return [made(value, index) for index, value in enumerate(values)]


def _reduce(values: list[Value], start: Value, made: _Lambda) -> Value:
    for index, value in enumerate(values):
        start = made(start, value, index)
    return start


def _sort(values: list[Value], before: _Lambda) -> list[Value]:
    def order(one: Value, other: Value) -> int:
        return -1 if _yes(before(one, other)) else int(_yes(before(other, one)))

    return sorted(values, key=cmp_to_key(order))


def _to_object(values: list[Value], key: _Lambda, made: _Lambda | None = None) -> Value:
    return {_key(key(value)): made(value) if made else value for value in values}


def _group_by(values: list[Value], key: _Lambda) -> Value:
    found: dict[str, list[Value]] = {}
    for index, value in enumerate(values):
        found.setdefault(_key(key(value, index)), []).append(value)
    return found


def _map_values(over: dict[str, Value], made: _Lambda) -> Value:
    return {key: made(value) for key, value in over.items()}


FUNCTIONS: dict[str, Callable[..., Value]] = {
    "filter": _filter,
    "groupby": _group_by,
    "map": _map,
    "mapvalues": _map_values,
    "reduce": _reduce,
    "sort": _sort,
    "toobject": _to_object,
}
