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


def internal(group: str = GROUP) -> Any:
    """The balancer of a cluster's internal Service, at 10.0.0.10."""
    return balancer(
        "kubernetes-internal",
        public=None,
        method="Static",
        group=group,
        loadBalancingRules=[
            forwards("http", 80, of="kubernetes-internal", group=group, enableFloatingIP=True)
        ],
    )


def served(
    *rules: Any, out: Any = (), mode: Any = None, group: str = GROUP, pods: bool = False
) -> Network:
    """NIC nic-web behind the internal Service of a cluster at 10.0.0.10, NIC client beside it."""
    place = {"podSubnetID": arm_id(SUBNET, "vnet", "pods")} if pods else {}
    return estate(
        nsg(*rules, name="pods"),
        nsg(*out, name="nodes"),
        cluster("shop", pool(in_=("vnet", "app"), **place), network=mode),
        nic("nic-web"),
        nic("client", subnet="web", address="10.0.2.4"),
        internal(group),
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


OVERLAY: Any = {"networkPlugin": "azure", "networkPluginMode": "overlay"}


def among_nodes(*rules: Any, mode: Any = None, **settings: Any) -> Network:
    """As `served`, with rules at the nodes' subnet, which let the client in on port 80."""
    return estate(
        nsg(rule("client", 100, "10.0.2.0/24", "80"), *rules, name="nodes"),
        cluster("shop", pool(in_=("vnet", "app"), **settings), network=mode or FLAT),
        nic("nic-web"),
        nic("client", subnet="web", address="10.0.2.4"),
        internal(),
        vnet(subnet(nsg="nodes"), subnet("web", "10.0.2.0/24")),
    )


@pytest.mark.parametrize("mode", [FLAT, OVERLAY])
def test_K_41_nodes_that_may_not_talk_to_one_another_reach_their_own_pods_at_most(
    mode: Any,
) -> None:
    """The node that a balancer chooses hands a packet to any pod, on any node."""
    shut = told(among_nodes(deny("rest", 4000), mode=mode))
    assert (shut.verdict, shut.labels) == ("unknown", {"k8s-objects-missing"})
    assert shut.one.witness is not None

    for open_ in (
        (),
        (rule("nodes", 200, "10.0.0.0/24"), deny("rest", 4000)),
        (rule("nodes", 200, "10.0.0.0/24", "8080"), deny("rest", 4000)),
        (deny("ssh", 200, "*", "22"),),
    ):
        assert told(among_nodes(*open_, mode=mode)).verdict == "reachable"


def test_K_41_the_only_node_of_a_cluster_asks_no_other() -> None:
    assert told(among_nodes(deny("rest", 4000), count=1)).verdict == "reachable"
    growing = {"count": 1, "enableAutoScaling": True, "minCount": 1, "maxCount": 3}
    assert told(among_nodes(deny("rest", 4000), **growing)).verdict == "unknown"
