"""Azure's own routes and the user's (R-1 to R-10, R-13, R-26)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.addresses import AddressSet
from auditor.network.graph import Network
from auditor.network.routing import Hop
from auditor.network.service_tags import ServiceTags
from auditor.testing import arm_id, estate, resource

from ....networks import gateway, vnet
from ....routing import decided, hop, labels, route, routes, steered, steering, table, told

RESERVED = {
    "10.0.0.0/8 None",
    "172.16.0.0/12 None",
    "192.168.0.0/16 None",
    "100.64.0.0/10 None",
}


def plain(*prefixes: str) -> Network:
    return estate(vnet("a", *prefixes, subnets={"app": "10.0.0.0/24"}))


def test_R_1_every_prefix_of_the_address_space_is_one_local_route() -> None:
    network = plain("10.0.0.0/16", "192.168.7.0/24")
    assert set(told(network)) == {
        "10.0.0.0/16 VnetLocal", "192.168.7.0/24 VnetLocal", "0.0.0.0/0 Internet", *RESERVED,
    }  # fmt: skip
    assert decided(hop(network, "10.0.200.1")) == ("VnetLocal", "R-1", "Default")
    assert decided(hop(network, "192.168.7.9")) == ("VnetLocal", "R-1", "Default")
    assert decided(hop(network, "20.1.2.3")) == ("Internet", "R-1", "Default")


def test_R_1_a_route_tells_where_it_is_written() -> None:
    found = hop(plain("10.5.0.0/16", "10.0.0.0/16"), "10.0.0.4").route
    assert found is not None
    assert found.node is not None
    assert found.node.name == "a"
    assert found.pointer == "/properties/addressSpace/addressPrefixes/1"


def test_R_2_a_part_of_a_reserved_prefix_leaves_the_rest_dropped() -> None:
    network = plain("10.0.0.0/16")
    found = hop(network, "10.1.0.1")
    assert decided(found) == ("None", "R-2", "Default")
    assert "None" in found.drops
    assert not hop(network, "10.0.1.1").drops


@pytest.mark.parametrize("space", ["10.0.0.0/8", "10.0.0.0/7"])
def test_R_2_a_space_that_holds_a_reserved_prefix_replaces_it(space: str) -> None:
    network = plain(space)
    assert "10.0.0.0/8 None" not in told(network)
    assert hop(network, "10.200.0.1").hop is Hop.LOCAL
    assert hop(network, "192.168.0.1").hop is Hop.NONE


def test_P_12_ipv6_has_a_default_route_only_where_the_network_has_ipv6() -> None:
    both = estate(vnet("a", "10.0.0.0/16", "fd00:1::/48", subnets={"app": "10.0.0.0/24"}))
    assert decided(hop(both, "2001:db8::1")) == ("Internet", "P-12", "Default")
    assert decided(hop(both, "fd00:1::5")) == ("VnetLocal", "R-1", "Default")
    none = hop(plain("10.0.0.0/16"), "2001:db8::1")
    assert none.certain
    assert none.hop is Hop.NONE
    assert none.drops == "no route matches"


def test_R_5_next_hop_types_compare_without_case() -> None:
    network = steering(route("20.0.0.0/8", "INTERNET"), route("21.0.0.0/8", "none"))
    assert decided(hop(network, "20.1.1.1")) == ("Internet", "R-5", "User")
    assert decided(hop(network, "21.1.1.1")) == ("None", "R-5", "User")


def test_R_5_a_next_hop_type_nobody_knows_is_unknown() -> None:
    network = steering(route("20.0.0.0/8", "Teleport"))
    assert labels(hop(network, "20.1.1.1")) == {"collection-gap"}
    assert hop(network, "22.1.1.1").hop is Hop.INTERNET


def test_R_6_the_longest_prefix_wins() -> None:
    network = steering(route("20.0.0.0/8", "None"), route("20.1.0.0/16", "Internet"))
    assert hop(network, "20.1.9.9").hop is Hop.INTERNET
    assert hop(network, "20.2.9.9").hop is Hop.NONE


def test_R_6_on_equal_prefixes_the_user_comes_before_azure() -> None:
    network = steering(route("0.0.0.0/0", "VirtualAppliance", "10.0.9.4"))
    assert decided(hop(network, "8.8.8.8")) == ("VirtualAppliance", "R-5", "User")
    beaten = [r for r in routes(network).routes if not r.active]
    assert [(str(r.prefix), r.hop, r.state) for r in beaten] == [
        ("0.0.0.0/0", Hop.INTERNET, "Invalid")
    ]
    other = hop(network, "8.8.8.8", "nva")  # the subnet without the table
    assert decided(other) == ("Internet", "R-1", "Default")


def test_R_8_a_default_route_of_the_user_leaves_local_traffic_alone() -> None:
    network = steering(route("0.0.0.0/0", "VirtualAppliance", "10.0.9.4"))
    assert decided(hop(network, "10.0.5.5")) == ("VnetLocal", "R-1", "Default")


def test_R_2_a_default_route_of_ones_own_takes_the_reserved_prefixes_away() -> None:
    network = steering(route("0.0.0.0/0", "VirtualAppliance", "10.0.9.4"))
    assert hop(network, "192.168.1.1").hop is Hop.APPLIANCE
    assert "192.168.0.0/16" not in " ".join(told(network))
    halves = [route(half, "VirtualAppliance", "10.0.9.4") for half in ("0.0.0.0/1", "128.0.0.0/1")]
    assert hop(steering(*halves), "192.168.1.1").hop is Hop.NONE


@pytest.mark.parametrize("prefix", ["10.0.0.0/16", "10.0.5.0/24"])
def test_R_8_a_route_as_long_as_the_space_or_longer_steers_local_traffic(prefix: str) -> None:
    network = steering(route(prefix, "VirtualAppliance", "10.0.9.4"))
    assert decided(hop(network, "10.0.5.5")) == ("VirtualAppliance", "R-5", "User")
    assert hop(network, "10.0.5.5", "nva").hop is Hop.LOCAL


KNOWN = ServiceTags(
    {
        "storage": AddressSet.from_text(["20.150.0.0/16"]),
        "storage.westeurope": AddressSet.from_text(["20.150.8.0/24"]),
        "azurecloud": AddressSet.from_text(["20.150.0.0/16", "20.160.0.0/16"]),
        "azurecloud.westeurope": AddressSet.from_text(["20.160.0.0/16"]),
    }
)


def test_R_9_a_tag_without_data_leaves_public_addresses_unknown() -> None:
    network = steering(route("Storage", "Internet"), route("0.0.0.0/0", "None"))
    found = hop(network, "20.150.1.1")
    assert labels(found) == {"service-tag:Storage"}
    assert found.may == {Hop.INTERNET, Hop.NONE}
    assert hop(network, "10.0.5.5").hop is Hop.LOCAL
    assert hop(network, "192.168.1.1").hop is Hop.NONE


def test_R_9_a_tag_with_data_is_exact() -> None:
    network = steering(route("Storage", "Internet"), route("0.0.0.0/0", "None"))
    assert decided(hop(network, "20.150.1.1", tags=KNOWN)) == ("Internet", "R-9", "User")
    assert decided(hop(network, "20.151.1.1", tags=KNOWN)) == ("None", "R-5", "User")


@pytest.mark.parametrize(
    ("weaker", "stronger", "address"),
    [
        ("Storage", "20.150.0.0/16", "20.150.1.1"),
        ("AzureCloud", "Storage", "20.150.1.1"),
        ("AzureCloud", "AzureCloud.WestEurope", "20.160.1.1"),
        ("Storage", "Storage.WestEurope", "20.150.8.1"),
    ],
)
def test_R_9_on_equal_prefixes_the_more_explicit_comes_first(
    weaker: str, stronger: str, address: str
) -> None:
    network = steering(route(weaker, "None"), route(stronger, "Internet"))
    assert hop(network, address, tags=KNOWN).hop is Hop.INTERNET
    network = steering(route(weaker, "Internet"), route(stronger, "None"))
    assert hop(network, address, tags=KNOWN).hop is Hop.NONE


def test_R_10_none_drops() -> None:
    network = steering(route("20.0.0.0/8", "None"))
    assert hop(network, "20.1.1.1").drops
    assert not hop(network, "21.1.1.1").drops


def test_R_13_a_default_route_to_an_appliance_takes_replies_off_the_internet() -> None:
    network = steering(route("0.0.0.0/0", "VirtualAppliance", "10.0.9.4"))
    assert not hop(network, "20.1.1.1").to_internet
    assert hop(network, "20.1.1.1", "nva").to_internet


def to_gateway(*more: Any, peers: Any = ()) -> Any:
    network = steering(route("20.0.0.0/8", "VirtualNetworkGateway"), more=more, peers=peers)
    found = hop(network, "20.1.1.1")
    assert found.hop is Hop.GATEWAY
    return found


def test_R_26_only_a_vpn_gateway_takes_user_defined_routes() -> None:
    assert not to_gateway(gateway("vpn", "a")).drops
    assert "no VPN gateway" in to_gateway().drops


def test_R_26_an_expressroute_gateway_takes_none() -> None:
    network = steering(
        route("20.0.0.0/8", "VirtualNetworkGateway"),
        more=(gateway("er", "a", kind="ExpressRoute"), gateway("vpn", "a")),
        disableBgpRoutePropagation=True,
    )
    assert "ExpressRoute" in hop(network, "20.1.1.1").drops


def test_R_26_a_gateway_that_is_not_in_the_snapshot_is_not_told() -> None:
    listed = arm_id("Microsoft.Network/virtualNetworkGateways/ipConfigurations", "gw", "default")
    network = estate(
        vnet(
            "a",
            "10.0.0.0/16",
            subnets={
                "app": steered("10.0.0.0/24"),
                "GatewaySubnet": {
                    "addressPrefix": "10.0.1.0/27",
                    "ipConfigurations": [{"id": listed}],
                },
            },
        ),
        table("rt", route("20.0.0.0/8", "VirtualNetworkGateway"), disableBgpRoutePropagation=True),
    )
    found = hop(network, "20.1.1.1")
    assert not found.drops
    assert [reason.label for reason in found.doubts] == ["collection-gap"]


def test_a_local_next_hop_for_a_foreign_address_goes_nowhere() -> None:
    network = steering(route("20.0.0.0/8", "VnetLocal"))
    assert "is not in a" in hop(network, "20.1.1.1").drops
    assert not hop(network, "10.0.1.1").drops


def test_U_2_a_table_that_is_not_in_the_snapshot_may_do_anything() -> None:
    network = estate(vnet("a", "10.0.0.0/16", subnets={"app": steered("10.0.0.0/24")}))
    for address in ("10.0.0.9", "8.8.8.8", "192.168.0.1"):
        found = hop(network, address)
        assert labels(found) == {"collection-gap"}
        assert found.hop is Hop.UNKNOWN


def test_U_1_a_subnet_without_its_network_may_have_any_route() -> None:
    alone = {"addressPrefix": "10.0.0.0/24"}
    network = estate(resource("Microsoft.Network/virtualNetworks/subnets", "a/app", alone))
    assert labels(hop(network, "10.0.0.9")) == {"collection-gap"}


def test_U_1_a_route_without_its_prefix_may_be_for_anything() -> None:
    network = steering(route(None, "None"))
    assert labels(hop(network, "10.0.5.5")) == {"collection-gap"}


def test_P_12_a_subnet_has_ipv6_though_its_network_tells_of_none() -> None:
    there = estate(vnet("a", "10.0.0.0/16", subnets={"app": "fd00:1::/64"}))
    assert decided(hop(there, "2603:1020::8"))[0] == "Internet"
