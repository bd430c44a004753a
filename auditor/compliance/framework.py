"""A framework: its controls, and the rules and intents that tell how each of them fares.

Shipped frameworks are data (`auditor/data/frameworks/`): the number of each control and a title
in our own words. Which rules belong to a control the rules say themselves (`controls=`), packs of
other people's rules as well. A user's own file names rules and intents itself.
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from auditor.errors import UsageError, quoted
from auditor.keys import nearest, refuse_unknown, table_lines
from auditor.rule import Rule
from auditor.selection import matches_rule

_KEYS = ("name", "title", "note", "control")
_CONTROL_KEYS = ("id", "title", "rules", "intents", "types", "beyond")
NEWEST = ("CIS 6.0", "MCSB")
"""The frameworks taken where a report needs some and none is named."""


class Control(msgspec.Struct, frozen=True):
    """One control.

    `types` are the ARM types it is about; findings about others do not count, and none of them in
    the snapshot means that there is nothing to judge. Empty: whatever the rules judge.
    `beyond` says what it asks that no rule looks at; it can then be broken but never satisfied.
    """

    id: str
    title: str
    rules: tuple[str, ...] = ()
    intents: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    beyond: str = ""


class Framework(msgspec.Struct, frozen=True):
    """Controls in the framework's own order. `note` says what the list leaves out."""

    name: str
    title: str
    controls: tuple[Control, ...]
    note: str = ""


def names() -> tuple[str, ...]:
    """Give the names of the shipped frameworks, sorted."""
    return tuple(_shipped())


def chosen(
    wanted: Iterable[str],
    rules: Mapping[str, Rule[Any]],
    intents: Iterable[str] = (),
    where: str = "--framework",
) -> tuple[Framework, ...]:
    """Give frameworks by name (`CIS 6.0`, `mcsb`) or by file, each once, in the order asked for.

    `rules` are all rules there are, asked or not; `intents` the names of those configured,
    and `where` the option that asks. Raises
    UsageError for a name nobody knows, and for a file that is wrong or names what does not exist.
    """
    found: dict[str, Framework] = {}
    for each in dict.fromkeys(wanted):
        known = {_plain(name): name for name in _shipped()}
        if _plain(each) in known:
            one = _with_rules(_shipped()[known[_plain(each)]], rules)
        elif each.endswith(".toml") or "/" in each or "\\" in each:
            one = _checked(read(Path(each)), Path(each), rules, tuple(intents))
        else:
            raise UsageError(
                f"there is no framework {quoted(each)}",
                where=where,
                advice=nearest(each, names())
                or f"choose from {', '.join(names())}, or give a .toml file of your own",
            )
        other = found.setdefault(_plain(one.name), one)
        if other != one:
            raise UsageError(
                f"two frameworks are called {quoted(one.name)}", where="--framework",
                advice="give one of them another name",
            )  # fmt: skip
    return tuple(found.values())


def _plain(name: str) -> str:
    """Spell a framework's name so that `cis-6.0` is `CIS 6.0`."""
    return "".join(char for char in name.casefold() if char not in " -_")


@cache
def _shipped() -> dict[str, Framework]:
    folder = files("auditor.data.frameworks")
    texts = {each.name: each.read_text(encoding="utf-8") for each in folder.iterdir()
             if each.name.endswith(".toml")}  # fmt: skip
    made = (_made(tomllib.loads(text), name) for name, text in sorted(texts.items()))
    return {framework.name: framework for framework in made}


def _with_rules(framework: Framework, rules: Mapping[str, Rule[Any]]) -> Framework:
    """Give each control the rules that claim it; a control that only a rule knows comes last."""
    claimed: dict[str, list[str]] = defaultdict(list)
    for rule in rules.values():
        for control in rule.controls:
            name, _, number = control.partition("/")
            if name == framework.name:
                claimed[number].append(rule.id)
    listed = [
        replace(control, rules=tuple(sorted(claimed.pop(control.id, ()))))
        for control in framework.controls
    ]
    others = [
        Control(number, f"{framework.name} {number}", tuple(sorted(found)))
        for number, found in sorted(claimed.items())
    ]
    return replace(framework, controls=(*listed, *others))


def read(path: Path) -> Framework:
    """Read a mapping file. Raises UsageError, naming line and control, for whatever is wrong."""
    where = str(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
        table = tomllib.loads(text)
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=where) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"is not TOML: {error}", where=where) from error
    return _made(table, where, text)


def _made(table: Mapping[str, Any], where: str, text: str = "") -> Framework:
    refuse_unknown(table, _KEYS, where)
    name = _text(table, "name", where, needed=True)
    entries = table.get("control", [])
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise UsageError("controls are written as [[control]]", where=where)
    if not entries:
        raise UsageError("has no [[control]]", where=where)
    controls: dict[str, Control] = {}
    for number, (entry, at) in enumerate(zip(entries, _places(where, text, entries), strict=True)):
        control = _control(entry, f"{at}: control {number + 1}")
        if control.id in controls:
            raise UsageError(f"two controls are called {quoted(control.id)}", where=at)
        controls[control.id] = control
    title = _text(table, "title", where) or name
    return Framework(name, title, tuple(controls.values()), _text(table, "note", where))


def _places(where: str, text: str, controls: Sequence[object]) -> list[str]:
    """Give `FILE:LINE` for each control; the file alone where they are not written as tables."""
    lines = table_lines("control", text)
    if len(lines) != len(controls):
        return [where] * len(controls)
    return [f"{where}:{line}" for line in lines]


def _control(entry: Mapping[str, Any], where: str) -> Control:
    refuse_unknown(entry, _CONTROL_KEYS, where)
    number = _text(entry, "id", where, needed=True)
    where = f"{where} ({number})"
    return Control(
        id=number,
        title=_text(entry, "title", where) or number,
        rules=_texts(entry, "rules", where),
        intents=_texts(entry, "intents", where),
        types=_texts(entry, "types", where),
        beyond=_text(entry, "beyond", where),
    )


def _text(table: Mapping[str, Any], key: str, where: str, *, needed: bool = False) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise UsageError(f"{key} must be text", where=where)
    if needed and not value.strip():
        raise UsageError(f"needs {key}", where=where)
    return value.strip()


def _texts(table: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise UsageError(f"{key} must be a list of strings", where=where)
    return tuple(dict.fromkeys(value))


def _checked(
    framework: Framework, file: Path, rules: Mapping[str, Rule[Any]], intents: tuple[str, ...]
) -> Framework:
    """Turn patterns into ids, and refuse what does not exist: it would be silent for ever."""
    made = []
    places = _places(str(file), file.read_text(encoding="utf-8-sig"), framework.controls)
    for control, place in zip(framework.controls, places, strict=True):
        at = f"{place}: control {control.id}"
        found: dict[str, None] = {}
        for pattern in control.rules:
            matched = [rule.id for rule in rules.values() if matches_rule(pattern, rule)]
            if not matched:
                raise UsageError(
                    f"no rule matches {quoted(pattern)}",
                    where=at,
                    advice=nearest(pattern.upper(), rules) or "see: auditor rules",
                )
            found.update(dict.fromkeys(matched))
        for name in control.intents:
            if name not in intents:
                raise UsageError(
                    f"there is no intent {quoted(name)}",
                    where=at,
                    advice=nearest(name, intents) or "add an [[intent]] to auditor.toml",
                )
        made.append(replace(control, rules=tuple(sorted(found))))
    return replace(framework, controls=tuple(made))
