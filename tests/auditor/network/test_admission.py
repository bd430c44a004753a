from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.addresses import EVERYTHING, AddressSet, parse_address
from auditor.network.admission import ANYWHERE, Place, admissions, anywhere
from auditor.network.filters import Filter, Selector, compiled, custom_rules, selector
from auditor.network.graph import Network
from auditor.network.openings import Openings, openings
from auditor.ports import EVERY_PORT, PortSet
from auditor.resources.security import NetworkSecurityGroup, SecurityRule
from auditor.testing import arm_id, estate

from ...exposed import deny, nsg, ref, rule, subnet, vnet


def opened(*rules: dict[str, Any], more: tuple[dict[str, Any], ...] = ()) -> Openings[SecurityRule]:
    network = estate(nsg(*rules), *more)
    (group,) = network.all(NetworkSecurityGroup)
    return openings(network, group)


def words(found: Openings[SecurityRule]) -> dict[str, str]:
    """The ports that rules certainly open over TCP, by name."""
    return {rule.name: str(o.of("tcp")) for rule, o in found.certain.items()}


@pytest.mark.parametrize(
    ("source", "is_anywhere"),
    [
        ("0.0.0.0/0", True),
        ("0.0.0.0/1", True),
        ("128.0.0.0/2", False),
        ("::/0", True),
        ("2000::/3", True),
        ("10.0.0.0/8", False),
        ("203.0.113.0/24", False),
        ("20.0.0.0/8", False),
    ],
)
def test_any_source_is_half_of_the_public_addresses(source: str, is_anywhere: bool) -> None:
    assert anywhere(AddressSet.from_text([source])) is is_anywhere


@pytest.mark.parametrize(
    "source", ["*", "Internet", "internet", "0.0.0.0/0", "::/0", ["0.0.0.0/0"]]
)
def test_N_9_every_spelling_of_any_source(source: Any) -> None:
    assert words(opened(rule("ssh", 100, source, "22"))) == {"ssh": "22"}


@pytest.mark.parametrize(
    "source",
    ["VirtualNetwork", "AzureLoadBalancer", "10.0.0.0/8", ["52.1.0.0/16"], "GatewayManager"],
)
def test_sources_that_are_not_the_internet(source: Any) -> None:
    assert words(opened(rule("ssh", 100, source, "22"))) == {}


def test_N_5_the_first_match_decides_whatever_the_order_written() -> None:
    rules = [rule("open", 200, ports="20-25"), deny("no-ssh", 100, ports="22")]

    assert words(opened(*rules)) == words(opened(*reversed(rules))) == {"open": "20-21, 23-25"}


def test_a_later_deny_takes_nothing_away() -> None:
    assert words(opened(rule("open", 100, ports="22"), deny("late", 200))) == {"open": "22"}


def test_halves_of_the_internet_in_one_rule() -> None:
    found = opened(rule("split", 100, ["0.0.0.0/1", "128.0.0.0/1"], "22"))

    assert words(found) == {"split": "22"}


def test_quarters_of_the_internet_in_several_rules_are_one_fault() -> None:
    quarters = ["0.0.0.0/2", "64.0.0.0/2", "128.0.0.0/2", "192.0.0.0/2"]
    found = opened(*(rule(f"q{i}", 100 + i, each, "22") for i, each in enumerate(quarters)))

    assert words(found) == {"q0": "22"}
    (opening,) = found.certain.values()
    assert sorted(other.name for other in opening.together) == ["q1", "q2", "q3"]


def test_a_partner_beside_any_source_is_not_blamed() -> None:
    found = opened(rule("partner", 100, "52.1.2.0/24", "22"), rule("all", 200, ports="22"))

    assert words(found) == {"all": "22"}


def test_two_denied_halves_close_what_follows() -> None:
    halves = [deny("low", 100, "0.0.0.0/1"), deny("high", 101, "128.0.0.0/1")]

    found = opened(*halves, rule("open", 200, "0.0.0.0/0", "22"))

    assert words(found) == {}


def test_P_12_denying_all_of_ipv4_leaves_ipv6() -> None:
    assert words(opened(deny("v4", 100, "0.0.0.0/0"), rule("open", 200, ports="22"))) == {
        "open": "22"
    }


def test_a_deny_for_one_machine_leaves_the_others() -> None:
    one = deny("one", 100, destinationAddressPrefix="10.0.0.4")

    assert words(opened(one, rule("open", 200, ports="22"))) == {"open": "22"}


def test_denies_for_both_halves_of_the_destinations_close_it() -> None:
    halves = [
        deny("low", 100, destinationAddressPrefix="10.0.0.0/25"),
        deny("high", 101, destinationAddressPrefix="10.0.0.128/25"),
    ]

    found = opened(*halves, rule("open", 200, ports="22", destinationAddressPrefix="10.0.0.0/24"))

    assert words(found) == {}


def test_a_deny_for_udp_leaves_tcp() -> None:
    assert words(opened(deny("udp", 100, protocol="Udp"), rule("open", 200, ports="22"))) == {
        "open": "22"
    }


def test_a_source_port_is_the_senders_to_choose() -> None:
    found = opened(rule("odd", 100, ports="22", sourcePortRange="53"))

    assert words(found) == {"odd": "22"}


def test_N_32_a_deny_for_a_groups_members_leaves_everyone_else() -> None:
    group = (
        "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/applicationSecurityGroups/a"
    )
    members = deny("members", 100, destinationApplicationSecurityGroups=[ref(group)])
    del members["properties"]["destinationAddressPrefix"]

    assert words(opened(members, rule("open", 200, ports="22"))) == {"open": "22"}


def test_a_service_tag_closes_nothing_and_is_told_apart() -> None:
    found = opened(deny("azure", 100, "AzureCloud"), rule("open", 200, ports="22"))
    assert words(found) == {"open": "22"}

    found = opened(rule("azure", 100, "AzureCloud.westeurope", "443"))
    assert words(found) == {}
    (by_tag,) = found.tags.values()
    assert str(by_tag["azurecloud.westeurope"].of("tcp")) == "443"


@pytest.mark.parametrize("source", ["AzureCloud", "Internet", "*"])
def test_a_tag_denied_before_is_not_open(source: str) -> None:
    found = opened(deny("first", 100, source), rule("azure", 200, "AzureCloud.westeurope", "443"))

    assert not found.tags
    assert not found.possible_tags


def test_an_untold_deny_makes_later_rules_uncertain() -> None:
    network = estate(
        nsg(deny("maybe", 100), rule("open", 200, ports="22")),
        unresolved=(("/properties/securityRules/0/properties/sourceAddressPrefix", "a parameter"),),
    )
    (group,) = network.all(NetworkSecurityGroup)
    found = openings(network, group)

    assert not found.certain
    assert [str(o.of("tcp")) for o in found.possible.values()] == ["22"]
    assert found.doubts == ("what maybe matches",)


def test_N_22_denying_the_network_is_uncertain_only_with_a_default_route() -> None:
    rules = deny("inside", 100, "VirtualNetwork"), rule("open", 200, ports="22")
    plain = vnet(subnet(nsg="nsg"))
    table = arm_id("Microsoft.Network/routeTables", "gone")
    routed = vnet(subnet(nsg="nsg", routeTable=ref(table)))

    assert words(opened(*rules, more=(plain,))) == {"open": "22"}
    found = opened(*rules, more=(routed,))
    assert not found.certain
    assert found.possible


def test_a_place_narrows_what_rules_match() -> None:
    network = estate(
        nsg(
            rule("web", 100, ports="443", destinationAddressPrefix="10.0.0.4"),
            rule("ssh", 110, ports="22", destinationAddressPrefix="10.0.0.5"),
        )
    )
    place = Place(AddressSet.from_text(["10.0.0.4"]), frozenset())

    assert [a.ports for a in admissions(_filters(network), "tcp", place)] == [(443, 443)]
    assert len(admissions(_filters(network), "tcp", ANYWHERE)) == 2


def _filters(network: Network) -> tuple[Filter, ...]:
    (group,) = network.all(NetworkSecurityGroup)
    return tuple(compiled(each) for each in custom_rules(network, group, inbound=True))


# A first match written down naively, packet by packet, as the oracle.

_SOURCES = ["*", "0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "20.0.0.0/8", "10.0.0.0/8", "::/0"]
_OWN = ["*", "10.0.0.0/25", "10.0.0.4", "10.0.0.0/24"]
_PORTS = [EVERY_PORT, PortSet.of(22), PortSet.of(20, 25), PortSet.of(443)]
_RECEIVERS = ["10.0.0.4", "10.0.0.5", "10.0.0.200", "10.9.9.9"]
_SAMPLES = [parse_address(text) for text in ("20.1.1.1", "1.1.1.1", "150.1.1.1", "2600::1")]

_filter = st.builds(
    lambda allow, source, own, ports, protocol: Filter(
        "r",
        100,
        allow,
        frozenset((protocol,)),
        selector([source]),
        selector([own]),
        EVERY_PORT,
        ports,
    ),
    st.booleans(),
    st.sampled_from(_SOURCES),
    st.sampled_from(_OWN),
    st.sampled_from(_PORTS),
    st.sampled_from(["*", "tcp", "udp"]),
)


@given(st.lists(_filter, max_size=6))
@settings(max_examples=40, deadline=None)
def test_admissions_agree_with_a_packet_by_packet_first_match(filters: list[Filter]) -> None:
    found = admissions(tuple(filters), "tcp")
    for port in (21, 22, 443, 9000):
        admitted = [a for a in found if a.ports[0] <= port <= a.ports[1]]
        for source in _SAMPLES:
            owns = (
                ["10.0.0.4", "10.0.0.5", "10.0.0.200", "10.9.9.9"]
                if source.version == 4
                else ["fd00::4"]
            )
            expected = any(_first_match(filters, source, own, port) for own in owns)
            assert any(source in a.certain for a in admitted) is expected


def _first_match(filters: list[Filter], source: Any, own: str, port: int) -> bool:
    for each in filters:
        if (
            each.speaks_of("tcp")
            and port in (each.destination_ports or EVERY_PORT)
            and source in each.sources.addresses
            and parse_address(own) in each.destinations.addresses
        ):
            return each.allow
    return False


def test_everything_is_one_selector() -> None:
    assert selector(["*"]) == selector(["10.0.0.0/8", "*"]) == Selector(EVERYTHING)
    assert not selector([]).told
