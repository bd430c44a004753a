"""Subnets in which nobody starts connections, and those in which somebody may."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.reach.senders import starts_no_others, starts_nothing
from auditor.resources.virtual_networks import Subnet
from auditor.testing import arm_id, estate, resource

from ...clusters import cluster, pool
from ...exposed import NIC, SCALE_SET, SUBNET, balancer, nic, subnet, vnet
from ...reaching import app_gateway
from ...routing import endpoint

ANSWERED: Any = {"provisioningState": "Succeeded"}
GATEWAY: Any = arm_id("Microsoft.Network/applicationGateways", "agw")
ENDPOINT: Any = arm_id("Microsoft.Network/privateEndpoints", "pe")


def delegated(service: str) -> Any:
    return {"delegations": [{"name": "d", "properties": {"serviceName": service}}]}


def asked(*inside: Any, **more: Any) -> tuple[bool, bool]:
    """Whether subnet vnet/app starts nothing, and whether it starts nothing but to its own."""
    network: Network = estate(*inside, vnet(subnet("app", **more)))
    (one,) = network.all(Subnet)
    return starts_nothing(network, one), starts_no_others(network, one)


NOTHING, TIED, ANYTHING = (True, True), (False, True), (False, False)


def test_an_empty_subnet_is_one_only_as_azure_answered_it() -> None:
    assert asked(**ANSWERED) == NOTHING
    assert asked() == ANYTHING


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        ("Microsoft.DBforMySQL/flexibleServers", NOTHING),
        ("microsoft.network/applicationgateways", TIED),
        ("Microsoft.ContainerService/managedClusters", TIED),
        ("Microsoft.Web/serverFarms", ANYTHING),
        ("Microsoft.App/environments", ANYTHING),
    ],
)
def test_D_11_a_delegated_subnet_holds_that_service_alone(service: str, expected: Any) -> None:
    assert asked(**delegated(service)) == expected
    assert asked(**delegated(service), **ANSWERED) == expected


def test_private_endpoints_start_nothing() -> None:
    assert asked(endpoint("pe", "10.0.0.5", ("vnet", "app"))) == NOTHING
    listed = {
        "privateEndpoints": [{"id": ENDPOINT}],
        "ipConfigurations": [{"id": f"{arm_id(NIC, 'pe.nic.1')}/ipConfigurations/x"}],
    }
    assert asked(**listed) == NOTHING


def test_A_28_gateways_ask_their_pools() -> None:
    gateway = app_gateway(members=("10.0.0.4",))
    text = gateway["properties"]["gatewayIPConfigurations"][0]["properties"]["subnet"]
    text["id"] = arm_id(SUBNET, "vnet", "app")

    assert asked(gateway) == TIED
    listed = [{"id": f"{GATEWAY}/gatewayIPConfigurations/home"}]
    assert asked(applicationGatewayIPConfigurations=listed) == TIED
    assert asked(gateway, endpoint("pe", "10.0.0.5", ("vnet", "app"))) == TIED


def test_a_frontend_alone_does_not_tell_who_else_is_there() -> None:
    assert asked(balancer(public=None)) == ANYTHING
    assert asked(balancer(public=None), **ANSWERED) == NOTHING


def scale_set() -> Any:
    inner = {"name": "ip", "properties": {"subnet": {"id": arm_id(SUBNET, "vnet", "app")}}}
    card = {"name": "card", "properties": {"ipConfigurations": [inner]}}
    profile = {"networkProfile": {"networkInterfaceConfigurations": [card]}}
    return resource(SCALE_SET, "set", {"virtualMachineProfile": profile})


@pytest.mark.parametrize(
    "inside",
    [nic("web"), cluster("k", pool(in_=("vnet", "app"))), scale_set()],
    ids=["nic", "agent pool", "scale set"],
)
def test_machines_start_anything_beside_whoever(inside: Any) -> None:
    assert asked(inside, **ANSWERED) == ANYTHING
    assert asked(inside, endpoint("pe", "10.0.0.5", ("vnet", "app")), **ANSWERED) == ANYTHING


@pytest.mark.parametrize(
    "listed",
    [
        {"ipConfigurations": [{"id": f"{arm_id(NIC, 'far')}/ipConfigurations/x"}]},
        {"ipConfigurations": [{"id": f"{arm_id(SCALE_SET, 'far')}/virtualMachines/0/x/y"}]},
        {"serviceAssociationLinks": [{"name": "link"}]},
        {"resourceNavigationLinks": [{"name": "link"}]},
    ],
    ids=["nic", "instance", "service link", "navigation link"],
)
def test_what_is_listed_and_not_in_the_snapshot_may_start_anything(listed: Any) -> None:
    assert asked(**listed, **ANSWERED) == ANYTHING
    assert asked(endpoint("pe", "10.0.0.5", ("vnet", "app")), **listed, **ANSWERED) == ANYTHING


def test_what_nobody_reads_may_be_in_a_subnet_that_lists_nobody() -> None:
    manager = resource("Microsoft.ApiManagement/service", "api", {})
    link = endpoint("pe", "10.0.0.5", ("vnet", "app"))

    assert asked(manager, **ANSWERED) == ANYTHING
    assert asked(manager, link, **ANSWERED) == ANYTHING
    assert asked(manager, **delegated("Microsoft.DBforMySQL/flexibleServers")) == NOTHING
    listed = {
        "privateEndpoints": [{"id": ENDPOINT}],
        "ipConfigurations": [{"id": f"{arm_id(NIC, 'pe.nic.1')}/ipConfigurations/x"}],
    }
    assert asked(manager, **listed) == NOTHING
