"""A security group where a gateway stands, which Azure does not support (N-40)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.resources.base import unset
from auditor.resources.virtual_networks import Subnet
from auditor.testing import arm_id, estate

from ...exposed import NSG, SUBNET, nsg
from ...networks import gateway, nic, site, tunnel, vnet
from ...reaching import asked

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
