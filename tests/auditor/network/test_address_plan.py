from __future__ import annotations

from typing import Any

import pytest

from auditor.addresses import parse_address
from auditor.errors import Undetermined
from auditor.network.address_plan import Whereabouts, locate, who_owns
from auditor.network.graph import Network
from auditor.network.hidden_addresses import unlisted
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.testing import arm_id, estate, resource

from ...networks import (
    gateway,
    hub,
    internal_balancer,
    nic,
    peer,
    site,
    subnet_id,
    tunnel,
    vnet,
    vnet_id,
)

Json = dict[str, Any]
APP = ("a", "app")


def found(network: Network, address: str, name: str = "a") -> Whereabouts:
    node = next(each for each in network.all(VirtualNetwork) if each.name == name)
    return locate(network, parse_address(address), node)


def owners(network: Network, address: str, name: str = "a") -> list[str]:
    return [owner.holder.name for owner in found(network, address, name).owners]


def a(**more: Any) -> Json:
    return vnet("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24"}, **more)


def scale_set(name: str = "workers", *, capacity: int | None = 3) -> Json:
    configuration = {"name": "ip", "properties": {"subnet": {"id": subnet_id(*APP)}}}
    profile = {
        "networkInterfaceConfigurations": [
            {"name": "nic", "properties": {"ipConfigurations": [configuration]}}
        ]
    }
    sku: Json = {"name": "Standard_D2s_v5"}
    if capacity is not None:
        sku["capacity"] = capacity
    return resource(
        "Microsoft.Compute/virtualMachineScaleSets",
        name,
        {"virtualMachineProfile": {"networkProfile": profile}},
        sku=sku,
    )


def test_nics_and_frontends_own_their_addresses() -> None:
    network = estate(
        a(), nic("server", "10.0.0.4", APP), internal_balancer("inner", "10.0.0.5", APP)
    )
    assert owners(network, "10.0.0.4") == ["server"]
    assert owners(network, "10.0.0.5") == ["inner"]


def test_nobody_owns_a_free_address_of_a_fully_listed_subnet() -> None:
    where = found(estate(a(), nic("server", "10.0.0.4", APP)), "10.0.0.9")
    assert (where.owners, where.unsure) == ((), "")
    assert where.subnet is not None
    assert where.subnet.name == "app"


def test_an_address_between_the_subnets_is_in_the_network_and_owned_by_nobody() -> None:
    where = found(estate(a()), "10.0.9.9")
    assert (where.subnet, where.unsure) == (None, "")
    assert where.key == vnet_id("a").lower()


def test_a_peer_may_own_it_and_a_stranger_may_not() -> None:
    b = vnet("b", "10.1.0.0/16", subnets={"app": "10.1.0.0/24"}, peers=[peer("a")])
    c = vnet("c", "10.1.0.0/16", subnets={"app": "10.1.0.0/24"})
    network = estate(
        a(peers=[peer("b")]), b, c,
        nic("friend", "10.1.0.4", ("b", "app")), nic("stranger", "10.1.0.5", ("c", "app")),
    )  # fmt: skip
    assert owners(network, "10.1.0.4") == ["friend"]
    assert owners(network, "10.1.0.5") == []
    assert found(network, "10.1.0.5").unsure == ""


def test_an_absent_peer_makes_it_unsure() -> None:
    network = estate(a(peers=[peer("gone", "10.9.0.0/16")]))
    assert "gone" in found(network, "10.9.0.4").unsure
    assert found(network, "10.8.0.4").unsure == ""


def test_a_peer_whose_space_nobody_tells_makes_every_foreign_address_unsure() -> None:
    network = estate(a(peers=[peer("gone")]))
    assert "gone" in found(network, "10.8.0.4").unsure
    assert found(network, "10.0.0.9").unsure == ""


@pytest.mark.parametrize("name", ["scale set", "AKS pool", "application gateway"])
def test_unlisted_instances_make_a_subnet_unsure(name: str) -> None:
    cluster = resource(
        "Microsoft.ContainerService/managedClusters",
        "aks",
        {"agentPoolProfiles": [{"name": "np", "count": 3, "vnetSubnetID": subnet_id(*APP)}]},
    )
    agw = resource(
        "Microsoft.Network/applicationGateways",
        "agw",
        {
            "gatewayIPConfigurations": [
                {"name": "g", "properties": {"subnet": {"id": subnet_id(*APP)}}}
            ]
        },
    )
    holder = {"scale set": scale_set(), "AKS pool": cluster, "application gateway": agw}[name]
    network = estate(a(), holder, nic("server", "10.0.0.4", APP))
    assert name in found(network, "10.0.0.9").unsure
    assert found(network, "10.0.0.4").unsure == ""
    with pytest.raises(Undetermined, match=name):
        who_owns(network, parse_address("10.0.0.9"), network.all(VirtualNetwork)[0])


def test_a_listed_configuration_that_is_absent_makes_a_subnet_unsure() -> None:
    listed = arm_id("Microsoft.Network/networkInterfaces/ipConfigurations", "lost", "primary")
    subnet = {"addressPrefix": "10.0.0.0/24", "ipConfigurations": [{"id": listed}]}
    network = estate(vnet("a", "10.0.0.0/16", subnets={"app": subnet}))
    assert "lost" in found(network, "10.0.0.9").unsure


def test_an_address_not_allocated_yet_makes_a_subnet_unsure() -> None:
    network = estate(a(), nic("new", None, APP))
    assert "new" in found(network, "10.0.0.9").unsure


def test_a_delegated_subnet_is_unsure() -> None:
    delegated = {
        "addressPrefix": "10.0.0.0/24",
        "delegations": [{"name": "d", "properties": {"serviceName": "Microsoft.Sql/managed"}}],
    }
    network = estate(vnet("a", "10.0.0.0/16", subnets={"db": delegated}))
    (db,) = network.all(Subnet)
    assert unlisted(network, db)


def test_a_site_owns_what_is_behind_its_tunnel() -> None:
    network = estate(
        a(), gateway("gw", "a"), site("office", "192.168.0.0/24"), tunnel("t", "gw", "office")
    )
    assert "office" in found(network, "192.168.0.4").unsure
    assert found(network, "192.168.9.4").unsure == ""


def test_firewalls_own_their_address_in_a_network_and_in_a_hub() -> None:
    fw = "Microsoft.Network/azureFirewalls"
    configuration = {
        "name": "c",
        "properties": {
            "privateIPAddress": "10.0.0.4",
            "subnet": {"id": subnet_id("a", "AzureFirewallSubnet")},
        },
    }
    network = estate(
        a(),
        *hub("vhub", "10.50.0.0/23", "a"),
        resource(fw, "inside", {"ipConfigurations": [configuration]}),
        resource(
            fw,
            "secured",
            {
                "virtualHub": {"id": arm_id("Microsoft.Network/virtualHubs", "vhub")},
                "hubIPAddresses": {"privateIPAddress": "10.50.0.68"},
            },
        ),
    )
    assert owners(network, "10.0.0.4") == ["inside"]
    assert owners(network, "10.50.0.68") == ["secured"]
    assert "hub" in found(network, "10.50.0.70").unsure


def test_ids_that_differ_in_case_are_one() -> None:
    other = nic("server", "10.0.0.4", APP)
    configuration = other["properties"]["ipConfigurations"][0]["properties"]
    configuration["subnet"]["id"] = configuration["subnet"]["id"].upper()
    network = estate(a(), other)
    assert owners(network, "10.0.0.4") == ["server"]


def test_a_block_of_addresses_has_one_owner() -> None:
    network = estate(a(), nic("pods", "10.0.0.16/28", APP))
    assert owners(network, "10.0.0.16") == owners(network, "10.0.0.31") == ["pods"]
    assert owners(network, "10.0.0.32") == []
