"""Blocks of Terraform's azurerm provider, and the pieces that ARM resources are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from auditor.snapshot.formats.functions import Unknown, Value

Body = dict[str, Value]


class Block(Protocol):
    """A resource's or a nested block's attributes; `Unknown` stands for what a plan leaves open."""

    def get(self, *names: str) -> Value:
        """Give the first attribute of these names that is set; None when none is."""

    def id(self, name: str) -> Value:
        """Give an ARM id, also where the plan only says of which resource."""

    def ids(self, name: str) -> Value:
        """Give a list of ARM ids, also where the plan only says of which one resource."""

    def blocks(self, name: str) -> Any:
        """Give the nested blocks of a name, or `Unknown`."""

    @property
    def arm_id(self) -> str:
        """The id of the resource that this block is (or is in)."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How a Terraform type becomes an ARM resource.

    `names` are the attributes that hold the names along the type's path, or one attribute that
    holds the parent's id, then the own name. A type with `into` is, in ARM, an element of that
    list of its parent.
    """

    type: str
    names: tuple[str, ...]
    body: Callable[[Block], Body]
    into: str = ""


def settings(**values: Value) -> Body:
    """Keep what is set."""
    return {key: value for key, value in values.items() if not unset(value)}


def unset(value: Value) -> bool:
    """Tell whether a value stands for an attribute that is not set."""
    return value is None or (isinstance(value, (str, list, dict)) and len(value) == 0)


def reference(arm_id: Value) -> Value:
    """Wrap an id as ARM does."""
    if unset(arm_id) or isinstance(arm_id, Unknown):
        return arm_id or None
    return {"id": arm_id}


def references(ids: Value) -> Value:
    """Wrap several ids as ARM does."""
    return [reference(one) for one in ids] if isinstance(ids, list) else ids


def each(blocks: Any, make: Callable[[Block], Body]) -> Value:
    """Turn nested blocks into a list; an empty one is kept, it says that there are none."""
    return blocks if isinstance(blocks, Unknown) else [make(block) for block in blocks]


def enabled(value: Value) -> Value:
    """Write a switch in ARM's words."""
    return {True: "Enabled", False: "Disabled"}.get(value) if isinstance(value, bool) else value


def negated(value: Value) -> Value:
    """Turn a switch around."""
    return not value if isinstance(value, bool) else value


def named(block: Block, collection: str, properties: Body) -> Body:
    """Give an element of a list of sub-resources, with the id that ARM gives it."""
    name = block.get("name")
    arm_id = f"{block.arm_id}/{collection}/{name}" if isinstance(name, str) else None
    return settings(id=arm_id, name=name) | {"properties": properties}


def common(block: Block, properties: Body, **more: Value) -> Body:
    """Give a resource with its location, tags and zones."""
    return settings(
        location=block.get("location"), tags=block.get("tags"), zones=block.get("zones"), **more
    ) | {"properties": properties}


def wrapped(key: str, value: Value) -> Value:
    """Give an object of one key, if there is anything to hold."""
    return None if unset(value) else {key: value}


def sku(block: Block) -> Value:
    """Give the `sku` of a resource."""
    return settings(name=block.get("sku", "sku_name"), tier=block.get("sku_tier"))


def ip_configuration(block: Block) -> Body:
    """Give the settings of an ip configuration or a frontend."""
    return settings(
        subnet=reference(block.id("subnet_id")),
        publicIPAddress=reference(block.id("public_ip_address_id")),
        publicIPPrefix=reference(block.id("public_ip_prefix_id")),
        privateIPAddress=block.get("private_ip_address"),
        privateIPAllocationMethod=block.get("private_ip_address_allocation"),
        privateIPAddressVersion=block.get("private_ip_address_version"),
        primary=block.get("primary"),
    )
