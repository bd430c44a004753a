"""An Ingress host is not published by the gateway, or a published host is not served.

## Why it matters
The gateway and the cluster are configured by different people in different files. A host that only
one of them knows answers 404 or 502, and nobody sees it before a user does.

## What fails
- An Ingress, HTTPRoute or TLSRoute with a host that no listener of any Application Gateway accepts
  (a listener without a host name accepts every host; one that only redirects is none).
- A listener with a host name that no Ingress or route serves (one without a host, or with a default
  backend, serves all), when its requests go to the cluster: a member of its pools has an address
  that a Service or an Ingress of the audit, or a load balancer of the cluster, has.

Wildcards match as each side defines them: an Ingress's `*.x` is one label, a listener's any number.
Where there is no Application Gateway, nothing is compared.

The answer needs Kubernetes objects in the audit. It is *unknown* for a cluster whose Ingresses are
not among them, and for a listener that leads there, or of which it is not told whether it leads to
a cluster. Where no cluster has an Ingress or a route, nothing is compared.

## What to do
Add the host to the listener, or to the Ingress; or remove it from the one that has it.

## References
- https://learn.microsoft.com/azure/application-gateway/multiple-site-overview
- https://kubernetes.io/docs/concepts/services-networking/ingress/
- Facts A-21, A-23, T-5
"""

from __future__ import annotations

from typing import Any

from auditor.errors import Undetermined
from auditor.finding import Evidence
from auditor.network import clusters, gateways, kubernetes
from auditor.network.doubt import settled
from auditor.network.graph import Network, evidence, question
from auditor.network.host_patterns import meet
from auditor.network.kubernetes import Found
from auditor.remedy import az
from auditor.resources.application_gateways import GatewayPool, Listener
from auditor.resources.managed_clusters import ManagedCluster
from auditor.rule import Finding, Outcomes, Reads, Severity, Unknown, rule

_KINDS = ("Ingress", "HTTPRoute", "TLSRoute")


@question
def compared(network: Network) -> tuple[ManagedCluster | Found[Any] | Listener, ...]:
    """Each Ingress and each listener; the clusters whose Ingresses were not exported."""
    blind = kubernetes.clusters_without(network, *_KINDS)
    if not kubernetes.exported(network, *_KINDS) or not gateways.listeners(network):
        return blind
    return (*blind, *kubernetes.ingresses(network), *_listeners_of_clusters(network))


@rule(
    "K8S-004",
    severity=Severity.HIGH,
    since="0.1.0",
    of=compared,
    reads=Reads(subjects=("applicationGateways",)),
)
def unpublished_ingress_host(
    network: Network, subject: ManagedCluster | Found[Any] | Listener
) -> Outcomes:
    """Compare one side's hosts with all of the other's."""
    if isinstance(subject, ManagedCluster):
        yield Unknown(
            subject.id,
            missing=f"the Ingresses of cluster {subject.label}",
            remedy=kubernetes.EXPORT,
        )
    elif isinstance(subject, Listener):
        yield from _unserved(network, subject)
    else:
        yield from _unpublished(network, subject)


def _unpublished(network: Network, ingress: Found[Any]) -> Outcomes:
    published = _published(network)
    for served in kubernetes.hosts_of(ingress):
        if any(meet(host, served.host) for host in published):
            continue
        host = served.host or "every host"
        yield Finding(
            subject=ingress.id,
            message=f"{host} of {ingress.source.kind} {ingress.name} is published by no gateway "
            "listener",
            remedy=f"add {host} to a listener of the gateway, or drop it from {ingress.name}",
            evidence=(Evidence(ingress.id, served.place, served.host),),
            key=served.host,
        )


def _unserved(network: Network, listener: Listener) -> Outcomes:
    served = _served(network)
    for host in listener.hosts:
        if not any(meet(host.lower(), each) for each in served):
            _require_ingresses(network, listener)
            _require_members(network, listener)
            yield _nobody_serves(network, listener, host)


def _require_ingresses(network: Network, listener: Listener) -> None:
    """Raise Undetermined when a cluster may serve it whose Ingresses are not in the audit."""
    blind = {cluster.key for cluster in kubernetes.clusters_without(network, *_KINDS)}
    for frontend in clusters.service_frontends(network) if blind else ():
        cluster = frontend.cluster
        if cluster.key in blind and _leads_to(network, listener, frozenset({frontend.address})):
            raise Undetermined(f"the Ingresses of cluster {cluster.label}", resource=cluster.id)


def _require_members(network: Network, listener: Listener) -> None:
    """Raise Undetermined when it is not told whether its requests go to any cluster."""
    lacking: Undetermined | None = None
    for pool in gateways.backends_of(network, listener):
        try:
            if _holds(network, pool, _addresses(network)):
                return
        except Undetermined as unknown:
            lacking = unknown
    if lacking is not None:
        raise lacking


def _nobody_serves(network: Network, listener: Listener, host: str) -> Finding:
    gateway = gateways.gateway_of(network, listener)
    many = listener.properties.host_names
    pointer = f"/properties/hostNames/{many.index(host)}" if many and host in many else None
    return Finding(
        subject=listener.id,
        message=f"{host} of listener {listener.label} is served by no Ingress",
        remedy=f"add {host} to an Ingress; or, when nobody needs it any more: "
        + az(
            "network",
            "application-gateway",
            "http-listener",
            "delete",
            resource_group=gateway.resource_group,
            gateway_name=gateway.label,
            name=listener.label,
        ),
        evidence=(evidence(listener, pointer or "/properties/hostName", host),),
        key=host.lower(),
    )


@question
def _served(network: Network) -> frozenset[str]:
    """Every host that is served. Raises Undetermined when an Ingress cannot be read."""
    found = kubernetes.ingresses(network)
    return frozenset(served.host for each in found for served in kubernetes.hosts_of(each))


@question
def _published(network: Network) -> frozenset[str]:
    """Every host that a listener with a backend accepts. Raises Undetermined when not told."""
    return frozenset(
        host.lower()
        for listener in map(settled, gateways.listeners(network))
        if gateways.backends_of(network, listener)
        for host in listener.hosts or ("",)
    )


def _listeners_of_clusters(network: Network) -> tuple[Listener, ...]:
    known = _addresses(network)
    return tuple(each for each in network.all(Listener) if _leads_to(network, each, known))


@question
def _addresses(network: Network) -> frozenset[str | None]:
    """What Services and Ingresses have, and the load balancers of clusters."""
    return kubernetes.served_addresses(network) | {
        frontend.address for frontend in clusters.service_frontends(network)
    }


def _leads_to(network: Network, listener: Listener, known: frozenset[str | None]) -> bool:
    try:
        pools = gateways.backends_of(network, listener)
        return any(_holds(network, pool, known) for pool in pools)
    except Undetermined:
        return True  # asked, and unknown then


def _holds(network: Network, pool: GatewayPool, known: frozenset[str | None]) -> bool:
    members = gateways.members_of(network, pool)
    return any(each.address is not None and str(each.address) in known for each in members)
