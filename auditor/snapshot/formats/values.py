"""The value that a parameter file gives: a literal of the declared type, or unknown."""

from __future__ import annotations

from typing import Any

from auditor.snapshot.formats.expressions import is_expression
from auditor.snapshot.formats.functions import Unknown, Value

SECRET = frozenset({"securestring", "secureobject"})
_TYPES: dict[str, type] = {
    "string": str,
    "int": int,
    "bool": bool,
    "array": list,
    "object": dict,
}


def value_of(name: str, entry: Any, declared: Any) -> Value:
    """Give the value of the parameter `name` that `entry` tells and a template declares."""
    kind = declared.get("type") if isinstance(declared, dict) else None
    folded = str(kind).lower()
    told = entry if isinstance(entry, dict) else {}
    if "reference" in told:
        return Unknown(f"the parameter '{name}' comes from a key vault")
    if folded in SECRET:
        return Unknown(f"the parameter '{name}' is a secret")
    value = told.get("value")
    if value is None:
        return Unknown(f"the parameter '{name}' has no value in its parameter file")
    if _holds_expression(value):
        return Unknown(f"the parameter '{name}' is an expression in its parameter file")
    if folded in _TYPES and type(value) is not _TYPES[folded]:
        return Unknown(f"the parameter '{name}' has another type in its parameter file")
    return value


def _holds_expression(value: Any) -> bool:
    """Tell text that Azure does not take as it stands: what a parameter file gives is literal."""
    if isinstance(value, dict):
        return any(_holds_expression(item) for item in value.values())
    if isinstance(value, list):
        return any(_holds_expression(item) for item in value)
    return isinstance(value, str) and is_expression(value)
