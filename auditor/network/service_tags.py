"""What service tags stand for, from the file that Microsoft publishes every week (N-28)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from auditor.addresses import AddressError, AddressSet
from auditor.errors import InputError

_ADVICE = 'give the file that Microsoft publishes: {"values": [{"name": ..., "properties": ...}]}'


class ServiceTags:
    """The addresses of service tags by name. Compared by identity; names in any letter case."""

    def __init__(self, sets: Mapping[str, AddressSet]) -> None:
        """Take the addresses by name."""
        self._sets = {name.strip().lower(): found for name, found in sets.items()}

    def __call__(self, name: str) -> AddressSet | None:
        """Give the addresses of a tag; None when they are not known."""
        return self._sets.get(name.strip().lower())

    def with_tag(self, name: str, addresses: AddressSet) -> ServiceTags:
        """Give the same with the addresses of one more tag."""
        return ServiceTags({**self._sets, name: addresses})

    def __len__(self) -> int:
        return len(self._sets)

    def within(self, name: str) -> AddressSet:
        """Give what is known of a tag by its regions (`Storage` holds `Storage.WestEurope`)."""
        start = name.strip().lower() + "."
        total = AddressSet()
        for other, found in self._sets.items():
            if other.startswith(start):
                total = total | found
        return total


NO_TAGS = ServiceTags({})
"""Nothing is known of any tag."""


class _Settings(msgspec.Struct, rename="camel"):
    address_prefixes: list[str]


class _Value(msgspec.Struct):
    name: str
    properties: _Settings


class _File(msgspec.Struct):
    values: list[_Value]


def read_service_tags(path: str | Path) -> ServiceTags:
    """Read a tag file. Raises InputError when it is none, or says what is no prefix."""
    where = str(path)
    try:
        text = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"cannot be read: {reason}", where=where, advice=_ADVICE) from error
    try:
        found = msgspec.json.decode(text.removeprefix(b"\xef\xbb\xbf"), type=_File)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise InputError(f"no service tags: {error}", where=where, advice=_ADVICE) from error
    return ServiceTags(dict(_sets(found.values, where)))


def _sets(values: Iterable[_Value], where: str) -> Iterable[tuple[str, AddressSet]]:
    for place, value in enumerate(values):
        try:
            yield value.name, AddressSet.from_text(value.properties.address_prefixes)
        except AddressError as error:
            pointer = f"/values/{place}/properties/addressPrefixes"
            raise InputError(error.what, where=f"{where}: {pointer}", advice=_ADVICE) from error
