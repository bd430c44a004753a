from __future__ import annotations

from typing import Any

import pytest

from auditor.testing import Answer, arm_id, ask, estate

from ...clusters import cluster, cluster_id, pool
from ...networks import subnet_id, vnet

Json = dict[str, Any]
FLAT = {"networkPluginMode": None, "podCidr": None}
KUBENET = {"networkPlugin": "kubenet", "networkPluginMode": None}


def asked(*resources: Json) -> Answer:
    return ask("AKS-009", estate(*resources))


def nodes(count: int, **more: Any) -> Json:
    return pool(count=count, upgradeSettings={"maxSurge": "0"}, **more)


@pytest.mark.parametrize("plugin", [{}, KUBENET])
@pytest.mark.parametrize(("count", "broken"), [(8, False), (9, True)])
def test_both_sides_of_a_full_range(plugin: Json, count: int, broken: bool) -> None:
    shop = cluster("shop", nodes(count), network={"podCidr": "10.244.0.0/21", **plugin})
    assert bool(asked(shop).broken) is broken


def test_what_the_finding_says() -> None:
    [finding] = asked(cluster("shop", nodes(9), network={"podCidr": "10.244.0.0/21"})).broken
    assert finding.subject == cluster_id()
    assert finding.message == (
        "pod range 10.244.0.0/21 holds 8 nodes of a /24 each; the pools of shop may need 9"
    )
    assert [e.pointer for e in finding.evidence] == [
        "/properties/networkProfile/podCidr",
        "/properties/agentPoolProfiles/0/count",
    ]
    assert finding.remedy == (
        "az aks update --resource-group rg --name shop --pod-cidr 10.244.0.0/20"
    )


def test_the_range_of_a_kubenet_cluster_cannot_be_widened_in_place() -> None:
    small = cluster("shop", nodes(9), network={"podCidr": "10.244.0.0/21", **KUBENET})
    [finding] = asked(small).broken
    assert finding.remedy.startswith("when the cluster is moved from kubenet to overlay: az aks")
    assert "--network-plugin-mode overlay --pod-cidr 10.244.0.0/20" in finding.remedy


def test_a_range_smaller_than_a_node_holds_none() -> None:
    assert len(asked(cluster("shop", nodes(1), network={"podCidr": "10.244.0.0/25"})).broken) == 1


def test_pools_add_up_and_both_fields_count() -> None:
    ranges = {"podCidr": "10.244.0.0/22", "podCidrs": ["10.244.0.0/22", "fd00::/64"]}
    assert asked(cluster("shop", nodes(2), nodes(2, name="b"), network=ranges)).kept == 1
    assert len(asked(cluster("shop", nodes(2), nodes(3, name="b"), network=ranges)).broken) == 1


def test_pods_in_the_node_subnet_are_not_judged() -> None:
    assert asked(cluster("shop", network=FLAT)).kept == 0


def test_an_overlay_without_a_range_is_unknown() -> None:
    answer = asked(cluster(network={"podCidr": None}))
    assert (answer.kept, answer.broken) == (0, [])
    assert "pod range of cluster shop" in answer.unknown[0].missing


def test_a_cluster_without_a_plugin_is_unknown() -> None:
    answer = asked(cluster(network={"networkPlugin": None}))
    assert (answer.kept, answer.broken) == (0, [])
    assert len(answer.unknown) == 1


def pods(prefix: str, *pools: Json, **more: Any) -> Answer:
    subnets = {"nodes": "10.0.0.0/24", "pods": {"addressPrefix": prefix, **more}}
    return asked(cluster("shop", *pools, network=FLAT), vnet("a", "10.0.0.0/16", subnets=subnets))


@pytest.mark.parametrize(
    ("max_pods", "allocation", "count", "broken"),
    [
        (110, None, 1, False),  # 118 need eight batches: 128 of 251 for one node
        (110, None, 2, True),
        (104, None, 2, False),  # 112 with the eight kept free: seven batches, 2 x 112 = 224 fit
        (105, None, 2, True),  # one pod more needs an eighth batch
        (30, None, 5, False),  # 38: three batches, 5 x 48 = 240
        (30, None, 6, True),
        (30, "StaticBlock", 7, False),  # 31: two batches, 7 x 32 = 224
        (30, "StaticBlock", 8, True),
    ],
)
def test_a_pod_subnet_in_batches(
    max_pods: int, allocation: str | None, count: int, broken: bool
) -> None:
    each = nodes(count, maxPods=max_pods, podSubnetID=subnet_id("a", "pods"))
    if allocation:
        each["podIPAllocationMode"] = allocation
    assert bool(pods("10.0.2.0/24", each).broken) is broken


def test_what_it_says_of_a_pod_subnet() -> None:
    [finding] = pods("10.0.2.0/26", nodes(2, podSubnetID=subnet_id("A", "PODS"))).broken
    assert finding.message == (
        "pod subnet pods gives out 59 addresses; at their declared maximum shop/system may take 96"
    )
    assert finding.evidence[0].pointer == "/properties/subnets/1/properties/addressPrefix"
    assert finding.covers == (("ADR-013", subnet_id("a", "pods")),)
    assert finding.remedy == (
        "whoever runs the cluster chooses: lower maxCount of shop/system, or make new pools with a "
        "pod subnet of a /25, which holds the 96 addresses: az network vnet subnet create "
        "--resource-group rg --vnet-name a --name pods-2 --address-prefixes 10.0.1.0/25"
    )


def test_another_pod_subnet_gets_what_guards_and_steers_this_one() -> None:
    each = nodes(2, podSubnetID=subnet_id("a", "pods"))
    group = arm_id("Microsoft.Network/networkSecurityGroups", "nsg")
    [finding] = pods("10.0.2.0/26", each, networkSecurityGroup={"id": group}).broken
    assert finding.remedy.endswith(
        f"--address-prefixes 10.0.1.0/25 --network-security-group {group}"
    )


def test_a_pod_subnet_that_is_missing_is_unknown() -> None:
    answer = asked(cluster("shop", nodes(1, podSubnetID=subnet_id("a", "pods")), network=FLAT))
    assert (answer.kept, answer.broken) == (0, [])
    assert subnet_id("a", "pods") in answer.unknown[0].missing
