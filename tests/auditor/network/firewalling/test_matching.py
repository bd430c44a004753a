"""What the rules of a firewall match: names, addresses, tags, protocols and ports."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.testing import arm_id

from ....firewalls import (
    IP_GROUP,
    TAGS,
    WEB,
    application_rule,
    collection,
    firewall,
    ip_group,
    nat_rule,
    network_rule,
    policy,
    program,
    sent,
    told,
    with_rules,
)

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
