"""The rules of a firewall, read and in order."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.firewalling import FirewallAction
from auditor.testing import estate, resource

from ....firewalls import (
    PUBLIC_WEB,
    TAGS,
    WEB,
    application_rule,
    classic,
    collection,
    firewall,
    group,
    group_id,
    labels,
    names,
    nat_rule,
    network_rule,
    policy,
    program,
    program_of,
    sent,
    told,
    with_rules,
)

# --- E-20: where rules are written


def test_E_20_a_policys_groups_are_resources_of_their_own() -> None:
    rules = program(*with_rules(collection("c", 200, "Allow", network_rule("r", ports="443"))))

    (term,) = rules.network
    assert (term.name, term.collection, term.action) == ("r", "c", FirewallAction.ALLOW)
    assert term.resource == group_id("g")
    assert term.pointer == "/properties/ruleCollections/0/rules/0"
    assert term.priorities == (100, 200)
    assert told(sent(rules, WEB)) == "Allow by r"
    assert told(sent(rules, "10.0.0.4 > 10.9.9.9 tcp 80")) == "Deny by nobody"


def test_E_20_a_group_may_stand_inside_its_policy() -> None:
    whole = group("g", 100, collection("c", 200, "Allow", network_rule("r")))
    rules = program(firewall(), policy() | {"properties": {"ruleCollectionGroups": [whole]}})

    assert names(rules) == ["r"]
    assert rules.network[0].resource == policy()["id"]
    assert rules.network[0].pointer == (
        "/properties/ruleCollectionGroups/0/properties/ruleCollections/0/rules/0"
    )


def test_E_20_classic_rules_stand_in_the_firewall() -> None:
    rules = program(
        firewall(
            policy=None,
            networkRuleCollections=[
                classic("late", 300, "Deny", network_rule("no")),
                classic("early", 200, "Allow", network_rule("web", ports="443")),
            ],
            applicationRuleCollections=[classic("app", 100, "Allow", application_rule("a", "*"))],
            natRuleCollections=[classic("in", 400, "Dnat", nat_rule("n"))],
        )
    )

    assert names(rules) == ["n", "web", "no", "a"]
    assert rules.network[0].pointer == "/properties/networkRuleCollections/1/properties/rules/0"
    assert told(sent(rules, WEB)) == "Allow by web"
    assert told(sent(rules, "10.0.0.4 > 10.9.9.9 tcp 80")) == "Deny by no"
    assert told(sent(rules, "9.9.9.9 > 20.50.1.2 tcp 8080")) == "Allow by n"


@pytest.mark.parametrize(
    "resources",
    [
        (firewall(), policy("g")),
        (firewall(),),
        (firewall(), policy("g", base="gone"), group("g", 100)),
        (firewall(), policy() | {"properties": {}}),
        (firewall(policy=None),),
    ],
    ids=["group", "policy", "base policy", "list of groups", "any rules"],
)
def test_E_20_what_is_missing_leaves_nothing_told(resources: tuple[dict[str, Any], ...]) -> None:
    rules = program(*resources)

    assert labels(rules) == ["collection-gap"]
    assert told(sent(rules, WEB)) == "Unknown: collection-gap"


@pytest.mark.parametrize("part", ["priority", "action", "rules"])
def test_a_collection_that_is_not_told_leaves_nothing_told(part: str) -> None:
    bad = collection("c", 200, "Allow", network_rule("r"))
    del bad[part]

    assert labels(program(*with_rules(bad))) == ["collection-gap"]


def test_a_rule_of_no_known_type_leaves_nothing_told() -> None:
    odd = {**network_rule("r"), "ruleType": "TeaRule"}

    assert labels(program(*with_rules(collection("c", 200, "Allow", odd)))) == ["collection-gap"]


def test_an_expression_of_a_template_is_not_told() -> None:
    resources = with_rules(collection("c", 200, "Allow", network_rule("r")))
    rules = program(*resources, unresolved=(("/properties/firewallPolicy", "[x]"),))

    assert labels(rules) == ["collection-gap"]


def test_policies_that_inherit_from_each_other_end() -> None:
    rules = program(firewall(), policy(base="up"), policy(name="up", base="pol"), group("g", 100))

    assert labels(rules) == ["conflict"]


def test_a_firewall_with_both_kinds_of_rules_contradicts_itself() -> None:
    old = classic("c", 100, "Allow", network_rule("r"))

    assert labels(program(firewall(networkRuleCollections=[old]), policy())) == ["conflict"]


def test_ids_compare_without_case() -> None:
    wall = firewall()
    wall["properties"]["firewallPolicy"]["id"] = policy()["id"].upper()
    rules = program(
        wall, policy("G"), group("g", 100, collection("c", 1, "Deny", network_rule("r")))
    )

    assert names(rules) == ["r"]


# --- E-21: the order


def test_E_21_types_come_before_priorities() -> None:
    app = collection("app", 100, "Allow", application_rule("a", "*"))
    net = collection("net", 200, "Deny", network_rule("n", ports="443"))
    nat = collection("nat", 300, "Dnat", nat_rule("d"))
    rules = program(
        firewall(),
        policy("first", "last"),
        group("first", 100, app, net),
        group("last", 900, nat),
    )

    assert names(rules) == ["d", "n", "a"]
    assert told(sent(rules, WEB)) == "Deny by n"
    assert told(sent(rules, "10.0.0.4 > 10.9.9.9 tcp 80")) == "Deny by nobody"


def test_E_21_a_groups_priority_counts_before_a_collections() -> None:
    rules = program(
        firewall(),
        policy("late", "early"),
        group("late", 300, collection("a", 100, "Deny", network_rule("no"))),
        group(
            "early",
            200,
            collection("c", 900, "Allow", network_rule("third")),
            collection("b", 800, "Allow", network_rule("first"), network_rule("second")),
        ),
    )

    assert names(rules) == ["first", "second", "third", "no"]
    assert told(sent(rules, WEB)) == "Allow by first"


def test_E_21_a_parents_rules_come_first_of_each_type() -> None:
    rules = program(
        firewall(),
        policy("g", base="up"),
        policy("u", name="up"),
        group("g", 100, collection("own", 100, "Allow", network_rule("mine"))),
        group(
            "u",
            900,
            collection("net", 900, "Deny", network_rule("theirs", ports="22")),
            collection("app", 100, "Allow", application_rule("app", "*")),
            in_="up",
        ),
    )

    assert names(rules) == ["theirs", "mine", "app"]
    assert [term.level for term in rules.network] == [1, 0]
    assert told(sent(rules, "10.0.0.4 > 10.9.9.9 tcp 22")) == "Deny by theirs"
    assert told(sent(rules, WEB)) == "Allow by mine"


def test_E_21_a_match_ends_the_search() -> None:
    net = collection("net", 200, "Allow", network_rule("web", ports="80,443"))
    app = collection("app", 100, "Deny", application_rule("no", "www.example.com"))

    assert told(sent(program(*with_rules(net, app)), WEB)) == "Allow by web"


def test_E_21_collections_that_tie_and_differ_are_in_doubt_where_they_meet() -> None:
    rules = program(
        *with_rules(
            collection(
                "yes", 200, "Allow", network_rule("y", ports="443"), network_rule("z", ports="1")
            ),
            collection("no", 200, "Deny", network_rule("n", "10.0.0.0/8", ports="443")),
        )
    )

    assert told(sent(rules, WEB)) == "Unknown: semantics:E-21"
    assert told(sent(rules, "10.0.0.4 > 10.9.9.9 tcp 1")) == "Allow by z"


def test_E_21_groups_of_one_priority_tie_whatever_their_collections() -> None:
    rules = program(
        firewall(),
        policy("a", "b"),
        group("a", 100, collection("yes", 200, "Allow", network_rule("y", ports="443"))),
        group("b", 100, collection("no", 300, "Deny", network_rule("n", ports="443"))),
    )

    assert told(sent(rules, WEB)) == "Unknown: semantics:E-21"


def test_E_21_a_parent_and_a_child_never_tie() -> None:
    rules = program(
        firewall(),
        policy("g", base="up"),
        policy("g", name="up"),
        group("g", 100, collection("yes", 200, "Allow", network_rule("y", ports="443"))),
        group("g", 100, collection("no", 200, "Deny", network_rule("n", ports="443")), in_="up"),
    )

    assert told(sent(rules, WEB)) == "Deny by n"


def test_E_21_what_a_nat_rule_takes_is_allowed_and_sent_on() -> None:
    rules = program(*with_rules(collection("in", 100, "Dnat", nat_rule("n", "10.0.0.4:8443"))))

    verdict = sent(rules, "9.9.9.9 > 20.50.1.2 tcp 8080")
    assert told(verdict) == "Allow by n"
    assert verdict.translation is not None
    assert (str(verdict.translation.address), verdict.translation.port) == ("10.0.0.4", 8443)
    assert told(sent(rules, "9.9.9.9 > 20.50.1.2 tcp 8081")) == "Deny by nobody"


def test_E_21_whether_a_deny_overrules_a_nat_rule_is_not_certain() -> None:
    nat = collection("in", 100, "Dnat", nat_rule("n"))
    before = collection("a", 200, "Deny", network_rule("no", destination="20.50.1.2"))
    after = collection("a", 200, "Deny", network_rule("no", destination="10.0.0.4"))
    packet = "9.9.9.9 > 20.50.1.2 tcp 8080"

    assert told(sent(program(*with_rules(nat, before)), packet)) == "Allow by n"
    assert told(sent(program(*with_rules(nat, after)), packet)) == "Unknown: semantics:E-21"
    allowed = collection("b", 150, "Allow", network_rule("yes", destination="10.0.0.4"))
    assert told(sent(program(*with_rules(nat, after, allowed)), packet)) == "Allow by n"


def test_E_20_whether_nat_rules_are_inherited_is_not_certain() -> None:
    rules = program(
        firewall(),
        policy(base="up"),
        policy("u", name="up"),
        group("u", 100, collection("in", 100, "Dnat", nat_rule("n")), in_="up"),
    )

    assert told(sent(rules, "9.9.9.9 > 20.50.1.2 tcp 8080")) == "Unknown: semantics:E-20"


# --- E-22: the end


def test_E_22_what_no_rule_allows_is_denied_both_ways() -> None:
    rules = program(
        *with_rules(collection("c", 1, "Allow", network_rule("r", "10.0.0.0/9", "10.9.9.9")))
    )

    assert told(sent(rules, WEB)) == "Allow by r"
    assert told(sent(rules, "10.9.9.9 > 10.0.0.4 tcp 443")) == "Deny by nobody"
    assert (
        told(sent(program(firewall(), policy()), "10.0.0.4 > 10.1.0.4 udp 53")) == "Deny by nobody"
    )


def test_E_21_names_of_azures_own_may_pass_without_a_rule() -> None:
    rules = program(firewall(), policy())

    assert told(sent(rules, PUBLIC_WEB)) == "Unknown: fqdn:infrastructure"
    assert told(sent(rules, "10.0.0.4 > 10.1.0.4 tcp 443")) == "Deny by nobody"
    deny = collection("c", 1, "Deny", application_rule("no", "*"))
    assert told(sent(program(*with_rules(deny)), PUBLIC_WEB)) == "Deny by no"


@pytest.mark.parametrize(
    ("targets", "theirs"),
    [
        ({"targetFqdns": ["mcr.microsoft.com", "*.data.mcr.microsoft.com"]}, True),
        ({"targetFqdns": ["*.ods.opinsights.azure.com", "management.azure.com"]}, True),
        ({"targetFqdns": [], "fqdnTags": ["AzureKubernetesService"]}, True),
        ({"targetFqdns": ["mcr.microsoft.com", "shop.contoso.example"]}, False),
        ({"targetFqdns": ["shop.westeurope.cloudapp.azure.com"]}, False),
        ({"targetFqdns": ["*.cloudapp.azure.com"]}, False),
        ({"targetFqdns": ["*.azure.com"]}, False),
        ({"targetFqdns": ["notmicrosoft.com"]}, False),
        ({"targetFqdns": ["*microsoft.com"]}, False),
        ({"targetFqdns": ["*"]}, False),
    ],
)
def test_E_25_names_of_microsofts_own_stand_for_no_address_of_the_input(
    targets: Any, theirs: bool
) -> None:
    """No public address of a customer has one of these, but for those of cloudapp.azure.com."""
    one = application_rule("names") | targets
    rules = program(
        *with_rules(collection("c", 200, "Allow", one)),
        resource("Microsoft.Network/publicIPAddresses", "own", {"ipAddress": "20.50.7.7"}),
    )
    own = told(sent(rules, "10.0.0.4 > 20.50.7.7 tcp 443"))
    assert (own == "Deny by nobody") == theirs
    assert told(sent(rules, "10.0.0.4 > 20.50.7.8 tcp 443")) != "Deny by nobody"
    assert told(sent(rules, "10.0.0.4 > 10.1.0.4 tcp 443")) != "Deny by nobody"


def test_the_order_of_resources_changes_nothing() -> None:
    resources = [
        firewall(),
        policy("a", "b"),
        group("a", 100, collection("x", 1, "Allow", network_rule("1"))),
        group("b", 100, collection("x", 1, "Allow", network_rule("2"))),
    ]

    assert names(program(*resources)) == names(program(*resources[::-1])) == ["1", "2"]


def test_a_program_is_read_once() -> None:
    network = estate(*with_rules(collection("c", 1, "Allow", network_rule("r"))))

    assert program_of(network) is program_of(network)
    assert program_of(network, tags=TAGS) is not program_of(network)
