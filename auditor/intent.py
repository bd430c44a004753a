"""Intents: which ends must reach which others, and which must not (auditor.toml, `[[intent]]`)."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any

import msgspec

from auditor.addresses import EVERY_PORT, PortError, PortSet, parse_ports
from auditor.errors import UsageError, quoted
from auditor.finding import Location
from auditor.keys import nearest, refuse_unknown
from auditor.selector import Selector, parse_selector

_KEYS = ("name", "from", "to", "ports", "protocol", "expect")
PROTOCOLS = ("tcp", "udp", "icmp", "esp", "ah", "any")
"""Protocols by name; `any` is every protocol."""


_NOWHERE = Location("", None, "")


class Expect(enum.Enum):
    """What an intent expects."""

    REACHABLE = "reachable"
    """Every source reaches every target."""
    UNREACHABLE = "unreachable"
    """No source reaches any target."""
    ONLY = "only"
    """The sources reach nothing but the targets."""


class Intent(msgspec.Struct, frozen=True):
    """One `[[intent]]`: packets from `sources` to `targets`, and what is expected of them.

    `protocol` is one of `PROTOCOLS`; `ports` are destination ports, every one where the protocol
    has none. `name` is unique in its file. `location` is where the intent stands.
    """

    name: str
    sources: tuple[Selector, ...]
    targets: tuple[Selector, ...]
    expect: Expect
    protocol: str = "tcp"
    ports: PortSet = EVERY_PORT
    location: Location = _NOWHERE


def read_intent(table: Mapping[str, Any], location: Location) -> Intent:
    """Read one `[[intent]]`. Raises UsageError, with file and line, for whatever is wrong."""
    where = f"{location.file}:{location.line}"
    refuse_unknown(table, _KEYS, where)
    protocol = _word(table, "protocol", PROTOCOLS, where, default="tcp")
    return Intent(
        name=_name(table, where),
        sources=_selectors(table, "from", where),
        targets=_selectors(table, "to", where),
        expect=Expect(_word(table, "expect", [each.value for each in Expect], where)),
        protocol=protocol,
        ports=_ports(table, protocol, where),
        location=location,
    )


def _name(table: Mapping[str, Any], where: str) -> str:
    name = table.get("name")
    if not isinstance(name, str) or not name.strip():
        raise UsageError("an intent needs a name", where=where, advice='name = "what it says"')
    return name.strip()


def _word(
    table: Mapping[str, Any],
    key: str,
    known: tuple[str, ...] | list[str],
    where: str,
    default: str | None = None,
) -> str:
    word = table.get(key, default)
    choices = ", ".join(known)
    if word is None:
        raise UsageError(f"an intent needs {key}", where=where, advice=f"{key} is one of {choices}")
    if not isinstance(word, str) or word.strip().lower() not in known:
        hint = nearest(word.lower(), known) if isinstance(word, str) else ""
        raise UsageError(
            f"an intent's {key} cannot be {quoted(str(word))}",
            where=where,
            advice=hint or f"choose from {choices}",
        )
    return word.strip().lower()


def _selectors(table: Mapping[str, Any], key: str, where: str) -> tuple[Selector, ...]:
    value = table.get(key)
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not texts or not all(isinstance(t, str) for t in texts):
        raise UsageError(
            f"an intent needs {key}: an endpoint, or a list of them",
            where=where,
            advice=f'{key} = "subnet:vnet-hub/web"',
        )
    try:
        return tuple(dict.fromkeys(map(parse_selector, texts)))
    except UsageError as error:
        raise UsageError(error.what, where=f"{where}: {key}", advice=error.advice) from None


def _ports(table: Mapping[str, Any], protocol: str, where: str) -> PortSet:
    if "ports" not in table:
        return EVERY_PORT
    if protocol not in ("tcp", "udp"):
        raise UsageError(
            f"an intent has ports, and its protocol is {protocol}",
            where=where,
            advice="ports go with tcp and with udp: write an intent for each",
        )
    value = table["ports"]
    entries = value if isinstance(value, list) else [value]
    if not entries or not all(type(entry) in (int, str) for entry in entries):
        raise UsageError(_NO_PORTS, where=where, advice=_PORTS)
    try:
        return parse_ports(*map(str, entries))
    except (PortError, ValueError) as error:  # ValueError: an integer too long to be written
        what = error.what if isinstance(error, PortError) else _NO_PORTS
        raise UsageError(what, where=f"{where}: ports", advice=_PORTS) from None


_NO_PORTS = "an intent's ports must be a port, a range, or a list of them"
_PORTS = 'ports = 443, or "8000-8080", or [443, "8000-8080"]'
