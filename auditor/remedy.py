"""Commands a person can copy: az command lines with the real names, quoted for a POSIX shell."""

from __future__ import annotations

import re
import shlex
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Mapping
from functools import lru_cache

from auditor.ids import GroupName
from auditor.resources import walk
from auditor.resources.base import Resource


def az(*command: str, **options: str | int | bool | tuple[str, ...] | None) -> str:
    """Give an az command line; every value is quoted, because names are anybody's to choose.

    `az("network", "nsg", "rule", "delete", resource_group="rg", nsg_name="n", name="ssh")` gives
    `az network nsg rule delete --resource-group rg --nsg-name n --name ssh`. A tuple gives several
    values, a bool `true` or `false`, None leaves the option out. Control characters in a name
    become `?`, so that one command stays one line. What a template does not say of its deployment
    is left to fill in: `<resource group of web.json>`.

    A resource group tells its subscription as well, for an input of several: of an input of one
    alone, reports leave it out again (`unless_alone`).
    """
    group = options.get("resource_group")
    if isinstance(group, GroupName) and _is_told(group.subscription):
        options.setdefault("subscription", group.subscription)
    return _line(("az", *command), options)


def unless_alone(remedy: str, alone: str) -> str:
    """Leave out of the commands of a remedy a subscription that is the only one of the input."""
    if not alone or "--subscription" not in remedy:
        return remedy
    named = re.escape(f" --subscription {shlex.quote(alone)}")
    return re.sub(rf"{named}(?=[\s;,)]|$)", "", remedy, flags=re.IGNORECASE)


def _is_told(subscription: str) -> bool:
    return bool(subscription) and not subscription.startswith("{")


def kubectl(*command: str, **options: str | int | bool | tuple[str, ...] | None) -> str:
    """Give a kubectl command line, quoted as by `az`; every word of the command is quoted too."""
    return _line(("kubectl", *(shlex.quote(_printable(word)) for word in command)), options)


def _line(
    command: tuple[str, ...],
    options: Mapping[str, str | int | bool | tuple[str, ...] | None],
) -> str:
    parts = [*command]
    for name, value in options.items():
        if value is None:
            continue
        parts.append("--" + name.replace("_", "-"))
        words = [
            _to_fill_in(_printable(_text(each)))
            for each in (value if isinstance(value, tuple) else (value,))
        ]
        if words[:1] and words[0].startswith("-"):
            # `--name --help` would be read as two options.
            parts[-1] += "=" + shlex.quote(words.pop(0))
        parts.extend(map(shlex.quote, words))
    return " ".join(parts)


def unused_name(name: str, taken: Collection[str], *, nth: int = 0, join: str = "-") -> str:
    """Give a name for something new: a command that creates writes over what has the name.

    The name itself unless it is among those taken (in lower case), else with a number: `web-2`.
    With `nth`, the free one so many places later, for one of several that would all be called so.
    """
    own = name.lower()
    if not nth and own not in taken:
        return name
    numbers = _numbers(frozenset(taken), join).get(own, ())
    # Before the place of a number, as many places are free as it is large, less those taken.
    before = bisect_right(range(len(numbers)), nth, key=lambda place: numbers[place] - 1 - place)
    number = nth + 1 + before
    return name if number == 1 else f"{name}{join}{number}"


@lru_cache(maxsize=8)
def _numbers(taken: frozenset[str], join: str) -> dict[str, list[int]]:
    """Give the numbers that are taken of each name, in order; a name itself is its first.

    Looked up once for all that are called alike: of thousands, each would count from the start.
    """
    found: dict[str, list[int]] = defaultdict(list)
    for each in taken:
        found[each].append(1)
        if numbered := _NUMBERED.search(each):
            for start in range(numbered.start(), len(each)):
                head = each[:start]
                if each[start] != "0" and head.endswith(join) and int(each[start:]) > 1:
                    found[head.removesuffix(join)].append(int(each[start:]))
    return {name: sorted(numbers) for name, numbers in found.items()}


_NUMBERED = re.compile(r"[0-9]{1,9}\Z")


def region(resource: Resource) -> str:
    """Give a resource's region for a command; a placeholder when the input does not tell it."""
    return walk.peek(resource, "location") or "<region>"


def home(resource: Resource) -> str | None:
    """Give a resource's subscription for a command that names no group; None: it is not told."""
    return resource.subscription if _is_told(resource.subscription) else None


def _to_fill_in(text: str) -> str:
    """Word what stands in ids for the group and subscription that a template does not name."""
    return re.sub(_UNNAMED, lambda found: _words(found[1]), text) if "{" in text else text


_UNNAMED = r"\{(subscription|resource-group:[^/]*)\}"


def _words(unnamed: str) -> str:
    what, _, file = unnamed.partition(":")
    of = f" of {file}" if file not in ("", "-") else ""
    return f"<{what.replace('-', ' ')}{of}>"


def _text(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else "?" for c in text)
