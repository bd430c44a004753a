"""A Kubernetes Service of type LoadBalancer is public.

## Why it matters
Kubernetes makes a public load balancer unless it is told otherwise. Such a Service stands in the
internet beside the gateway: without its firewall, its certificate, its log.

## What fails
A Service of type `LoadBalancer` without the annotation
`service.beta.kubernetes.io/azure-load-balancer-internal: "true"`.

The answer needs Kubernetes objects in the audit. For every cluster it is *unknown* while no Service
is among them; what Azure alone shows of public Services is rule EXP-009.

## What to do
Add the annotation; Kubernetes then moves the Service to the internal load balancer. Its address
changes.

To have it judged, export the Services and audit them with the rest:
`kubectl get services,ingresses,ingressclasses -A -o json > exports/kubernetes.json`.

## References
- https://learn.microsoft.com/azure/aks/internal-lb
- Facts K-57, K-62
"""

from __future__ import annotations

import shlex

from auditor.finding import Evidence
from auditor.network import kubernetes
from auditor.network.graph import question
from auditor.network.kubernetes import Found
from auditor.resources.kubernetes import Service
from auditor.resources.managed_clusters import ManagedCluster
from auditor.rule import Finding, Network, Outcomes, Severity, Unknown, rule


@question
def services_or_clusters(network: Network) -> tuple[Found[Service] | ManagedCluster, ...]:
    """The Services of type LoadBalancer; the clusters while no Service was exported."""
    if kubernetes.exported(network, "Service"):
        return kubernetes.load_balancer_services(network)
    return network.all(ManagedCluster)


@rule(
    "K8S-001",
    severity=Severity.CRITICAL,
    since="0.1.0",
    of=services_or_clusters,
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
            remedy="kubectl get services,ingresses,ingressclasses -A -o json > kubernetes.json, "
            "and audit that file with the rest",
        )
    elif not kubernetes.is_internal(subject.object):
        meta = subject.object.metadata
        namespace = meta.namespace or "default"
        given = kubernetes.addresses(subject.object)
        at = f" at {', '.join(given)}" if given else ""
        yield Finding(
            subject=subject.id,
            message=f"Service {namespace}/{meta.name} is public{at}",
            remedy=f"kubectl annotate service --namespace {shlex.quote(namespace)}"
            f" {shlex.quote(meta.name)} {kubernetes.INTERNAL}=true",
            evidence=(Evidence(subject.id, "/spec/type", "LoadBalancer"),),
        )
