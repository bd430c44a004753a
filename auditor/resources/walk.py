"""Walking any struct by its declared types: parts, references, and values with a form of their own.

The declarations in `auditor/resources/` are the single description of what an ARM resource
holds; from them follow the graph's nodes (lists of `Node`), its edges (`Ref`, `ArmId`) and what
must be checked when the input is read (`Cidr`, `IpAddress`, `AddressOrTag`, `Ports`).
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from operator import attrgetter
from typing import Any, Union, cast, get_args, get_origin

import msgspec

from auditor.errors import Undetermined
from auditor.resources.base import HIDDEN, Node, Ref, Wire
from auditor.resources.fields import fields


class Step(msgspec.Struct, frozen=True):
    """One declared field: how to read it and what it holds; `sure` when it is never None."""

    attribute: str
    key: str
    many: bool
    struct: type[Wire] | None = None
    form: str = ""
    sure: bool = False


class Part(msgspec.Struct, frozen=True):
    """A node found inside another: where, and the node."""

    collection: str
    place: int
    node: Node


class Reference(msgspec.Struct, frozen=True):
    """A field that names another resource: `kind` is the JSON key, `target` the id as spelled."""

    kind: str
    target: str
    pointer: str


class Value(msgspec.Struct, frozen=True):
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
    for field in fields(cls):
        if field.encode_name.startswith(HIDDEN):
            continue
        hint = bare(field.type)
        many = get_origin(hint) in (list, tuple)
        if many:
            hint = bare(get_args(hint)[0])
        form = _form(hint)
        struct = hint if isinstance(hint, type) and issubclass(hint, Wire) else None
        if struct is not None or form:
            sure = struct is field.type
            found.append(Step(field.name, field.encode_name, many, struct, form, sure))
    return tuple(found)


@cache
def _needs(cls: type[Wire]) -> tuple[bool, bool, bool]:
    """Whether parts, references or formed values can be found below a struct, parts excluded."""
    parts = references = values = False
    for step in steps(cls):
        if step.form:
            references |= step.form == "id"
            values |= step.form not in ("id", "word")
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
    kinds = ((step, leads_to_parts(step)) for step in steps(cls))
    return tuple((step, is_node) for step, is_node in kinds if is_node is not None)


def leads_to_parts(step: Step) -> bool | None:
    """Tell whether a step leads to parts: True for one itself, False for what holds some."""
    if step.struct is None or issubclass(step.struct, Ref):
        return None
    if issubclass(step.struct, Node):
        return True
    return False if _needs(step.struct)[0] else None


TEXT, REFERENCE, HOLDER = range(3)
"""What leads to references: an id in a string, a `Ref`, an object with some inside."""


def reference_kind(step: Step) -> int | None:
    """Tell how a step leads to references of the node itself, if it does."""
    if step.form == "id":
        return TEXT
    if step.struct is None or issubclass(step.struct, Node):
        return None
    if issubclass(step.struct, Ref):
        return REFERENCE
    return HOLDER if _needs(step.struct)[1] else None


@cache
def _reference_steps(cls: type[Wire]) -> tuple[tuple[str, str, bool, int], ...]:
    """The steps that lead to references, each with its kind."""
    kinds = ((step, reference_kind(step)) for step in steps(cls))
    return tuple((s.attribute, s.key, s.many, kind) for s, kind in kinds if kind is not None)


def leads_to_values(step: Step) -> bool | None:
    """Tell whether a step leads to values with a form of the node itself: True, or None."""
    if step.form:
        return step.form not in ("id", "word") or None
    if step.struct is None or issubclass(step.struct, (Node, Ref)):
        return None
    return _needs(step.struct)[2] or None


@cache
def _value_steps(cls: type[Wire]) -> tuple[Step, ...]:
    return tuple(step for step in steps(cls) if leads_to_values(step))


def peek(struct: object, attribute: str) -> Any:
    """Give the value of a field by name, None when it is unset."""
    try:
        return getattr(struct, attribute)
    except (Undetermined, AttributeError):
        return None


UNTOLD = object()
"""What `read_each` gives for a field that is unset."""


def read_each(nodes: Iterable[Node], path: str) -> list[Any]:
    """Give a field of each of many nodes by its path (`properties.subnet`); UNTOLD where unset.

    Nearly always all of them tell it, and are read in one go.
    """
    read = attrgetter(path)
    try:
        return list(map(read, nodes))
    except (Undetermined, AttributeError):
        return [_read(read, node) for node in nodes]


def _read(read: Callable[[Node], Any], node: Node) -> Any:
    try:
        return read(node)
    except (Undetermined, AttributeError):
        return UNTOLD


@cache
def has_parts(cls: type[Wire]) -> bool:
    """Whether a struct may hold nodes."""
    return bool(_part_steps(cls))


@cache
def holds(cls: type[Wire], kind: type[Node]) -> bool:
    """Tell whether a struct may hold nodes of a kind, at whatever depth."""
    found = (step.struct for step, _ in _part_steps(cls) if step.struct is not None)
    return any(issubclass(each, kind) or holds(each, kind) for each in found)


def untold(struct: Wire, path: str = "") -> Iterator[tuple[str, type[Node] | None]]:
    """Find the fields on the way to nodes directly below that are unset, as relative pointers.

    Each with the class of the nodes that it holds itself.
    """
    for step, is_node in _part_steps(type(struct)):
        here = f"{path}/{step.key}" if path else step.key
        try:
            value = getattr(struct, step.attribute)
        except Undetermined:
            yield here, cast(type[Node], step.struct) if is_node else None
            continue
        if value is None or is_node:
            continue
        for index, item in enumerate(value if step.many else (value,)):
            yield from untold(item, f"{here}/{index}" if step.many else here)


def parts(struct: Wire) -> list[Part]:
    """Find the nodes directly below: not those inside other nodes."""
    found: list[tuple[str, list[Node]]] = []
    collect(struct, "", found)
    return [
        Part(collection, index, node)
        for collection, nodes in found
        for index, node in enumerate(nodes)
    ]


def collect(struct: Wire, path: str, found: list[tuple[str, list[Node]]]) -> None:
    """Collect the nodes directly below by the list they stand in; `path` begins its pointer."""
    for step, is_node in _part_steps(type(struct)):
        value = peek(struct, step.attribute)
        if value is None:
            continue
        here = path + step.key
        if is_node:
            found.append((here, value if step.many else [value]))
        elif step.many:
            for index, item in enumerate(value):
                collect(item, f"{here}/{index}/", found)
        else:
            collect(value, f"{here}/", found)


def references(struct: Wire, path: str = "") -> Iterator[Reference]:
    """Find the references a node holds itself: not those of the nodes inside it."""
    for attribute, key, many, kind in _reference_steps(type(struct)):
        value = peek(struct, attribute)
        if value is None:
            continue
        here = f"{path}/{key}"
        for index, item in enumerate(value if many else (value,)):
            at = f"{here}/{index}" if many else here
            if kind == TEXT:
                if item:
                    yield Reference(key, item, at)
            elif kind == REFERENCE:
                target = peek(item, "id")
                if target:
                    yield Reference(key, target, at + "/id")
            else:
                yield from references(item, at)


def blanks(struct: Wire) -> Iterator[str]:
    """Find the references a node holds itself that do not tell to what: give their keys."""
    for attribute, key, many, kind in _reference_steps(type(struct)):
        try:
            value = getattr(struct, attribute)
        except (Undetermined, AttributeError):
            if kind != HOLDER:
                yield key
            continue
        for item in () if value is None else value if many else (value,):
            if kind == HOLDER:
                yield from blanks(item)
            elif kind == REFERENCE and not peek(item, "id"):
                yield key


def targets(struct: Wire, found: list[tuple[str, str, Ref | None]]) -> None:
    """Collect what `references` finds, without pointers: the key, the id, and the `Ref` if any."""
    for attribute, key, many, kind in _reference_steps(type(struct)):
        value = peek(struct, attribute)
        if value is None:
            continue
        for item in value if many else (value,):
            if kind == HOLDER:
                targets(item, found)
            elif kind == TEXT:
                if item:
                    found.append((key, item, None))
            else:
                target = peek(item, "id")
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
