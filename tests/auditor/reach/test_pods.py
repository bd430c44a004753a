"""From the nodes of a cluster to the pods of a Service, as far as ARM tells (K-40 to K-43)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.reach.ends import points_of
from auditor.reach.plain import surely_talks
from auditor.reach.points import anywhere_in, frontend
from auditor.resources.load_balancers import LoadBalancerFrontend
from auditor.resources.virtual_networks import Subnet
from auditor.testing import arm_id, estate

from ...clusters import GROUP, cluster, cluster_id, pool
from ...exposed import SUBNET, balancer, deny, forwards, nic, nsg, rule, subnet, vnet
from ...guarded import out_deny
from ...reaching import Asked, asked


def served(
    *rules: Any, out: Any = (), mode: Any = None, group: str = GROUP, pods: bool = False
) -> Network:
    """NIC nic-web behind the internal Service of a cluster at 10.0.0.10, NIC client beside it."""
    inner = balancer(
        "kubernetes-internal",
        public=None,
        method="Static",
        group=group,
        loadBalancingRules=[
            forwards("http", 80, of="kubernetes-internal", group=group, enableFloatingIP=True)
        ],
    )
    place = {"podSubnetID": arm_id(SUBNET, "vnet", "pods")} if pods else {}
    return estate(
        nsg(*rules, name="pods"),
        nsg(*out, name="nodes"),
        cluster("shop", pool(in_=("vnet", "app"), **place), network=mode),
        nic("nic-web"),
        nic("client", subnet="web", address="10.0.2.4"),
        inner,
        vnet(
            subnet(nsg="nodes"),
            subnet("pods", "10.0.1.0/24", nsg="pods"),
            subnet("web", "10.0.2.0/24"),
        ),
    )


def told(network: Network) -> Asked:
    return asked(network, "client", "front", 80)


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ({"networkPlugin": "azure", "networkPluginMode": "overlay"}, "its overlay (K-40)"),
        ({"networkPlugin": "kubenet", "networkPluginMode": None}, "behind it (kubenet)"),
        ({"networkPlugin": "azure", "networkPluginMode": None}, "an address of the nodes' subnet"),
        ({"networkPlugin": None}, "to a pod, of cluster shop"),
    ],
)
def test_K_40_pods_without_a_subnet_of_their_own_stand_behind_the_node(
    mode: Any, words: str
) -> None:
    found = told(served(deny("no", 100), mode=mode))

    assert found.verdict == "reachable"
    assert words in found.step("kube-proxy").says


FLAT = {"networkPlugin": "azure", "networkPluginMode": None, "podCidr": None}


def test_K_42_the_rules_of_the_pods_subnet_count() -> None:
    found = told(served(mode=FLAT, pods=True))
    assert found.verdict == "reachable"
    assert "a pod in pods, of cluster shop" in found.step("kube-proxy").says

    some = told(
        served(rule("http", 100, "10.0.0.0/24", "8080"), deny("no", 200), mode=FLAT, pods=True)
    )
    assert (some.verdict, some.labels) == ("unknown", {"semantics:K-42"})
    shut = told(served(out=[out_deny("no", 100, "10.0.1.0/24")], mode=FLAT, pods=True))
    assert (shut.verdict, shut.labels) == ("unknown", {"semantics:K-42"})


def test_balancers_of_nobodys_cluster_lead_to_no_pods() -> None:
    found = told(served(mode=FLAT, pods=True, group="rg"))

    assert found.verdict == "reachable"
    assert all(step.code != "kube-proxy" for step in found.one.hops)


def test_a_pod_subnet_is_never_plain() -> None:
    def plain(network: Network) -> bool:
        [node] = network.all(LoadBalancerFrontend)
        web = network.nodes[arm_id(SUBNET, "vnet", "web").lower()]
        assert isinstance(web, Subnet)
        return surely_talks(network, anywhere_in(network, web), frontend(network, node), 80)

    assert plain(served())
    assert not plain(served(deny("no", 100), mode=FLAT, pods=True))


def test_K_42_pods_with_a_subnet_are_ends_of_their_cluster() -> None:
    network = served(mode=FLAT, pods=True)

    ends = points_of(network.nodes[cluster_id().lower()], network)

    assert arm_id(SUBNET, "vnet", "pods").lower() in {point.id.lower() for point in ends}
