"""A network that does not tell its peerings: what is known all the same, and what is not."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.addresses import parse_address
from auditor.ids import name
from auditor.network import names
from auditor.network.address_plan import locate
from auditor.network.graph import Network
from auditor.network.routing import Hop
from auditor.network.routing.gateway import served_by
from auditor.network.routing_domains import network_id
from auditor.reach.neighbourhood import subnets_around
from auditor.resources.virtual_networks import VirtualNetwork
from auditor.testing import ask, estate, resource

from ...networks import PEERING, gateway, nic, peer, vnet, vnet_id
from ...reaching import asked
from ...routing import hop, labels, route, table

A, B = "10.0.0.0/16", "10.1.0.0/16"
SUBNETS = {"app": "10.0.0.0/24"}

Json = dict[str, Any]


def cut(network: Json) -> Json:
    """The same network, its peerings left out."""
    del network["properties"]["virtualNetworkPeerings"]
    return network


def alone(home: str, side: Json) -> Json:
    """A peering that came on its own."""
    return resource(PEERING, f"{home}/{side['name']}", side["properties"])


def of(network: Network, which: str) -> VirtualNetwork:
    return next(each for each in network.all(VirtualNetwork) if each.name == which)


def test_what_lies_beyond_is_not_told_and_what_lies_in_it_is() -> None:
    network = estate(cut(vnet("a", A, subnets=SUBNETS)))
    assert hop(network, "10.0.7.7").hop is Hop.LOCAL
    assert labels(hop(network, "10.1.2.3")) == {"collection-gap"}


def test_a_peering_that_came_on_its_own_is_there_and_is_not_all() -> None:
    network = estate(
        cut(vnet("a", A, subnets=SUBNETS)),
        alone("a", peer("b", B)),
        vnet("b", B, peers=[peer("a", A)]),
    )
    found = hop(network, "10.1.2.3")
    assert Hop.PEERING in {each.hop for each in found.possible}
    assert labels(hop(network, "10.2.2.3")) == {"collection-gap"}
    with_back = hop(network, "10.0.0.9", "app", "a")
    assert with_back.hop is Hop.LOCAL


def test_the_far_side_is_not_called_missing_where_it_came_on_its_own() -> None:
    near = vnet("b", B, peers=[peer("a", A)])
    told = estate(cut(vnet("a", A)), alone("a", peer("b", B)), near)
    assert ask("PER-002", told).unknown == []
    assert ask("PER-002", told).broken == []
    untold = ask("PER-002", estate(cut(vnet("a", A)), near))
    assert [each.missing for each in untold.unknown] == ["the peerings of network a"]


@pytest.mark.parametrize("more", [(), (vnet("b", A),)])
def test_whether_it_overlaps_with_those_it_is_joined_to_is_unknown(more: tuple[Json, ...]) -> None:
    answer = ask("ADR-002", estate(cut(vnet("a", A)), *more))
    assert answer.broken == []
    assert ["the peerings of network a" in each.missing for each in answer.unknown] == [True]


def test_whom_clients_of_its_gateway_reach_is_unknown() -> None:
    pool = {"vpnClientAddressPool": {"addressPrefixes": ["10.9.0.0/24"]}}
    network = estate(cut(vnet("a", A)), gateway("gw", "a", vpnClientConfiguration=pool))
    answer = ask("ADR-006", network)
    assert (answer.kept, answer.broken) == (0, [])
    assert {each.missing for each in answer.unknown} == {"the peerings of network a"}


def test_whether_a_peer_lends_its_gateway_is_unknown() -> None:
    default = table("rt", route("0.0.0.0/0", "VirtualNetworkGateway"))
    settings = {"addressPrefix": "10.0.0.0/24", "routeTable": {"id": default["id"]}}
    network = estate(cut(vnet("a", A, subnets={"app": settings})), default)
    served = served_by(network, of(network, "a"))
    assert [reason.label for reason in served.untold] == ["collection-gap"]
    assert not hop(network, "8.8.8.8").drops


def test_who_owns_an_address_beyond_is_not_told() -> None:
    network = estate(cut(vnet("a", A, subnets=SUBNETS)), vnet("b", B))
    far = locate(network, parse_address("10.1.0.4"), of(network, "a"))
    assert (far.owners, far.unsure) == ((), "the peerings of network a")


def test_a_dns_server_in_the_network_itself_needs_no_peerings() -> None:
    options = {"dhcpOptions": {"dnsServers": ["10.0.0.4"]}}
    one = cut(vnet("a", A))
    one["properties"] |= options
    network = estate(one)
    assert names.resolvers(network, of(network, "a")) == (vnet_id("a").lower(),)


def test_packets_may_come_from_any_network_that_does_not_tell_either() -> None:
    def around(*others: Json) -> list[str]:
        network = estate(cut(vnet("a", A, subnets=SUBNETS)), *others)
        found = subnets_around(network, vnet_id("a").lower())
        return [name(network_id(subnet)) for subnet in found]

    far = {"x": "10.1.0.0/24"}
    assert around(vnet("b", B, subnets=far)) == ["a"]
    assert around(vnet("b", B, subnets=far, peers=[peer("a", A)])) == ["a", "b"]
    assert around(cut(vnet("b", B, subnets=far))) == ["a", "b"]


def test_packets_to_another_network_may_pass_or_not() -> None:
    def verdict(*networks: Json) -> str:
        machines = (nic("web", "10.0.0.4", ("a", "app")), nic("db", "10.1.0.4", ("b", "x")))
        return asked(estate(*networks, *machines), "web", "db").verdict

    def near(**more: Any) -> Json:
        return vnet("a", A, subnets=SUBNETS, **more)

    def far(**more: Any) -> Json:
        return vnet("b", B, subnets={"x": "10.1.0.0/24"}, **more)

    ours, theirs = {"peers": [peer("b", B)]}, {"peers": [peer("a", A)]}
    assert verdict(near(**ours), far(**theirs)) == "reachable"
    assert verdict(cut(near()), far(**theirs)) == "unknown"
    assert verdict(near(**ours), cut(far())) == "unknown"
    assert verdict(cut(near()), cut(far())) == "unknown"
    assert verdict(near(), cut(far())) == "blocked"


def test_what_is_missing_of_the_input_names_it() -> None:
    answer = ask("GOV-006", estate(cut(vnet("a", A))))
    assert ["virtualNetworkPeerings" in each.missing for each in answer.unknown] == [True]
