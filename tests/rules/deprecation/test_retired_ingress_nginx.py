from __future__ import annotations

from typing import Any

import msgspec
import pytest

from auditor.finding import Severity
from auditor.rule import Finding
from auditor.snapshot.document import KubernetesObject
from auditor.testing import Answer, ask, estate

from ...clusters import cluster, cluster_id
from ...kubernetes import exported, service

Json = dict[str, Any]
COMMUNITY = "k8s.io/ingress-nginx"
MANAGED = "webapprouting.kubernetes.azure.com/nginx"


def ingress_class(controller: str) -> KubernetesObject:
    return exported("IngressClass", "web", "", spec={"controller": controller})


def workload(image: str, kind: str = "Deployment") -> KubernetesObject:
    containers = [
        {"name": "sidecar", "image": "registry.example/log:1"},
        {"name": "c", "image": image},
    ]
    return exported(kind, "controller", spec={"template": {"spec": {"containers": containers}}})


def addon(enabled: bool | None = True, kind: str | None = None) -> Json:
    routing: Json = {"enabled": enabled}
    if kind:
        routing["nginx"] = {"defaultIngressControllerType": kind}
    return {"ingressProfile": {"webAppRouting": routing}}


def asked(*objects: KubernetesObject, **more: Any) -> Answer:
    return ask("DEP-010", estate(cluster(**more), kubernetes=objects))


@pytest.mark.parametrize("kind", [None, "External", "Internal", "AnnotationControlled"])
def test_k_72_the_addons_nginx(kind: str | None) -> None:
    [finding] = asked(**addon(kind=kind)).broken
    assert finding.subject == cluster_id()
    assert "ends on 2026-11-30, in 7 days" in finding.message
    assert finding.evidence[0].pointer == "/properties/ingressProfile/webAppRouting/enabled"
    assert "az aks approuting disable --resource-group rg --name shop" in finding.remedy


@pytest.mark.parametrize("profile", [addon(kind="None"), addon(False), {}])
def test_an_addon_without_nginx_leaves_it_to_the_classes(profile: Json) -> None:
    answer = asked(**profile)
    assert (answer.kept, answer.broken) == (0, [])
    assert "ingress controllers of cluster shop" in answer.unknown[0].missing
    assert asked(ingress_class("traefik.io/ingress-controller"), **profile).kept == 2


def test_services_alone_do_not_tell() -> None:
    assert len(asked(service()).unknown) == 1


def only(answer: Answer) -> Finding:
    [finding] = answer.broken
    assert finding.severity in (None, Severity.HIGH)
    return finding


def test_the_communitys_class() -> None:
    finding = only(asked(ingress_class(COMMUNITY)))
    assert finding.subject == "kubernetes/IngressClass/web"
    assert "ended on 2026-03-31" in finding.message
    assert finding.evidence[0].pointer == "/spec/controller"


def test_the_communitys_class_is_told_by_the_workload_that_serves_it() -> None:
    runs = workload("registry.k8s.io/ingress-nginx/controller:v1.11.1")
    finding = only(asked(ingress_class(COMMUNITY), runs))
    assert finding.subject == "kubernetes/Deployment/web/controller"
    elsewhere = msgspec.structs.replace(runs, cluster="https://other.example")
    assert len(asked(ingress_class(COMMUNITY), elsewhere).broken) == 2
    assert len(asked(ingress_class(COMMUNITY), workload("registry.example/web:1")).broken) == 1


def test_the_addons_class_is_told_once() -> None:
    assert only(asked(ingress_class(MANAGED))).subject == "kubernetes/IngressClass/web"
    assert only(asked(ingress_class(MANAGED), **addon())).subject == cluster_id()


@pytest.mark.parametrize(
    "controller", ["nginx.org/ingress-controller", "", "x/k8s.io/ingress-nginx"]
)
def test_other_controllers(controller: str) -> None:
    assert asked(ingress_class(controller)).broken == []


@pytest.mark.parametrize(
    ("image", "retired"),
    [
        ("registry.k8s.io/ingress-nginx/controller:v1.11.1", True),
        ("mirror.example/k8s/ingress-nginx/controller@sha256:0a1b", True),
        ("ingress-nginx/controller", True),
        ("registry.k8s.io/ingress-nginx/controller-chroot:v1.11.1", True),
        ("quay.io/kubernetes-ingress-controller/nginx-ingress-controller:0.33.0", True),
        ("docker.io/bitnami/nginx-ingress-controller:1.11", True),
        ("docker.io/bitnamilegacy/nginx-ingress-controller@sha256:0a1b", True),
        ("registry.example/ingress-nginx/controller-metrics:1", False),
        ("registry.example/nginx-ingress-controller:1", False),
        ("registry.k8s.io/ingress-nginx/kube-webhook-certgen:v1", False),
        ("docker.io/nginx/nginx-ingress:3", False),
        ("registry.example/my-ingress-nginx/controller:1", False),
    ],
)
@pytest.mark.parametrize("kind", ["Deployment", "DaemonSet"])
def test_images(image: str, retired: bool, kind: str) -> None:
    answer = asked(ingress_class("traefik.io/ingress-controller"), workload(image, kind))
    assert bool(answer.broken) is retired
    if retired:
        assert answer.broken[0].subject == f"kubernetes/{kind}/web/controller"
        assert answer.broken[0].evidence[0].pointer == "/spec/template/spec/containers/1/image"


def test_what_cannot_be_read_is_unknown() -> None:
    answer = asked(exported("IngressClass", "odd", "", spec=3))
    assert (answer.broken, len(answer.unknown)) == ([], 1)
