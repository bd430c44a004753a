"""Which cluster Kubernetes objects are of, and whose are not in the snapshot."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network import kubernetes
from auditor.network.graph import Network
from auditor.testing import arm_id, estate, resource

from ...clusters import GROUP, cluster, cluster_id
from ...kubernetes import of, service, whole

Json = dict[str, Any]
BALANCER = "Microsoft.Network/loadBalancers"
KINDS = ("Ingress", "HTTPRoute")


def without(network: Network, *kinds: str) -> list[str]:
    return [each.label for each in kubernetes.clusters_without(network, *kinds or ("Service",))]


def balancer(address: str) -> Json:
    """The internal load balancer of the cluster `shop`."""
    name = "kubernetes-internal"
    frontend = arm_id(f"{BALANCER}/frontendIPConfigurations", name, "f", group=GROUP)
    properties = {
        "frontendIPConfigurations": [
            {"name": "f", "id": frontend, "properties": {"privateIPAddress": address}}
        ],
        "loadBalancingRules": [
            {"name": "r", "properties": {"frontendIPConfiguration": {"id": frontend}}}
        ],
    }
    return resource(BALANCER, name, properties, group=GROUP)


TWO = (cluster("shop"), cluster("lab"))


def test_objects_say_of_which_cluster_they_are() -> None:
    network = estate(
        *TWO,
        kubernetes=of(cluster_id("shop").upper(), service()),
        kubernetes_lists=whole(cluster_id("shop"), "Service"),
    )
    assert without(network) == ["lab"]


def test_a_list_that_came_whole_tells_of_a_cluster_without_objects() -> None:
    network = estate(cluster(), kubernetes_lists=whole(cluster_id(), *KINDS))
    assert without(network, *KINDS) == []
    assert without(network, *KINDS, "TLSRoute") == ["shop"]


def test_objects_of_a_list_that_broke_off_are_not_all() -> None:
    network = estate(cluster(), kubernetes=of(cluster_id(), service()))
    assert without(network) == ["shop"]


def test_an_export_of_kubectl_is_of_the_only_cluster() -> None:
    assert without(estate(cluster(), kubernetes=(service(),))) == []
    assert without(estate(*TWO, kubernetes=(service(),))) == ["lab", "shop"]


@pytest.mark.parametrize(
    ("server", "known"),
    [
        ("https://shop-1.hcp.westeurope.azmk8s.io:443", True),
        ("https://SHOP-1.hcp.westeurope.azmk8s.io", True),
        ("https://shop-1.private.example/", True),
        ("https://10.0.0.4:443", False),
        ("https://lab-1.hcp.westeurope.azmk8s.io", False),
    ],
)
def test_an_api_server_is_a_cluster_by_its_name(server: str, known: bool) -> None:
    names: Json = {
        "fqdn": "shop-1.hcp.westeurope.azmk8s.io",
        "privateFQDN": "shop-1.private.example",
    }
    network = estate(
        cluster("shop", **names),
        kubernetes=of(server, service()),
        kubernetes_lists=whole(server, "Service"),
    )
    assert without(network) == ([] if known else ["shop"])


def test_an_unknown_api_server_is_a_cluster_by_the_address_of_its_service() -> None:
    objects = of("https://127.0.0.1:6443", service(address="10.0.0.40"))
    assert without(estate(cluster(), balancer("10.0.0.40"), kubernetes=objects)) == []
    assert without(estate(cluster(), balancer("10.0.0.41"), kubernetes=objects)) == ["shop"]


def test_an_address_of_another_cluster_tells_nothing() -> None:
    network = estate(
        *TWO,
        balancer("10.0.0.40"),
        kubernetes=of(cluster_id("lab"), service(address="10.0.0.40")),
        kubernetes_lists=whole(cluster_id("lab"), "Service"),
    )
    assert without(network) == ["shop"]
