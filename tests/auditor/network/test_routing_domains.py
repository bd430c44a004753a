from __future__ import annotations

import random

import pytest

from auditor.errors import Undetermined
from auditor.ids import fold
from auditor.network.components import components
from auditor.network.routing_domains import (
    claims_of_subnet,
    networks_near,
    routing_domains,
    space_of,
    to_hub,
)
from auditor.resources.virtual_networks import Peering, Subnet, VirtualNetwork
from auditor.testing import estate, resource

from ...networks import gateway, hub, peer, tunnel, vnet, vnet_id


def names(network: object) -> list[list[str]]:
    domains = routing_domains(network)  # type: ignore[arg-type]
    return [[member.rpartition("/")[2] for member in domain.members] for domain in domains]


def near(network: object, name: str) -> list[str]:
    node = next(
        each
        for each in network.all(VirtualNetwork)  # type: ignore[attr-defined]
        if each.name == name
    )
    found = networks_near(network, node)  # type: ignore[arg-type]
    return [each.key.rpartition("/")[2] for each in found]


def test_unconnected_networks_form_no_domain() -> None:
    assert names(estate(*(vnet(f"v{n}", "10.0.0.0/16") for n in range(5)))) == []


@pytest.mark.parametrize("state", ["Connected", "Initiated", None])
def test_a_peering_joins_unless_it_is_disconnected(state: str | None) -> None:
    network = estate(
        vnet("a", "10.0.0.0/16", peers=[peer("b", state=state)]), vnet("b", "10.1.0.0/16")
    )
    assert names(network) == [["a", "b"]]


def test_r_14_a_disconnected_peering_joins_nothing() -> None:
    network = estate(
        vnet("a", "10.0.0.0/16", peers=[peer("b", state="Disconnected")]),
        vnet("b", "10.1.0.0/16"),
    )
    assert names(network) == []
    assert near(network, "a") == []


def test_r_15_spokes_share_a_domain_and_are_not_near_one_another() -> None:
    network = estate(
        vnet("hub", "10.0.0.0/16", peers=[peer("one"), peer("two")]),
        vnet("one", "10.1.0.0/16", peers=[peer("hub")]),
        vnet("two", "10.2.0.0/16", peers=[peer("hub")]),
    )
    assert names(network) == [["hub", "one", "two"]]
    assert near(network, "one") == ["hub"]
    assert near(network, "hub") == ["one", "two"]


def test_r_29_a_virtual_hub_brings_its_networks_near() -> None:
    network = estate(
        vnet("one", "10.1.0.0/16"),
        vnet("two", "10.2.0.0/16"),
        *hub("vhub", "10.0.0.0/23", "one", "two"),
    )
    assert names(network) == [["vhub", "one", "two"]]
    assert near(network, "one") == ["vhub", "two"]


def test_r_29_hubs_of_one_wan_are_joined() -> None:
    network = estate(
        vnet("one", "10.1.0.0/16"),
        vnet("two", "10.2.0.0/16"),
        *hub("east", "10.0.0.0/23", "one"),
        *hub("west", "10.0.2.0/23", "two"),
        *hub("lonely", "10.0.4.0/23", wan="other"),
    )
    assert names(network) == [["east", "west", "one", "two"]]
    assert near(network, "one") == ["east", "west", "two"]


def test_a_vnet_to_vnet_connection_joins_the_networks_of_its_gateways() -> None:
    joined = tunnel("link", "left", "unused", connectionType="Vnet2Vnet")
    joined["properties"]["virtualNetworkGateway2"] = {
        "id": gateway("right", "b")["id"],
    }
    del joined["properties"]["localNetworkGateway2"]
    network = estate(
        vnet("a", "10.0.0.0/16"),
        vnet("b", "10.1.0.0/16"),
        gateway("left", "a"),
        gateway("right", "b"),
        joined,
    )
    assert names(network) == [["a", "b"]]


def test_an_absent_peer_has_the_space_its_peering_records() -> None:
    network = estate(vnet("a", "10.0.0.0/16", peers=[peer("gone", "10.9.0.0/16")]))
    (claim,) = space_of(network, fold(vnet_id("gone")))
    assert str(claim.prefix) == "10.9.0.0/16"
    assert claim.evidence.resource == vnet_id("a")
    assert claim.evidence.pointer.endswith("/remoteAddressSpace/addressPrefixes/0")


def test_an_absent_peer_without_a_recorded_space_is_unknown() -> None:
    network = estate(vnet("a", "10.0.0.0/16", peers=[peer("gone")]))
    with pytest.raises(Undetermined, match="gone"):
        space_of(network, fold(vnet_id("gone")))


def test_a_network_that_does_not_tell_its_space_is_unknown() -> None:
    network = estate(resource("Microsoft.Network/virtualNetworks", "a", {"subnets": []}))
    with pytest.raises(Undetermined, match="addressSpace"):
        space_of(network, fold(vnet_id("a")))


def test_the_network_inside_a_hub_is_known_by_its_name() -> None:
    network = estate(
        vnet("a", "10.0.0.0/16", peers=[peer("HV_hub_1"), peer("b")]), vnet("b", "10.1.0.0/16")
    )
    answers = {peering.name: to_hub(network, peering) for peering in network.all(Peering)}
    assert answers == {"to-HV_hub_1": True, "to-b": False}


def test_d_4_a_prefix_written_twice_counts_once() -> None:
    both = {"addressPrefix": "10.0.0.0/24", "addressPrefixes": ["10.0.0.0/24", "10.0.1.0/24"]}
    network = estate(vnet("a", "10.0.0.0/16", subnets={"s": both}))
    (subnet,) = network.all(Subnet)
    assert [str(claim.prefix) for claim in claims_of_subnet(subnet)] == [
        "10.0.0.0/24",
        "10.0.1.0/24",
    ]


def test_components_do_not_depend_on_order() -> None:
    pairs = [(f"n{i}", f"n{i + 1}") for i in range(0, 40, 1) if i % 7] + [("n3", "n30")]
    expected = components(pairs)
    for seed in range(5):
        shuffled = [pair if seed % 2 else pair[::-1] for pair in pairs]
        random.Random(seed).shuffle(shuffled)
        assert components(shuffled) == expected
