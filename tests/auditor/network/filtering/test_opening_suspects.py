"""Who is worth asking what it opens: the rules that open something, or of which it is not told."""

from __future__ import annotations

from auditor.network.openings import foreign_allows, opening_to_any, opening_to_tags
from auditor.network.rule_lists import where_alike
from auditor.resources.security import SecurityRule
from auditor.testing import estate

from ....exposed import deny, nsg, rule


def test_a_rule_is_asked_about_where_it_opens_something_itself() -> None:
    network = estate(
        nsg(
            rule("any", 200, ports="443"),
            rule("covered", 300, ports="443"),
            rule("partner", 400, source="20.1.2.0/24", ports="22"),
            rule("tag", 500, source="AppService", ports="22"),
        )
    )
    names = [each.label for each in foreign_allows(network)]
    assert sorted(names) == ["any", "covered", "partner", "tag"]
    assert [each.label for each in opening_to_any(network)] == ["any"]
    assert [each.label for each in opening_to_tags(network)] == ["tag"]


def test_all_are_asked_about_where_the_order_is_not_told() -> None:
    network = estate(nsg(rule("any", 200), deny("rest", 200)))
    assert [each.label for each in opening_to_any(network)] == ["any"]
    assert [each.label for each in opening_to_tags(network)] == ["any"]


def test_rules_that_say_the_same_are_asked_about_once() -> None:
    network = estate(nsg(rule("a", 200), name="one"), nsg(rule("b", 200), name="two"))
    asked: list[str] = []

    def ask(each: SecurityRule) -> bool:
        asked.append(each.label)
        return True

    found = where_alike(network.all(SecurityRule), ask)
    assert [each.label for each in found] == ["a", "b"]
    assert len(asked) == 1


def test_rules_whose_settings_are_not_told_are_asked_about_one_by_one() -> None:
    network = estate(
        nsg(rule("a", 200), name="one"),
        nsg(rule("b", 200), name="two"),
        unresolved=(("/properties/securityRules/0/properties", "[parameters('p')]"),),
    )
    rules = network.all(SecurityRule)
    found = where_alike(rules, lambda each: each.label == "b")
    assert [each.label for each in found] == ["b"]
