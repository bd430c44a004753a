"""A group or a default route where a gateway stands: Azure supports neither (N-40, R-27)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor import simulate
from auditor.addresses import parse_address
from auditor.network.graph import Network
from auditor.resources.base import unset
from auditor.resources.virtual_networks import Subnet
from auditor.simulate import Fate, Packet
from auditor.testing import arm_id, estate

from ...exposed import NSG, SUBNET, nsg
from ...networks import gateway, nic, site, tunnel, vnet
from ...reaching import asked
from ...routing import route, steered, table

SITE = "onprem 192.168.0.0/16"


def joined(guarded: bool) -> Network:
    """NIC web in a VNet whose VPN gateway leads to an office."""
    home: Any = {"addressPrefix": "10.0.9.0/27"}
    if guarded:
        home["networkSecurityGroup"] = {"id": arm_id(NSG, "nsg")}
    return estate(
        vnet("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24", "GatewaySubnet": home}),
        gateway("vpn", "a"),
        tunnel("t", "vpn", "office"),
        site("office", "192.168.0.0/16"),
        nic("web", "10.0.0.4", ("a", "app")),
        nsg(),
    )


@pytest.mark.parametrize("ends", [("web", SITE), (SITE, "web")])
def test_N_40_a_group_in_the_gateways_subnet_may_stop_it(ends: tuple[str, str]) -> None:
    assert asked(joined(guarded=False), *ends).verdict == "reachable"
    found = asked(joined(guarded=True), *ends)
    assert (found.verdict, found.labels) == ("unknown", {"semantics:N-40"})


@pytest.mark.parametrize("ends", [("web", SITE), (SITE, "web")])
def test_N_40_whether_a_group_stands_there_may_not_be_told(ends: tuple[str, str]) -> None:
    network = joined(guarded=False)
    home = network.find(arm_id(SUBNET, "a", "GatewaySubnet"))
    assert isinstance(home, Subnet)
    unset(home.properties, "network_security_group")
    found = asked(network, *ends)
    assert (found.verdict, found.labels) == ("unknown", {"collection-gap"})


def steered_at(prefix: str) -> Network:
    """The same, with a route table at the gateway."""
    home = steered("10.0.9.0/27", "at")
    return estate(
        vnet("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24", "GatewaySubnet": home}),
        gateway("vpn", "a", enableBgp=False),
        tunnel("t", "vpn", "office"),
        site("office", "192.168.0.0/16"),
        nic("web", "10.0.0.4", ("a", "app")),
        table("at", route(prefix, "VirtualAppliance", "10.0.0.9", name="all")),
    )


@pytest.mark.parametrize("ends", [("web", SITE), (SITE, "web")])
def test_R_27_a_default_route_in_the_gateways_subnet_breaks_it(ends: tuple[str, str]) -> None:
    """Azure does not support that, and does not tell what the gateway then still does."""
    found = asked(steered_at("0.0.0.0/0"), *ends)
    assert (found.verdict, found.labels) == ("unknown", {"semantics:R-27"})
    assert asked(steered_at("10.7.0.0/16"), *ends).verdict == "reachable"


def test_R_27_the_simulator_is_not_sure_either() -> None:
    def fates(network: Network) -> set[Fate]:
        ends = parse_address("192.168.1.1"), parse_address("10.0.0.4")
        packet = Packet(*ends, "tcp", 50000, 443)
        return {each.fate for each in simulate.replay(network, "onprem", packet)}

    assert fates(steered_at("0.0.0.0/0")) == {Fate.UNKNOWN}
    assert fates(steered_at("10.7.0.0/16")) == {Fate.DELIVERED}
