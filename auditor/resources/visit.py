"""Visiting every reference and every formed value of an audit, as fast as Python can.

What `walk` finds by looking at declarations again for every struct, a function written out once
per class finds here: the lines a person would write who knew the class. A struct with unset fields
is rare; for it the walk is taken.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple, TypeAlias, TypeVar

import msgspec

from auditor.errors import Undetermined
from auditor.resources import walk
from auditor.resources.base import Node, Ref, Wire, hollow_of
from auditor.resources.fields import decoder
from auditor.resources.twins import texts_of, whole_of

Targets: TypeAlias = list[tuple[str, str, Ref | None]]
"""References: the JSON key, the id as spelled, and the `Ref` it stands in, if any."""

Texts: TypeAlias = list[tuple[str, str]]
"""Values with a form of their own: the form and the text."""

Collections: TypeAlias = list[tuple[str, list[Node]]]
"""Nodes directly below, by the pointer of the list they stand in."""

V = TypeVar("V")

_encode = msgspec.msgpack.Encoder().encode

_Known: TypeAlias = Mapping[str, Container[str]]


def targets(struct: Wire, found: Targets) -> None:
    """Collect what `walk.references` finds, without pointers."""
    before = len(found)
    try:
        _targets_of(type(struct))(struct, found)
    except Undetermined:
        del found[before:]
        walk.targets(struct, found)


def texts(struct: Wire, known: _Known, found: Texts) -> None:
    """Collect what `walk.values` finds and is not known, by form, without pointers."""
    before = len(found)
    try:
        _texts_of(type(struct))(struct, known, found)
    except Undetermined:
        found[before:] = (
            (value.form, value.text)
            for value in walk.values(struct)
            if value.text not in known[value.form]
        )


class Words(dict[str, dict[str, str]]):
    """One copy of each word and of each value with a form, by form, and of whatever is alike.

    `new` are those that were met since it was last emptied; `whole` is false when there may be
    others in structs with unset fields, which are rare, and may keep copies.
    """

    def __init__(self) -> None:
        super().__init__()
        self.new: Texts = []
        self.whole = True
        self._alike: dict[tuple[type, bytes], Any] = {}
        self.told: dict[str, dict[bytes, Any]] = defaultdict(dict)

    def __missing__(self, form: str) -> dict[str, str]:
        found = self[form] = {}
        return found

    def share(self, struct: Wire) -> None:
        """Let a resource, with its parts, say what others say in the same strings.

        A twin becomes what it stands for. Raises msgspec.ValidationError, or RecursionError, when
        what it left as text is not of its type.
        """
        try:
            _sharing_of(type(struct))(struct, self)
        except Undetermined:
            self.whole = False

    def read(self, kind: str, text: bytes) -> Any:
        """Read a text that was not met before; `kind` names its type."""
        value = decoder(_GLOBALS[kind]).decode(text)
        if isinstance(value, dict):
            value = self.tags(value)
        elif value is not None:
            first = self.first(value)
            if first is value:
                self.share(value)
            value = first
        self.told[kind][text] = value
        return value

    def first(self, value: V) -> V:
        """Give what was met first of all settings or tags that say the same as these."""
        kind = type(value)
        if value is hollow_of(kind):
            return value
        try:
            found: V = self._alike.setdefault((kind, _encode(value)), value)
        except (AttributeError, ValueError, OverflowError):
            return value  # a field is unset, or holds a huge number or half a character
        return found

    def tags(self, tags: dict[str, Any]) -> dict[str, Any]:
        """Give the tags met first that are the same as these."""
        first = self.first(tags)
        if first is tags:
            words = self["word"]
            for key, value in tags.items():
                if isinstance(value, str):
                    tags[key] = words.setdefault(value, value)
        return first


def collections(struct: Wire) -> Collections:
    """Find what `walk.parts` finds, by the list it stands in."""
    found: Collections = []
    try:
        _collections_of(type(struct))(struct, found)
    except Undetermined:
        found.clear()
        walk.collect(struct, "", found)
    return found


class _Place(NamedTuple):
    """A field that leads somewhere: `at` is how a line calls its value, `kind` what is known of it.

    In a list, `at` is an element, and `pointer` lacks its number.
    """

    step: walk.Step
    at: str
    pointer: str
    kind: Any


@cache
def _targets_of(cls: type[Wire]) -> Callable[[Wire, Targets], None]:
    lines = _visits(cls, walk.reference_kind, _target_lines)
    visit: Callable[[Wire, Targets], None] = _function("struct, found", lines)
    return visit


def _target_lines(place: _Place) -> tuple[str, ...]:
    key = place.step.key
    if place.kind == walk.HOLDER:
        return ("targets(value, found)",)
    if place.kind == walk.TEXT:
        return (f"if value: found.append(({key!r}, value, None))",)
    return ("target = value.id", f"if target: found.append(({key!r}, target, value))")


@cache
def _texts_of(cls: type[Wire]) -> Callable[[Wire, _Known, Texts], None]:
    lines = _visits(cls, walk.leads_to_values, _text_lines)
    visit: Callable[[Wire, _Known, Texts], None] = _function("struct, known, found", lines)
    return visit


def _text_lines(place: _Place) -> tuple[str, ...]:
    form = place.step.form
    if not form:
        return ("texts(value, known, found)",)
    return (f"if value not in known[{form!r}]: found.append(({form!r}, value))",)


@cache
def _sharing_of(cls: type[Wire]) -> Callable[[Wire, Words], None]:
    lines = list(_visits(cls, _holds_words, _word_lines, opening=_wholly, whole_alike=True))
    text = "\n".join(lines)
    bound = [f"{_known(form)} = words[{form!r}]" for form in _FORMS if _known(form) in text]
    bound += [f"told_{kind} = words.told[{kind!r}]" for kind in set(_TOLD.findall(text))]
    visit: Callable[[Wire, Words], None] = _function("struct, words", [*bound, *lines])
    return visit


def _wholly(cls: type[Wire], name: str) -> Iterator[str]:
    """Write the lines that make of a twin what it stands for."""
    whole = whole_of(cls)
    if whole is None:
        return
    yield f"{name}.__class__ = {_named(whole)}"
    for attribute, hint in texts_of(whole).items():
        hollow, kind = hollow_of(hint), _named(hint)
        yield f"text = {name}.{attribute}"
        yield "if text is not None:"
        yield "    text = bytes(text)"
        yield f"    told = told_{kind}.get(text)"
        yield f"    {name}.{attribute} = words.read({kind!r}, text) if told is None else told"
        if hollow is not None:
            yield f"else: {name}.{attribute} = {_named(hollow)}"


_TOLD = re.compile(r"told_(\w+)\.get")


def _named(value: Any) -> str:
    """Give the name by which lines call an object."""
    name = f"object_{id(value)}"
    _GLOBALS[name] = value
    return name


_FORMS = ("word", "cidr", "address", "address-or-tag", "ports")


def _known(form: str) -> str:
    """Name the variable that holds the words of a form."""
    return f"known_as_{form.replace('-', '_')}"


def _holds_words(step: walk.Step) -> bool | None:
    if step.form:
        return step.form != "id" or None
    if step.struct is None or issubclass(step.struct, Ref):
        return None
    return issubclass(step.struct, Node) or _says_words(step.struct) or None


def _says_words(cls: type[Wire]) -> bool:
    return whole_of(cls) is not None or _spells_words(cls)


@cache
def _spells_words(cls: type[Wire]) -> bool:
    steps = walk.steps(cls)
    return any(_holds_words(step) for step in steps if step.struct is not cls)


def _word_lines(place: _Place) -> tuple[str, ...]:
    form = place.step.form
    if form:
        return (
            f"word = {_known(form)}.get(value)",
            "if word is None:",
            f"    {_known(form)}[value] = value",
            f"    words.new.append(({form!r}, value))",
            f"elif word is not value: {place.at} = word",
        )
    lines: tuple[str, ...] = ("sharing_of(type(value))(value, words)",)
    struct = place.step.struct
    if struct is not None and struct.alike:
        return (
            "first = words.first(value)",
            f"if first is not value: {place.at} = first",
            f"else: {lines[0]}",
        )
    if struct is not None and issubclass(struct, Node):
        name = f"value.name = {_known('word')}.setdefault(value.name, value.name)"
        if whole_of(struct) is not None and not _spells_words(struct):
            lines = tuple(_wholly(struct, "value"))
        return (name, *lines)
    return lines


@cache
def _collections_of(cls: type[Wire]) -> Callable[[Wire, Collections], None]:
    lines = _visits(cls, walk.leads_to_parts, _collection_lines, whole_lists=True)
    visit: Callable[[Wire, Collections], None] = _function("struct, found", lines)
    return visit


def _collection_lines(place: _Place) -> tuple[str, ...]:
    step, pointer = place.step, place.pointer
    if step.struct is not None and issubclass(step.struct, Node):
        return (f"found.append(({pointer!r}, {'value' if step.many else '[value]'}))",)
    if not step.many:
        return (f"collect(value, {pointer + '/'!r}, found)",)
    return (
        "for number, item in enumerate(value):",
        f"    collect(item, f'{pointer}/{{number}}/', found)",
    )


def _visits(
    cls: type[Wire],
    kind_of: Callable[[walk.Step], Any],
    lines: Callable[[_Place], tuple[str, ...]],
    *,
    name: str = "struct",
    path: str = "",
    opening: Callable[[type[Wire], str], Iterable[str]] = lambda cls, name: (),
    whole_lists: bool = False,
    whole_alike: bool = False,
) -> Iterator[str]:
    """Write the lines that visit a struct called `name`, and the objects that always are in it.

    Lists, and settings of which many are alike, are opened here unless the lines want them whole.
    Those of `opening` are about the struct itself and come before.
    """
    yield from opening(cls, name)
    for step in walk.steps(cls):
        kind = kind_of(step)
        if kind is None:
            continue
        at, pointer = f"{name}.{step.attribute}", path + step.key
        struct = step.struct if step.sure else None
        closed = struct is None or issubclass(struct, (Node, Ref)) or (whole_alike and struct.alike)
        if struct is not None and not closed:
            inner = f"{name}_{step.attribute}"
            yield f"{inner} = {at}"
            yield from _visits(
                struct,
                kind_of,
                lines,
                name=inner,
                path=f"{pointer}/",
                opening=opening,
                whole_lists=whole_lists,
                whole_alike=whole_alike,
            )
            continue
        if step.many and not whole_lists:
            yield f"for place, value in enumerate({at} or ()):"
            at += "[place]"
        else:
            yield f"value = {at}"
            yield "if value is not None:"
        yield from (f"    {line}" for line in lines(_Place(step, at, pointer, kind)))


_GLOBALS: dict[str, Any] = {
    "targets": targets,
    "texts": texts,
    "sharing_of": _sharing_of,
    "collect": walk.collect,
}
"""What the lines know by name."""


def _function(arguments: str, lines: Iterable[str]) -> Any:
    body = "\n".join(f"    {line}" for line in lines) or "    pass"
    exec(f"def visit({arguments}):\n{body}", _GLOBALS)
    return _GLOBALS.pop("visit")
