"""Short names for ARM ids: as short as they can be while no two in a report are the same."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import TypeGuard

from auditor import ids
from auditor.finding import Json, Report

from ._text import WHOLE, value_text, visible

_ID = re.compile(r"/subscriptions/[^\s\"'`,;()<>]*[^\s\"'`,;()<>.:]", re.IGNORECASE)
_OF_FILE = re.compile(r"\{resource-group:(.+)\}", re.IGNORECASE)


class Names:
    """The short name of each id that a report shows.

    `rg-app › virtualNetworks/vnet-app/subnets/snet-aks`; with the provider's namespace, then the
    subscription, where the shorter form would name two resources. A template tells no group: its
    file's name stands there. What is no ARM id stays.
    """

    def __init__(self, ids_shown: Iterable[str]) -> None:
        spelled: dict[str, str] = {}
        for one in ids_shown:
            if _parts(one):
                spelled.setdefault(ids.fold(one), one)
        self._short = _unique(spelled)

    @classmethod
    def of(cls, report: Report) -> Names:
        """Take every id of the findings, those within their messages too."""
        shown: dict[str, None] = {}
        for finding in report.findings:
            shown[finding.subject] = None
            shown.update(dict.fromkeys(finding.related))
            shown.update(dict.fromkeys(read.resource for read in finding.evidence))
            shown.update(dict.fromkeys(hop.resource for hop in finding.hops))
            shown.update(dict.fromkeys(_ID.findall(finding.message)))
            values = (read.value for read in finding.evidence)
            shown.update((value, None) for value in values if _is_id(value))
        if report.history is not None:
            shown.update(dict.fromkeys(life.subject for life in report.history.gone))
        return cls(shown)

    def short(self, arm_id: str) -> str:
        """Give the id's short name, safe to show."""
        return self._short.get(ids.fold(arm_id)) or visible(arm_id) or WHOLE

    def shorten(self, text: str) -> str:
        """Replace every id within a sentence; the sentence is then safe to show."""
        return visible(_ID.sub(lambda match: self.short(match[0]), text))

    def value(self, value: Json) -> str:
        """Write an evidence value: an id by its short name, anything else as JSON."""
        return self.short(value) if _is_id(value) else value_text(value)


def _is_id(value: Json) -> TypeGuard[str]:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def _parts(arm_id: str) -> list[str]:
    parts = arm_id.strip("/").split("/")
    return parts if len(parts) >= 2 and parts[0].lower() == "subscriptions" else []


def _unique(spelled: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    left = sorted(spelled)
    for form in (_plain, _with_namespace, _with_subscription, visible):
        same = defaultdict(list)
        for folded in left:
            same[form(spelled[folded]).lower()].append(folded)
        for alike in same.values():
            if len(alike) == 1:
                found[alike[0]] = form(spelled[alike[0]])
        left = [folded for alike in same.values() if len(alike) > 1 for folded in alike]
    return found


def _plain(arm_id: str) -> str:
    return visible(_written(arm_id, namespace=False))


def _with_namespace(arm_id: str) -> str:
    return visible(_written(arm_id, namespace=True))


def _with_subscription(arm_id: str) -> str:
    subscription = visible(_parts(arm_id)[1])
    written = _with_namespace(arm_id)
    return written if len(_parts(arm_id)) == 2 else f"{subscription} › {written}"


def _written(arm_id: str, *, namespace: bool) -> str:
    parts = _parts(arm_id)
    if len(parts) == 2:
        return f"subscription {parts[1]}"
    group, rest = "", parts[2:]
    if rest[0].lower() == "resourcegroups" and len(rest) >= 2:
        group, rest = _group(rest[1]), rest[2:]
    if not rest:
        return f"resource group {group}"
    chain = " › ".join(_providers(rest, namespace=namespace))
    return f"{group} › {chain}" if group else chain


def _group(name: str) -> str:
    of_file = _OF_FILE.fullmatch(name)
    if of_file is None:
        return name
    return "resource group of standard input" if of_file[1] == "-" else of_file[1]


def _providers(parts: list[str], *, namespace: bool) -> Iterable[str]:
    """Cut `providers/NS/type/name/providers/NS/type/name` at each provider."""
    at = [index for index, part in enumerate(parts) if part.lower() == "providers"]
    if not at or at[0] != 0:
        yield "/".join(parts)
        return
    for start, end in zip(at, [*at[1:], len(parts)], strict=True):
        yield "/".join(parts[start + (1 if namespace else 2) : end])
