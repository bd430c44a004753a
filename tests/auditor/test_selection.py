from __future__ import annotations

from typing import Any

import pytest

from auditor.errors import UsageError
from auditor.rule import Rule
from auditor.selection import chosen, matches_resource, matches_rule
from auditor.testing import arm_id

from ..few_rules import OFF, ONE, RULES, TWO


@pytest.mark.parametrize(
    ("pattern", "rule_", "names"),
    [
        ("NSG-001", ONE, True),
        ("nsg-001", ONE, True),
        ("NSG-001", TWO, False),
        ("NSG", ONE, True),
        ("nsg", ONE, True),
        ("NS", ONE, False),
        ("NSG-0*", TWO, True),
        ("NSG-00?", TWO, False),
        ("*", OFF, True),
        ("open-door", ONE, True),
        ("Open-Door", ONE, True),
        ("open-*", ONE, False),
        ("", ONE, False),
        ("[", ONE, False),
    ],
)
def test_a_rule_is_named_by_id_family_name_or_glob_of_ids(
    pattern: str, rule_: Rule[Any], names: bool
) -> None:
    assert matches_rule(pattern, rule_) is names


HUB = arm_id("Microsoft.Network/virtualNetworks", "Hub")


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        (HUB, True),
        (HUB.upper() + "/", True),
        (HUB.removeprefix("/"), True),
        ("virtualNetworks/hub", True),
        ("virtualnetworks/h*", True),
        ("hub", True),
        ("ub", False),
        ("*/hub", True),
        ("*ub", True),
        ("/subscriptions/*/virtualNetworks/hub", True),
        ("/virtualNetworks/hub", False),
        ("*/subnets/*", False),
        ("*", True),
        (HUB + "/subnets/app", False),
    ],
)
def test_a_resource_is_named_by_id_end_of_id_or_glob(pattern: str, names: bool) -> None:
    assert matches_resource(pattern, HUB) is names


def test_an_id_with_brackets_names_itself() -> None:
    assert matches_resource("exports/[a].json", "exports/[a].json")


def names(*found: Rule[Any]) -> list[str]:
    return [each.id for each in found]


def test_all_that_are_on_are_chosen_when_nothing_is_said() -> None:
    assert names(*chosen(RULES, None, ())) == ["NSG-001", "NSG-014"]


def test_what_is_ignored_is_left_out_even_if_selected() -> None:
    assert names(*chosen(RULES, ("NSG",), ("NSG-014",))) == ["NSG-001"]
    assert names(*chosen(RULES, ("NSG-*",), ("open-door",))) == ["NSG-014"]


@pytest.mark.parametrize("pattern", ["ADR-003", "adr-003", "shy-rule"])
def test_a_rule_that_is_off_runs_when_it_is_named(pattern: str) -> None:
    assert names(*chosen(RULES, (pattern,), ())) == ["ADR-003"]


@pytest.mark.parametrize("pattern", ["*", "ADR-*", "ADR"])
def test_a_rule_that_is_off_is_not_named_by_family_or_glob(pattern: str) -> None:
    assert "ADR-003" not in names(*chosen(RULES, (pattern, "NSG-001"), ()))


@pytest.mark.parametrize(
    ("select", "ignore", "what", "advice"),
    [
        (("NSG-100",), (), 'no rule matches "NSG-100"', "did you mean NSG-001?"),
        (None, ("nsg-041",), 'no rule matches "nsg-041"', "did you mean NSG-014?"),
        (("zebra",), (), 'no rule matches "zebra"', "see: auditor rules"),
        (("",), (), 'no rule matches ""', ""),
        (("NSG",), ("*",), "no rule is left", ""),
        ((), (), "no rule is left", ""),
        (("ADR",), (), "no rule is left", ""),
    ],
)
def test_a_pattern_that_names_nothing_is_refused(
    select: tuple[str, ...] | None, ignore: tuple[str, ...], what: str, advice: str
) -> None:
    with pytest.raises(UsageError, match=what) as caught:
        chosen(RULES, select, ignore)

    assert advice in caught.value.advice
