"""Walking any struct by its declared types: parts, references, and values with a form of their own.

The declarations in `auditor/resources/` are the single description of what an ARM resource
holds; from them follow the graph's nodes (lists of `Node`), its edges (`Ref`, `ArmId`) and what
must be checked when the input is read (`Cidr`, `AddressOrTag`, `Ports`).
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple, Union, get_args, get_origin

import msgspec

from auditor.resources.base import Node, Ref, Wire


@dataclass(frozen=True, slots=True)
class Step:
    """One declared field: how to read it and what it holds."""

    attribute: str
    key: str
    many: bool
    struct: type[Wire] | None = None
    form: str = ""


class Part(NamedTuple):
    """A node found inside another: where, and the node."""

    collection: str
    place: int
    node: Node


class Reference(NamedTuple):
    """A field that names another resource: `kind` is the JSON key, `target` the id as spelled."""

    kind: str
    target: str
    pointer: str


class Value(NamedTuple):
    """A field with a form of its own (`cidr`, `address-or-tag`, `ports`)."""

    form: str
    text: str
    pointer: str


def bare(hint: Any) -> Any:
    """Take `X` out of `X | None`."""
    if get_origin(hint) in (Union, types.UnionType):
        rest = [arm for arm in get_args(hint) if arm is not type(None)]
        return rest[0] if len(rest) == 1 else hint
    return hint


def _form(hint: Any) -> str:
    for extra in getattr(hint, "__metadata__", ()):
        if isinstance(extra, msgspec.Meta) and extra.extra:
            return str(extra.extra.get("is", ""))
    return ""


@cache
def steps(cls: type[Wire]) -> tuple[Step, ...]:
    """Give the fields of a struct that hold parts, references, nested objects or formed values."""
    found = []
    for field in msgspec.structs.fields(cls):
        if field.encode_name.startswith("auditor:"):
            continue
        hint = bare(field.type)
        many = get_origin(hint) in (list, tuple)
        if many:
            hint = bare(get_args(hint)[0])
        form = _form(hint)
        struct = hint if isinstance(hint, type) and issubclass(hint, Wire) else None
        if struct is not None or form:
            found.append(Step(field.name, field.encode_name, many, struct, form))
    return tuple(found)


@cache
def _needs(cls: type[Wire]) -> tuple[bool, bool, bool]:
    """Whether parts, references or formed values can be found below a struct, parts excluded."""
    parts = references = values = False
    for step in steps(cls):
        if step.form:
            references |= step.form == "id"
            values |= step.form != "id"
        elif step.struct is not None and issubclass(step.struct, Ref):
            references = True
        elif step.struct is not None and issubclass(step.struct, Node):
            parts = True
        elif step.struct is not None and step.struct is not cls:
            below = _needs(step.struct)
            parts, references, values = (
                parts or below[0],
                references or below[1],
                values or below[2],
            )
    return parts, references, values


def _items(value: Any, many: bool) -> Iterator[tuple[int | None, Any]]:
    if many:
        yield from enumerate(value)
    else:
        yield None, value


def read(struct: Wire, step: Step) -> Any:
    """Give the value of a field, None when it is unset: a walk passes over what is not told."""
    return peek(struct, step.attribute)


def peek(struct: Wire, attribute: str) -> Any:
    """Give the value of a field by name, None when it is unset."""
    try:
        return object.__getattribute__(struct, attribute)
    except AttributeError:
        return None


def parts(struct: Wire, path: str = "") -> Iterator[Part]:
    """Find the nodes directly below: not those inside other nodes."""
    for step in steps(type(struct)):
        cls = step.struct
        if cls is None or issubclass(cls, Ref):
            continue
        is_node = issubclass(cls, Node)
        if not is_node and not _needs(cls)[0]:
            continue
        value = read(struct, step)
        if value is None:
            continue
        here = f"{path}/{step.key}" if path else step.key
        for index, item in _items(value, step.many):
            if is_node:
                yield Part(here, index or 0, item)
            else:
                yield from parts(item, here if index is None else f"{here}/{index}")


def references(struct: Wire, path: str = "") -> Iterator[Reference]:
    """Find the references a node holds itself: not those of the nodes inside it."""
    for step in steps(type(struct)):
        cls = step.struct
        if step.form:
            if step.form != "id":
                continue
        elif (
            cls is None
            or issubclass(cls, Node)
            or (not issubclass(cls, Ref) and not _needs(cls)[1])
        ):
            continue
        value = read(struct, step)
        if value is None:
            continue
        here = f"{path}/{step.key}"
        for index, item in _items(value, step.many):
            at = here if index is None else f"{here}/{index}"
            if cls is None:
                if item:
                    yield Reference(step.key, item, at)
            elif issubclass(cls, Ref):
                target = peek(item, "id")
                if target:
                    yield Reference(step.key, target, at + "/id")
            else:
                yield from references(item, at)


def values(struct: Wire, path: str = "") -> Iterator[Value]:
    """Find the values with a form of their own that a node holds itself."""
    for step in steps(type(struct)):
        cls = step.struct
        if step.form:
            if step.form == "id":
                continue
        elif cls is None or issubclass(cls, (Node, Ref)) or not _needs(cls)[2]:
            continue
        value = read(struct, step)
        if value is None:
            continue
        here = f"{path}/{step.key}"
        for index, item in _items(value, step.many):
            at = here if index is None else f"{here}/{index}"
            if cls is None:
                if item:
                    yield Value(step.form, item, at)
            else:
                yield from values(item, at)
