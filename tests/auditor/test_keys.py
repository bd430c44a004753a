"""Hints at what was meant by a word that is no valid one."""

from __future__ import annotations

import pytest

from auditor.keys import nearest_rule

RULES = ("GW-001", "GW-021", "NSG-001", "K8S-004", "public-subnet")


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("gw-1", "GW-001"),
        ("GW21", "GW-021"),
        ("nsg-01", "NSG-001"),
        ("k8s-4", "K8S-004"),
        ("NSG-0001", "NSG-001"),
        ("GW-012", "GW-021"),
    ],
)
def test_a_rule_whose_number_is_written_short_is_the_one_that_is_meant(
    word: str, meant: str
) -> None:
    assert nearest_rule(word, RULES) == f"did you mean {meant}?"


@pytest.mark.parametrize("word", ["", "-1", "ZZ-9", "1"])
def test_what_is_near_to_nothing_is_given_no_hint(word: str) -> None:
    assert nearest_rule(word, RULES) == ""
