"""A private endpoint, or a gateway, whose address is not told may be reached, or not."""

from __future__ import annotations

import pytest

from auditor.testing import arm_id, estate

from ...exposed import NSG, deny, nsg
from ...networks import Json, gateway, nic, site, tunnel, vnet
from ...reaching import asked
from ...routing import ENDPOINT, endpoint


@pytest.mark.parametrize(
    ("address", "status", "verdict"),
    [
        ("10.0.1.9", "Approved", "reachable"),
        (None, "Approved", "unknown"),
        (None, "Rejected", "blocked"),
    ],
)
def test_L_1_an_endpoint_without_a_nic(address: str | None, status: str, verdict: str) -> None:
    network = estate(
        vnet("a", "10.0.0.0/16", subnets={
            "app": "10.0.0.0/24",
            "pe": {"addressPrefix": "10.0.1.0/24", "privateEndpointNetworkPolicies": "Disabled"},
        }),
        nic("web", "10.0.0.4", ("a", "app")),
        endpoint("store", address, ("a", "pe"), status),
    )  # fmt: skip
    found = asked(network, "web", "store")
    assert found.verdict == verdict
    assert found.labels == ({"collection-gap"} if verdict == "unknown" else set())
    assert found.stops == (["private-endpoint"] if verdict == "blocked" else [])


@pytest.mark.parametrize(("guarded", "verdict"), [(False, "reachable"), (True, "unknown")])
def test_L_5_a_policy_that_is_not_told_matters_where_a_group_stands(
    guarded: bool, verdict: str
) -> None:
    home: Json = {"addressPrefix": "10.0.1.0/24"}
    if guarded:
        home["networkSecurityGroup"] = {"id": arm_id(NSG, "nsg")}
    network = estate(
        vnet("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24", "pe": home}),
        nic("web", "10.0.0.4", ("a", "app")),
        endpoint("store", "10.0.1.9", ("a", "pe")),
        nic(
            "store-nic", "10.0.1.9", ("a", "pe"), privateEndpoint={"id": arm_id(ENDPOINT, "store")}
        ),
        nsg(deny("all", 100)),
    )
    found = asked(network, "web", "store")
    assert found.verdict == verdict


@pytest.mark.parametrize("place", ["hub", "absent"])
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_U_2_a_gateway_whose_subnet_is_not_told_may_be_asked_inside_its_network(
    place: str, protocol: str
) -> None:
    """Where the network is told, and the machine is in another that is not joined, it is not."""
    network = estate(
        vnet("hub", "10.0.0.0/16", subnets={"app": "10.0.0.0/24"}),
        vnet("far", "10.9.0.0/16", subnets={"app": "10.9.0.0/24"}),
        nic("web", "10.0.0.4", ("hub", "app")),
        nic("stranger", "10.9.0.4", ("far", "app")),
        gateway("vpn", place, enableBgp=False),
    )
    found = asked(network, "web", "vpn", protocol=protocol)
    assert (found.verdict, found.labels) == ("unknown", {"collection-gap", "platform"})
    if place == "hub":
        assert asked(network, "stranger", "vpn", protocol=protocol).verdict == "blocked"


def test_U_2_sites_may_come_by_a_gateway_whose_subnet_is_not_told_and_answer_by_it() -> None:
    """Nobody tells of the routes and the group that stand there."""
    network = estate(
        vnet("hub", "10.0.0.0/16", subnets={"app": "10.0.0.0/24"}),
        nic("web", "10.0.0.4", ("hub", "app")),
        gateway("vpn", "hub", enableBgp=False),
        site("office", "192.168.0.0/16"),
        tunnel("line", "vpn", "office"),
    )
    for pair in (("onprem 192.168.0.0/16", "web"), ("web", "onprem 192.168.0.0/16")):
        found = asked(network, *pair)
        assert (found.verdict, found.labels) == ("unknown", {"collection-gap"})
