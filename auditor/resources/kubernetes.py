"""Kubernetes objects of a `kubectl get -o json`, as far as the Azure network meets them."""

from typing import Any, TypeAlias

import msgspec
from msgspec import field

from auditor.errors import Undetermined
from auditor.resources.base import Wire, Word
from auditor.snapshot.document import KubernetesObject


class Metadata(Wire):
    """`metadata` of an object."""

    name: str = ""
    namespace: str | None = None
    uid: str | None = None
    annotations: dict[str, Any] | None = None
    labels: dict[str, Any] | None = None


class ServicePort(Wire, gc=False):
    """One entry of a Service's ports."""

    name: str | None = None
    port: int | None = None
    node_port: int | None = None
    protocol: Word | None = None


class ServiceSpec(Wire):
    """`spec` of a Service."""

    type: str | None = None
    ports: list[ServicePort] | None = None
    load_balancer_source_ranges: list[str] | None = None
    load_balancer_ip: str | None = field(default=None, name="loadBalancerIP")
    load_balancer_class: str | None = None


class LoadBalancerIngress(Wire, gc=False):
    """One address a Service was given."""

    ip: str | None = None
    hostname: str | None = None


class LoadBalancerStatus(Wire):
    """`status.loadBalancer`."""

    ingress: list[LoadBalancerIngress] | None = None


class ServiceStatus(Wire):
    """`status` of a Service."""

    load_balancer: LoadBalancerStatus | None = None


class Service(Wire):
    """A Kubernetes Service."""

    metadata: Metadata = field(default_factory=Metadata)
    spec: ServiceSpec | None = None
    status: ServiceStatus | None = None


class IngressRule(Wire, gc=False):
    """One rule of an Ingress; no host means every host."""

    host: str | None = None


class IngressBackend(Wire, gc=False):
    """Where an Ingress sends requests to: that there is one."""


class IngressSpec(Wire):
    """`spec` of an Ingress; `backend` is what v1beta1 called its default backend."""

    ingress_class_name: str | None = None
    rules: list[IngressRule] | None = None
    default_backend: IngressBackend | None = None
    backend: IngressBackend | None = None


class Ingress(Wire):
    """A Kubernetes Ingress."""

    metadata: Metadata = field(default_factory=Metadata)
    spec: IngressSpec | None = None
    status: ServiceStatus | None = None


class RouteSpec(Wire):
    """`spec` of a Gateway API route."""

    hostnames: list[str] | None = None


class HttpRoute(Wire):
    """A Gateway API HTTPRoute or TLSRoute."""

    metadata: Metadata = field(default_factory=Metadata)
    spec: RouteSpec | None = None


class IngressClassSpec(Wire, gc=False):
    """`spec` of an IngressClass."""

    controller: str | None = None


class IngressClass(Wire):
    """A Kubernetes IngressClass."""

    metadata: Metadata = field(default_factory=Metadata)
    spec: IngressClassSpec | None = None


class Container(Wire, gc=False):
    """One container of a pod."""

    name: str | None = None
    image: str | None = None


class PodSpec(Wire):
    """`spec` of a pod."""

    containers: list[Container] | None = None


class PodTemplate(Wire):
    """`template` of a workload."""

    spec: PodSpec | None = None


class WorkloadSpec(Wire):
    """`spec` of a workload."""

    template: PodTemplate | None = None


class Workload(Wire):
    """A Deployment or DaemonSet, as far as its images."""

    metadata: Metadata = field(default_factory=Metadata)
    spec: WorkloadSpec | None = None

    @property
    def images(self) -> tuple[tuple[int, str], ...]:
        """The images of its containers, with their places."""
        pod = self.spec.template.spec if self.spec and self.spec.template else None
        containers = (pod.containers or ()) if pod else ()
        return tuple((place, each.image) for place, each in enumerate(containers) if each.image)


Kind: TypeAlias = Service | Ingress | HttpRoute | IngressClass | Workload

KINDS: dict[str, type[Kind]] = {
    "service": Service,
    "ingress": Ingress,
    "httproute": HttpRoute,
    "tlsroute": HttpRoute,
    "ingressclass": IngressClass,
    "deployment": Workload,
    "daemonset": Workload,
}


def decode(found: KubernetesObject) -> Kind | None:
    """Give an object typed; None when nobody reads its kind.

    Raises Undetermined when it is not what Kubernetes writes.
    """
    kind = KINDS.get(found.kind.lower())
    if kind is None:
        return None
    try:
        return msgspec.json.decode(found.body, type=kind, strict=False)
    except (msgspec.ValidationError, RecursionError) as error:
        raise Undetermined(f"{found.id} cannot be read: {error}", resource=found.id) from error
