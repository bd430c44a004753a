"""What the custom rules of a WAF policy do with a plain request for a known path, from anywhere.

Asked for requests like those of certificate authorities: a GET without cookies or body, from
addresses that nobody knows beforehand, with the header `X-Azure-FDID` where it is given. A
condition about anything else is not told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

import msgspec

from auditor.addresses import AddressError, AddressSet
from auditor.network.admission import large
from auditor.resources.web_application_firewalls import WafPolicy
from auditor.special_addresses import PUBLIC

FDID = "x-azure-fdid"
"""The header in which Front Door sends the id of its profile."""
_ID = r"\^?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\$?"

Truth: TypeAlias = bool | None
"""True or False for most clients; None: not told."""


class CustomRule(msgspec.Struct, frozen=True):
    """A rule that has its say: its name, where it stands, and whether it surely does."""

    name: str
    pointer: str
    priority: int
    action: str
    certain: bool


class _Request(msgspec.Struct, frozen=True):
    path: str
    door: str | None

    def header(self, selector: str) -> str | None:
        """Give the value of a header in lower case; None: not told."""
        return self.door if selector == FDID else None


def blocks(policy: WafPolicy, path: str) -> CustomRule | None:
    """Give the rule that blocks requests under a path for most clients, or may; None: none does."""
    request = _Request(path, None)
    doubt: CustomRule | None = None
    unclear = False
    for pointer, rule in _in_order(policy):
        matches = _matches(rule.get("matchConditions"), request)
        if matches is False or _text(rule, "ruleType") == "ratelimitrule":
            continue
        action = _text(rule, "action")
        if action == "allow":
            if matches:
                return doubt
            unclear = True
        elif action in ("block", "jschallenge"):
            sure = bool(matches) and not unclear
            name = str(rule.get("name") or "")
            found = CustomRule(name, pointer, _priority(rule), str(rule.get("action")), sure)
            if matches:
                return found if doubt is None else doubt
            doubt = doubt or found
    return doubt


def turns_away(policy: WafPolicy, door: str) -> Truth:
    """Tell whether requests with this id of a Front Door are blocked; None: not told.

    A rule that cannot be read and does not ask for the id is taken to block no door as such.
    """
    request = _Request("/", door.lower())
    unclear = doubt = False
    for _, rule in _in_order(policy):
        matches, action = _matches(rule.get("matchConditions"), request), _text(rule, "action")
        if matches is False or _text(rule, "ruleType") == "ratelimitrule":
            continue
        if action == "allow":
            if matches:
                break
            unclear = True
        elif action == "block" and matches:
            return None if unclear else True
        elif action == "block":
            doubt = doubt or any(map(_asks_for_door, _conditions(rule)))
    return None if doubt else False


def doors_named(policy: WafPolicy) -> frozenset[str]:
    """Give the ids of Front Doors (lower case) that rules in force ask for."""
    return frozenset(
        value.lower()
        for _, rule in _in_order(policy)
        for condition in _conditions(rule)
        if _asks_for_door(condition)
        for value in _values(condition) or ()
    )


def _conditions(rule: dict[str, Any]) -> list[dict[str, Any]]:
    found = rule.get("matchConditions")
    return [one for one in (found if isinstance(found, list) else ()) if isinstance(one, dict)]


def _asks_for_door(condition: dict[str, Any]) -> bool:
    return any(_text(one, "selector") == FDID for one in _variables(condition))


def rule_names(policy: WafPolicy) -> tuple[str, ...]:
    """Give the names of its rules, in lower case."""
    return tuple(str(rule.get("name") or "").lower() for rule in _listed(policy))


def free_priority(policy: WafPolicy) -> int:
    """Give the first priority that no rule has."""
    taken = {_priority(rule) for rule in _listed(policy)}
    return next(number for number in range(1, len(taken) + 2) if number not in taken)


def priority_before(policy: WafPolicy, rule: CustomRule) -> int | None:
    """Give the last priority before a rule's that no other has; None: there is none."""
    taken = {_priority(each) for each in _listed(policy)}
    return next((number for number in range(rule.priority - 1, 0, -1) if number not in taken), None)


def _listed(policy: WafPolicy) -> list[dict[str, Any]]:
    listed = policy.properties.custom_rules
    return [rule for rule in listed if isinstance(rule, dict)] if isinstance(listed, list) else []


def _in_order(policy: WafPolicy) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rules that are switched on, by priority, each with its pointer."""
    listed = policy.properties.custom_rules
    rules = [
        (f"/properties/customRules/{place}", rule)
        for place, rule in enumerate(listed if isinstance(listed, list) else ())
        if isinstance(rule, dict) and _text(rule, "state") != "disabled"
    ]
    yield from sorted(rules, key=lambda one: _priority(one[1]))


def _priority(rule: dict[str, Any]) -> int:
    found = rule.get("priority")
    return found if isinstance(found, int) else 0


def _text(rule: dict[str, Any], key: str) -> str:
    found = rule.get(key)
    return found.lower() if isinstance(found, str) else ""


def _matches(conditions: Any, request: _Request) -> Truth:
    """Whether a request meets all conditions."""
    answers = (
        [_meets(one, request) for one in conditions] if isinstance(conditions, list) else [None]
    )
    if False in answers:
        return False
    return None if None in answers else True


def _variables(condition: dict[str, Any]) -> list[dict[str, Any]]:
    found = condition.get("matchVariables")
    return [
        one if isinstance(one, dict) else {} for one in (found if isinstance(found, list) else ())
    ]


def _values(condition: dict[str, Any]) -> list[str] | None:
    """The texts compared with; None where one of them is not told."""
    found = condition.get("matchValues") or []
    texts = [one for one in found if isinstance(one, str)] if isinstance(found, list) else []
    whole = isinstance(found, list) and len(texts) == len(found)
    return texts if whole and not any(one.startswith("[") for one in texts) else None


def _meets(condition: Any, request: _Request) -> Truth:
    if not isinstance(condition, dict):
        return None
    texts = _values(condition)
    if texts is None:
        return None
    operator = _text(condition, "operator")
    found = _any(_holds(one, operator, texts, request) for one in _variables(condition))
    # Azure's own spelling.
    negated = condition.get("negationConditon", condition.get("negationCondition", False))
    return found if found is None or not negated else not found


def _any(answers: Iterable[Truth]) -> Truth:
    found = list(answers)
    if True in found:
        return True
    return None if None in found or not found else False


def _holds(matched: dict[str, Any], operator: str, values: list[str], request: _Request) -> Truth:
    variable = _text(matched, "variableName")
    if variable == "requestheaders":
        sent = request.header(_text(matched, "selector"))
        if sent is None:
            return None
        return _any(_of_header(operator, value.lower(), sent) for value in values or [""])
    if variable == "requesturi":
        path = request.path.lower()
        return _any(_of_path(operator, value.lower(), path) for value in values or [""])
    if variable == "remoteaddr" and operator == "ipmatch":
        return _of_clients(values)
    if variable == "requestmethod" and operator == "equal" and values:
        return any(value.lower() == "get" for value in values)
    return None


def _of_header(operator: str, value: str, sent: str) -> Truth:
    if operator == "any":
        return True
    if operator == "regex":
        return value.strip("^$") == sent if re.fullmatch(_ID, value) else None
    compare: dict[str, Callable[[str], bool]] = {
        "equal": sent.__eq__,
        "contains": sent.__contains__,
        "beginswith": sent.startswith,
        "endswith": sent.endswith,
    }
    return compare[operator](value) if value and operator in compare else None


def _of_path(operator: str, value: str, path: str) -> Truth:
    if operator == "any":
        return True
    if operator == "contains":
        return value in path
    if operator == "beginswith":
        return path.startswith(value) or (None if value.startswith(path) else False)
    if operator == "equal":
        return None if value.startswith(path) else False
    return None


def _of_clients(values: list[str]) -> Truth:
    try:
        named = AddressSet.from_text(values)
    except AddressError:
        return None
    if named >= AddressSet(v4=PUBLIC.v4):
        return True
    return None if large(named) else False
