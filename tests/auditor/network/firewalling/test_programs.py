"""The rules of a firewall, read and in order."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.addresses import AddressSet
from auditor.network.firewalling import FirewallAction, FirewallProgram
from auditor.network.service_tags import ServiceTags
from auditor.testing import arm_id, estate

from ....firewalls import (
    IP_GROUP,
    application_rule,
    classic,
    collection,
    firewall,
    group,
    group_id,
    ip_group,
    nat_rule,
    network_rule,
    policy,
    program,
    program_of,
    sent,
    told,
    with_rules,
)

WEB = "10.0.0.4 > 10.9.9.9 tcp 443"
PUBLIC_WEB = "10.0.0.4 > 20.0.0.1 tcp 443"
TAGS = ServiceTags({"Storage": AddressSet.from_text(["20.0.0.0/24"])})


def names(rules: FirewallProgram) -> list[str]:
    return [term.name for term in (*rules.nat, *rules.network, *rules.application)]


def labels(rules: FirewallProgram) -> list[str]:
    return [reason.label for reason in rules.unknown]


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


# --- E-25: names, and what else the rules may say


def test_E_25_names_in_network_rules_stand_for_any_address() -> None:
    named = network_rule("r", ports="22", destinationAddresses=[], destinationFqdns=["Git.Example"])
    rules = program(*with_rules(collection("c", 1, "Allow", named)))

    assert told(sent(rules, "10.0.0.4 > 10.9.9.9 tcp 22")) == "Unknown: fqdn:git.example"
    assert told(sent(rules, "10.0.0.4 > 10.9.9.9 tcp 23")) == "Deny by nobody"


def test_E_25_application_rules_may_match_whatever_is_on_their_ports() -> None:
    rules = program(
        *with_rules(
            collection("c", 1, "Allow", application_rule("a", "x.example", source="10.0.0.0/8"))
        )
    )

    assert told(sent(rules, "10.0.0.4 > 10.9.9.9 tcp 443")) == "Unknown: fqdn:x.example"
    assert told(sent(rules, "10.0.0.4 > 10.9.9.9 udp 443")) == "Deny by nobody"
    assert told(sent(rules, "11.0.0.4 > 10.9.9.9 tcp 443")) == "Deny by nobody"


def test_E_25_an_application_rule_for_every_name_is_certain() -> None:
    rules = program(*with_rules(collection("c", 1, "Allow", application_rule("a", "*"))))

    assert told(sent(rules, WEB)) == "Allow by a"


@pytest.mark.parametrize(
    ("more", "label"),
    [
        ({"protocols": [{"protocolType": "Mssql", "port": 443}]}, "fqdn:*"),
        ({"destinationAddresses": ["20.0.0.0/24"]}, "semantics:E-25"),
        ({"targetFqdns": [], "fqdnTags": ["AzureBackup"]}, "fqdn:azurebackup"),
        ({"targetFqdns": [], "webCategories": ["Games"]}, "fqdn:games"),
        ({"targetFqdns": [], "targetUrls": ["x.example/a"]}, "fqdn:x.example/a"),
        ({"targetFqdns": []}, "collection-gap"),
        ({"protocols": []}, "collection-gap"),
    ],
)
def test_E_25_other_application_rules_are_not(more: dict[str, Any], label: str) -> None:
    app = application_rule("a", "*", **more)
    rules = program(*with_rules(collection("c", 1, "Allow", app)))

    assert told(sent(rules, "10.0.0.4 > 10.9.9.9 tcp 443")) == f"Unknown: {label}"


def test_E_25_a_nat_rule_that_leads_to_a_name_may_match() -> None:
    rules = program(*with_rules(collection("in", 100, "Dnat", nat_rule("n", "web.example:443"))))

    assert told(sent(rules, "9.9.9.9 > 20.50.1.2 tcp 8080")) == "Unknown: fqdn:web.example"
    translation = rules.nat[0].translation
    assert translation is not None
    assert (translation.address, translation.port) == (None, 443)
    assert [reason.label for reason in translation.reasons] == ["fqdn:web.example"]


def test_a_nat_rule_that_does_not_tell_where_it_leads_says_so() -> None:
    rule = {**nat_rule("n"), "translatedAddress": None, "translatedPort": "80-90"}
    rules = program(*with_rules(collection("in", 100, "Dnat", rule)))

    translation = rules.nat[0].translation
    assert translation is not None
    assert (translation.address, translation.port) == (None, None)
    assert [reason.label for reason in translation.reasons] == ["collection-gap"] * 2
    assert told(sent(rules, "9.9.9.9 > 20.50.1.2 tcp 8080")) == "Allow by n"


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("10.0.0.4", "10.0.0.4", "10.0.0.5"),
        ("10.0.0.0/30", "10.0.0.3", "10.0.0.4"),
        ("10.0.0.1-10.0.0.9", "10.0.0.9", "10.0.0.10"),
        (" 10.0.0.1 - 10.0.0.9 ", "10.0.0.1", "10.0.0.0"),
        ("0.0.0.0/0", "9.9.9.9", None),
        ("*", "9.9.9.9", None),
    ],
)
def test_E_20_sources_are_addresses_prefixes_and_ranges(
    text: str, inside: str, outside: str | None
) -> None:
    rules = program(*with_rules(collection("c", 1, "Allow", network_rule("r", text, ports="22"))))

    assert told(sent(rules, f"{inside} > 10.9.9.9 tcp 22")) == "Allow by r"
    if outside:
        assert told(sent(rules, f"{outside} > 10.9.9.9 tcp 22")) == "Deny by nobody"


@pytest.mark.parametrize(
    "text", ["10.0.0.9-10.0.0.1", "10.0.0.300", "[parameters('x')]", "\x1b[31mred", "<b>", ""]
)
def test_texts_that_nobody_understands_may_be_anything(text: str) -> None:
    rules = program(*with_rules(collection("c", 1, "Allow", network_rule("r", text, ports="22"))))

    assert told(sent(rules, "10.0.0.4 > 10.9.9.9 tcp 22")) == "Unknown: collection-gap"


def test_E_20_ip_groups_are_resolved() -> None:
    grouped = network_rule(
        "r", ports="22", sourceAddresses=["9.9.9.9"], sourceIpGroups=[arm_id(IP_GROUP, "grp")]
    )
    resources = with_rules(collection("c", 1, "Allow", grouped))
    known = program(*resources, ip_group("GRP", "10.0.0.0/24", "10.0.1.1-10.0.1.9"))

    for source, answer in (
        ("9.9.9.9", "Allow by r"),
        ("10.0.0.4", "Allow by r"),
        ("10.0.1.9", "Allow by r"),
        ("10.0.2.1", "Deny by nobody"),
    ):
        assert told(sent(known, f"{source} > 10.9.9.9 tcp 22")) == answer
    missing = program(*resources)
    assert told(sent(missing, "9.9.9.9 > 10.9.9.9 tcp 22")) == "Allow by r"
    assert told(sent(missing, "10.0.2.1 > 10.9.9.9 tcp 22")) == "Unknown: collection-gap"


def test_an_empty_ip_group_lets_its_rule_match_nothing() -> None:
    grouped = network_rule("r", sourceAddresses=[], sourceIpGroups=[arm_id(IP_GROUP, "grp")])
    resources = with_rules(collection("c", 1, "Allow", grouped))

    packet = "10.0.0.4 > 10.9.9.9 tcp 22"
    assert told(sent(program(*resources, ip_group("grp")), packet)) == "Deny by nobody"
    bare = ip_group("grp") | {"properties": {}}
    assert told(sent(program(*resources, bare), packet)) == "Unknown: collection-gap"


def test_N_28_service_tags_need_a_file() -> None:
    tagged = network_rule("r", destination="Storage", ports="22")
    resources = with_rules(collection("c", 1, "Allow", tagged))
    inside, outside, private = (
        f"10.0.0.4 > {to} tcp 22" for to in ("20.0.0.1", "20.0.1.1", "10.1.1.1")
    )

    known = program(*resources, tags=TAGS)
    assert told(sent(known, inside)) == "Allow by r"
    assert told(sent(known, outside)) == "Deny by nobody"
    open_ = program(*resources)
    assert told(sent(open_, inside)) == "Unknown: service-tag:storage"
    assert told(sent(open_, private)) == "Deny by nobody"


def test_N_28_a_region_lies_inside_its_tag() -> None:
    tagged = network_rule("r", destination="Storage.WestEurope", ports="22")
    rules = program(*with_rules(collection("c", 1, "Allow", tagged)), tags=TAGS)

    assert (
        told(sent(rules, "10.0.0.4 > 20.0.0.1 tcp 22")) == "Unknown: service-tag:storage.westeurope"
    )
    assert told(sent(rules, "10.0.0.4 > 20.0.1.1 tcp 22")) == "Deny by nobody"


def test_any_is_every_protocol_but_with_ports_tcp_and_udp() -> None:
    every = program(
        *with_rules(collection("c", 1, "Allow", network_rule("r", "*", "*", "*", "Any")))
    )
    some = program(
        *with_rules(collection("c", 1, "Allow", network_rule("r", "*", "*", "53", "Any")))
    )

    assert told(sent(every, "10.0.0.4 > 10.9.9.9 esp")) == "Allow by r"
    assert told(sent(some, "10.0.0.4 > 10.9.9.9 udp 53")) == "Allow by r"
    assert told(sent(some, "10.0.0.4 > 10.9.9.9 icmp")) == "Deny by nobody"


def test_E_20_whether_ports_keep_icmp_out_is_not_certain() -> None:
    rules = program(
        *with_rules(collection("c", 1, "Allow", network_rule("r", "*", "*", "53", "UDP", "ICMP")))
    )

    assert told(sent(rules, "10.0.0.4 > 10.9.9.9 icmp")) == "Unknown: semantics:E-20"
    assert told(sent(rules, "10.0.0.4 > 10.9.9.9 udp 53")) == "Allow by r"
    assert told(sent(rules, "10.0.0.4 > 10.9.9.9 udp 54")) == "Deny by nobody"


def test_E_20_whether_everything_includes_ipv6_is_not_certain() -> None:
    rules = program(*with_rules(collection("c", 1, "Allow", network_rule("r"))))
    assert told(sent(rules, "fd00::4 > fd00::5 tcp 22")) == "Unknown: semantics:E-20"
    own = network_rule("r", ipv6Rule=True)
    rules = program(*with_rules(collection("c", 1, "Allow", own)))
    assert told(sent(rules, "fd00::4 > fd00::5 tcp 22")) == "Allow by r"
    assert told(sent(rules, WEB)) == "Unknown: semantics:E-20"


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("ipProtocols", []),
        ("ipProtocols", ["Carrier pigeon"]),
        ("sourceAddresses", []),
        ("destinationAddresses", None),
        ("destinationPorts", ["80,443"]),
        ("destinationPorts", []),
    ],
)
def test_a_rule_that_does_not_tell_what_it_matches_may_match(part: str, value: Any) -> None:
    bad = {**network_rule("r"), part: value}
    rules = program(*with_rules(collection("c", 1, "Allow", bad)))

    assert told(sent(rules, "10.0.0.4 > 10.9.9.9 tcp 22")) == "Unknown: collection-gap"
    assert not rules.network[0].exact


def test_ports_go_with_protocols_that_have_them() -> None:
    rules = program(firewall(), policy())
    for packet in ("10.0.0.4 > 10.9.9.9 tcp", "10.0.0.4 > 10.9.9.9 icmp 8"):
        with pytest.raises(ValueError, match="do not go together"):
            sent(rules, packet)


@pytest.mark.parametrize(
    ("own", "parent", "mode"),
    [
        ("Alert", None, "Alert"),
        ("Deny", "Alert", "Deny"),
        ("Alert", "deny", "Deny"),
        (None, None, None),
        (None, "Deny", "Deny"),
        ("Off", None, "Off"),
    ],
)
def test_E_21_threat_intelligence_is_noted(
    own: str | None, parent: str | None, mode: str | None
) -> None:
    more = {} if own is None else {"threatIntelMode": own}
    up = [] if parent is None else [policy(name="up", threatIntelMode=parent)]
    base = None if parent is None else "up"

    assert program(firewall(), policy(base=base, **more), *up).threat_intel == mode


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
