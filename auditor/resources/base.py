"""What every ARM resource and every addressable part of one has in common.

Structs mirror ARM REST: the JSON's `properties` is the field `properties`, field names are the
JSON's in snake case, and only what rules and graph read is declared. Semantics (singular and
plural merged, ids resolved) live in methods beside the fields.

A field the input names but does not give is *unset* (see `auditor.resources.decode`): reading it
raises `Undetermined`, which becomes the answer *unknown*. An absent or null field is None.
"""

import os
from collections.abc import Callable
from functools import cache, wraps
from types import new_class
from typing import Annotated, Any, ClassVar, TypeAlias, TypeVar, cast

import msgspec

from auditor.errors import Undetermined
from auditor.ids import fold, resource_group, subscription
from auditor.ids import name as last_segment
from auditor.snapshot.document import Record

ArmId: TypeAlias = Annotated[str, msgspec.Meta(extra={"is": "id"})]
"""A plain string that holds an ARM id (`vnetSubnetID`, `delegatedSubnetResourceId`)."""

Cidr: TypeAlias = Annotated[str, msgspec.Meta(extra={"is": "cidr"})]
"""An address or CIDR and nothing else; checked when the network is built."""

IpAddress: TypeAlias = Annotated[str, msgspec.Meta(extra={"is": "address"})]
"""One address and nothing else; checked when the network is built."""

AddressOrTag: TypeAlias = Annotated[str, msgspec.Meta(extra={"is": "address-or-tag"})]
"""An address, a CIDR, `*`, or a service tag."""

Ports: TypeAlias = Annotated[str, msgspec.Meta(extra={"is": "ports"})]
"""`*`, a port, or a range `low-high`."""

MOST_PORT = 65535

T = TypeVar("T")

Given: TypeAlias = Annotated[T, msgspec.Meta(min_length=1)]
"""An element of a list. Azure writes a single field that is not used as an empty text, but in no
list: there it stands for a value that is lost."""

Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0)]
"""How many there are, or may be."""

Port: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=MOST_PORT)]
"""A port; 0 stands for every port, where Azure lets it."""

Word: TypeAlias = Annotated[str, msgspec.Meta(extra={"is": "word"})]
"""One of a few words, or a text that many resources share."""

HIDDEN = f"auditor:{os.urandom(8).hex()}:"
"""Begins the keys of fields that are the graph's own. No input can know them, so none sets them."""


class Wire(msgspec.Struct, rename="camel", kw_only=True, eq=False):
    """A JSON object as Azure writes it. Changed by nobody once its network is built."""

    whole: ClassVar[Any] = None
    """The class proper, for a struct with unset fields; None for all others."""
    alike: ClassVar[bool] = False
    """Whether many say the same, so that one is kept for all that do: the settings of a node."""


def unset(struct: Wire, attribute: str) -> None:
    """Make reading a field of this one struct raise `Undetermined`.

    The struct changes its class for a twin that minds unset fields. All other structs are spared
    the question: with a `__getattr__` of its own a class reads every field four times slower.
    """
    delattr(struct, attribute)
    struct.__class__ = _minding(kind_of(struct))


@cache
def _minding(cls: type[Wire]) -> type[Wire]:
    def read_unset(self: Wire, name: str) -> Any:
        if name not in self.__struct_fields__:
            raise AttributeError(name)
        key = json_name(cls, name)
        if isinstance(self, Node) and name != "id":
            # Its name, too, may be one of the fields that are unset.
            raise Undetermined(f"{key} of {last_segment(self.id)}", resource=self.id)
        if isinstance(self, Ref):
            raise Undetermined("where a reference leads whose id is not told")
        raise Undetermined(key)

    body = {
        "__getattr__": read_unset,
        "__module__": cls.__module__,
        "__qualname__": cls.__qualname__,
        "__doc__": cls.__doc__,
        "whole": cls,
    }
    return new_class(cls.__name__, (cls,), exec_body=lambda namespace: namespace.update(body))


K = TypeVar("K", bound="Wire")


def kind_of(struct: K) -> type[K]:
    """Give the class a struct was declared with, whether or not it has unset fields."""
    return struct.whole or type(struct)


def json_name(cls: type[msgspec.Struct], attribute: str) -> str:
    """Give the JSON key of a struct's field."""
    return cls.__struct_encode_fields__[cls.__struct_fields__.index(attribute)]


class Ref(Wire, gc=False):
    """A reference: `{"id": ...}`. `node` is what it leads to, once the network is joined."""

    id: str | None = None
    node: Any = msgspec.field(default=None, name=HIDDEN + "node")


class Named(Wire, gc=False):
    """A back reference: who uses a resource, as the resource itself lists it.

    No edge of the graph, because the user says the same; for a user that was not exported it is
    the only trace.
    """

    id: str | None = None


class Sku(Wire, gc=False):
    """`sku`, wherever it stands."""

    name: Word | None = None
    tier: Word | None = None
    capacity: Count | None = None
    family: Word | None = None


class Node(Wire):
    """A vertex of the network graph: a resource, or an addressable part of one.

    `id` and `name` are as spelled; a part without an id gets its owner's id, its collection and
    its name. `key` is the folded id, once the node is linked. `owner` is the node that holds this
    one, None for a resource. `collection` and `index` say where in the owner's settings this part
    stands. `incoming` are the network's edges to it, if any.
    """

    segment: ClassVar[str] = ""
    """The collection's name in ids, where the settings call it otherwise (`agentPools`)."""
    indexed: ClassVar[bool] = True
    """Whether others refer to it by id; what nobody refers to is not kept by key."""
    lifted: ClassVar[bool] = False
    """Whether the part's settings stand beside its name, and under `properties` on their own."""

    id: str = ""
    name: str = ""
    key: str = msgspec.field(default="", name=HIDDEN + "key")
    owner: "Node | None" = msgspec.field(default=None, name=HIDDEN + "owner")
    collection: str = msgspec.field(default="", name=HIDDEN + "collection")
    index: int = msgspec.field(default=0, name=HIDDEN + "index")
    record: Record | None = msgspec.field(default=None, name=HIDDEN + "record")
    incoming: list[Any] | None = msgspec.field(default=None, name=HIDDEN + "incoming")

    @property
    def root(self) -> "Node":
        """The resource whose record holds this node."""
        node = self
        while node.record is None and node.owner is not None:
            node = node.owner
        return node

    @property
    def pointer(self) -> str:
        """The JSON pointer of this node inside its root, empty for the root itself."""
        if self.record is not None or self.owner is None:
            return ""
        return f"{self.owner.pointer}/{self.collection}/{self.index}"

    @property
    def label(self) -> str:
        """The name people know it by."""
        return self.name or last_segment(self.id)

    @property
    def resource_group(self) -> str:
        """The resource group as spelled in the id, empty when the id has none."""
        return resource_group(self.id) or ""

    @property
    def subscription(self) -> str:
        """The subscription id as spelled, empty when the id has none."""
        return subscription(self.id) or ""


class Detail(Node):
    """A part that others do not refer to by id: there are many, and their keys are not kept."""

    indexed: ClassVar[bool] = False

    @property  # type: ignore[misc]  # in place of a field, which stays empty
    def key(self) -> str:  # type: ignore[override]
        """The folded id."""
        return fold(self.id)


class Resource(Node):
    """An ARM resource: what Azure lists, bills and locks."""

    location: Word | None = None
    tags: dict[str, Any] | None = None
    zones: list[Word] | None = None

    @property
    def type(self) -> str:
        """Its ARM type as spelled, which its record tells; empty inside another resource."""
        return self.record.type if self.record is not None else ""

    def tag(self, key: str) -> str | None:
        """Give a tag's value; tag names compare without case."""
        wanted = key.lower()
        for name, value in (self.tags or {}).items():
            if name.lower() == wanted and isinstance(value, str):
                return value
        return None


Owner = TypeVar("Owner", bound=Node)


def naming_its_owner(read: Callable[[Owner], T]) -> Callable[[Owner], T]:
    """Make what a node tells of its settings say whose they are, where they are not told.

    A key alone, `subnets`, would be taken for one of whoever asked.
    """

    @wraps(read)
    def named(self: Owner) -> T:
        try:
            return read(self)
        except Undetermined as unknown:
            if unknown.resource:
                raise
            missing = unknown.missing
            if " " not in missing:
                missing = f"{missing} of {self.label}"
            raise Undetermined(missing, resource=self.id) from unknown

    return named


P = TypeVar("P", bound=Wire)

_HOLLOW: dict[type[Wire], Wire] = {}


def settings(cls: type[P]) -> P:
    """Declare a node's `properties`.

    A node that arrives without any (`{"id": ...}` where Azure lists the whole object) holds the
    hollow instance until it is linked into a network; then its properties are unset.
    """
    hollow = cast(P, _HOLLOW.setdefault(cls, cls()))
    field: P = msgspec.field(default_factory=lambda: hollow)
    return field


def hollow_of(cls: Any) -> Wire | None:
    """Give the stand-in for settings of a class that never came."""
    return _HOLLOW.get(cls)


for _own in ("owner", "record", "incoming"):
    Node.__annotations__[_own] = (
        Any  # no input sets it: nothing to be read for every class of nodes
    )

N = TypeVar("N", bound=type[Node])

TYPES: dict[str, type[Node]] = {}
"""The struct of each ARM type that is understood, by lower-case type. Filled by `arm`."""


def arm(*types: str) -> Callable[[N], N]:
    """Declare which ARM types a struct reads.

    A part that is also a resource of its own in some exports (`virtualNetworks/subnets`) is
    declared with that type and is joined to its owner when the network is built.
    """

    def declare(cls: N) -> N:
        for arm_type in types:
            if TYPES.setdefault(arm_type.lower(), cls) is not cls:
                raise TypeError(f"two structs read {arm_type}")
        return cls

    return declare


def some(*values: str | None) -> tuple[str, ...]:
    """Keep the strings that say something: neither missing nor empty."""
    return tuple(value for value in values if value)


def union(one: str | None, many: list[str] | None) -> tuple[str, ...]:
    """Merge a singular field and its plural twin, order kept, repeats dropped (N-7, D-4)."""
    if not many:
        return (one,) if one else ()
    return tuple(dict.fromkeys(some(one, *many)))
