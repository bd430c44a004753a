"""Service endpoints and private endpoints (R-7, R-40, R-41, L-1, L-4)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.addresses import AddressSet
from auditor.network.graph import Network
from auditor.network.routing import Hop
from auditor.network.service_tags import ServiceTags
from auditor.testing import estate

from ....networks import gateway, peer, site, tunnel, vnet
from ....routing import decided, endpoint, hop, labels, route, routes, steered, table

A, B = "10.0.0.0/16", "10.1.0.0/16"
SERVICE: dict[str, Any] = {"serviceEndpoints": [{"service": "Microsoft.Storage"}]}
KNOWN = ServiceTags(
    {
        "storage": AddressSet.from_text(["20.150.0.0/16"]),
        "storage.westeurope": AddressSet.from_text(["20.150.8.0/24"]),
    }
)


def served(*udr: Any) -> Network:
    return estate(
        vnet(
            "a",
            A,
            subnets={
                "app": steered("10.0.0.0/24", **SERVICE),
                "db": "10.0.1.0/24",
            },
            peers=[peer("b", B)],
        ),
        vnet("b", B, subnets={"x": "10.1.0.0/24"}, peers=[peer("a", A)]),
        table("rt", *udr),
    )


def test_R_40_an_endpoint_without_data_leaves_public_addresses_unknown() -> None:
    found = hop(served(), "20.150.8.1")
    assert labels(found) == {"service-tag:Storage"}
    assert found.may == {Hop.SERVICE_ENDPOINT, Hop.INTERNET}
    assert hop(served(), "10.0.1.1").hop is Hop.LOCAL
    assert hop(served(), "192.168.1.1").hop is Hop.NONE


def test_R_40_the_region_is_certain_and_the_rest_of_the_service_is_not() -> None:
    network = served()
    found = hop(network, "20.150.8.1", tags=KNOWN)
    assert decided(found) == ("VirtualNetworkServiceEndpoint", "R-40", "Default")
    assert labels(hop(network, "20.150.9.1", tags=KNOWN)) == {"service-tag:Storage"}
    assert decided(hop(network, "20.151.0.1", tags=KNOWN)) == ("Internet", "R-1", "Default")


def test_R_40_a_service_that_is_not_told_by_regions_is_covered_as_a_whole() -> None:
    whole = ServiceTags({"storage": AddressSet.from_text(["20.150.0.0/16"])})
    network = served(route("20.150.9.0/24", "None"))
    found = hop(network, "20.150.9.1", tags=whole)
    assert decided(found) == ("VirtualNetworkServiceEndpoint", "R-40", "Default")
    assert decided(hop(network, "20.151.0.1", tags=whole)) == ("Internet", "R-1", "Default")


def test_R_7_nothing_overrides_a_service_endpoint() -> None:
    network = served(route("20.150.8.1/32", "None"), route("0.0.0.0/0", "None"))
    assert hop(network, "20.150.8.1", tags=KNOWN).hop is Hop.SERVICE_ENDPOINT
    assert hop(network, "20.151.0.1", tags=KNOWN).hop is Hop.NONE


@pytest.mark.parametrize(("name", "where"), [("db", "a"), ("x", "b")])
def test_R_41_an_endpoint_serves_its_own_subnet_alone(name: str, where: str) -> None:
    assert decided(hop(served(), "20.150.8.1", name, where)) == ("Internet", "R-1", "Default")


def private(
    *udr: Any,
    policy: str | None = "Disabled",
    status: str = "Approved",
    address: str | None = "10.1.0.9",
    more: tuple[Any, ...] = (),
    peers: bool = True,
) -> Network:
    """Subnet `app` of `a` with a table; a private endpoint at 10.1.0.9 of the peer `b`."""
    home: dict[str, Any] = {"addressPrefix": "10.1.0.0/24"}
    if policy:
        home["privateEndpointNetworkPolicies"] = policy
    return estate(
        vnet(
            "a", A, subnets={"app": steered("10.0.0.0/24")}, peers=[peer("b", B)] if peers else ()
        ),
        vnet("b", B, subnets={"pe": home}, peers=[peer("a", A)] if peers else ()),
        table("rt", *udr),
        endpoint("sql", address, ("b", "pe"), status),
        *more,
    )


INTERFACE = ("InterfaceEndpoint", "L-4", "Default")


def test_L_4_an_endpoint_is_routed_in_its_network_and_in_its_peers() -> None:
    network = private()
    assert decided(hop(network, "10.1.0.9")) == INTERFACE
    assert decided(hop(network, "10.1.0.9", "pe", "b")) == INTERFACE
    assert decided(hop(network, "10.1.0.10")) == ("VNetPeering", "R-14", "Default")
    assert hop(private(peers=False), "10.1.0.9").hop is Hop.NONE


@pytest.mark.parametrize("policy", ["Disabled", "Enabled", "RouteTableEnabled"])
def test_L_4_a_default_route_never_takes_an_endpoints_place(policy: str) -> None:
    network = private(route("0.0.0.0/0", "None"), policy=policy)
    assert decided(hop(network, "10.1.0.9")) == INTERFACE
    assert hop(network, "20.1.1.1").hop is Hop.NONE


@pytest.mark.parametrize("policy", ["Enabled", "RouteTableEnabled"])
@pytest.mark.parametrize("prefix", ["10.1.0.0/16", "10.1.0.0/24", "10.1.0.9/32"])
def test_L_4_with_the_policy_a_route_as_long_as_the_space_does(policy: str, prefix: str) -> None:
    network = private(route(prefix, "None"), policy=policy)
    assert decided(hop(network, "10.1.0.9")) == ("None", "R-5", "User")
    beaten = [r for r in routes(network).routes if r.hop is Hop.PRIVATE_ENDPOINT]
    assert [r.state for r in beaten] == ["Invalid"]


def test_L_4_a_route_shorter_than_the_space_does_not() -> None:
    network = private(route("10.0.0.0/8", "None"), policy="Enabled")
    assert decided(hop(network, "10.1.0.9")) == INTERFACE


@pytest.mark.parametrize("policy", ["Disabled", "NetworkSecurityGroupEnabled"])
def test_L_4_without_the_policy_no_wider_route_does(policy: str) -> None:
    network = private(route("10.1.0.0/24", "None"), policy=policy)
    assert decided(hop(network, "10.1.0.9")) == INTERFACE


def test_L_4_and_R_6_contradict_each_other_about_the_very_address() -> None:
    found = hop(private(route("10.1.0.9/32", "None")), "10.1.0.9")
    assert labels(found) == {"semantics:L-4"}
    assert found.may == {Hop.PRIVATE_ENDPOINT, Hop.NONE}


def test_U_1_a_policy_that_is_not_told_leaves_it_open() -> None:
    found = hop(private(route("10.1.0.0/24", "None"), policy=None), "10.1.0.9")
    assert labels(found) == {"collection-gap"}
    assert found.may == {Hop.PRIVATE_ENDPOINT, Hop.NONE}
    assert decided(hop(private(policy=None), "10.1.0.9")) == INTERFACE


@pytest.mark.parametrize("status", ["Pending", "Rejected", "Disconnected"])
def test_L_1_an_endpoint_nobody_approved_carries_nothing(status: str) -> None:
    assert "approved" in hop(private(status=status), "10.1.0.9").drops
    assert not hop(private(), "10.1.0.9").drops


def test_L_4_an_endpoint_without_an_address_may_be_anywhere_in_its_subnet() -> None:
    network = private(address=None)
    assert labels(hop(network, "10.1.0.9")) == {"collection-gap"}
    assert hop(network, "10.1.1.9").hop is Hop.PEERING


def test_R_7_a_gateway_does_not_take_an_endpoints_place() -> None:
    office = (gateway("gw", "a"), site("o", "10.1.0.9/32"), tunnel("t", "gw", "o"))
    assert decided(hop(private(more=office), "10.1.0.9")) == INTERFACE
