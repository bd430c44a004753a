from __future__ import annotations

from typing import Any

import pytest

from auditor.testing import Answer, ask, estate, resource

from ...clusters import CLUSTER, cluster, cluster_id, pool
from ...networks import internal_balancer, nic, subnet_id, vnet

Json = dict[str, Any]
FLAT = {"networkPluginMode": None, "podCidr": None}


def home(prefix: str = "10.0.0.0/24", **subnet: Any) -> Json:
    return vnet("a", "10.0.0.0/16", subnets={"nodes": {"addressPrefix": prefix, **subnet}})


def asked(*resources: Json) -> Answer:
    return ask("AKS-008", estate(*resources))


def nodes(count: int, **more: Any) -> Json:
    """Without a surge, so that the numbers are easy to follow."""
    return pool(count=count, upgradeSettings={"maxSurge": "0"}, **more)


@pytest.mark.parametrize(("count", "broken"), [(11, False), (12, True)])
def test_both_sides_of_a_full_subnet(count: int, broken: bool) -> None:
    """A /28 gives out eleven addresses."""
    assert bool(asked(cluster("shop", nodes(count)), home("10.0.0.0/28")).broken) is broken


def test_what_the_finding_says() -> None:
    [finding] = asked(cluster("shop", nodes(12)), home("10.0.0.0/28")).broken
    assert finding.subject == cluster_id()
    assert finding.message == (
        "subnet nodes has 16 addresses; with the pools at their declared maximum it needs 17: "
        "5 reserved, 12 for nodes of shop"
    )
    assert [e.pointer for e in finding.evidence] == [
        "/properties/agentPoolProfiles/0/count",
        "/properties/subnets/0/properties/addressPrefix",
    ]
    assert finding.remedy == (
        "whoever runs the cluster chooses: lower maxCount of shop/system, in all by at least 1 "
        "node with surge, as by az aks nodepool scale --resource-group rg --cluster-name shop "
        "--name system --node-count 11; or move a pool to a larger subnet"
    )
    assert finding.covers == (("ADR-013", subnet_id("a", "nodes")),)


def test_autoscaling_counts_its_maximum() -> None:
    scaled = nodes(1, enableAutoScaling=True, minCount=1, maxCount=12)
    [finding] = asked(cluster("shop", scaled), home("10.0.0.0/28")).broken
    assert finding.evidence[0].pointer == "/properties/agentPoolProfiles/0/maxCount"
    assert "--update-cluster-autoscaler --min-count 1 --max-count 11; or" in finding.remedy


def test_a_pool_that_cannot_spare_the_nodes_is_no_example() -> None:
    steady = nodes(1, enableAutoScaling=True, minCount=12, maxCount=12)
    [finding] = asked(cluster("shop", steady), home("10.0.0.0/28")).broken
    assert "with surge; or move a pool" in finding.remedy


@pytest.mark.parametrize(
    ("settings", "broken"),
    [
        ({"maxSurge": "1"}, False),
        ({"maxSurge": "2"}, True),
        ({"maxSurge": 1}, False),
        ({"maxSurge": "10%"}, False),
        ({"maxSurge": "11%"}, True),
        ({}, False),
        (None, False),
    ],
)
def test_the_surge_of_an_upgrade(settings: Json | None, broken: bool) -> None:
    """Ten nodes: one more fits, two do not; a tenth is what AKS does unless told."""
    shop = cluster("shop", pool(count=10, upgradeSettings=settings or {}))
    assert bool(asked(shop, home("10.0.0.0/28")).broken) is broken


def test_pods_in_the_node_subnet_take_its_addresses() -> None:
    """K-22: a /24 with 30 pods a node holds eight nodes."""
    fits = asked(cluster("shop", nodes(8), network=FLAT), home())
    assert fits.kept == 1
    [finding] = asked(cluster("shop", nodes(9), network=FLAT), home()).broken
    assert finding.remedy.endswith("--network-plugin-mode overlay --pod-cidr 10.244.0.0/16")


def test_the_range_to_move_to_is_one_that_nobody_around_has() -> None:
    near = vnet("a", "10.0.0.0/16", "10.244.0.0/24", subnets={"nodes": "10.0.0.0/24"})
    [finding] = asked(cluster("shop", nodes(9), network=FLAT), near).broken
    assert "--pod-cidr 10.244" not in finding.remedy
    assert "--pod-cidr 10." in finding.remedy


def test_pods_of_a_pod_subnet_do_not() -> None:
    apart = nodes(9, podSubnetID=subnet_id("a", "pods"))
    assert asked(cluster("shop", apart, network=FLAT), home()).kept == 1


def test_pools_and_clusters_of_one_subnet_add_up() -> None:
    two = [cluster("shop", nodes(4), nodes(2, name="apps")), cluster("blog", nodes(6))]
    answer = asked(*two, home("10.0.0.0/28"))
    assert {finding.subject for finding in answer.broken} == {
        cluster_id("shop"),
        cluster_id("blog"),
    }
    assert asked(two[0], home("10.0.0.0/28")).kept == 1


def test_others_in_the_subnet_count() -> None:
    shop = cluster("shop", nodes(10))
    balancer = internal_balancer("kubernetes-internal", "10.0.0.14", ("a", "nodes"))
    assert asked(shop, home("10.0.0.0/28"), balancer).kept == 1
    jump = nic("jump", "10.0.0.13", ("a", "nodes"))
    [finding] = asked(shop, home("10.0.0.0/28"), balancer, jump).broken
    assert "2 for ip configurations" in finding.message


def test_the_clusters_own_instances_are_the_nodes() -> None:
    kind = "Microsoft.Compute/virtualMachineScaleSets"
    ip = {"name": "ip", "properties": {"subnet": {"id": subnet_id("a", "nodes")}}}
    network = {
        "networkInterfaceConfigurations": [{"name": "n", "properties": {"ipConfigurations": [ip]}}]
    }
    own = resource(
        kind,
        "aks-system-vmss",
        {"virtualMachineProfile": {"networkProfile": network}},
        group="MC_rg_shop_westeurope",
        sku={"name": "Standard_D2s_v5", "capacity": 11},
    )
    assert asked(cluster("shop", nodes(11)), home("10.0.0.0/28"), own).kept == 1


def test_a_second_prefix_counts_less_its_reserved_addresses() -> None:
    two = home("10.0.0.0/28", addressPrefixes=["10.0.0.0/28", "10.0.1.0/28"])
    assert asked(cluster("shop", nodes(22)), two).kept == 1
    assert len(asked(cluster("shop", nodes(23)), two).broken) == 1


@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        ({"count": None}, "count of agent pool system"),
        ({"enableAutoScaling": True}, "maxCount of agent pool system"),
        ({"upgradeSettings": {"maxSurge": "many"}}, "maxSurge of agent pool system"),
    ],
)
def test_numbers_a_pool_does_not_say(settings: Json, missing: str) -> None:
    answer = asked(cluster("shop", pool(**settings)), home())
    assert (answer.kept, answer.broken) == (0, [])
    assert missing in answer.unknown[0].missing


def test_pods_a_pool_does_not_say() -> None:
    answer = asked(cluster("shop", pool(maxPods=None), network=FLAT), home())
    assert (answer.kept, answer.broken) == (0, [])
    assert "maxPods of agent pool system" in answer.unknown[0].missing


def test_a_subnet_that_is_missing_hides_no_other() -> None:
    pools = [nodes(3, in_=("gone", "nodes")), nodes(12, name="apps")]
    answer = asked(cluster("shop", *pools), home("10.0.0.0/28"))
    assert len(answer.broken) == 1
    assert subnet_id("gone", "nodes") in answer.unknown[0].missing


def test_a_subnet_without_a_prefix_is_unknown() -> None:
    answer = asked(cluster("shop", nodes(3)), vnet("a", "10.0.0.0/16", subnets={"nodes": {}}))
    assert (answer.kept, answer.broken) == (0, [])
    assert "address prefix of subnet nodes" in answer.unknown[0].missing


def test_a_network_that_aks_makes_is_not_judged() -> None:
    assert asked(cluster("shop", pool(in_=None))).kept == 0


def test_an_agent_pool_of_its_own_record() -> None:
    shop = cluster("shop", nodes(3))
    apps = resource(
        f"{CLUSTER}/agentPools", "shop/apps", {k: v for k, v in nodes(12).items() if k != "name"}
    )
    [finding] = asked(shop, apps, home("10.0.0.0/28")).broken
    assert "/properties/count" in [e.pointer for e in finding.evidence]


def test_ids_compare_without_case() -> None:
    loud = nodes(12, vnetSubnetID=subnet_id("a", "nodes").upper())
    assert len(asked(cluster("shop", loud), home("10.0.0.0/28")).broken) == 1
