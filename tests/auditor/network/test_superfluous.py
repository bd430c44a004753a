from __future__ import annotations

import random
from dataclasses import replace as altered
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from auditor.addresses import NOTHING, Address, AddressSet, parse_address
from auditor.errors import Undetermined
from auditor.network.filters import DEFAULTS, Filter, Selector, filters_of, selector
from auditor.network.idle_filters import do_nothing
from auditor.network.likeness import kinship, likeness
from auditor.network.superfluous import dispensable, idle_rules, in_words
from auditor.ports import EVERY_PORT, PortSet
from auditor.resources.security import NetworkSecurityGroup, SecurityRule
from auditor.special_addresses import PUBLIC
from auditor.testing import arm_id, estate

from ...exposed import deny, nsg, ref, rule, subnet, vnet

ASG = "Microsoft.Network/applicationSecurityGroups"


def idle(
    *rules: dict[str, Any], more: tuple[dict[str, Any], ...] = ()
) -> tuple[dict[str, str], dict[str, str]]:
    """What is shadowed and what is redundant: names, each with those that explain it."""
    network = estate(nsg(*rules), *more)
    (group,) = network.all(NetworkSecurityGroup)
    both = [idle_rules(network, group, inbound) for inbound in (True, False)]
    shadowed, redundant = both[0].shadowed | both[1].shadowed, both[0].redundant | both[1].redundant
    return _named(shadowed), _named(redundant)


def _named(found: dict[SecurityRule, Any]) -> dict[str, str]:
    return {rule.name: in_words(causes) for rule, causes in found.items()}


def test_one_earlier_rule_shadows() -> None:
    shadowed, _ = idle(rule("any", 100, ports="*"), rule("ssh", 200, "10.0.0.0/8", "22"))

    assert shadowed == {"ssh": "any"}


def test_the_order_is_that_of_priorities() -> None:
    shadowed, _ = idle(rule("ssh", 200, "20.0.0.0/8", "22"), rule("any", 100, ports="*"))

    assert shadowed == {"ssh": "any"}


def test_two_earlier_rules_shadow_together() -> None:
    shadowed, _ = idle(
        deny("low", 100, "20.0.0.0/9", "22"),
        deny("high", 110, "20.128.0.0/9", "22"),
        rule("ssh", 200, "20.0.0.0/8", "22"),
    )

    assert shadowed == {"ssh": "low and high"}


def test_two_earlier_rules_that_leave_one_address_do_not() -> None:
    shadowed, _ = idle(
        deny("low", 100, "20.0.0.0/9", "22"),
        deny("high", 110, "20.128.0.0/10", "22"),
        rule("ssh", 200, "20.0.0.0/8", "22"),
    )

    assert shadowed == {}


def test_P_12_ipv6_keeps_a_rule_alive() -> None:
    assert idle(deny("v4", 100, "0.0.0.0/0"), rule("ssh", 200, "*", "22"))[0] == {}
    both = deny("v4", 100, "0.0.0.0/0"), deny("v6", 110, "::/0")
    assert idle(*both, rule("ssh", 200, "*", "22"))[0] == {"ssh": "v4 and v6"}


def test_directions_do_not_mix() -> None:
    out = rule("out", 200, ports="22", direction="Outbound")

    assert idle(deny("in", 100), out)[0] == {}


def test_protocols_matter() -> None:
    assert idle(deny("udp", 100, protocol="Udp"), rule("ssh", 200, "10.0.0.0/8", "22"))[0] == {}


@pytest.mark.parametrize(
    ("earlier", "later", "shadowed"),
    [
        ("Storage", "Storage", True),
        ("storage", "Storage", True),
        ("Storage", "Sql", False),
        ("AzureCloud", "AzureCloud.westeurope", True),
        ("AzureCloud.westeurope", "AzureCloud", False),
        ("*", "Storage", True),
        ("Internet", "Storage", False),
        ("VirtualNetwork", "Internet", False),
        ("0.0.0.0/0", "AzureLoadBalancer", False),
        ("10.0.0.0/8", "VirtualNetwork", False),
    ],
)
def test_tags_are_compared_by_name(earlier: str, later: str, shadowed: bool) -> None:
    found, _ = idle(deny("first", 100, earlier), rule("second", 200, later, "443"))

    assert found == ({"second": "first"} if shadowed else {})


def test_N_20_the_network_holds_its_own_space_where_the_group_stands() -> None:
    rules = deny("inside", 100, "VirtualNetwork"), rule("app", 200, "10.0.1.0/24", "443")

    assert idle(*rules)[0] == {}
    assert idle(*rules, more=(vnet(subnet(nsg="nsg")),))[0] == {"app": "inside"}


def test_groups_that_say_the_same_answer_each_for_where_it_stands() -> None:
    rules = deny("inside", 100, "VirtualNetwork"), rule("app", 200, "10.0.1.0/24", "443")
    groups = nsg(*rules), nsg(*rules, name="idle")
    network = estate(*groups, vnet(subnet(nsg="nsg")))

    told = {
        each.name: idle_rules(network, each, True) for each in network.all(NetworkSecurityGroup)
    }

    assert _named(told["nsg"].shadowed) == {"app": "inside"}
    assert _named(told["idle"].shadowed) == {}
    assert [each.owner.name for each in dispensable(network) if each.owner] == ["nsg"]


def test_N_19_the_load_balancer_tag_is_one_address() -> None:
    found, _ = idle(
        deny("host", 100, ["168.63.129.16/32", "fe80::/10"]),
        rule("probe", 200, "AzureLoadBalancer", "443"),
    )

    assert found == {}  # the address of probes over IPv6 is not in the facts
    assert idle(deny("all", 100), rule("probe", 200, "AzureLoadBalancer"))[0] == {"probe": "all"}


def test_N_32_groups_are_compared_by_id() -> None:
    def to(name: str, priority: int, group: str, **more: Any) -> dict[str, Any]:
        made = rule(name, priority, "*", "443", **more)
        del made["properties"]["destinationAddressPrefix"]
        made["properties"]["destinationApplicationSecurityGroups"] = [ref(arm_id(ASG, group))]
        return made

    no = {"access": "Deny", "protocol": "*"}
    assert idle(to("a", 100, "web", **no), to("b", 200, "WEB"))[0] == {"b": "a"}
    assert idle(to("a", 100, "web", **no), to("b", 200, "db"))[0] == {}


def test_a_mix_of_tags_and_addresses() -> None:
    mixed = rule("mixed", 200, ["Storage", "20.0.0.0/8"], "443")

    both = deny("storage", 100, "Storage"), deny("range", 110, "20.0.0.0/7")
    assert idle(*both, mixed)[0] == {"mixed": "storage and range"}
    assert idle(both[0], mixed)[0] == {}
    found, _ = idle(deny("mixed", 100, ["Storage", "20.0.0.0/8"]), rule("s", 200, "Storage"))
    assert found == {"s": "mixed"}


def test_defaults_make_a_rule_redundant() -> None:
    assert idle(rule("inside", 100, "VirtualNetwork", destinationAddressPrefix="VirtualNetwork"))[
        1
    ] == {"inside": "AllowVnetInBound"}
    assert idle(deny("last", 4096, "Internet"))[1] == {"last": "DenyAllInBound"}


def test_a_deny_before_the_defaults_that_allow_is_needed() -> None:
    assert idle(deny("last", 4096))[1] == {}


def test_of_two_equal_rules_one_is_told_once() -> None:
    shadowed, redundant = idle(rule("one", 100, ports="443"), rule("two", 200, ports="443"))

    assert shadowed == {"two": "one"}
    assert redundant == {}


def test_a_narrow_rule_before_a_broad_one_is_redundant() -> None:
    _, redundant = idle(rule("ssh", 100, "20.0.0.0/8", "22"), rule("any", 200, ports="20-30"))

    assert redundant == {"ssh": "any"}


def test_a_narrow_rule_that_overrides_something_is_not() -> None:
    between = deny("no", 150, "20.0.0.0/9", "22")

    _, redundant = idle(rule("ssh", 100, "20.0.0.0/8", "22"), between, rule("any", 200))

    assert redundant == {}


def test_a_denial_before_an_idle_rule_that_allows_is_needed() -> None:
    """Whoever deletes the denial alone opens the port."""
    shadowed, redundant = idle(
        deny("no", 100, "*", "22"), rule("ssh", 200, "*", "22"), deny("rest", 4000)
    )

    assert shadowed == {"ssh": "no"}
    assert redundant == {}


def test_of_two_that_need_one_another_the_first_is_not_told() -> None:
    """Without both, everything is as before; without `no` alone, `some` opens it."""
    rules = [
        deny("no", 100, "20.0.0.0/9", "22"),
        rule("some", 200, "20.0.0.0/8", "22"),
        rule("half", 300, "20.128.0.0/9", "20-25"),
    ]

    assert idle(*rules)[1] == {"some": "half"}


def test_a_denial_before_an_idle_rule_that_others_hide_anyway_is_told() -> None:
    rules = deny("no", 100, "*", "22"), deny("all", 150), rule("ssh", 200, "*", "22")

    assert idle(*rules) == ({"ssh": "no"}, {"no": "all"})


def test_a_rule_that_is_not_told_shadows_nothing() -> None:
    network = estate(
        nsg(deny("maybe", 100), rule("ssh", 200, ports="22")),
        unresolved=(("/properties/securityRules/0/properties/sourceAddressPrefix", "a parameter"),),
    )
    (group,) = network.all(NetworkSecurityGroup)

    assert idle_rules(network, group, True).shadowed == {}


def test_without_a_priority_nothing_is_told() -> None:
    bad = rule("ssh", 100)
    del bad["properties"]["priority"]

    with pytest.raises(Undetermined):
        idle(bad)


# What is said must hold for whatever the names stand for: try some, packet by packet.

_SIDES = ["*", "0.0.0.0/0", "20.0.0.0/9", "20.128.0.0/9", "10.0.0.0/24", "::/0", "Internet",
          "VirtualNetwork", "Storage", "Storage.WestEurope", "AzureLoadBalancer"]  # fmt: skip
_SAMPLES = [
    parse_address(text)
    for text in ("20.1.1.1", "20.200.1.1", "150.1.1.1", "10.0.0.4", "10.9.9.9", "168.63.129.16")
] + [parse_address("2600::1")]
_INSIDE = AddressSet.from_text(["10.0.0.0/16"])

_filter = st.builds(
    lambda allow, source, own, ports, protocol: Filter(
        name="r",
        priority=100,
        allow=allow,
        protocols=frozenset((protocol,)),
        sources=selector(source),
        destinations=selector([own]),
        source_ports=EVERY_PORT,
        destination_ports=ports,
    ),
    st.booleans(),
    st.lists(st.sampled_from(_SIDES), min_size=1, max_size=2),
    st.sampled_from(["*", "VirtualNetwork", "10.0.0.0/24"]),
    st.sampled_from([EVERY_PORT, PortSet.of(22), PortSet.of(20, 25)]),
    st.sampled_from(["*", "tcp", "udp"]),
)


class _Meaning:
    """One thing that the tags may stand for, within what is known of them."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(seed)
        self.members: dict[str, set[Address]] = {}
        network = {a for a in _SAMPLES if chance.random() < 0.3}
        network |= {parse_address(text) for text in ("10.0.0.4", "10.9.9.9", "168.63.129.16")}
        network = {a for a in network if a in _INSIDE or a != parse_address("10.9.9.9")}
        storage = {a for a in _SAMPLES if chance.random() < 0.4}
        self.members["virtualnetwork"] = network
        self.members["internet"] = {
            a for a in _SAMPLES if a not in network and str(a)[:3] not in ("10.", "168")
        }
        self.members["storage"] = storage
        self.members["storage.westeurope"] = {a for a in storage if chance.random() < 0.5}
        self.members["azureloadbalancer"] = {parse_address("168.63.129.16")}

    def holds(self, side: Any, address: Address) -> bool:
        return address in side.addresses or any(address in self.members[t] for t in side.tags)

    def decide(
        self, filters: tuple[Filter, ...], packet: tuple[Address, Address, int, str], skip: set[int]
    ) -> int:
        source, own, port, protocol = packet
        for place, each in enumerate(filters):
            if (
                place not in skip
                and each.speaks_of(protocol)
                and port in (each.destination_ports or EVERY_PORT)
                and self.holds(each.sources, source)
                and self.holds(each.destinations, own)
            ):
                return place
        raise AssertionError("the default rules match everything")


@given(st.lists(_filter, min_size=1, max_size=6), st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_what_is_told_holds_for_every_packet(rules: list[Filter], seed: int) -> None:
    filters = (*rules, *DEFAULTS[True])
    shadowed, redundant = do_nothing(filters, len(rules), _INSIDE, True)
    meaning = _Meaning(seed)
    idle_ones = sorted({*shadowed, *redundant})
    some = [set(each) for n in range(len(idle_ones) + 1) for each in combinations(idle_ones, n)]
    for source in _SAMPLES:
        own = parse_address("10.0.0.4" if source.version == 4 else "fd00::4")
        meaning.members["virtualnetwork"].add(own)
        for port, protocol in ((22, "tcp"), (22, "udp"), (9000, "tcp")):
            packet = (source, own, port, protocol)
            decider = meaning.decide(filters, packet, set())
            assert decider not in shadowed
            for gone in some:
                kept = meaning.decide(filters, packet, gone)
                assert filters[kept].allow == filters[decider].allow


def test_no_rules_no_work() -> None:
    assert do_nothing(DEFAULTS[True], 0, NOTHING, True) == ({}, {})


def _pair(outer: str, inner: str, **more: Any) -> tuple[Filter, ...]:
    network = estate(nsg(rule("wide", 100, outer, **more), rule("narrow", 200, inner, "22")))
    (group,) = network.all(NetworkSecurityGroup)
    return filters_of(network, group, inbound=True)


def test_the_same_rules_for_another_network_are_alike() -> None:
    one = likeness(_pair("10.1.0.0/16", "10.1.2.0/24"), AddressSet.from_text(["10.1.0.0/16"]))
    other = likeness(_pair("10.7.0.0/16", "10.7.9.0/24"), AddressSet.from_text(["10.7.0.0/16"]))

    assert one == other


@pytest.mark.parametrize(
    ("outer", "inner"),
    [
        ("10.1.0.0/16", "10.2.2.0/24"),  # apart
        ("20.1.0.0/16", "20.1.2.0/24"),  # public
        ("10.1.0.0/16", "10.1.0.0/24"),  # begin together
        ("VirtualNetwork", "10.1.2.0/24"),
    ],
)
def test_what_lies_otherwise_is_not_alike(outer: str, inner: str) -> None:
    inside = AddressSet.from_text(["10.1.0.0/16"])

    assert likeness(_pair(outer, inner), inside) != likeness(
        _pair("10.1.0.0/16", "10.1.2.0/24"), inside
    )


@given(st.lists(_filter, min_size=1, max_size=5), st.lists(_filter, min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_what_is_alike_has_one_answer(some: list[Filter], others: list[Filter]) -> None:
    moved = [replace(each, name="other", priority=300) for each in some]
    assert likeness(some, _INSIDE) == likeness(moved, _INSIDE)
    if likeness(some, _INSIDE) == likeness(others, _INSIDE):
        answers = [
            do_nothing((*rules, *DEFAULTS[True]), len(rules), _INSIDE, True)
            for rules in (some, others)
        ]
        assert answers[0] == answers[1]


_BLOCKS = AddressSet.from_text(["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24"]).v4[0]


def _swapped(these: AddressSet, order: list[int]) -> AddressSet:
    """Some addresses after four blocks of 256 have changed places."""
    first, last = _BLOCKS
    blocks = AddressSet(v4=(_BLOCKS,))
    total = these - blocks
    for place, low in enumerate(range(first, last, 256)):
        block = AddressSet(v4=((low, low + 255),))
        for start, end in (these & block).v4:
            shift = 256 * (order[place] - place)
            total = total | AddressSet(v4=((start + shift, end + shift),))
    return total


_blocks = st.sets(st.integers(0, 7), min_size=1, max_size=3).map(
    lambda halves: AddressSet.from_text([f"10.0.{n // 2}.{n % 2 * 128}/25" for n in halves])
)
_side = st.one_of(
    _blocks.map(lambda found: Selector(found, public=found & PUBLIC)),
    st.sampled_from([selector([text]) for text in ("*", "VirtualNetwork", "10.0.0.0/16")]),
)
_simple = st.builds(
    Filter,
    name=st.just("r"),
    priority=st.just(200),
    allow=st.booleans(),
    protocols=st.just(frozenset(("tcp",))),
    sources=_side,
    destinations=_side,
    source_ports=st.just(EVERY_PORT),
    destination_ports=st.sampled_from([PortSet.of(22), PortSet.of(20, 30), EVERY_PORT]),
)


@given(st.lists(_simple, min_size=1, max_size=4), st.permutations(range(4)))
@settings(max_examples=150, deadline=None)
def test_addresses_in_another_order_are_kin(rules: list[Filter], order: list[int]) -> None:
    moved = [
        replace(
            each,
            sources=altered(each.sources, addresses=_swapped(each.sources.addresses, order)),
            destinations=altered(
                each.destinations, addresses=_swapped(each.destinations.addresses, order)
            ),
        )
        for each in rules
    ]
    assert kinship(rules, _INSIDE) == kinship(moved, _INSIDE)
    found, others = [
        do_nothing((*each, *DEFAULTS[True]), len(each), _INSIDE, True) for each in (rules, moved)
    ]
    assert any(found) == any(others)


@pytest.mark.parametrize("source", ["10.0.1.0/24", "10.0.0.0/23", "10.1.0.0/24", "20.0.0.0/24"])
def test_what_shares_other_addresses_is_no_kin(source: str) -> None:
    def asked(first: str) -> Any:
        return kinship(_pair(first, "10.0.0.0/24"), _INSIDE)

    assert asked(source) != asked("10.0.0.0/24")
    assert (asked(source) == asked("10.0.2.0/24")) is (source == "10.0.1.0/24")
