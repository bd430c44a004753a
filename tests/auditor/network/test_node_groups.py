"""What belongs to an AKS cluster, and which Services its frontends serve (K-1, K-50 to K-58)."""

from __future__ import annotations

import pytest

from auditor.network import clusters
from auditor.network.graph import Network
from auditor.resources.base import Node
from auditor.resources.compute import ScaleSet
from auditor.resources.load_balancers import LoadBalancer
from auditor.resources.managed_clusters import ManagedCluster
from auditor.resources.public_addresses import PublicIp
from auditor.resources.routing import RouteTable
from auditor.resources.security import NetworkSecurityGroup

from ...everything import whole
from ...everything.paths import BALANCER, MODEL, NODES, at


@pytest.fixture(scope="module")
def network() -> Network:
    return whole()


def node_at(network: Network, path: str) -> Node:
    found = network.find(at(path))
    assert isinstance(found, Node), path
    return found


@pytest.fixture(scope="module")
def shop(network: Network) -> ManagedCluster:
    (cluster,) = network.all(ManagedCluster)
    return cluster


def test_the_node_resource_group_is_the_clusters(network: Network, shop: ManagedCluster) -> None:
    def names(cls: type[Node]) -> list[str]:
        return [n.label for n in clusters.node_group(network, shop) if isinstance(n, cls)]

    assert names(LoadBalancer) == ["kubernetes", "kubernetes-internal"]
    assert names(PublicIp) == [
        "5d0e7c1a-9b7e-4a57-9d38-0f2f6f0c4b11",
        "kubernetes-a9e8d7c6b5a4f3e2d1c0b9a8f7e6d5c4",
    ]
    assert names(NetworkSecurityGroup) == ["aks-agentpool-nsg"]
    assert names(RouteTable) == ["aks-agentpool-routetable"]
    assert names(ScaleSet) == ["aks-system"]
    for node in clusters.node_group(network, shop):
        assert clusters.cluster_of(network, node) is shop
        assert clusters.managed_by_aks(network, node)


def test_what_lies_elsewhere_is_not_the_clusters(network: Network) -> None:
    for path in (BALANCER, "publicIPAddresses/web", "networkSecurityGroups/app", MODEL):
        assert clusters.cluster_of(network, node_at(network, path)) is None
        assert not clusters.managed_by_aks(network, node_at(network, path))


def test_each_frontend_tells_the_services_it_serves(network: Network, shop: ManagedCluster) -> None:
    outer, inner = clusters.service_frontends(network)

    assert outer.cluster is inner.cluster is shop
    assert outer.frontend.label == "a9e8d7c6b5a4f3e2d1c0b9a8f7e6d5c4"
    assert outer.services == ("shop/web", "shop/api")
    assert outer.public_ip is node_at(
        network, f"{NODES}:publicIPAddresses/kubernetes-a9e8d7c6b5a4f3e2d1c0b9a8f7e6d5c4"
    )
    assert outer.address == "192.0.2.41"
    assert (inner.public_ip, inner.services, inner.address) == (None, (), "10.0.0.100")


def test_the_frontend_for_outbound_traffic_serves_nobody(network: Network) -> None:
    egress = "5d0e7c1a-9b7e-4a57-9d38-0f2f6f0c4b11"

    assert egress not in {each.frontend.label for each in clusters.service_frontends(network)}
    address = node_at(network, f"{NODES}:publicIPAddresses/{egress}")
    kinds = {edge.kind for edge in network.referrers(address)}
    assert kinds == {"publicIPAddress", "effectiveOutboundIPs"}
