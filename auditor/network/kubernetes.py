"""Questions about Kubernetes objects in the snapshot (facts K-50 to K-64).

A live snapshot says of which cluster each object is: by the cluster's ARM id, or by the URL of the
API server, whose host is one of the cluster's names. An export of kubectl does not say it. With one
cluster in the snapshot it is that one's; with several, a cluster is known by a Service that has the
address of one of its load-balancer frontends.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Generic, TypeVar, cast

import msgspec

from auditor.errors import Undetermined
from auditor.network import clusters
from auditor.network.graph import Network, question, question_about
from auditor.resources.kubernetes import (
    HttpRoute,
    Ingress,
    IngressClass,
    IngressSpec,
    Service,
    Workload,
    decode,
)
from auditor.resources.managed_clusters import ManagedCluster
from auditor.resources.walk import peek
from auditor.snapshot.document import KubernetesObject

T = TypeVar("T", Service, Ingress, HttpRoute, IngressClass, Workload)

INTERNAL = "service.beta.kubernetes.io/azure-load-balancer-internal"
EXPORT = (
    "kubectl get services,ingresses,ingressclasses,deployments,daemonsets -A -o json "
    "> kubernetes.json, and audit that file with the rest"
)
"""What to do when the snapshot lacks a cluster's objects."""


class Found(msgspec.Struct, Generic[T], frozen=True):
    """An object of a known kind; `id` is `kubernetes/Kind/namespace/name`."""

    source: KubernetesObject

    @property
    def id(self) -> str:
        """What reports call it."""
        return self.source.id

    @property
    def object(self) -> T:
        """The object, typed. Raises Undetermined when it is not what Kubernetes writes."""
        return cast(T, decode(self.source))

    @property
    def name(self) -> str:
        """Its name, with its namespace where it has one."""
        namespace = self.source.namespace
        return f"{namespace}/{self.source.name}" if namespace else self.source.name


def exported(network: Network, *kinds: str) -> bool:
    """Whether the snapshot holds any object of these kinds."""
    wanted = {kind.lower() for kind in kinds}
    return any(found.kind.lower() in wanted for found in network.kubernetes)


def of_kind(network: Network, *kinds: str) -> Iterator[Found[Any]]:
    """Give the objects of these kinds, as `kubectl` names them."""
    wanted = {kind.lower() for kind in kinds}
    return (Found(found) for found in network.kubernetes if found.kind.lower() in wanted)


@question
def load_balancer_services(network: Network) -> tuple[Found[Service], ...]:
    """The Services that Azure serves by a load balancer, and those that cannot be read.

    A `loadBalancerClass` hands a Service to another implementation.
    """
    return tuple(found for found in of_kind(network, "Service") if _may_be_balanced(found))


def _may_be_balanced(found: Found[Service]) -> bool:
    try:
        spec = found.object.spec
    except Undetermined:
        return True
    if spec is None or spec.load_balancer_class:
        return False
    return (spec.type or "").lower() == "loadbalancer"


def is_internal(service: Service) -> bool:
    """Whether the Service asks for an internal load balancer: `"true"` and nothing else (K-62)."""
    return (service.metadata.annotations or {}).get(INTERNAL) == "true"


def addresses(published: Service | Ingress) -> tuple[str, ...]:
    """The addresses a Service or an Ingress was given, as its status tells."""
    status = published.status.load_balancer if published.status else None
    return tuple(each.ip for each in (status.ingress or () if status else ()) if each.ip)


@question
def served_addresses(network: Network) -> frozenset[str]:
    """Every address that a Service or an Ingress of the snapshot says it has."""
    return _addresses_of(of_kind(network, "Service", "Ingress"))


def _addresses_of(published: Iterable[Found[Any]]) -> frozenset[str]:
    found: set[str] = set()
    for each in published:
        try:
            found.update(addresses(each.object))
        except Undetermined:
            continue  # the object is a subject of its own
    return frozenset(found)


def clusters_without(network: Network, *kinds: str) -> tuple[ManagedCluster, ...]:
    """The clusters whose objects of these kinds are not in the snapshot, as far as can be told.

    Not among them: a cluster of which lists of all these kinds came whole, whatever they hold.
    """
    return _clusters_without(network, kinds)


@question_about
def _clusters_without(network: Network, kinds: tuple[str, ...]) -> tuple[ManagedCluster, ...]:
    known = network.all(ManagedCluster)
    rest = [cluster for cluster in known if not _whole(network, cluster, kinds)]
    if not rest or not _loose(network, *kinds):
        return tuple(rest)
    if len(known) == 1 and any(not each.source.cluster for each in _loose(network, *kinds)):
        return ()
    served = _addresses_of(_loose(network, "Service", "Ingress"))
    seen = {
        frontend.cluster.key
        for frontend in clusters.service_frontends(network)
        if frontend.address in served
    }
    return tuple(cluster for cluster in rest if cluster.key not in seen)


def _whole(network: Network, cluster: ManagedCluster, kinds: tuple[str, ...]) -> bool:
    """Whether a live snapshot read every one of these lists of a cluster, to the end."""
    read = _lists(network).get(cluster.key, frozenset())
    return all(kind.lower() in read for kind in kinds)


@question
def _lists(network: Network) -> dict[str, frozenset[str]]:
    """The kinds whose lists came whole, lower case, by the key of the cluster."""
    found: dict[str, set[str]] = defaultdict(set)
    for each in network.kubernetes_lists:
        cluster = cluster_told(network, each.cluster)
        if cluster is not None:
            found[cluster.key].add(each.kind.lower())
    return {key: frozenset(kinds) for key, kinds in found.items()}


def _loose(network: Network, *kinds: str) -> list[Found[Any]]:
    """The objects of these kinds that may be of any cluster, for all that is told of them."""
    return [
        each
        for each in of_kind(network, *kinds)
        if cluster_told(network, each.source.cluster) is None
    ]


def cluster_told(network: Network, told: str) -> ManagedCluster | None:
    """The cluster that an object or a list names: its ARM id, or the URL of its API server.

    None when nothing is told, or something that no cluster of the snapshot is called.
    """
    if not told:
        return None
    if "://" in told:
        return _by_host(network).get(_host(told))
    node = network.find(told)
    return node if isinstance(node, ManagedCluster) else None


@question
def _by_host(network: Network) -> dict[str, ManagedCluster]:
    """The clusters by the names of their API servers."""
    found: dict[str, ManagedCluster] = {}
    for cluster in network.all(ManagedCluster):
        for name in ("fqdn", "private_fqdn"):
            host = peek(peek(cluster, "properties"), name)
            if isinstance(host, str) and host:
                found[host.lower()] = cluster
    return found


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].partition(":")[0].lower()


class ServedHost(msgspec.Struct, frozen=True):
    """A host that an Ingress or a route serves; empty for every host. `place` is its pointer."""

    id: str
    host: str
    place: str


def hosts_of(found: Found[Any]) -> tuple[ServedHost, ...]:
    """Give the hosts of an Ingress or a route, lower case.

    A default backend of an Ingress serves every host that no rule names.
    """
    spec = found.object.spec
    if spec is None:
        return ()
    if isinstance(found.object, HttpRoute):
        names = spec.hostnames or [""]
        place = "/spec/hostnames/{}" if spec.hostnames else "/spec"
    else:
        names = [rule.host or "" for rule in spec.rules or ()]
        place = "/spec/rules/{}"
    served = [
        ServedHost(found.id, name.lower(), place.format(index)) for index, name in enumerate(names)
    ]
    if isinstance(spec, IngressSpec):
        for key, backend in (("defaultBackend", spec.default_backend), ("backend", spec.backend)):
            if backend is not None:
                served.append(ServedHost(found.id, "", f"/spec/{key}"))
    return tuple(served)


@question
def ingresses(network: Network) -> tuple[Found[Any], ...]:
    """The Ingresses and the routes of the Gateway API."""
    return tuple(of_kind(network, "Ingress", "HTTPRoute", "TLSRoute"))
