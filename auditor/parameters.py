"""The parameters of rules, from the tables `[params.ID]` of a configuration."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from auditor.errors import InputError, UsageError, quoted
from auditor.keys import nearest_rule, place, refuse_unknown
from auditor.rule import Rule, values_of

_PLACE = re.compile(r" - at `\$[^`]*`$")
"""Where in the parameters of a rule msgspec sees what is wrong."""
_NO_SUCH_WORD = "Invalid enum value "


def parameters_of(
    rules: Mapping[str, Rule[Any]], given: Mapping[str, Mapping[str, Any]], where: str
) -> dict[str, Any]:
    """Turn `[params.ID]` tables into each rule's own parameters. Raises UsageError."""
    known = {rule.id: rule for rule in rules.values()}
    made: dict[str, Any] = {}
    for key, table in given.items():
        rule = known.get(key.upper())
        at = f"{place(where, 'params', key)}: params.{key}"
        if rule is None:
            raise UsageError(
                f"there is no rule {quoted(key)}", where=at, advice=nearest_rule(key, known)
            )
        if rule.parameters is None:
            raise UsageError(f"{rule.id} takes no parameters", where=at)
        if rule.id in made:
            raise UsageError(f"{rule.id} has its parameters twice", where=at)
        defaults = values_of(rule.parameters)
        names = {name.replace("_", "-"): name for name in defaults}
        refuse_unknown(table, names, partial(_where, where, key))
        values = {names[name]: value for name, value in table.items()}
        try:
            made[rule.id] = _made(rule, {**defaults, **values})
        except ValueError as error:
            wrong = next((n for n in table if not _fits(rule, {names[n]: table[n]})), "")
            said = _said(error, rule, names.get(wrong, ""))
            raise UsageError(said, where=_where(where, key, wrong)) from None
    return made


def _made(rule: Rule[Any], values: Mapping[str, Any]) -> Any:
    """Give a rule's parameters. Raises ValueError for what they cannot be."""
    try:
        return msgspec.convert(values, type(rule.parameters))
    except InputError as error:  # of an address or a port among them
        raise ValueError(str(error)) from None


def _fits(rule: Rule[Any], value: Mapping[str, Any]) -> bool:
    try:
        _made(rule, value)
    except ValueError:
        return False
    return True


def _said(error: ValueError, rule: Rule[Any], field: str) -> str:
    """Say what is wrong without the place, which is told beside, and what a word may be."""
    text = _PLACE.sub("", str(error))
    if not text.startswith(_NO_SUCH_WORD) or not field:
        return text
    known = _words(get_type_hints(type(rule.parameters))[field])
    return (
        f"{quoted(text.removeprefix(_NO_SUCH_WORD).strip(chr(39)))} is none of {', '.join(known)}"
    )


def _words(hint: Any) -> list[str]:
    """Give the words that a type is limited to, wherever in it."""
    if get_origin(hint) is Literal:
        return [str(word) for word in get_args(hint)]
    return [word for inner in get_args(hint) for word in _words(inner)]


def _where(file: str, key: str, name: str) -> str:
    """Name a parameter, and the line where it is given, when the file shows it."""
    return f"{place(file, 'params', key, name)}: params.{key}.{name}".rstrip(".")
