"""Paths to what Azure runs for one: API servers of clusters (K-10 to K-12), databases (L-22)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.addresses import AddressSet
from auditor.network.build import build
from auditor.network.graph import Network
from auditor.network.service_tags import ServiceTags
from auditor.testing import estate, resource, snapshot

from ...exposed import nic, pip, subnet, vnet
from ...reaching import asked

CLIENT = "52.10.0.7"


def cluster(**access: Any) -> Network:
    settings: dict[str, Any] = {
        "fqdn": "aks.hcp.azmk8s.io",
        "apiServerAccessProfile": access or None,
        "agentPoolProfiles": [],
    }
    return estate(resource("Microsoft.ContainerService/managedClusters", "aks", settings))


def test_K_10_K_11_who_may_ask_an_api_server() -> None:
    assert asked(cluster(), CLIENT, "aks").verdict == "reachable"
    ranged = cluster(authorizedIPRanges=["52.10.0.0/24"])
    assert asked(ranged, CLIENT, "aks").verdict == "reachable"
    shut = asked(ranged, "52.11.0.7", "aks")
    assert (shut.verdict, shut.stops) == ("blocked", ["service-firewall"])
    assert asked(cluster(), CLIENT, "aks", 22).verdict == "blocked"


@pytest.mark.parametrize(
    ("profile", "verdict"),
    [("loadBalancerProfile", "reachable"), ("natGatewayProfile", "unknown"), ("", "blocked")],
)
def test_K_11_a_cluster_lets_its_own_balancer_in_besides(profile: str, verdict: str) -> None:
    own = pip("out", address="52.11.0.7")
    told = {profile: {"effectiveOutboundIPs": [{"id": own["id"]}]}} if profile else {}
    settings = {
        "fqdn": "aks.hcp.azmk8s.io",
        "apiServerAccessProfile": {"authorizedIPRanges": ["52.10.0.0/24"]},
        "agentPoolProfiles": [],
        "networkProfile": told,
    }
    network = estate(own, resource("Microsoft.ContainerService/managedClusters", "aks", settings))
    found = asked(network, "52.11.0.7", "aks")
    assert found.verdict == verdict
    assert found.labels == ({"semantics:K-11"} if verdict == "unknown" else set())
    assert asked(network, "52.11.0.8", "aks").verdict == "blocked"


def test_K_11_without_a_nat_gateway_nobody_asks_whether_it_is_let_in() -> None:
    settings = {
        "fqdn": "aks.hcp.azmk8s.io",
        "apiServerAccessProfile": {"authorizedIPRanges": ["52.10.0.0/24"]},
        "agentPoolProfiles": [],
        "networkProfile": {},
    }
    api = resource("Microsoft.ContainerService/managedClusters", "aks", settings)
    found = asked(estate(nic("web"), vnet(subnet()), api), "web", "aks")
    assert found.verdict == "unknown"
    assert "semantics:K-11" not in found.labels


@pytest.mark.parametrize("told", [7, {"loadBalancerProfile": 7}, {"natGatewayProfile": "?"}])
def test_K_11_whom_a_damaged_network_profile_lets_in_besides_cannot_be_told(told: Any) -> None:
    settings = {
        "fqdn": "aks.hcp.azmk8s.io",
        "apiServerAccessProfile": {"authorizedIPRanges": ["52.10.0.0/24"]},
        "agentPoolProfiles": [],
        "networkProfile": told,
    }
    api = resource("Microsoft.ContainerService/managedClusters", "aks", settings)
    network = build(snapshot(api), keep_going=True).network
    assert asked(network, CLIENT, "aks").verdict == "reachable"
    found = asked(network, "52.11.0.7", "aks")
    assert (found.verdict, found.labels) == ("unknown", {"collection-gap"})


def test_K_12_a_private_api_server_is_not_asked_from_the_internet() -> None:
    assert asked(cluster(enablePrivateCluster=True), CLIENT, "aks").verdict == "blocked"


def mysql(*ranges: tuple[str, str], access: str = "Enabled") -> Network:
    rules = [
        {"name": f"r{place}", "properties": {"startIpAddress": start, "endIpAddress": end}}
        for place, (start, end) in enumerate(ranges)
    ]
    settings = {"network": {"publicNetworkAccess": access}, "firewallRules": rules}
    return estate(resource("Microsoft.DBforMySQL/flexibleServers", "db", settings))


def test_L_22_who_may_ask_a_database() -> None:
    assert asked(mysql(), CLIENT, "db", 3306).verdict == "blocked"
    assert asked(mysql(("52.10.0.0", "52.10.0.9")), CLIENT, "db", 3306).verdict == "reachable"
    assert asked(mysql(("0.0.0.0", "255.255.255.255")), CLIENT, "db", 3306).verdict == "reachable"
    azure = asked(mysql(("0.0.0.0", "0.0.0.0")), CLIENT, "db", 3306)
    assert (azure.verdict, azure.labels) == ("unknown", {"service-tag:AzureCloud"})
    shut = mysql(("0.0.0.0", "255.255.255.255"), access="Disabled")
    assert asked(shut, CLIENT, "db", 3306).verdict == "blocked"


def test_L_22_a_tag_file_tells_what_azure_is() -> None:
    tags = ServiceTags({"AzureCloud": AddressSet.from_text(["52.10.0.0/24"])})
    azure = mysql(("0.0.0.0", "0.0.0.0"))
    assert asked(azure, CLIENT, "db", 3306, tags=tags).verdict == "reachable"
    assert asked(azure, "52.10.1.7", "db", 3306, tags=tags).verdict == "blocked"


def written(**settings: Any) -> Network:
    """A cluster of which Azure told nothing but that it has no pools."""
    told = {"agentPoolProfiles": [], **settings}
    return estate(resource("Microsoft.ContainerService/managedClusters", "aks", told))


def test_K_10_a_profile_that_is_not_told_is_no_default() -> None:
    untold = asked(written(), CLIENT, "aks")
    assert (untold.verdict, untold.labels) == ("unknown", {"collection-gap"})
    hidden = asked(written(privateFQDN="x.privatelink", fqdn="x"), CLIENT, "aks")
    assert hidden.verdict == "unknown"
    answered = asked(written(provisioningState="Succeeded"), CLIENT, "aks")
    assert answered.verdict == "reachable"


def test_L_22_public_access_that_is_not_told_is_no_default() -> None:
    everybody = {
        "name": "all",
        "properties": {"startIpAddress": "0.0.0.0", "endIpAddress": "255.255.255.255"},
    }
    for kind in ("flexibleServers", "servers"):
        network = estate(
            resource(f"Microsoft.DBforMySQL/{kind}", "db", {"firewallRules": [everybody]})
        )
        found = asked(network, CLIENT, "db", 3306)
        assert (found.verdict, found.labels) == ("unknown", {"collection-gap"})
    shut = estate(resource("Microsoft.DBforMySQL/flexibleServers", "db", {"firewallRules": []}))
    assert asked(shut, CLIENT, "db", 3306).verdict == "blocked"
