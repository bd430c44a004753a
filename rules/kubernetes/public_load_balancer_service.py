"""A Kubernetes Service of type LoadBalancer is public.

## Why it matters
Kubernetes makes a public load balancer unless it is told otherwise. Such a Service stands in the
internet beside the gateway: without its firewall, its certificate, its log.

## What fails
A Service of type `LoadBalancer` without the annotation
`service.beta.kubernetes.io/azure-load-balancer-internal: "true"`. Any other value, `"True"` too, is
read as no. A Service with a `loadBalancerClass` is not Azure's to serve and is not judged.

The answer needs Kubernetes objects in the audit. It is *unknown* for a cluster whose Services are
not among them: every cluster while there is no Service, and with several clusters each one that
no Service can be told to be of. What Azure alone shows of public Services is rule EXP-009.

## What to do
Add the annotation; Kubernetes then moves the Service to the internal load balancer. Its address
changes.

To have it judged, export the objects and audit them with the rest: `kubectl get
services,ingresses,ingressclasses,deployments,daemonsets -A -o json > exports/kubernetes.json`.

## References
- https://learn.microsoft.com/azure/aks/internal-lb
- https://kubernetes.io/docs/concepts/services-networking/service/
- Facts K-57, K-62
"""

from __future__ import annotations

import shlex

from auditor.addresses import address_or_none
from auditor.finding import Evidence
from auditor.network import kubernetes
from auditor.network.graph import Network, question
from auditor.network.kubernetes import Found
from auditor.resources.kubernetes import Service
from auditor.resources.managed_clusters import ManagedCluster
from auditor.rule import Finding, Outcomes, Severity, Unknown, rule
from auditor.special_addresses import is_private


@question
def services_and_blind_spots(network: Network) -> tuple[Found[Service] | ManagedCluster, ...]:
    """The Services of type LoadBalancer, and the clusters whose Services were not exported."""
    return (
        *kubernetes.load_balancer_services(network),
        *kubernetes.clusters_without(network, "Service"),
    )


@rule(
    "K8S-001",
    severity=Severity.CRITICAL,
    since="0.1.0",
    of=services_and_blind_spots,
    peers=("POL:3fc4dc25", "KSC:C-0256", "CHK:AKS 06.06.01"),
)
def public_load_balancer_service(
    network: Network, subject: Found[Service] | ManagedCluster
) -> Outcomes:
    """Judge the annotation."""
    if isinstance(subject, ManagedCluster):
        yield Unknown(
            subject.id,
            missing=f"the Services of cluster {subject.label}",
            remedy=kubernetes.EXPORT,
        )
        return
    service = subject.object
    if kubernetes.is_internal(service):
        return
    namespace = shlex.quote(service.metadata.namespace or "default")
    yield Finding(
        subject=subject.id,
        message=f"Service {subject.name} {_state(service)}",
        remedy=f"kubectl annotate service --namespace {namespace} --overwrite "
        f"{shlex.quote(service.metadata.name)} {kubernetes.INTERNAL}=true",
        evidence=(
            Evidence(subject.id, "/spec/type", "LoadBalancer"),
            Evidence(subject.id, "/metadata", f"no {kubernetes.INTERNAL}: true"),
        ),
    )


def _state(service: Service) -> str:
    """Say where it is public, or that it asks to be and is not yet."""
    given = kubernetes.addresses(service)
    public = [each for each in given if _is_public(each)]
    if public:
        return f"is public at {', '.join(public)}"
    still = f", and still has {', '.join(given)}" if given else ""
    return f"asks for a public load balancer{still}"


def _is_public(text: str) -> bool:
    address = address_or_none(text)
    return address is not None and not is_private(address)
