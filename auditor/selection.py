"""Which rules and resources a pattern names, and which rules run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from auditor.errors import UsageError, quoted
from auditor.ids import fold
from auditor.keys import nearest_rule
from auditor.rule import Rule


def matches_rule(pattern: str, rule: Rule[Any]) -> bool:
    """Whether a pattern (an id, a family, a rule's name, or a glob of ids) names a rule."""
    wanted = pattern.upper()
    return wanted in (rule.id, rule.family, rule.name.upper()) or fnmatchcase(rule.id, wanted)


def matches_resource(pattern: str, subject: str) -> bool:
    """Whether an id or a glob names a resource; without case, `*` crosses slashes.

    A pattern without a leading slash may match the end of an id: `virtualNetworks/hub`.
    """
    wanted, folded = pattern.lower().rstrip("/"), fold(subject)
    if fold(pattern) == folded or fnmatchcase(folded, wanted):
        return True
    return not wanted.startswith(("/", "*")) and fnmatchcase(folded, f"*/{wanted}")


def matched(rules: Mapping[str, Rule[Any]], pattern: str) -> bool:
    """Whether a pattern names a rule."""
    return any(matches_rule(pattern, rule) for rule in rules.values())


def unmatched(rules: Mapping[str, Rule[Any]], pattern: str, where: str = "") -> UsageError:
    """Give the error for a pattern that names no rule."""
    advice = nearest_rule(pattern, rules) or "see: auditor rules"
    return UsageError(f"no rule matches {quoted(pattern)}", where=where, advice=advice)


def chosen(
    rules: Mapping[str, Rule[Any]], select: Iterable[str] | None, ignore: Iterable[str]
) -> list[Rule[Any]]:
    """Give the rules to run: those selected (all that are on by default), less those ignored.

    A rule that is off by default runs only when selected by its own id or name.
    Raises UsageError for a pattern that names no rule, and when nothing is left.
    """
    wanted = None if select is None else tuple(select)
    unwanted = tuple(ignore)
    for pattern in (*(wanted or ()), *unwanted):
        if not matched(rules, pattern):
            raise unmatched(rules, pattern)
    left = [
        rule
        for rule in rules.values()
        if _selected(rule, wanted) and not any(matches_rule(p, rule) for p in unwanted)
    ]
    if not left:
        raise UsageError("no rule is left to check", advice="select more, or ignore less")
    return left


def _selected(rule: Rule[Any], patterns: tuple[str, ...] | None) -> bool:
    if patterns is None:
        return rule.on
    if rule.on:
        return any(matches_rule(pattern, rule) for pattern in patterns)
    return any(pattern.upper() in (rule.id, rule.name.upper()) for pattern in patterns)
