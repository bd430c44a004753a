"""Rules narrowed down to some packets: they say of these what all of the rules say."""

from __future__ import annotations

from itertools import permutations, product
from unittest.mock import Mock

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from auditor.addresses import EVERYTHING, AddressSet, parse_address
from auditor.network.effective_rules import Direction, effective_rules
from auditor.network.graph import Network
from auditor.network.interfaces import find_interface
from auditor.reach import narrowing
from auditor.reach.answer import answers
from auditor.reach.bounds import Bounds
from auditor.reach.filtering import admitted, compiled, let_through
from auditor.reach.narrowing import admitted_of, let_through_between
from auditor.reach.points import INTERNET
from auditor.reach.space import space_of
from auditor.special_addresses import PUBLIC
from auditor.testing import estate as network_of
from auditor.testing import resource

from ...agreeing import Maker
from ...exposed import deny, nic, nsg, rule, subnet, vnet
from ...reaching import point
from ..network.filtering.test_naive import FROM_INTERNET, Json, estate, some_rules

OWN = "10.0.0.4"
SOURCES = (
    AddressSet(v4=PUBLIC.v4),
    AddressSet.from_text(["52.10.0.0/16"]),
    AddressSet.from_text(["10.0.0.0/8", "168.63.129.16"]),
)


def both(
    network: Network,
    name: str,
    peers: AddressSet,
    own: str,
    direction: Direction = Direction.INBOUND,
) -> tuple[Bounds, Bounds]:
    """What is said of some packets: by rules narrowed down to them, and by all."""
    web = find_interface(network, name)
    found = admitted_of(network, peers, parse_address(own), web, direction)
    every = admitted(network, web, direction, 4)
    one = AddressSet.from_text([own])
    source, to = (peers, one) if direction is Direction.INBOUND else (one, peers)
    asked = space_of(network, 4).having(source=source, destination=to)
    return found.within(asked), every.within(asked)


@example(outer=FROM_INTERNET, inner=[], routed=False)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.none(), some_rules()), st.one_of(st.none(), some_rules()), st.booleans())
def test_of_the_packets_in_question_nothing_else_is_said(
    outer: list[Json] | None, inner: list[Json] | None, routed: bool
) -> None:
    network = network_of(*estate([outer, inner], routed))
    for peers, direction in product(SOURCES, Direction):
        for own in (OWN, "10.0.0.77", "10.9.0.1"):
            found, every = both(network, "web", peers, own, direction)
            assert found.may is every.may
            assert found.must is every.must


OWNS = (
    EVERYTHING,
    AddressSet.from_text(["10.0.0.0/24"]),
    AddressSet.from_text(["10.0.0.4", "10.9.0.0/16"]),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.none(), some_rules()), st.one_of(st.none(), some_rules()), st.booleans())
def test_between_some_addresses_rules_about_others_make_no_difference(
    outer: list[Json] | None, inner: list[Json] | None, routed: bool
) -> None:
    network = network_of(*estate([outer, inner], routed))
    web = find_interface(network, "web")
    for own, peers, direction in product(OWNS, SOURCES, Direction):
        rules = effective_rules(network, web, direction)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(narrowing, "_MANY", 0)
            found = let_through_between(network, rules, 4, own, peers)
        every = let_through(network, rules, 4)
        source, to = (peers, own) if rules.inbound else (own, peers)
        asked = space_of(network, 4).having(source=source, destination=to)
        assert found.within(asked) == every.within(asked)


def test_of_many_rules_those_about_others_are_not_compiled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    many = [
        rule(
            f"r{n}",
            100 + n,
            f"10.{n}.0.0/24",
            str(1000 + n),
            destinationAddressPrefix=f"10.0.{n}.0/24",
        )
        for n in range(120)
    ]
    network = network_of(nsg(*many), nic("web", nsg="nsg"), vnet(subnet()))
    rules = effective_rules(network, find_interface(network, "web"), Direction.INBOUND)
    asked = Mock(side_effect=compiled)
    monkeypatch.setattr(narrowing, "compiled", asked)
    own, peers = (AddressSet.from_text([text]) for text in ("10.0.7.0/24", "10.0.0.0/8"))

    let_through_between(network, rules, 4, own, peers)
    let_through_between(network, rules, 4, own, peers)

    (layer,) = asked.call_args.args[1]
    assert asked.call_count == 1
    assert len(layer.terms) < 10


@pytest.mark.parametrize(
    "rules",
    [
        (rule("tags", 100, source="Storage"), deny("no", 200, source="Storage", ports="22")),
        (rule("same", 100, source="52.10.0.0/16"), deny("same-too", 100, source="Sql")),
        (rule("near", 100, source="VirtualNetwork"), deny("all", 200, source="Internet")),
        (deny("ports", 100, ports="22"), rule("more", 200, source="10.0.0.0/8", ports="22")),
    ],
    ids=["a tag twice", "one priority", "the network and the rest", "ports"],
)
def test_what_is_not_told_stays_untold(rules: tuple[Json, ...]) -> None:
    network = network_of(nsg(*rules), nic("web", nsg="nsg"), vnet(subnet()))
    for peers, direction in product(SOURCES, Direction):
        found, every = both(network, "web", peers, OWN, direction)
        assert found == every


def test_N_50_admin_rules_are_narrowed_too() -> None:
    kind = "Microsoft.Network/networkManagers/securityAdminConfigurations/ruleCollections/rules"
    silent = resource(kind, "avnm/config/collection/silent", {})
    network = network_of(nsg(), nic("web", nsg="nsg"), vnet(subnet()), silent)
    found, every = both(network, "web", SOURCES[0], OWN)
    assert found == every
    assert not found.may.is_empty
    assert found.must.is_empty


def group(name: str, number: int, source: str = "Internet") -> Json:
    """Give a group that lets clients in, and its own network in its own way."""
    own = rule("own", 100 + number, source="VirtualNetwork", ports=str(8000 + number))
    return nsg(own, rule("web", 300 + number, source=source, ports="443"), name=name)


def test_groups_that_say_the_same_of_the_internet_share_one_answer() -> None:
    network = network_of(
        group("one", 1),
        group("two", 2),
        group("three", 3, source="52.10.0.0/16"),
        nic("a", nsg="one"),
        nic("b", nsg="two", address="10.0.0.5"),
        nic("c", nsg="three", address="10.0.0.6"),
        vnet(subnet()),
    )
    ends = {"a": OWN, "b": "10.0.0.5", "c": "10.0.0.6"}
    found = {
        name: admitted_of(
            network,
            SOURCES[0],
            parse_address(own),
            find_interface(network, name),
            Direction.INBOUND,
        )
        for name, own in ends.items()
    }
    assert found["a"] is found["b"]
    assert found["a"] != found["c"]


def told(seed: int) -> list[str]:
    """What is said of every pair of machines of an estate, and of each beside the internet."""
    network = network_of(*Maker(seed).estate())
    machines = [point(network, name) for name in ("web", "api", "app")]
    pairs = [*permutations(machines, 2), *((INTERNET, one) for one in machines)]
    return [
        f"{pair[0].id} {pair[1].id} {found.protocol} {found.ports} {found.verdict} {found.hops}"
        for pair in pairs
        for found in answers(network, *pair, tags=network.tags)
    ]


@pytest.mark.parametrize("seed", range(8))
def test_pairs_behind_many_rules_are_told_the_same(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = told(seed)
    monkeypatch.setattr(narrowing, "_MANY", 0)
    assert told(seed) == whole
