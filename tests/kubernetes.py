"""Kubernetes objects in a line each, as kubectl exports them."""

from __future__ import annotations

import json
from typing import Any

from msgspec.structs import replace

from auditor.snapshot.document import KubernetesList, KubernetesObject

Json = dict[str, Any]


def exported(kind: str, name: str, namespace: str = "web", **body: Any) -> KubernetesObject:
    """An object of a kind; `body` stands beside its metadata."""
    meta: Json = {"name": name, "namespace": namespace} | body.pop("metadata", {})
    text = json.dumps({"kind": kind, "metadata": meta, **body}).encode()
    return KubernetesObject("v1", kind, namespace, name, text, 0, 0, "")


def service(name: str = "nginx", address: str = "", **more: Any) -> KubernetesObject:
    """A Service of type LoadBalancer, with the address it was given."""
    spec = {"type": "LoadBalancer", **more.pop("spec", {})}
    ingress = [{"ip": address}] if address else []
    return exported(
        "Service", name, spec=spec, status={"loadBalancer": {"ingress": ingress}}, **more
    )


def ingress(*hosts: str, name: str = "shop", address: str = "") -> KubernetesObject:
    """An Ingress with a rule for each host; an empty one has none."""
    rules = [{"host": host} if host else {} for host in hosts]
    given = [{"ip": address}] if address else []
    return exported(
        "Ingress", name, spec={"rules": rules}, status={"loadBalancer": {"ingress": given}}
    )


def of(cluster: str, *objects: KubernetesObject) -> tuple[KubernetesObject, ...]:
    """Objects that say of which cluster they are: its ARM id, or the URL of its API server."""
    return tuple(replace(each, cluster=cluster) for each in objects)


def whole(cluster: str, *kinds: str) -> tuple[KubernetesList, ...]:
    """Lists of a cluster that a live snapshot read to the end."""
    return tuple(KubernetesList(cluster, "v1", kind) for kind in kinds)
