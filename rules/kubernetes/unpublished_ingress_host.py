"""An Ingress host is not published by the gateway, or a published host is not served.

## Why it matters
The gateway and the cluster are configured by different people in different files. A host that only
one of them knows answers 404 or 502, and nobody sees it before a user does.

## What fails
- A host of an Ingress, HTTPRoute or TLSRoute that no listener of any Application Gateway with a
  backend accepts (a listener without a host name accepts every host).
- A host name of such a listener that no Ingress or route serves (one without a host serves all).

Wildcards match as each side defines them: an Ingress's `*.x` is one label, a listener's any number.
Redirect-only listeners are not compared. The answer needs Kubernetes objects in the audit; for
every cluster it is *unknown* while no Ingress or route is among them.

## What to do
Add the host to the listener, or to the Ingress; or remove it from the one that has it.

## References
- https://learn.microsoft.com/azure/application-gateway/multiple-site-overview
- Facts A-21, A-23, T-5
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from auditor.finding import Evidence
from auditor.network import gateways, kubernetes
from auditor.network.graph import evidence, question
from auditor.remedy import az
from auditor.resources.application_gateways import Listener
from auditor.resources.managed_clusters import ManagedCluster
from auditor.rule import Finding, Network, Outcomes, Severity, Unknown, rule

_KINDS = ("Ingress", "HTTPRoute", "TLSRoute")


@question
def compared(network: Network) -> tuple[ManagedCluster | Network, ...]:
    """The two sets of hosts as one subject; the clusters while no Ingress was exported."""
    if not kubernetes.exported(network, *_KINDS):
        return network.all(ManagedCluster)
    return (network,) if network.all(Listener) else ()


@rule("K8S-004", severity=Severity.HIGH, since="0.1.0", of=compared)
def unpublished_ingress_host(network: Network, subject: ManagedCluster | Network) -> Outcomes:
    """Compare both sets in both directions."""
    if isinstance(subject, ManagedCluster):
        yield Unknown(
            subject.id,
            missing=f"the Ingresses of cluster {subject.label}",
            remedy="kubectl get services,ingresses,ingressclasses -A -o json > kubernetes.json, "
            "and audit that file with the rest",
        )
        return
    served = kubernetes.ingress_hosts(network)
    published = [(host, listener) for listener in _listeners(network) for host in _hosts(listener)]
    for host, ingress in served:
        if not any(_meets(theirs, host) for theirs, _ in published):
            yield Finding(
                subject=ingress,
                message=f"host {host or '*'} of {ingress} is published by no gateway listener",
                remedy=f"add {host or '*'} to a gateway listener, or drop it from the Ingress",
                evidence=(Evidence(ingress, "/spec", host),),
                key=host,
            )
    for host, listener in published:
        if host and not any(_meets(host, ours) for ours, _ in served):
            yield _unserved(network, listener, host)


def _unserved(network: Network, listener: Listener, host: str) -> Finding:
    gateway = gateways.gateway_of(network, listener)
    return Finding(
        subject=listener.id,
        message=f"host {host} of listener {listener.label} is served by no Ingress",
        remedy=f"add {host} to an Ingress, or remove it: "
        + az(
            "network",
            "application-gateway",
            "http-listener",
            "show",
            resource_group=gateway.resource_group,
            gateway_name=gateway.label,
            name=listener.label,
        ),
        evidence=(evidence(listener, "/properties", host),),
        key=host,
    )


def _listeners(network: Network) -> Iterator[Listener]:
    for listener in network.all(Listener):
        if gateways.backends_of(network, listener):
            yield listener


def _hosts(listener: Listener) -> tuple[str, ...]:
    return tuple(host.lower() for host in listener.hosts) or ("",)


def _meets(listener: str, ingress: str) -> bool:
    """Whether a listener's pattern and an Ingress's host have a name in common."""
    if not listener or not ingress:
        return True
    if ingress.startswith("*."):
        return (
            listener == ingress
            or fnmatchcase(f"a{ingress[1:]}", listener)
            or (_one_label(listener, ingress))
        )
    return fnmatchcase(ingress, listener.replace("[", "[[]"))


def _one_label(listener: str, wildcard: str) -> bool:
    label, _, rest = listener.partition(".")
    return bool(label) and f"*.{rest}" == wildcard
