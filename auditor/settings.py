"""auditor.toml, or `[tool.auditor]` in pyproject.toml: what to check, and what is accepted.

A key nobody knows is an error that names the nearest valid one: a misspelt waiver or threshold
must never pass silently.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from auditor.errors import UsageError, quoted
from auditor.finding import Location, Severity
from auditor.intent import Intent, read_intent
from auditor.keys import place, refuse_unknown, table_lines
from auditor.rule import Rule
from auditor.selection import matched, matches_resource, matches_rule, unmatched

if TYPE_CHECKING:
    from auditor.delivery.targets import Target

_KEYS = (
    "select", "ignore", "fail-on", "strict", "params", "waiver", "intent", "rules", "service-tags",
    "since", "compliance", "notify", "history",
)  # fmt: skip
_HISTORY_KEYS = ("store", "estate", "keep-days")
_WAIVER_KEYS = ("rule", "resource", "reason", "owner", "expires")


class WaiverEntry(msgspec.Struct, frozen=True):
    """One `[[waiver]]`: findings of `rule` (id, family or glob) about `resource` (id or glob).

    `expires` is the last day it holds. `lacking` names the fields it should have and has not; such
    a waiver waives nothing (GOV-008). `line` counts from 1.
    """

    rule: str
    resource: str
    reason: str = ""
    owner: str = ""
    expires: date | None = None
    lacking: tuple[str, ...] = ()
    file: str = ""
    line: int = 1
    number: int = 0

    @property
    def location(self) -> Location:
        """Where it stands in the configuration."""
        return Location(self.file, self.line, f"/waiver/{self.number}")

    def covers(self, rule: Rule[Any], subject: str) -> bool:
        """Whether it speaks of a finding of `rule` about `subject`, dates aside."""
        return matches_rule(self.rule, rule) and matches_resource(self.resource, subject)

    def holds(self, day: date) -> bool:
        """Whether it is complete and not past its last day."""
        return not self.lacking and self.expires is not None and day <= self.expires


def places_of_waivers_of(
    rules: Iterable[Rule[Any]], waivers: Iterable[WaiverEntry]
) -> frozenset[Location]:
    """Give where those waivers stand that are of one of some rules."""
    known = tuple(rules)
    found = (each for each in waivers if any(matches_rule(each.rule, rule) for rule in known))
    return frozenset(each.location for each in found)


class HistorySettings(msgspec.Struct, frozen=True):
    """`[history]`: where audits are recorded, under which name, and for how many days."""

    store: str | None = None
    estate: str | None = None
    keep_days: int | None = None


class Settings(msgspec.Struct, frozen=True):
    """What the configuration says; None where it says nothing."""

    file: str = ""
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    fail_on: Severity | None = None
    strict: bool | None = None
    rules: tuple[str, ...] = ()
    service_tags: str | None = None
    since: str | None = None
    parameters: Mapping[str, Mapping[str, Any]] = msgspec.field(default_factory=dict)
    waivers: tuple[WaiverEntry, ...] = ()
    intents: tuple[Intent, ...] = ()
    targets: Mapping[str, Target] = msgspec.field(default_factory=dict)
    """Whom `--notify NAME` may tell, by name."""
    frameworks: tuple[str, ...] = ()
    """Compliance frameworks: names of shipped ones, and files relative to the configuration."""
    history: HistorySettings = HistorySettings()


def find(start: Path) -> Path | None:
    """Look upwards for auditor.toml, else for a pyproject.toml with `[tool.auditor]`."""
    for folder in (start, *start.parents):
        own = folder / "auditor.toml"
        if os.path.isfile(own):  # false, too, for what may not be looked at
            return own
        shared = folder / "pyproject.toml"
        if os.path.isfile(shared) and _may_hold(shared) and _shared_table(shared) is not None:
            return shared
    return None


_OURS = rb"""tool["']?\s*\.\s*["']?auditor|\[\s*["']?tool["']?\s*\]|tool["']?\s*=|\\[uUx]"""
"""How a text that has a table tool.auditor spells it; it may spell any key in escapes."""


def _may_hold(path: Path) -> bool:
    """Tell at a glance that a file of other tools is none of ours."""
    try:
        return re.search(_OURS, path.read_bytes()) is not None
    except OSError:
        return True


def _shared_table(path: Path) -> Any:
    tools = _parse(path).get("tool", {})
    return tools.get("auditor") if isinstance(tools, dict) else None


def read(path: Path) -> Settings:
    """Read a configuration file. Raises UsageError, naming the key, for whatever is wrong."""
    where = str(path)
    table = _shared_table(path) if path.name == "pyproject.toml" else _parse(path)
    if table is None:
        raise UsageError("has no [tool.auditor]", where=where, advice="add it, or use auditor.toml")
    if not isinstance(table, dict):
        raise UsageError("tool.auditor must be a table", where=where)
    refuse_unknown(table, _KEYS, partial(place, where))
    return Settings(
        file=where,
        select=_texts(table, where, "select") if "select" in table else None,
        ignore=_texts(table, where, "ignore"),
        fail_on=_severity(table, where),
        strict=_flag(table, "strict", where),
        rules=tuple(str(path.parent / folder) for folder in _texts(table, where, "rules")),
        service_tags=_file(table, "service-tags", path),
        since=_file(table, "since", path),
        parameters=_parameters(table, where),
        waivers=_waivers(table, path),
        intents=_intents(table, path),
        frameworks=_frameworks(table, path),
        targets=_targets(table, path),
        history=_history(table, path),
    )


def _parse(path: Path) -> dict[str, Any]:
    import tomllib  # many audits have no configuration

    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))  # as Windows saves it
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(path)) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"is not UTF-8: {error}", where=str(path)) from error
    except ValueError as error:  # TOMLDecodeError, and numbers of more digits than int() takes
        raise UsageError(f"is not TOML: {error}", where=str(path)) from error
    except RecursionError as error:
        raise UsageError("nests too deeply", where=str(path)) from error


def _texts(table: Mapping[str, Any], where: str, *keys: str) -> tuple[str, ...]:
    key = keys[-1]
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise UsageError(f"{key} must be a list of strings", where=place(where, *keys))
    return tuple(value)


def _file(table: Mapping[str, Any], key: str, path: Path) -> str | None:
    """Give a file that is named relative to the configuration."""
    value = table.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise UsageError(f"{key} must be the name of a file", where=place(str(path), key))
    return str(path.parent / value)


def _flag(table: Mapping[str, Any], key: str, where: str) -> bool | None:
    value = table.get(key)
    if value is not None and not isinstance(value, bool):
        raise UsageError(f"{key} must be true or false", where=place(where, key))
    return value


def severity(word: str, where: str) -> Severity:
    """Read a severity by name. Raises UsageError, naming those there are."""
    try:
        return Severity[word.upper()]
    except KeyError:
        names = ", ".join(each.word for each in reversed(Severity))
        raise UsageError(
            f"{quoted(word)} is no severity", where=where, advice=f"choose from {names}"
        ) from None


def _severity(table: Mapping[str, Any], where: str) -> Severity | None:
    word = table.get("fail-on")
    if word is None:
        return None
    if not isinstance(word, str):
        raise UsageError("fail-on must be a severity", where=place(where, "fail-on"))
    return severity(word, f"{place(where, 'fail-on')}: fail-on")


def _history(table: Mapping[str, Any], path: Path) -> HistorySettings:
    found = table.get("history", {})
    at = partial(place, str(path), "history")
    if not isinstance(found, dict):
        raise UsageError("history must be a table, [history]", where=at())
    refuse_unknown(found, _HISTORY_KEYS, at)
    store = found.get("store")
    if store is not None and not (isinstance(store, str) and "://" in store):
        store = _file(found, "store", path)
    estate, days = found.get("estate"), found.get("keep-days")
    if estate is not None and not isinstance(estate, str):
        raise UsageError("estate must be text", where=at("estate"))
    if days is not None and (type(days) is not int or days < 1):
        raise UsageError(
            "keep-days must be a whole number of days, at least 1", where=at("keep-days")
        )
    return HistorySettings(store, estate, days)


def _parameters(table: Mapping[str, Any], where: str) -> Mapping[str, Mapping[str, Any]]:
    value = table.get("params", {})
    if not isinstance(value, dict) or not all(isinstance(each, dict) for each in value.values()):
        raise UsageError("params must hold tables, [params.RULE-ID]", where=place(where, "params"))
    return value


def _frameworks(table: Mapping[str, Any], path: Path) -> tuple[str, ...]:
    value = table.get("compliance", {})
    if not isinstance(value, dict):
        raise UsageError(
            "compliance must be a table, [compliance]", where=place(str(path), "compliance")
        )
    refuse_unknown(value, ("frameworks",), partial(place, str(path), "compliance"))
    wanted = _texts(value, str(path), "compliance", "frameworks")
    return tuple(str(path.parent / one) if one.endswith(".toml") else one for one in wanted)


def _targets(table: Mapping[str, Any], path: Path) -> Mapping[str, Target]:
    value = table.get("notify", {})
    if not isinstance(value, dict):
        raise UsageError("notify must hold tables, [notify.NAME]", where=place(str(path), "notify"))
    if not value:
        return {}
    from auditor.delivery.targets import read as read_target

    return {name: read_target(name, one, str(path), path.parent) for name, one in value.items()}


def _waivers(table: Mapping[str, Any], path: Path) -> tuple[WaiverEntry, ...]:
    return tuple(
        _waiver(entry, str(path), line, number)
        for number, (entry, line) in enumerate(_entries(table, "waiver", path))
    )


def _intents(table: Mapping[str, Any], path: Path) -> tuple[Intent, ...]:
    found: dict[str, Intent] = {}
    for number, (entry, line) in enumerate(_entries(table, "intent", path)):
        intent = read_intent(entry, Location(str(path), line, f"/intent/{number}"))
        if intent.name in found:
            raise UsageError(
                f"two intents are called {quoted(intent.name)}",
                where=f"{path}:{line}",
                advice=f"rename it: the other is in line {found[intent.name].location.line}",
            )
        found[intent.name] = intent
    return tuple(found.values())


def _entries(table: Mapping[str, Any], key: str, path: Path) -> list[tuple[Mapping[str, Any], int]]:
    """Give the tables of a kind, each with the line it begins in."""
    entries = table.get(key, [])
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise UsageError(f"{key}s are written as [[{key}]]", where=place(str(path), key))
    lines = table_lines(key, path.read_text(encoding="utf-8-sig")) if entries else []
    return [
        (entry, lines[number] if number < len(lines) else 1) for number, entry in enumerate(entries)
    ]


def _waiver(entry: Mapping[str, Any], file: str, line: int, number: int) -> WaiverEntry:
    where = f"{file}:{line}"
    refuse_unknown(entry, _WAIVER_KEYS, where)
    for key in ("rule", "resource"):
        if not isinstance(entry.get(key), str) or not entry[key]:
            raise UsageError(f"a waiver needs {key}", where=where)
    for key in ("reason", "owner"):
        if not isinstance(entry.get(key, ""), str):
            raise UsageError(f"a waiver's {key} must be text", where=where)
    expires = entry.get("expires")
    if isinstance(expires, str):
        expires = _date(expires, where)
    elif expires is not None and type(expires) is not date:
        raise UsageError("a waiver's expires must be a date, 2027-01-31", where=where)
    lacking = tuple(key for key in ("reason", "owner", "expires") if not _given(entry.get(key)))
    return WaiverEntry(
        rule=entry["rule"],
        resource=entry["resource"],
        reason=entry.get("reason", ""),
        owner=entry.get("owner", ""),
        expires=expires,
        lacking=lacking,
        file=file,
        line=line,
        number=number,
    )


def _given(value: object) -> bool:
    return bool(value.strip() if isinstance(value, str) else value)


def _date(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{quoted(text)} is no date", where=where, advice="write it as 2027-01-31"
        ) from None


def check_waivers(rules: Mapping[str, Rule[Any]], waivers: Iterable[WaiverEntry]) -> None:
    """Raise UsageError for a waiver of a rule that does not exist: it would be silent for ever."""
    for waiver in waivers:
        if not matched(rules, waiver.rule):
            raise unmatched(rules, waiver.rule, f"{waiver.file}:{waiver.line}")


def check_folders(settings: Settings) -> None:
    """Raise UsageError for a folder of rules that the configuration names and that is none."""
    for folder in settings.rules:
        if not os.path.isdir(folder):
            raise UsageError(
                f"{folder} is no folder",
                where=place(settings.file, "rules"),
                advice="give a folder of rule files",
            )


def check_patterns(rules: Mapping[str, Rule[Any]], settings: Settings) -> None:
    """Raise UsageError for a pattern of the configuration that names no rule."""
    for key, patterns in (("select", settings.select or ()), ("ignore", settings.ignore)):
        for pattern in patterns:
            if not matched(rules, pattern):
                raise unmatched(rules, pattern, place(settings.file, key))
