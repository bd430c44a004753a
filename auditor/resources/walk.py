"""Walking any struct by its declared types: parts, references, and values with a form of their own.

The declarations in `auditor/resources/` are the single description of what an ARM resource
holds; from them follow the graph's nodes (lists of `Node`), its edges (`Ref`, `ArmId`) and what
must be checked when the input is read (`Cidr`, `IpAddress`, `AddressOrTag`, `Ports`).
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple, Union, get_args, get_origin

import msgspec

from auditor.errors import Undetermined
from auditor.resources.base import HIDDEN, Node, Ref, Wire


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
        if field.encode_name.startswith(HIDDEN):
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


@cache
def _part_steps(cls: type[Wire]) -> tuple[tuple[Step, bool], ...]:
    """The steps that lead to parts, and whether each is one itself."""
    found = []
    for step in steps(cls):
        if step.struct is None or issubclass(step.struct, Ref):
            continue
        is_node = issubclass(step.struct, Node)
        if is_node or _needs(step.struct)[0]:
            found.append((step, is_node))
    return tuple(found)


@cache
def _reference_steps(cls: type[Wire]) -> tuple[tuple[str, str, bool, int], ...]:
    """The steps that lead to references: 0 an id in a string, 1 a `Ref`, 2 an object with some."""
    found = []
    for step in steps(cls):
        if step.form == "id":
            found.append((step.attribute, step.key, step.many, 0))
        elif step.struct is None or issubclass(step.struct, Node):
            continue
        elif issubclass(step.struct, Ref):
            found.append((step.attribute, step.key, step.many, 1))
        elif _needs(step.struct)[1]:
            found.append((step.attribute, step.key, step.many, 2))
    return tuple(found)


@cache
def _value_steps(cls: type[Wire]) -> tuple[Step, ...]:
    """The steps that lead to values with a form of their own."""
    return tuple(
        step
        for step in steps(cls)
        if (step.form and step.form != "id")
        or (
            step.struct is not None
            and not issubclass(step.struct, (Node, Ref))
            and _needs(step.struct)[2]
        )
    )


def peek(struct: object, attribute: str) -> Any:
    """Give the value of a field by name, None when it is unset."""
    try:
        return getattr(struct, attribute)
    except (Undetermined, AttributeError):
        return None


def has_parts(cls: type[Wire]) -> bool:
    """Whether a struct may hold nodes."""
    return bool(_part_steps(cls))


def untold(struct: Wire, path: str = "") -> Iterator[str]:
    """Find the fields on the way to nodes directly below that are unset, as relative pointers."""
    for step, is_node in _part_steps(type(struct)):
        here = f"{path}/{step.key}" if path else step.key
        try:
            value = getattr(struct, step.attribute)
        except Undetermined:
            yield here
            continue
        if value is None or is_node:
            continue
        for index, item in enumerate(value if step.many else (value,)):
            yield from untold(item, f"{here}/{index}" if step.many else here)


def parts(struct: Wire, path: str = "") -> list[Part]:
    """Find the nodes directly below: not those inside other nodes."""
    found: list[Part] = []
    _parts(struct, path, found)
    return found


def _parts(struct: Wire, path: str, found: list[Part]) -> None:
    for step, is_node in _part_steps(type(struct)):
        value = peek(struct, step.attribute)
        if value is None:
            continue
        here = f"{path}/{step.key}" if path else step.key
        if not step.many:
            value = (value,)
        if is_node:
            found += [Part(here, index, item) for index, item in enumerate(value)]
        else:
            for index, item in enumerate(value):
                _parts(item, f"{here}/{index}" if step.many else here, found)


def references(struct: Wire, path: str = "") -> Iterator[Reference]:
    """Find the references a node holds itself: not those of the nodes inside it."""
    for attribute, key, many, kind in _reference_steps(type(struct)):
        value = peek(struct, attribute)
        if value is None:
            continue
        here = f"{path}/{key}"
        for index, item in enumerate(value if many else (value,)):
            at = f"{here}/{index}" if many else here
            if kind == 0:
                if item:
                    yield Reference(key, item, at)
            elif kind == 1:
                target = peek(item, "id")
                if target:
                    yield Reference(key, target, at + "/id")
            else:
                yield from references(item, at)


# The two walks below visit every node of an audit: no pointers, no generators, nothing called that
# can be avoided.


def targets(struct: Wire, found: list[tuple[str, str, Ref | None]]) -> None:
    """Collect what `references` finds, without pointers: the key, the id, and the `Ref` if any."""
    for attribute, key, many, kind in _reference_steps(type(struct)):
        try:
            value = getattr(struct, attribute)
        except Undetermined:
            continue
        if value is None:
            continue
        for item in value if many else (value,):
            if kind == 2:
                targets(item, found)
            elif kind == 0:
                if item:
                    found.append((key, item, None))
            else:
                try:
                    target = item.id
                except Undetermined:
                    continue
                if target:
                    found.append((key, target, item))


def values(struct: Wire, path: str = "") -> Iterator[Value]:
    """Find the values with a form of their own that a node holds itself."""
    for step in _value_steps(type(struct)):
        value = peek(struct, step.attribute)
        if value is None:
            continue
        here = f"{path}/{step.key}"
        for index, item in enumerate(value if step.many else (value,)):
            at = f"{here}/{index}" if step.many else here
            if step.form:
                if item:
                    yield Value(step.form, item, at)
            else:
                yield from values(item, at)


def texts(struct: Wire, found: set[tuple[str, str]]) -> None:
    """Collect what `values` finds, without pointers: the form and the text, each once."""
    for attribute, form, many in _text_steps(type(struct)):
        try:
            value = getattr(struct, attribute)
        except Undetermined:
            continue
        if value is None:
            continue
        if not form:
            for item in value if many else (value,):
                texts(item, found)
        elif not many:
            found.add((form, value))
        else:
            for item in value:
                found.add((form, item))


@cache
def _text_steps(cls: type[Wire]) -> tuple[tuple[str, str, bool], ...]:
    return tuple((step.attribute, step.form, step.many) for step in _value_steps(cls))
