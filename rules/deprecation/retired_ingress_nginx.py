"""The cluster's ingress controller is a retired nginx.

## Why it matters
The community's ingress-nginx got its last fixes in March 2026; the managed nginx of the application
routing add-on is supported until November 2026. The next flaw of either stays open, in the one
program that reads every request of the internet.

## What fails
- A cluster with `ingressProfile.webAppRouting.enabled`, unless its default controller is turned off
  (`nginx.defaultIngressControllerType` is `None`).
- An IngressClass whose controller is `k8s.io/ingress-nginx`, when no workload of its cluster that
  runs the controller tells it.
- An IngressClass of the add-on, `webapprouting.kubernetes.azure.com/nginx`, when no cluster of the
  audit tells it.
- A Deployment or DaemonSet that runs an image `ingress-nginx/controller`, from any registry; or
  `controller-chroot`, or the same program by the name it had until version 0.33
  (`kubernetes-ingress-controller/nginx-ingress-controller`) or from Bitnami.

A controller installed with Helm is not visible in Azure: a cluster without the add-on gives
*unknown* while its IngressClasses are not in the audit.

## What to do
Move to a controller that is maintained: Application Gateway for Containers, the add-on's Gateway
API implementation, or another Gateway API controller.

## References
- https://kubernetes.io/blog/2025/11/11/ingress-nginx-retirement/
- https://learn.microsoft.com/azure/aks/app-routing
- https://learn.microsoft.com/azure/aks/app-routing-gateway-api
- Fact K-72
"""

from __future__ import annotations

import re
from typing import Any, cast

from auditor.errors import Undetermined
from auditor.finding import Evidence
from auditor.network import kubernetes
from auditor.network.graph import Network, evidence, question
from auditor.network.kubernetes import Found
from auditor.remedy import az
from auditor.resources.kubernetes import IngressClass, Workload
from auditor.resources.managed_clusters import ManagedCluster
from auditor.retirements import retirement
from auditor.rule import Finding, Outcomes, Severity, Unknown, rule

_COMMUNITY = "k8s.io/ingress-nginx"
_MANAGED = "webapprouting.kubernetes.azure.com/nginx"
_IMAGES = (
    "ingress-nginx/controller",
    "ingress-nginx/controller-chroot",
    "kubernetes-ingress-controller/nginx-ingress-controller",
    "bitnami/nginx-ingress-controller",
    "bitnamilegacy/nginx-ingress-controller",
)
"""The community's controller: as it is published, as it was until 0.33, and as Bitnami packs it."""
_IMAGE = rf"(^|/)({'|'.join(_IMAGES)})([:@].*)?$"


@question
def controllers(
    network: Network,
) -> tuple[ManagedCluster | Found[IngressClass] | Found[Workload], ...]:
    """The clusters, the IngressClasses, and the workloads that may be controllers."""
    return (
        *network.all(ManagedCluster),
        *kubernetes.of_kind(network, "IngressClass", "Deployment", "DaemonSet"),
    )


@rule(
    "DEP-010",
    severity=Severity.HIGH,
    since="0.1.0",
    of=controllers,
    peers=("KSC:C-0292",),
)
def retired_ingress_nginx(
    network: Network, subject: ManagedCluster | Found[IngressClass] | Found[Workload]
) -> Outcomes:
    """Judge the add-on of a cluster, the controller of a class, or the images of a workload."""
    if isinstance(subject, ManagedCluster):
        yield from _cluster(network, subject)
        return
    found: IngressClass | Workload = subject.object
    if isinstance(found, Workload):
        yield from _workload(network, cast(Found[Workload], subject))
    else:
        yield from _class(network, subject, found)


def _has_managed_nginx(cluster: ManagedCluster) -> bool:
    profile = cluster.properties.ingress_profile
    routing = profile.web_app_routing if profile else None
    kind = routing.nginx.default_ingress_controller_type if routing and routing.nginx else None
    return bool(routing and routing.enabled) and (kind or "").lower() != "none"


@question
def _blind(network: Network) -> frozenset[ManagedCluster]:
    return frozenset(kubernetes.clusters_without(network, "IngressClass"))


def _cluster(network: Network, cluster: ManagedCluster) -> Outcomes:
    if _has_managed_nginx(cluster):
        ends = retirement("app-routing-nginx")
        yield Finding(
            subject=cluster.id,
            message=f"cluster {cluster.label} runs the add-on's nginx; "
            + ends.told(network.as_of.date()),
            remedy="when another controller serves every Ingress: "
            + az(
                "aks",
                "approuting",
                "disable",
                resource_group=cluster.resource_group,
                name=cluster.label,
            ),
            evidence=(evidence(cluster, "/properties/ingressProfile/webAppRouting/enabled", True),),
        )
    elif cluster in _blind(network):
        yield Unknown(
            cluster.id,
            missing=f"the ingress controllers of cluster {cluster.label}",
            remedy=kubernetes.EXPORT,
        )


def _class(network: Network, source: Found[Any], found: IngressClass) -> Outcomes:
    controller = found.spec.controller if found.spec else None
    if controller not in (_COMMUNITY, _MANAGED):
        return
    own = kubernetes.cluster_told(network, source.source.cluster)
    whose = network.all(ManagedCluster) if own is None else (own,)
    if controller == _MANAGED and any(map(_has_managed_nginx, whose)):
        return
    if controller == _COMMUNITY and source.source.cluster in _running(network):
        return
    ends = retirement("ingress-nginx" if controller == _COMMUNITY else "app-routing-nginx")
    yield Finding(
        subject=source.id,
        message=f"IngressClass {found.metadata.name} is served by {controller}; "
        + ends.told(network.as_of.date()),
        remedy="move its Ingresses to a controller that is maintained",
        evidence=(Evidence(source.id, "/spec/controller", controller),),
    )


@question
def _running(network: Network) -> frozenset[str]:
    """The clusters, as their objects name them, with a workload of the community's controller."""
    workloads = kubernetes.of_kind(network, "Deployment", "DaemonSet")
    return frozenset(each.source.cluster for each in workloads if _is_told(each))


def _is_told(found: Found[Workload]) -> bool:
    try:
        return bool(_retired(found))
    except Undetermined:
        return False


def _retired(found: Found[Workload]) -> list[tuple[int, str]]:
    """The places and images of the community's controller in a workload."""
    return [(place, image) for place, image in found.object.images if re.search(_IMAGE, image)]


def _workload(network: Network, subject: Found[Workload]) -> Outcomes:
    for place, image in _retired(subject):
        ends = retirement("ingress-nginx")
        yield Finding(
            subject=subject.id,
            message=f"{subject.name} runs {image}; {ends.told(network.as_of.date())}",
            remedy="move its Ingresses to a controller that is maintained, then delete it",
            evidence=(
                Evidence(subject.id, f"/spec/template/spec/containers/{place}/image", image),
            ),
            key=str(place),
        )
