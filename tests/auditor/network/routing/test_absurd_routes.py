"""Tables and networks that make no sense still get an answer, and in good time."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.addresses import parse_address
from auditor.network.graph import Network
from auditor.network.routing import Hop, next_hop, routes_from
from auditor.network.routing.selection import choose
from auditor.resources.virtual_networks import Subnet
from auditor.testing import estate

from ....networks import Json, nic, peer, vnet
from ....routing import endpoint, hop, labels, route, routes, steered, subnet, table, told


def steering(*udr: Json) -> Network:
    return estate(
        vnet("a", "10.0.0.0/16", subnets={"app": steered("10.0.0.0/24")}),
        table("rt", *udr),
        nic("n", "10.0.0.4", ("a", "app"), enableIPForwarding=True),
    )


def test_the_same_route_twice_is_one_answer() -> None:
    network = steering(route("20.0.0.0/8", "None"), route("20.0.0.0/8", "None", name="again"))
    assert hop(network, "20.1.1.1").hop is Hop.NONE


def test_two_routes_that_contradict_each_other_are_no_answer() -> None:
    network = steering(route("20.0.0.0/8", "None"), route("20.0.0.0/8", "Internet", name="again"))
    assert labels(hop(network, "20.1.1.1")) == {"conflict"}
    assert hop(network, "21.1.1.1").certain


def test_a_route_to_itself_ends() -> None:
    network = steering(route("10.0.0.4/32", "VirtualAppliance", "10.0.0.4"))
    found = hop(network, "10.0.0.4")
    assert found.hop is Hop.APPLIANCE
    assert str(found.route and found.route.address) == "10.0.0.4"


def test_host_bits_are_cut() -> None:
    network = steering(route("20.1.2.3/8", "None"))
    assert "20.0.0.0/8 None" in told(network)
    assert hop(network, "20.200.0.1").hop is Hop.NONE


def test_a_space_that_is_everything_is_local_everywhere() -> None:
    network = estate(vnet("a", "0.0.0.0/0", subnets={"app": "10.0.0.0/24"}))
    assert hop(network, "10.0.0.1").hop is Hop.LOCAL


def test_a_network_without_any_address_space_has_no_local_route() -> None:
    network = estate(vnet("a", subnets={"app": "10.0.0.0/24"}))
    assert hop(network, "10.0.0.1").hop is Hop.NONE


def test_a_peer_inside_the_own_space_is_the_longer_prefix() -> None:
    network = estate(
        vnet("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24"}, peers=[peer("b", "10.0.5.0/24")]),
        vnet("b", "10.0.5.0/24", peers=[peer("a", "10.0.0.0/16")]),
    )
    assert hop(network, "10.0.5.1").hop is Hop.PEERING
    assert hop(network, "10.0.6.1").hop is Hop.LOCAL


def test_a_network_peered_with_itself_ends() -> None:
    network = estate(
        vnet("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24"}, peers=[peer("a", "10.0.0.0/16")])
    )
    assert hop(network, "10.0.5.1").hop is Hop.LOCAL


def test_a_table_of_thousands_of_routes_is_looked_up_by_length() -> None:
    many = [route(f"20.{high}.{low}.0/24", "None") for high in range(16) for low in range(256)]
    network = steering(*many)
    found = routes_from(network, subnet(network))
    assert len(list(found.matching(parse_address("20.3.4.5")))) == 2
    assert all(hop(network, f"20.3.{low}.5").hop is Hop.NONE for low in range(256))


texts = st.sampled_from(
    ["0.0.0.0/0", "10.0.0.0/16", "10.0.0.4", "20.0.0.0/8", "::/0", "Storage", "789", "", " "]
)
kinds = st.sampled_from(["VirtualAppliance", "none", "INTERNET", "VnetLocal", "", "Teleport"])
hops = st.sampled_from([None, "10.0.0.4", "10.0.0.200", "1.2.3.4", "::1"])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(texts, kinds, hops), max_size=6), st.sampled_from([4, 6]))
def test_any_table_gives_an_answer_or_a_reason(
    udr: list[tuple[str, str, str | None]], version: int
) -> None:
    network = steering(*(route(*each, name=f"r{n}") for n, each in enumerate(udr)))
    address = parse_address("20.1.1.1" if version == 4 else "2001:db8::1")
    found = next_hop(network, subnet(network), address)
    assert found.certain is (found.hop is not Hop.UNKNOWN)
    choice = choose(routes(network).matching(address))
    assert found.reasons == choice.reasons


@pytest.mark.parametrize("name", ["app", "APP"])
def test_subnets_compare_without_case(name: str) -> None:
    network = estate(vnet("a", "10.0.0.0/16", subnets={name: "10.0.0.0/24"}))
    assert [each.name for each in network.all(Subnet)] == [name]
    assert hop(network, "10.0.0.9", name).hop is Hop.LOCAL


def test_of_two_routes_that_contradict_each_other_neither_is_beaten() -> None:
    network = steering(route("20.0.0.0/8", "None"), route("20.0.0.0/8", "Internet", name="again"))
    assert {"20.0.0.0/8 None", "20.0.0.0/8 Internet"} <= set(told(network))


def test_a_default_route_is_not_as_long_as_a_space_that_is_everything() -> None:
    home = {"addressPrefix": "10.1.0.0/24", "privateEndpointNetworkPolicies": "Enabled"}
    network = estate(
        vnet("a", "0.0.0.0/0", subnets={"app": steered("10.0.0.0/24"), "pe": home}),
        table("rt", route("0.0.0.0/0", "None")),
        endpoint("sql", "10.1.0.9", ("a", "pe")),
    )
    assert hop(network, "10.1.0.9").hop is Hop.PRIVATE_ENDPOINT
