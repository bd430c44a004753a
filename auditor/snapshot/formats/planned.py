"""A resource of a Terraform plan: its attributes, what is open, and what it refers to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from auditor.snapshot.formats.expressions import Unresolved
from auditor.snapshot.formats.functions import Unknown, Value
from auditor.snapshot.formats.settle import Place

AFTER_APPLY = "Terraform knows it only after apply"

_SETS = frozenset({"route", "security_rule", "subnet"})


class Finder(Protocol):
    """What knows the other resources of the plan."""

    def identity(self, resource: Resource) -> str:
        """Make a resource's ARM id from what names it. Raises Unresolved."""

    def referred(self, references: Any, resource: Resource) -> str | None:
        """Give the ARM id meant by the references of a resource, when they mean one resource."""


@dataclass(slots=True)
class Resource:
    """One resource of the plan, with what the plan says of its unknowns and references."""

    reader: Finder
    address: str
    kind: str
    values: dict[str, Any]
    unknown: Any
    expressions: Any
    actions: list[str]
    place: Place
    _id: str | Unknown | None = None

    @property
    def module(self) -> str:
        """The address of the module that holds it, with a dot at the end unless it is the root."""
        return self.address[: self.address.rindex(self.kind + ".")] if self.kind else ""

    def block(self) -> Block:
        """Give its attributes."""
        return Block(self, self.values, self.unknown, self.expressions)

    def identify(self) -> str:
        """Give the ARM id: as told, or as its names make it. Raises Unresolved."""
        if self._id is None:
            self._id = Unknown("its id depends on itself")
            try:
                self._id = self.reader.identity(self)
            except Unresolved as why:
                self._id = Unknown(str(why))
        if isinstance(self._id, Unknown):
            raise Unresolved(self._id.reason)
        return self._id


@dataclass(slots=True)
class Made:
    """A resource in ARM form, still open to what associations add."""

    arm_id: str
    body: dict[str, Value]
    place: Place
    into: str = ""
    version: str | None = None

    @property
    def properties(self) -> dict[str, Value]:
        """Its settings, to be added to."""
        inner = self.body.setdefault("properties", {})
        return inner if isinstance(inner, dict) else {}


@dataclass(frozen=True, slots=True)
class Block:
    """Attributes with their unknowns (`azurerm.Block`)."""

    resource: Resource
    values: dict[str, Any]
    unknown: Any
    expressions: Any

    @property
    def arm_id(self) -> str:
        """The id of the resource that this block is (or is in). Raises Unresolved."""
        return self.resource.identify()

    def get(self, *names: str) -> Value:
        """Give the first attribute of these names that is set; None when none is."""
        for name in names:
            if any_true(inside(self.unknown, name)):
                return Unknown(f"`{name}`: {AFTER_APPLY}")
            value = self.values.get(name)
            if value not in (None, "", [], {}):
                return value
        return None

    def id(self, name: str) -> Value:
        """Give an ARM id, also where the plan only says of which resource."""
        value = self.get(name)
        if not isinstance(value, Unknown):
            return value
        references = inside(inside(self.expressions, name), "references")
        found = self.resource.reader.referred(references, self.resource)
        return value if found is None else found

    def ids(self, name: str) -> Value:
        """Give a list of ARM ids, also where the plan only says of which one resource it holds one.

        Of how many, it says by an unknown for each.
        """
        found = self.id(name) if inside(self.unknown, name) == [True] else self.get(name)
        return [found] if isinstance(found, str) else found

    def blocks(self, name: str) -> Any:
        """Give the nested blocks of a name, or `Unknown`.

        Of a set, the plan does not say which element an unknown belongs to: it may be of each that
        does not tell the attribute.
        """
        unknown, values = inside(self.unknown, name), self.values.get(name)
        items = values if isinstance(values, list) else []
        mixed = name in _SETS and len(items) > 1 and any_true(unknown)
        if unknown is True or (mixed and not _are_objects(unknown)):
            return Unknown(f"`{name}`: {AFTER_APPLY}")
        if mixed:
            open_ = {key for tree in unknown for key, told in tree.items() if any_true(told)}
            return [
                Block(
                    self.resource, item, {key: True for key in open_ if _may_lack(item, key)}, None
                )
                for item in items
                if isinstance(item, dict)
            ]
        written = inside(self.expressions, name)
        aligned = isinstance(written, list) and len(written) == len(items)
        return [
            Block(
                self.resource, item, nth(unknown, index), nth(written, index) if aligned else None
            )
            for index, item in enumerate(items)
            if isinstance(item, dict)
        ]


def _are_objects(unknown: Any) -> bool:
    return isinstance(unknown, list) and all(isinstance(tree, dict) for tree in unknown)


def _may_lack(item: dict[str, Any], key: str) -> bool:
    """Whether an element of a set may be the one whose attribute is not known."""
    told = item.get(key)
    return told in (None, "", [], {}) or isinstance(told, (list, dict))


def configurations(made: Made, name: Value) -> list[dict[str, Value]]:
    """Give the settings of the ip configurations meant: the one named, or all."""
    listed = made.properties.get("ipConfigurations")
    if not isinstance(listed, list) or isinstance(name, Unknown):
        raise Unresolved("it adds to ip configurations that are not known")
    return [one["properties"] for one in listed if name is None or one.get("name") == name]


def inside(tree: Any, key: str) -> Any:
    """Give what an object holds under a key; None for anything else."""
    return tree.get(key) if isinstance(tree, dict) else None


def nth(tree: Any, index: int) -> Any:
    """Give an element of a list; None for anything else."""
    return tree[index] if isinstance(tree, list) and index < len(tree) else None


def any_true(tree: Any) -> bool:
    """Tell whether `true` stands anywhere in a tree of `after_unknown`."""
    if isinstance(tree, dict):
        return any(any_true(item) for item in tree.values())
    if isinstance(tree, list):
        return any(any_true(item) for item in tree)
    return tree is True
