"""One copy of what many resources say: words, values with a form, settings, tags."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, TypeAlias, TypeVar

import msgspec

from auditor.errors import Undetermined
from auditor.resources import walk
from auditor.resources.base import Node, Ref, Wire, hollow_of
from auditor.resources.fields import decoder
from auditor.resources.twins import texts_of, whole_of
from auditor.resources.written import NAMES, Place, function, named, visits

Texts: TypeAlias = list[tuple[str, str]]
"""Values with a form of their own: the form and the text."""

V = TypeVar("V")

_encode = msgspec.msgpack.Encoder().encode


_SLOTS = {
    form: f"known_as_{form.replace('-', '_')}"
    for form in ("word", "cidr", "address", "address-or-tag", "ports")
}
"""Where the words of a form are kept; so are called the variables that hold them, too."""


class Words:
    """One copy of each word and of each value with a form, by form, and of whatever is alike.

    `new` are those that were met since it was last emptied; `whole` is false when there may be
    others in structs with unset fields, which are rare, and may keep copies.
    """

    __slots__ = ("_alike", "new", "told", "whole", *_SLOTS.values())

    def __init__(self) -> None:
        for slot in _SLOTS.values():
            setattr(self, slot, {})
        self.new: Texts = []
        self.whole = True
        self._alike: dict[tuple[type, bytes], Any] = {}
        self.told: dict[str, dict[bytes, Any]] = defaultdict(dict)

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
        value = decoder(NAMES[kind]).decode(text)
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
            words: dict[str, str] = getattr(self, _SLOTS["word"])
            for key, value in tags.items():
                if isinstance(value, str):
                    tags[key] = words.setdefault(value, value)
        return first


Sharer: TypeAlias = Callable[[Wire, Words], None]
"""Shares the words of a struct, as `Words.share` does."""


def sharer(cls: type[Wire]) -> Sharer:
    """Give what `Words.share` does for structs of a class without unset fields."""
    return _sharing_of(cls)


@cache
def holds_alike(cls: type[Wire]) -> bool:
    """Whether settings of which many say the same are inside a struct of a class."""
    inside = (step.struct for step in walk.steps(cls) if step.struct not in (None, cls))
    return cls.alike or any(map(holds_alike, inside))


def note(root: Wire, words: Words) -> None:
    """Note the values with a form that a resource and its parts hold, and share none.

    What writes a function for a class earns its time back only where there are many of it.
    """
    inside = [root]
    for struct in inside:
        words.new += [(value.form, value.text) for value in walk.values(struct)]
        inside += [part.node for part in walk.parts(struct)]


@cache
def _sharing_of(cls: type[Wire]) -> Sharer:
    lines = list(visits(cls, _holds_words, _word_lines, opening=_wholly, whole_alike=True))
    text = "\n".join(lines)
    bound = [f"{slot} = words.{slot}" for slot in _SLOTS.values() if slot in text]
    bound += [f"told_{kind} = words.told[{kind!r}]" for kind in set(_TOLD.findall(text))]
    visit: Sharer = function("struct, words", [*bound, *lines])
    return visit


def _wholly(cls: type[Wire], name: str) -> Iterator[str]:
    """Write the lines that make of a twin what it stands for."""
    whole = whole_of(cls)
    if whole is None:
        return
    yield f"{name}.__class__ = {named(whole)}"
    for attribute, hint in texts_of(whole).items():
        hollow, kind = hollow_of(hint), named(hint)
        yield f"if (text := {name}.{attribute}) is not None:"
        yield "    text = bytes(text)"
        yield f"    told = told_{kind}.get(text)"
        yield f"    {name}.{attribute} = words.read({kind!r}, text) if told is None else told"
        if hollow is not None:
            yield f"else: {name}.{attribute} = {named(hollow)}"


_TOLD = re.compile(r"told_(\w+)\.get")


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


def _word_lines(place: Place) -> tuple[str, ...]:
    form = place.step.form
    if form == "word":  # which may be anything: nobody needs to look at a new one
        return (f"{place.at} = {_SLOTS[form]}.setdefault(value, value)",)
    if form:
        return (
            f"word = {_SLOTS[form]}.get(value)",
            "if word is None:",
            f"    {_SLOTS[form]}[value] = value",
            f"    words.new.append(({form!r}, value))",
            f"else: {place.at} = word",
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
        name = ("name = value.name", f"value.name = {_SLOTS['word']}.setdefault(name, name)")
        if whole_of(struct) is not None and not _spells_words(struct):
            lines = tuple(_wholly(struct, "value"))
        return (*name, *lines)
    return lines


NAMES["sharing_of"] = _sharing_of
