"""Whether values have the form of their own that Azure writes; what has not is left unset."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from copy import copy
from typing import Any, cast

from auditor.addresses import AddressError, PortError, parse_address, parse_ports, parse_prefix
from auditor.errors import quoted
from auditor.resources import visit, walk
from auditor.resources.base import Node
from auditor.resources.decode import Damage, unset_field


def fault(form: str, text: str) -> str:
    """Say why a text is not of a form; empty where it is, or has none of its own."""
    if not text or form not in CHECKS or _PLAIN[form].fullmatch(text):
        return ""
    try:
        CHECKS[form](text)
    except (AddressError, PortError) as error:
        return str(error)
    return ""


def check_values(nodes: Iterable[Node], damages: list[Damage]) -> None:
    """Check every value that has a form of its own; leave unset what is not of that form."""
    good = {form: {""} for form in CHECKS}  # an empty text is as good as none
    new: list[tuple[str, str]] = []
    for node in nodes:
        visit.texts(node, good, new)
        if not new:
            continue
        sound = [not fault(form, text) for form, text in new]
        for (form, text), is_sound in zip(new, sound, strict=True):
            if is_sound:
                good[form].add(text)
        if not all(sound):
            _damage(node, damages)
        new.clear()


def _damage(node: Node, damages: list[Damage]) -> None:
    settings = walk.peek(node, "properties")
    if settings is not None and settings.alike and settings.whole is None:
        cast(Any, node).properties = copy(
            settings
        )  # others that say the same are damaged for themselves
    for value in list(walk.values(node)):
        reason = fault(value.form, value.text)
        record = node.root.record
        if reason and record is not None:
            damages.append(Damage(record, node.pointer + value.pointer, reason))
            unset_field(node, value.pointer)


def _check_address_or_tag(text: str) -> None:
    # Azure itself stores words without dots as they came ("789"): no damage, they match nothing
    # that can be told.
    text = text.strip()
    if ":" in text or (any(mark in text for mark in "./") and not text[0].isalpha()):
        parse_prefix(text)
    elif text and not _TAG.fullmatch(text):
        raise AddressError(f"{quoted(text)} is neither an address nor a service tag")


_TAG = re.compile(r"\*|[\w.-]+", re.ASCII)

CHECKS: dict[str, Callable[[str], object]] = {
    "address": parse_address,
    "cidr": parse_prefix,
    "address-or-tag": _check_address_or_tag,
    "ports": parse_ports,
}

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_ADDRESS = rf"{_OCTET}\.{_OCTET}\.{_OCTET}\.{_OCTET}"
_PREFIX = re.compile(rf"{_ADDRESS}(?:/(?:3[0-2]|[12]?[0-9]))?")
_PLAIN = {
    "address": re.compile(_ADDRESS),
    "cidr": _PREFIX,
    "address-or-tag": _PREFIX,
    "ports": re.compile("[1-9]?[0-9]{1,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}"),
}
"""Most values that are met for the first time: all of this form are sound."""
