"""What clusters are asked, and how Azure spells them."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.errors import InputError, Undetermined
from auditor.network import clusters, default_routes, private_link
from auditor.network.clusters import Cni
from auditor.network.graph import Network
from auditor.resources.base import Node
from auditor.resources.load_balancers import LoadBalancer
from auditor.resources.managed_clusters import AgentPool, ManagedCluster
from auditor.resources.mysql import MySqlFlexibleServer
from auditor.resources.routing import RouteTable
from auditor.resources.virtual_networks import Subnet
from auditor.testing import arm_id, estate, resource

from ...clusters import CLUSTER, cluster, cluster_id, pool
from ...networks import subnet_id, vnet

Json = dict[str, Any]
GROUP = "MC_rg_shop_westeurope"


def the(network: Network, name: str = "shop") -> ManagedCluster:
    return next(each for each in network.all(ManagedCluster) if each.label == name)


def pool_of(network: Network) -> AgentPool:
    return the(network).pools[0]


@pytest.mark.parametrize(
    ("profile", "more", "expected"),
    [
        ({"networkPlugin": "azure", "networkPluginMode": "overlay"}, {}, Cni.OVERLAY),
        ({"networkPlugin": "Azure", "networkPluginMode": "Overlay"}, {}, Cni.OVERLAY),
        ({"networkPlugin": "azure", "networkPluginMode": None}, {}, Cni.NODE_SUBNET),
        (
            {"networkPlugin": "azure", "networkPluginMode": None},
            {"podSubnetID": subnet_id("a", "pods")},
            Cni.POD_SUBNET,
        ),
        ({"networkPlugin": "kubenet", "networkPluginMode": None}, {}, Cni.KUBENET),
        ({"networkPlugin": "none", "networkPluginMode": None}, {}, Cni.OTHER),
    ],
)
def test_k_2_how_pods_are_addressed(profile: Json, more: Json, expected: Cni) -> None:
    network = estate(cluster("shop", pool(**more), network=profile))
    assert clusters.cni(the(network), pool_of(network)) is expected


def test_a_mode_unheard_of_may_give_pods_addresses_of_any_range() -> None:
    network = estate(
        cluster("shop", network={"networkPlugin": "azure", "networkPluginMode": "new"})
    )
    with pytest.raises(Undetermined, match="the network plugin mode of cluster shop"):
        clusters.plugin(the(network))


def test_fewer_nodes_than_none_are_refused() -> None:
    with pytest.raises(InputError) as refused:
        estate(cluster("shop", pool(maxCount=-1)))
    assert refused.value.where.endswith("/agentPoolProfiles/0/maxCount")


@pytest.mark.parametrize(
    ("settings", "peak"),
    [
        ({"count": 3}, 4),
        ({"count": 11}, 13),
        ({"count": 3, "enableAutoScaling": True, "maxCount": 20}, 22),
        ({"count": 4, "upgradeSettings": {"maxSurge": "50%"}}, 6),
        ({"count": 4, "upgradeSettings": {"maxSurge": "33%"}}, 6),
        ({"count": 4, "upgradeSettings": {"maxSurge": ""}}, 5),
        ({"count": 0}, 1),
    ],
)
def test_the_most_nodes_at_once(settings: Json, peak: int) -> None:
    assert clusters.peak_nodes(pool_of(estate(cluster("shop", pool(**settings))))) == peak


@pytest.mark.parametrize(
    "spelled",
    [
        "Microsoft.ContainerService/ManagedClusters",
        "Microsoft.ContainerService/managedClusters",
        "microsoft.containerservice/managedclusters",
    ],
)
def test_the_type_is_written_in_three_ways(spelled: str) -> None:
    shop = cluster() | {"type": spelled}
    shop["id"] = shop["id"].replace("/resourceGroups/", "/resourcegroups/")
    network = estate(shop)
    found = network.get(cluster_id(), ManagedCluster)
    assert found is the(network)
    assert found.id == shop["id"]


def test_the_node_group_compares_without_case() -> None:
    own = resource("Microsoft.Network/loadBalancers", "kubernetes", group=GROUP.upper())
    other = resource("Microsoft.Network/loadBalancers", "lb", group="rg")
    network = estate(cluster(), own, other)
    assert [node.label for node in clusters.node_group(network, the(network))] == ["kubernetes"]
    by_name = {node.label: node for node in network.all(LoadBalancer)}
    assert clusters.cluster_of(network, by_name["kubernetes"]) is the(network)
    assert clusters.cluster_of(network, by_name["lb"]) is None
    assert clusters.managed_by_aks(network, by_name["kubernetes"])
    assert not clusters.managed_by_aks(network, by_name["lb"])


def test_a_node_group_of_another_subscription_is_another() -> None:
    own = resource("Microsoft.Network/loadBalancers", "kubernetes", group="nodes")
    own["id"] = own["id"].replace("11111111-", "22222222-", 1)
    network = estate(cluster(nodeResourceGroup="nodes"), own)
    assert clusters.node_group(network, the(network)) == ()


def test_a_cluster_that_tells_nothing_hides_no_node_group() -> None:
    silent = {"id": cluster_id("silent"), "type": CLUSTER, "name": "silent"}
    own = resource("Microsoft.Network/loadBalancers", "kubernetes", group=GROUP)
    network = estate(silent, cluster(), own)
    assert clusters.node_group(network, the(network))
    assert clusters.node_group(network, the(network, "silent")) == ()


def test_addons_are_null_or_without_configuration() -> None:
    profiles = {"omsAgent": None, "azurepolicy": {"enabled": True, "config": None}}
    shop = the(estate(cluster(addonProfiles=profiles)))
    assert shop.addon("omsagent") is None
    policy = shop.addon("AzurePolicy")
    assert policy is not None
    assert (policy.enabled, policy.config) == (True, None)


def test_plain_strings_that_are_ids_become_edges() -> None:
    server = resource(
        "Microsoft.DBforMySQL/flexibleServers",
        "db",
        {"network": {"delegatedSubnetResourceId": subnet_id("A", "DATA")}},
    )
    shop = cluster("shop", pool(in_=("A", "NODES")))
    network = estate(server, shop, vnet("a", "10.0.0.0/16", subnets={"data": {}, "nodes": {}}))
    users = {
        subnet.label: {type(edge.source) for edge in network.referrers(subnet)}
        for subnet in network.all(Subnet)
    }
    assert users == {"data": {MySqlFlexibleServer}, "nodes": {AgentPool}}


def front(name: str, **properties: Any) -> Json:
    kind = "Microsoft.Network/loadBalancers/frontendIPConfigurations"
    return {
        "name": name,
        "id": arm_id(kind, "kubernetes", name, group=GROUP),
        "properties": properties,
    }


def test_frontend_ports_are_numbers_here_and_references_there() -> None:
    """The frontends of Services; one for egress alone serves none (K-58)."""
    ip = arm_id("Microsoft.Network/publicIPAddresses", "ip", group=GROUP)
    public = resource(
        "Microsoft.Network/publicIPAddresses",
        "ip",
        {"ipAddress": "20.50.2.9"},
        group=GROUP,
        tags={"K8s-Azure-Service": "web/nginx, web/extra"},
    )
    fronts = [front("a1", publicIPAddress={"id": ip}), front("egress"), front("a2")]
    rules = [
        {
            "name": f"{name}-TCP-443",
            "properties": {
                "frontendPort": port,
                "frontendIPConfiguration": {"id": front(name)["id"].upper()},
            },
        }
        for name, port in (("a1", 443), ("a2", "443"))
    ]
    fronts[2]["properties"]["privateIPAddress"] = "10.0.0.40"
    balancer = resource(
        "Microsoft.Network/loadBalancers",
        "kubernetes",
        {"frontendIPConfigurations": fronts, "loadBalancingRules": rules},
        group=GROUP,
    )
    network = estate(cluster(), public, balancer)
    served = {each.frontend.label: each for each in clusters.service_frontends(network)}
    assert set(served) == {"a1", "a2"}
    assert served["a1"].services == ("web/nginx", "web/extra")
    assert served["a1"].address == "20.50.2.9"
    assert (served["a2"].services, served["a2"].address) == ((), "10.0.0.40")


def test_the_networks_of_a_cluster() -> None:
    shop = cluster("shop", pool(podSubnetID=subnet_id("b", "pods")))
    nets = [
        vnet("a", "10.0.0.0/16", subnets={"nodes": {}}),
        vnet("b", "10.1.0.0/16", subnets={"pods": {}}),
    ]
    network = estate(shop, *nets)
    found: list[Node] = list(clusters.virtual_networks(network, the(network)))
    assert [node.label for node in found] == ["a", "b"]
    with pytest.raises(Undetermined, match="manages in MC_rg_shop_westeurope"):
        clusters.virtual_networks(alone := estate(cluster("shop", pool(in_=None))), the(alone))


def test_private_endpoints_that_tell_nothing_are_left_out() -> None:
    kind = "Microsoft.Network/privateEndpoints"
    link = {"privateLinkServiceId": cluster_id().upper()}
    named = resource(kind, "pe", {"manualPrivateLinkServiceConnections": [{"properties": link}]})
    silent = {"id": arm_id(kind, "silent"), "type": kind}
    found = private_link.endpoints_by_target(estate(named, silent))
    assert list(found) == [cluster_id().lower()]


@pytest.mark.parametrize(
    ("prefixes", "deciding"),
    [
        ([], []),
        (["0.0.0.0/0"], ["0.0.0.0/0"]),
        (["0.0.0.0/1"], []),
        (["0.0.0.0/1", "128.0.0.0/1"], ["0.0.0.0/1", "128.0.0.0/1"]),
        (["0.0.0.0/0", "128.0.0.0/1", "0.0.0.0/1"], ["0.0.0.0/1", "128.0.0.0/1"]),
        (["0.0.0.0/0", "0.0.0.0/1"], ["0.0.0.0/0"]),
        (["::/0", "AzureCloud", "10.0.0.0/8"], []),
    ],
)
def test_r_6_the_routes_that_decide_about_the_internet(
    prefixes: list[str], deciding: list[str]
) -> None:
    routes = [{"name": f"r{n}", "properties": {"addressPrefix": p}} for n, p in enumerate(prefixes)]
    network = estate(resource("Microsoft.Network/routeTables", "rt", {"routes": routes}))
    [table] = network.all(RouteTable)
    found = default_routes.default_routes(table)
    assert sorted(str(route.properties.address_prefix) for route in found) == deciding
