from __future__ import annotations

from typing import Any

import pytest

from auditor.network.kubernetes import INTERNAL
from auditor.snapshot.document import KubernetesObject
from auditor.testing import Answer, ask, estate, resource

from ...clusters import cluster, cluster_id
from ...kubernetes import exported, ingress, service


def asked(*objects: KubernetesObject, clusters: tuple[str, ...] = ("shop",), **more: Any) -> Answer:
    resources = [cluster(name) for name in clusters]
    return ask("K8S-001", estate(*resources, *more.get("beside", ()), kubernetes=objects))


def test_without_the_annotation() -> None:
    [finding] = asked(service(address="20.50.2.9")).broken
    assert finding.subject == "kubernetes/Service/web/nginx"
    assert finding.message == "Service web/nginx is public at 20.50.2.9"
    assert finding.evidence[0].pointer == "/spec/type"
    assert finding.remedy == (
        f"kubectl annotate service --namespace web --overwrite nginx {INTERNAL}=true"
    )


@pytest.mark.parametrize(
    ("address", "state"),
    [
        (None, "asks for a public load balancer"),
        ("10.0.0.240", "asks for a public load balancer, and still has 10.0.0.240"),
    ],
)
def test_what_is_not_public_yet_is_not_said_to_be(address: str | None, state: str) -> None:
    [finding] = asked(service(**({"address": address} if address else {}))).broken
    assert finding.message == f"Service web/nginx {state}"


@pytest.mark.parametrize(("value", "broken"), [("true", False), ("True", True), ("false", True)])
def test_only_true_is_internal(value: str, broken: bool) -> None:
    answer = asked(service(metadata={"annotations": {INTERNAL: value}}))
    assert bool(answer.broken) is broken
    assert bool(answer.kept) is not broken


@pytest.mark.parametrize("kind", ["ClusterIP", "NodePort", "ExternalName", None])
def test_other_types_are_not_judged(kind: str | None) -> None:
    answer = asked(service(spec={"type": kind}))
    assert (answer.kept, answer.broken, answer.unknown) == (0, [], [])


def test_another_implementation_is_not_azures() -> None:
    assert asked(service(spec={"loadBalancerClass": "tailscale"})).broken == []


@pytest.mark.parametrize("objects", [(), (ingress("shop.example"),)])
def test_without_services_every_cluster_is_unknown(objects: tuple[KubernetesObject, ...]) -> None:
    answer = asked(*objects, clusters=("shop", "blog"))
    assert (answer.kept, answer.broken) == (0, [])
    assert {unknown.subject for unknown in answer.unknown} == {
        cluster_id("shop"),
        cluster_id("blog"),
    }
    assert "kubectl get services" in answer.unknown[0].remedy


def balancer(name: str, address: str) -> dict[str, Any]:
    """The internal load balancer of a cluster, with one Service."""
    front = {"name": "a1", "properties": {"privateIPAddress": address}}
    lb = resource(
        "Microsoft.Network/loadBalancers",
        "kubernetes-internal",
        {"frontendIPConfigurations": [front]},
        group=f"MC_rg_{name}_westeurope",
    )
    front["id"] = f"{lb['id']}/frontendIPConfigurations/a1"
    rule = {"name": "a1-TCP-443", "properties": {"frontendIPConfiguration": {"id": front["id"]}}}
    lb["properties"]["loadBalancingRules"] = [rule]
    return lb


def test_with_several_clusters_an_address_tells_which_one_was_exported() -> None:
    internal = service(address="10.0.0.40", metadata={"annotations": {INTERNAL: "true"}})
    beside = (balancer("shop", "10.0.0.40"), balancer("blog", "10.1.0.40"))
    answer = asked(internal, clusters=("shop", "blog"), beside=beside)
    assert answer.kept == 1
    assert [unknown.subject for unknown in answer.unknown] == [cluster_id("blog")]


def test_a_service_that_cannot_be_read_is_unknown_and_hides_no_other() -> None:
    answer = asked(exported("Service", "odd", spec=[]), service())
    assert [finding.subject for finding in answer.broken] == ["kubernetes/Service/web/nginx"]
    assert [unknown.subject for unknown in answer.unknown] == ["kubernetes/Service/web/odd"]


def test_names_are_quoted() -> None:
    [finding] = asked(service("x; rm -rf /")).broken
    assert "'x; rm -rf /'" in finding.remedy
