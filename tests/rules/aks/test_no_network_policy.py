from __future__ import annotations

from typing import Any

import pytest

from auditor.testing import Answer, ask, estate

from ...clusters import cluster, pool
from ...networks import subnet_id, vnet

NO_CILIUM = {"networkDataplane": None}


def asked(*pools: Any, **network: Any) -> Answer:
    return ask("AKS-005", estate(cluster("shop", *pools, network={**NO_CILIUM, **network})))


@pytest.mark.parametrize("policy", ["azure", "calico", "cilium", "Calico"])
def test_an_engine(policy: str) -> None:
    assert asked(networkPolicy=policy).kept == 1


def test_an_engine_unheard_of_is_unknown() -> None:
    answer = asked(networkPolicy="new")
    assert (answer.kept, answer.broken) == (0, [])
    assert "whether the engine new of shop enforces policies" in answer.unknown[0].missing
    assert asked(networkPolicy="new", networkDataplane="cilium").kept == 1


@pytest.mark.parametrize("policy", ["none", "None", "", None])
def test_no_engine(policy: str | None) -> None:
    [finding] = asked(networkPolicy=policy).broken
    written = "/networkPolicy" if policy is not None else ""
    assert finding.evidence[0].pointer == f"/properties/networkProfile{written}"
    assert "cluster shop enforces no NetworkPolicy" in finding.message


def test_the_cilium_dataplane_enforces_by_itself() -> None:
    assert asked(networkPolicy="none", networkDataplane="Cilium").kept == 1
    assert len(asked(networkPolicy="none", networkDataplane="azure").broken) == 1


def test_the_remedy_moves_to_overlay_only_when_needed() -> None:
    dataplane = "az aks update --resource-group rg --name shop --network-dataplane cilium"
    assert asked(networkPolicy=None).broken[0].remedy == dataplane
    flat = {"networkPolicy": None, "networkPluginMode": None}
    assert "--network-plugin-mode overlay && " in asked(**flat).broken[0].remedy
    free = asked(podCidr=None, **flat).broken[0].remedy
    assert "--network-plugin-mode overlay --pod-cidr 10.244.0.0/16 && " in free
    apart = pool(podSubnetID=subnet_id("a", "pods"))
    assert asked(apart, **flat).broken[0].remedy == dataplane


def test_the_pods_do_not_get_the_range_that_the_services_are_to_move_to() -> None:
    flat = {"networkPolicy": None, "networkPluginMode": None, "podCidr": None}
    made = cluster("shop", network={**NO_CILIUM, **flat, "serviceCidr": "10.2.0.0/16"})
    network = estate(made, vnet("a", "10.0.0.0/8", subnets={"nodes": "10.0.0.0/24"}))

    (services,) = ask("AKS-012", network).broken
    (pods,) = ask("AKS-005", network).broken

    assert "--service-cidr 172.16.0.0/16" in services.remedy
    assert "--pod-cidr 172.17.0.0/16" in pods.remedy


def test_a_cluster_that_does_not_tell_its_pools_is_judged() -> None:
    made = cluster("shop", network={"networkPolicy": "none", "networkDataplane": "azure"})
    del made["properties"]["agentPoolProfiles"]
    assert len(ask("AKS-005", estate(made)).broken) == 1
    del made["properties"]["networkProfile"]["networkPluginMode"]
    (finding,) = ask("AKS-005", estate(made)).broken
    assert "--network-plugin-mode overlay" in finding.remedy


def test_a_plugin_of_ones_own_is_unknown() -> None:
    answer = asked(networkPlugin="none", networkPluginMode=None, networkPolicy="none")
    assert (answer.kept, answer.broken) == (0, [])
    assert "network plugin of shop" in answer.unknown[0].missing


def test_no_network_profile_is_unknown() -> None:
    answer = ask("AKS-005", estate(cluster(networkProfile=None)))
    assert (answer.kept, answer.broken) == (0, [])
    assert "network profile of cluster shop" in answer.unknown[0].missing
