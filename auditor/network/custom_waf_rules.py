"""What the custom rules of a WAF policy do with a plain request for a known path, from anywhere.

Asked for requests like those of certificate authorities: a GET without cookies or body, from
addresses that nobody knows beforehand. A condition about anything else is not told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from auditor.addresses import AddressError, AddressSet
from auditor.network.admission import large
from auditor.resources.web_application_firewalls import WafPolicy
from auditor.special_addresses import PUBLIC

Truth: TypeAlias = bool | None
"""True or False for most clients; None: not told."""


@dataclass(frozen=True, slots=True)
class CustomRule:
    """A rule that has its say: its name, where it stands, and whether it surely does."""

    name: str
    pointer: str
    action: str
    certain: bool


def blocks(policy: WafPolicy, path: str) -> CustomRule | None:
    """Give the rule that blocks requests under a path for most clients, or may; None: none does."""
    doubt: CustomRule | None = None
    unclear = False
    for pointer, rule in _in_order(policy):
        matches = _matches(rule.get("matchConditions"), path)
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
            found = CustomRule(name, pointer, str(rule.get("action")), sure)
            if matches:
                return found if doubt is None else doubt
            doubt = doubt or found
    return doubt


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


def _matches(conditions: Any, path: str) -> Truth:
    """Whether a request meets all conditions."""
    answers = [_meets(one, path) for one in conditions] if isinstance(conditions, list) else [None]
    if False in answers:
        return False
    return None if None in answers else True


def _meets(condition: Any, path: str) -> Truth:
    if not isinstance(condition, dict):
        return None
    variables = condition.get("matchVariables")
    values = condition.get("matchValues")
    texts = [one for one in values if isinstance(one, str)] if isinstance(values, list) else []
    names = [
        _text(one, "variableName") if isinstance(one, dict) else ""
        for one in (variables if isinstance(variables, list) else ())
    ]
    found = _any(_holds(name, _text(condition, "operator"), texts, path) for name in names)
    # Azure's own spelling.
    negated = condition.get("negationConditon", condition.get("negationCondition", False))
    return found if found is None or not negated else not found


def _any(answers: Iterable[Truth]) -> Truth:
    found = list(answers)
    if True in found:
        return True
    return None if None in found or not found else False


def _holds(variable: str, operator: str, values: list[str], path: str) -> Truth:
    if variable == "requesturi":
        return _any(_of_path(operator, value.lower(), path.lower()) for value in values or [""])
    if variable == "remoteaddr" and operator == "ipmatch":
        return _of_clients(values)
    if variable == "requestmethod" and operator == "equal" and values:
        return any(value.lower() == "get" for value in values)
    return None


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
