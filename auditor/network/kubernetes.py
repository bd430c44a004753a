"""Questions about Kubernetes objects in the snapshot (facts K-50 to K-64)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from auditor.network.graph import Network, question
from auditor.resources.kubernetes import HttpRoute, Ingress, IngressClass, Service, decode
from auditor.snapshot.document import KubernetesObject

T = TypeVar("T", Service, Ingress, HttpRoute, IngressClass)

INTERNAL = "service.beta.kubernetes.io/azure-load-balancer-internal"


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """A typed object; `id` is `kubernetes/Kind/namespace/name`."""

    id: str
    source: KubernetesObject
    object: T


def exported(network: Network, *kinds: str) -> bool:
    """Whether the snapshot holds any object of these kinds: else none was asked for."""
    wanted = {kind.lower() for kind in kinds}
    return any(found.kind.lower() in wanted for found in network.kubernetes)


def _of(network: Network, kind: type[Any]) -> Iterator[Found[Any]]:
    for found in network.kubernetes:
        typed = decode(found)
        if isinstance(typed, kind):
            yield Found(found.id, found, typed)


@question
def load_balancer_services(network: Network) -> tuple[Found[Service], ...]:
    """The Services of type LoadBalancer."""
    return tuple(
        found
        for found in _of(network, Service)
        if found.object.spec and (found.object.spec.type or "").lower() == "loadbalancer"
    )


def is_internal(service: Service) -> bool:
    """Whether the Service asks for an internal load balancer (K-62)."""
    value = (service.metadata.annotations or {}).get(INTERNAL)
    return str(value).lower() == "true"


def addresses(service: Service) -> tuple[str, ...]:
    """The addresses the Service was given, as its status tells."""
    status = service.status.load_balancer if service.status else None
    return tuple(each.ip for each in (status.ingress or () if status else ()) if each.ip)


@question
def ingress_hosts(network: Network) -> tuple[tuple[str, str], ...]:
    """Each host an Ingress or a route serves with the object's id; an empty host is every host."""
    hosts: set[tuple[str, str]] = set()
    for found in _of(network, Ingress):
        rules = found.object.spec.rules if found.object.spec else None
        hosts |= {((rule.host or "").lower(), found.id) for rule in rules or ()}
    for found in _of(network, HttpRoute):
        names = found.object.spec.hostnames if found.object.spec else None
        hosts |= {(name.lower(), found.id) for name in names or [""]}
    return tuple(sorted(hosts))


@question
def ingress_classes(network: Network) -> tuple[Found[IngressClass], ...]:
    """The IngressClasses."""
    return tuple(_of(network, IngressClass))
