"""FW-009: exact where texts are addresses, by spelling where they are words."""

from __future__ import annotations

import pytest

from auditor.testing import Answer, arm_id, ask, estate

from ...firewalls import (
    FIREWALL,
    GROUP,
    POLICY,
    Json,
    application_rule,
    classic,
    collection,
    firewall,
    group,
    ip_group,
    nat_rule,
    network_rule,
    policy,
    with_rules,
)

TEN = "10.0.0.0/8"
WIDE = network_rule("wide", TEN, "*", "80,443")
NET_10 = {"sourceIpGroups": [arm_id("Microsoft.Network/ipGroups", "ten")], "sourceAddresses": []}


def said(*resources: Json) -> Answer:
    return ask("FW-009", estate(*resources))


def keys(*resources: Json) -> list[str]:
    answer = said(*resources)
    assert answer.unknown == []
    return [finding.key for finding in answer.broken]


def after_wide(*rules: Json) -> list[str]:
    """The rules that the wide one hides, behind it in one collection."""
    return keys(*with_rules(collection("c", 200, "Allow", WIDE, *rules)))


# --- both sides of each boundary


@pytest.mark.parametrize(
    ("source", "destination", "ports"),
    [
        ("10.1.0.0/16", "20.0.0.1", "443"),
        (TEN, "*", "80"),
        ("10.0.0.0-10.255.255.255", "*", "80,443"),
        ("10.1.0.0/16", "Storage", "443"),
    ],
)
def test_all_of_it_is_matched_before(source: str, destination: str, ports: str) -> None:
    assert after_wide(network_rule("r", source, destination, ports)) == ["c/r"]


@pytest.mark.parametrize(
    ("source", "destination", "ports", "protocol"),
    [
        ("10.0.0.0-11.0.0.0", "20.0.0.1", "443", "TCP"),
        (TEN, "*", "80-81", "TCP"),
        (TEN, "*", "443", "UDP"),
        (TEN, "*", "443", "Any"),
        ("*", "20.0.0.1", "443", "TCP"),
    ],
)
def test_something_is_left_to_it(source: str, destination: str, ports: str, protocol: str) -> None:
    assert after_wide(network_rule("r", source, destination, ports, protocol)) == []


def test_several_rules_cover_it_together() -> None:
    halves = [network_rule(f"h{n}", f"10.{n}.0.0/9", "*", "443") for n in (0, 128)]
    rules = with_rules(collection("c", 200, "Allow", *halves, network_rule("r", TEN, "*", "443")))

    (finding,) = said(*rules).broken

    assert "c/r of g never matches a packet: c/h0 and c/h128 match all of it" in finding.message


def test_the_message_tells_a_deny_that_denies_nothing() -> None:
    rules = with_rules(
        collection("open", 200, "Allow", WIDE),
        collection("shut", 300, "Deny", network_rule("no", "10.9.0.0/16", "*", "443")),
    )

    (finding,) = said(*rules).broken

    assert finding.message == (
        "shut/no of g never matches a packet: open/wide allows all of it before"
    )
    assert finding.subject == group("g", 100)["id"]
    assert finding.remedy.endswith(
        "collection rule remove --resource-group rg --policy-name pol "
        "--rule-collection-group-name g --collection-name shut --name no"
    )
    assert [each.pointer for each in finding.evidence] == [
        "/properties/ruleCollections/1/rules/0",
        "/properties/ruleCollections/0/rules/0",
    ]


# --- the order


def test_a_collections_priority_counts_not_its_place() -> None:
    narrow = collection("narrow", 300, "Deny", network_rule("r", "10.1.0.0/16", "*", "443"))
    assert keys(*with_rules(narrow, collection("c", 200, "Allow", WIDE))) == ["narrow/r"]
    first = {**narrow, "priority": 100}
    assert keys(*with_rules(first, collection("c", 200, "Allow", WIDE))) == []


def test_a_groups_priority_comes_before_the_collections() -> None:
    late = group("late", 300, collection("c", 100, "Deny", network_rule("r", TEN, "*", "443")))
    early = group("early", 200, collection("c", 900, "Allow", WIDE))

    answer = said(policy("late", "early"), late, early)

    assert answer.names == ["late"]
    assert answer.broken[0].related == (early["id"],)


def test_the_parents_rules_come_first_whatever_their_priority() -> None:
    own = group("own", 100, collection("c", 100, "Allow", network_rule("r", TEN, "*", "443")))
    base = group("base", 900, collection("b", 900, "Deny", WIDE), in_="top")

    answer = said(policy("own", base="top"), own, policy("base", name="top"), base)

    (finding,) = answer.broken
    assert finding.subject == own["id"]
    assert "b/wide of the parent policy denies all of it before" in finding.message
    assert "change the parent policy" in finding.remedy


def test_a_childs_rules_hide_nothing_of_its_parent() -> None:
    own = group("own", 100, collection("c", 100, "Allow", WIDE))
    base = group("base", 900, collection("b", 900, "Deny", network_rule("r", TEN)), in_="top")
    assert keys(policy("own", base="top"), own, policy("base", name="top"), base) == ["c/wide"]


def test_network_rules_come_before_application_rules() -> None:
    names = collection("names", 100, "Allow", application_rule("a", "*.contoso.com", source=TEN))
    assert keys(*with_rules(names, collection("c", 900, "Allow", WIDE))) == ["names/a"]
    other = network_rule("other", TEN, "*", "80")
    assert keys(*with_rules(names, collection("c", 900, "Allow", other))) == []


def test_nat_rules_hide_nat_rules_alone() -> None:
    nat = collection("nat", 100, "Dnat", nat_rule("one"), nat_rule("two", to="10.0.0.5:443"))
    allow = collection("c", 200, "Allow", network_rule("r", "*", "20.50.1.2", "8080"))
    assert keys(*with_rules(nat, allow)) == ["nat/two"]


# --- words


def test_the_same_word_is_the_same_set() -> None:
    tag = network_rule("tag", TEN, "Storage", "443")
    region = network_rule("region", TEN, "Storage.WestEurope", "443")
    assert keys(*with_rules(collection("c", 200, "Allow", tag, region))) == ["c/region"]
    assert keys(*with_rules(collection("c", 200, "Allow", region, tag))) == []


def test_names_by_their_spelling() -> None:
    rules = [application_rule(n, n) for n in ("*.contoso.com", "api.contoso.com", "contoso.com")]
    assert keys(*with_rules(collection("c", 200, "Allow", *rules))) == ["c/api.contoso.com"]


def test_a_name_of_a_network_rule_is_covered_by_everything() -> None:
    named = network_rule("named", "*", destinationAddresses=[], destinationFqdns=["db.contoso.com"])
    every = network_rule("every")
    assert keys(*with_rules(collection("c", 200, "Allow", every, named))) == ["c/named"]
    assert keys(*with_rules(collection("c", 200, "Allow", named, every))) == []


def test_an_ip_group_holds_its_addresses() -> None:
    grouped = network_rule("r", "", "20.0.0.1", "443", **NET_10)
    rules = with_rules(collection("c", 200, "Allow", WIDE, grouped))
    assert keys(*rules, ip_group("ten", "10.4.0.0/16")) == ["c/r"]
    assert keys(*rules, ip_group("ten", "10.4.0.0/16", "192.168.0.0/24")) == []


def test_a_rule_that_can_match_nothing_is_hidden_by_nobody() -> None:
    grouped = network_rule("r", "", "20.0.0.1", "443", **NET_10)
    assert keys(*with_rules(collection("c", 200, "Allow", WIDE, grouped)), ip_group("ten")) == []


def test_whether_everything_holds_ipv6_hides_no_more_than_it_would() -> None:
    v6 = network_rule("v6", "fd00::/8", "fd01::/16", "443")
    every = network_rule("every", "*", "*", "443")
    assert keys(*with_rules(collection("c", 200, "Allow", every, v6))) == []


# --- classic rules


def classic_firewall(*collections: Json) -> Json:
    return firewall(policy=None, networkRuleCollections=list(collections))


def test_classic_rules_go_by_their_collections_priority() -> None:
    narrow = network_rule("r", "10.1.0.0/16", "*", "443")
    late = classic("late", 300, "Deny", narrow)

    (finding,) = said(classic_firewall(late, classic("early", 200, "Allow", WIDE))).broken

    assert finding.subject == firewall()["id"]
    assert "az network firewall network-rule delete" in finding.remedy
    early = classic("first", 100, "Deny", narrow)
    assert keys(classic_firewall(early, classic("early", 200, "Allow", WIDE))) == []


# --- cannot tell


def missing(*resources: Json) -> list[str]:
    answer = said(*resources)
    assert answer.broken == []
    return [unknown.missing for unknown in answer.unknown]


def remedy(*resources: Json) -> str:
    (unknown,) = said(*resources).unknown
    return unknown.remedy


def test_a_group_without_its_policy_is_unknown() -> None:
    assert missing(group("g", 100, collection("c", 200, "Allow", WIDE))) == [
        "the policy of rule collection group g"
    ]


def test_a_parent_that_is_not_in_the_snapshot_may_hide_more() -> None:
    rules = group("g", 100, collection("c", 200, "Allow", WIDE))
    (text,) = missing(policy("g", base="top"), rules)
    assert arm_id(POLICY, "top") in text


def test_what_is_hidden_anyway_is_told_beside() -> None:
    rule = network_rule("r", "10.1.0.0/16", "*", "443")
    answer = said(
        policy("g", base="top"), group("g", 100, collection("c", 200, "Allow", WIDE, rule))
    )
    assert [finding.key for finding in answer.broken] == ["c/r"]
    assert len(answer.unknown) == 1


def test_collections_of_one_priority_are_unknown() -> None:
    rule = network_rule("r", "10.1.0.0/16", "*", "443")
    ties = (collection("a", 200, "Allow", WIDE), collection("b", 200, "Allow", rule))
    assert missing(*with_rules(*ties)) == ["which of a and b comes first"]
    assert "give each collection a priority of its own" in remedy(*with_rules(*ties))


def test_an_ip_group_that_is_not_in_the_snapshot_is_unknown() -> None:
    grouped = network_rule("r", "", "20.0.0.1", "443", **NET_10)
    (text,) = missing(*with_rules(collection("c", 200, "Allow", WIDE, grouped)))
    assert "ipGroups/ten" in text


def test_whether_nat_rules_are_inherited_is_unknown() -> None:
    own = group("own", 100, collection("c", 100, "Dnat", nat_rule("mine", to="10.0.0.9:443")))
    base = group("base", 900, collection("b", 900, "Dnat", nat_rule("theirs")), in_="top")
    assert missing(policy("own", base="top"), own, policy("base", name="top"), base) == [
        "whether theirs is inherited, which covers mine"
    ]
    told = remedy(policy("own", base="top"), own, policy("base", name="top"), base)
    assert "keep NAT rules in the policy that the firewall itself has" in told
    other = group("base", 900, collection("b", 900, "Dnat", nat_rule("n", ports="1")), in_="top")
    assert missing(policy("own", base="top"), own, policy("base", name="top"), other) == []


def test_a_hole_of_another_policy_is_not_told_here() -> None:
    rules = with_rules(collection("c", 200, "Allow", WIDE))
    hole = {"id": arm_id(GROUP, "other", "x"), "name": "x", "type": GROUP}
    assert [u.subject for u in said(*rules, policy(name="other"), hole).unknown] == [hole["id"]]


def test_a_group_that_its_policy_only_names_does_not_tell_its_rules() -> None:
    assert missing(policy("g")) == ["the rule collections of g"]


def test_a_firewall_that_does_not_tell_its_rules_is_unknown() -> None:
    assert len(missing({"id": arm_id(FIREWALL, "f"), "name": "f", "type": FIREWALL})) == 1


def test_policies_that_inherit_from_each_other_are_to_be_exported_at_one_time() -> None:
    """The advice was to leave out the older input, of one alone."""
    loop = policy("g", base="up"), policy(name="up", base="pol")

    (unknown,) = said(*loop, group("g", 100)).unknown

    assert unknown.missing == "the base policy of up: that inherits from it"
    assert unknown.remedy == (
        "Azure takes none that inherits from itself: export them again, all at one time: "
        f"az resource show --ids {arm_id(POLICY, 'pol')} {arm_id(POLICY, 'up')}"
    )


def test_a_policy_that_is_its_own_base_is_said_to_be() -> None:
    (unknown,) = said(policy("g", base="pol"), group("g", 100)).unknown

    assert unknown.missing == "the base policy of pol: it is that itself"
    assert unknown.remedy.endswith(f"az resource show --ids {arm_id(POLICY, 'pol')}")
