"""Selectors as tests of ids: the same for what the snapshot holds and for what it only names."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from auditor import ids
from auditor.network.selection import ENDPOINTS, EVERY
from auditor.resources.base import Node
from auditor.selector import Kind, Selector, globbing

Test: TypeAlias = Callable[[str], bool]
"""Whether a folded id fits."""


def is_exact_id(text: str) -> bool:
    """Tell whether a text is a whole id, and no glob or end of one."""
    whole = text.lower().lstrip("/").startswith("subscriptions/")
    return whole and not any(mark in text for mark in "*?[")


def test_of(selector: Selector) -> Test:
    """Give the test of ids for a selector by id, type, name, resource group or subnet."""
    if selector.kind is Kind.ID:
        return of_id(selector.value)
    if selector.kind is Kind.NAME:
        named = globbing(selector.value)
        return lambda key: named(ids.name(key))
    if selector.kind is Kind.GROUP:
        grouped = globbing(selector.value)
        return lambda key: grouped(ids.group_key(key)[1])
    if selector.kind is Kind.TYPE:
        typed = of_type(selector)
        return lambda key: typed(ids.type_of(key) or "")
    if selector.kind is Kind.SUBNET:
        return of_subnet(selector.value)
    raise ValueError(f"{selector.kind} is no test of ids")


def of_id(pattern: str) -> Test:
    """Fit an id or a glob, or the end of an id (`networkInterfaces/web`), as waivers do."""
    wanted = pattern.rstrip("/") or "/"
    if is_exact_id(wanted):
        whole = ids.fold(wanted)
        return lambda key: key == whole
    return globbing(wanted if wanted.startswith(("/", "*")) else f"*/{wanted}")


def of_type(selector: Selector) -> Callable[[str], bool]:
    """Fit an ARM type, the end of one (`virtualNetworks/subnets`, `subnets`), or a glob."""
    wanted = selector.value.strip("/")
    if not selector.exact:
        return globbing(wanted)
    end = f"/{wanted}".lower()
    return lambda arm_type: f"/{arm_type}".lower().endswith(end)


def classes_of(selector: Selector) -> tuple[type[Node], ...]:
    """Give the kinds of endpoints that a selector by type means; a glob means no parts."""
    fits = of_type(selector)
    among = EVERY if selector.exact else ENDPOINTS
    return tuple(cls for cls, types in among.items() if any(map(fits, types)))


def of_subnet(value: str) -> Test:
    """Fit a subnet by id, by `vnet/subnet`, or by its name; globs in any of them."""
    if names_by_id(value):
        return of_id(value)
    vnet, slash, subnet = value.rpartition("/")
    named = globbing(subnet)
    if not slash:
        return lambda key: named(ids.name(key))
    homed = globbing(vnet)
    return lambda key: named(ids.name(key)) and homed(ids.segment(key, "virtualNetworks") or "")


def home_of_subnet(value: str) -> Test:
    """Fit the VNets in which the subnets of a selector may lie."""
    vnet, slash, _ = value.rpartition("/")
    if names_by_id(value):
        head, found, _ = value.rpartition("/subnets/")
        return of_id(head) if found else lambda _: True
    homed = globbing(vnet)
    return lambda key: not slash or homed(ids.name(key))


def names_by_id(value: str) -> bool:
    """Tell whether a subnet is given by an id, a glob of ids or the end of one."""
    return value.startswith("/") or value.count("/") > 1
