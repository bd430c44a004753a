"""Lists of rules that say the same are read once; each group keeps rules of its own."""

from __future__ import annotations

from typing import Any, TypeAlias

import pytest

from auditor.errors import Undetermined
from auditor.network.filters import custom_rules, filters_of
from auditor.network.graph import Network
from auditor.resources.security import NetworkSecurityGroup
from auditor.testing import estate

from ....exposed import deny, nsg, rule

_Two: TypeAlias = tuple[Network, NetworkSecurityGroup, NetworkSecurityGroup]


def two(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> _Two:
    network = estate(nsg(*one, name="nsg-a"), nsg(*other, name="nsg-b"))
    first, second = network.all(NetworkSecurityGroup)
    return network, first, second


def test_groups_that_say_the_same_share_filters_and_keep_their_rules() -> None:
    said = [rule("web", 200, ports="443"), deny("rest", 300)]
    network, one, other = two(said, said)
    for inbound in (True, False):
        first, second = (filters_of(network, each, inbound=inbound) for each in (one, other))
        assert first is second
    assert [each.name for each in filters_of(network, one, inbound=True)] == ["web", "rest"]
    for group in (one, other):
        rules = custom_rules(network, group, inbound=True)
        assert [each.label for each in rules] == ["web", "rest"]
        assert all(each.owner is group for each in rules)


def test_the_same_rules_written_in_another_order_have_one_order_of_evaluation() -> None:
    network, one, other = two(
        [rule("web", 200, ports="443"), deny("rest", 300)],
        [deny("rest", 300), rule("web", 200, ports="443")],
    )
    assert filters_of(network, one, inbound=True) == filters_of(network, other, inbound=True)
    assert [each.label for each in custom_rules(network, other, inbound=True)] == ["web", "rest"]


def test_names_tell_lists_apart_of_which_all_else_is_the_same() -> None:
    network, one, other = two([rule("web", 200)], [rule("api", 200)])
    assert [filters_of(network, each, inbound=True)[0].name for each in (one, other)] == [
        "web",
        "api",
    ]


def test_each_group_is_told_of_its_own_rule_that_has_no_priority() -> None:
    untold = [{**rule("web", 200), "properties": {**rule("web", 200)["properties"]}}]
    del untold[0]["properties"]["priority"]
    network, one, other = two(untold, untold)
    for group in (one, other):
        with pytest.raises(Undetermined) as told:
            filters_of(network, group, inbound=True)
        assert told.value.resource == f"{group.id}/securityRules/web"


def test_each_group_is_told_of_a_tie_between_its_rules() -> None:
    ties = [rule("web", 200), deny("rest", 200)]
    network, one, other = two(ties, ties)
    for group in (one, other):
        with pytest.raises(Undetermined, match="which of rest and web comes first"):
            filters_of(network, group, inbound=True)
