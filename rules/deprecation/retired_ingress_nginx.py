"""The cluster's ingress controller is a retired nginx.

## Why it matters
The community's ingress-nginx got its last fixes in March 2026; the managed nginx of the application
routing add-on is supported until November 2026. The next flaw of either stays open, in the one
program that reads every request of the internet.

## What fails
- A cluster with `ingressProfile.webAppRouting.enabled`, unless its default controller is turned off
  (`nginx.defaultIngressControllerType` is `None`).
- An IngressClass whose controller is `k8s.io/ingress-nginx`, or the add-on's
  `webapprouting.kubernetes.azure.com/nginx` .

A controller installed with Helm is not visible in Azure: for a cluster without the add-on the
answer is *unknown* while no IngressClass is in the audit.

## What to do
Move to a controller that is maintained: Application Gateway for Containers, the add-on's Gateway
API implementation, or another Gateway API controller.

## References
- https://kubernetes.io/blog/2025/11/11/ingress-nginx-retirement/
- https://learn.microsoft.com/azure/aks/app-routing
- Fact K-72
"""

from __future__ import annotations

from auditor.finding import Evidence
from auditor.network import kubernetes
from auditor.network.graph import evidence, question
from auditor.network.kubernetes import Found
from auditor.remedy import az
from auditor.resources.kubernetes import IngressClass
from auditor.resources.managed_clusters import ManagedCluster
from auditor.retirements import retirement
from auditor.rule import Finding, Network, Outcomes, Severity, Unknown, rule

_COMMUNITY = "k8s.io/ingress-nginx"
_MANAGED = "webapprouting.kubernetes.azure.com/nginx"


@question
def controllers(network: Network) -> tuple[ManagedCluster | Found[IngressClass], ...]:
    """The clusters, and the IngressClasses that were exported."""
    return (*network.all(ManagedCluster), *kubernetes.ingress_classes(network))


@rule(
    "DEP-010",
    severity=Severity.HIGH,
    since="0.1.0",
    of=controllers,
    peers=("KSC:C-0292",),
)
def retired_ingress_nginx(
    network: Network, subject: ManagedCluster | Found[IngressClass]
) -> Outcomes:
    """Judge the add-on of a cluster, or the controller of a class."""
    if isinstance(subject, ManagedCluster):
        yield from _cluster(network, subject)
    else:
        yield from _class(network, subject)


def _cluster(network: Network, cluster: ManagedCluster) -> Outcomes:
    profile = cluster.properties.ingress_profile
    routing = profile.web_app_routing if profile else None
    kind = routing.nginx.default_ingress_controller_type if routing and routing.nginx else None
    if routing is not None and routing.enabled and (kind or "").lower() != "none":
        day = network.as_of.date()
        ends = retirement("app-routing-nginx")
        yield Finding(
            subject=cluster.id,
            message=f"cluster {cluster.label} runs the add-on's nginx; {ends.told(day)}",
            remedy="when another controller serves every Ingress: "
            + az(
                "aks",
                "approuting",
                "disable",
                resource_group=cluster.resource_group,
                name=cluster.label,
            ),
            evidence=(evidence(cluster, "/properties/ingressProfile/webAppRouting/enabled", True),),
            severity=Severity.HIGH,
        )
    elif not kubernetes.exported(network, "IngressClass"):
        yield Unknown(
            cluster.id,
            missing=f"the ingress controllers of cluster {cluster.label}",
            remedy="kubectl get services,ingresses,ingressclasses -A -o json > kubernetes.json, "
            "and audit that file with the rest",
        )


def _class(network: Network, found: Found[IngressClass]) -> Outcomes:
    controller = found.object.spec.controller if found.object.spec else None
    if controller in (_COMMUNITY, _MANAGED):
        day = network.as_of.date()
        ends = retirement("ingress-nginx" if controller == _COMMUNITY else "app-routing-nginx")
        yield Finding(
            subject=found.id,
            message=f"IngressClass {found.object.metadata.name} is served by {controller}; "
            + ends.told(day),
            remedy="move its Ingresses to a controller that is maintained",
            evidence=(Evidence(found.id, "/spec/controller", controller),),
            severity=Severity.HIGH,
        )
