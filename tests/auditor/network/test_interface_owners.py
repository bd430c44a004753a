"""Interfaces that do not name whose they are (E-2, L-1): the owner lists them all the same."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.resources.interfaces import NetworkInterface
from auditor.testing import arm_id, estate

from ...endpoints import N, endpoint, endpoint_id, interface
from ...exposed import NSG, deny, nsg
from ...networks import nic, vnet
from ...reaching import asked

CARD = arm_id(f"{N}/networkInterfaces", "card")


def network(**names: Any) -> Network:
    """A machine and a private endpoint, whose subnet has a group that denies everything.

    `names` are what the endpoint's interface says of whose it is.
    """
    group = {"networkSecurityGroup": {"id": arm_id(NSG, "g")}}
    policies = {"privateEndpointNetworkPolicies": "Disabled"}
    ends = {"addressPrefix": "10.0.1.0/24", **group, **policies}
    card = {**interface("10.0.1.4"), "id": CARD, "name": "card"}
    del card["properties"]["privateEndpoint"]
    card["properties"].update(names)
    return estate(
        vnet("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24", "ends": ends}),
        nsg(deny("all", 100), name="g"),
        nic("web", "10.0.0.4", ("a", "app")),
        endpoint(networkInterfaces=[{"id": CARD}]),
        card,
    )


@pytest.mark.parametrize("names", [{}, {"privateEndpoint": {"id": endpoint_id()}}])
def test_L_5_a_group_does_not_apply_to_an_interface_that_an_endpoint_lists(names: Any) -> None:
    assert asked(network(**names), "web", "pe").verdict == "reachable"


def test_an_interface_that_names_a_machine_is_no_endpoints() -> None:
    machine = {"id": arm_id("Microsoft.Compute/virtualMachines", "vm")}
    found = network(virtualMachine=machine).nodes[CARD.lower()]

    assert isinstance(found, NetworkInterface)
    assert found.properties.private_endpoint is None
