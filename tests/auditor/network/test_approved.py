"""Globs of ids, as parameters name them."""

from __future__ import annotations

import random
from fnmatch import fnmatchcase

from auditor.network.approval import approved


def test_letter_case_does_not_matter_and_a_star_stands_for_slashes() -> None:
    name = "/subscriptions/s/resourceGroups/rg-Hub/providers/Microsoft.Network/x/y"
    assert approved(("*/RESOURCEGROUPS/rg-hub/*",), name)
    assert not approved(("*/resourceGroups/hub/*",), name)
    assert not approved((), name)
    assert not approved(("*",), "")


def test_a_look_for_a_part_of_the_pattern_changes_no_answer() -> None:
    chance = random.Random(7)
    for _ in range(5000):
        pattern = "".join(chance.choice("ab*?[]!") for _ in range(chance.randint(0, 6)))
        name = "".join(chance.choice("ab[]!") for _ in range(chance.randint(1, 6)))
        assert approved((pattern,), name) == fnmatchcase(name, pattern)
