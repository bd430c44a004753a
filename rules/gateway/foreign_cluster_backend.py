r"""A gateway in front of an AKS cluster does not send to the cluster's internal ingress.

## Why it matters
In front of a cluster the gateway should send to one address: the private one on which the ingress
(nginx, say) answers as a Service of type LoadBalancer with the internal annotation. A node's or a
pod's address is gone with the next upgrade. The public address of a Service opens a second way into
the cluster, past the gateway, its firewall and its certificate.

## What fails
A backend pool belongs to a cluster of the snapshot: a Kubernetes Service of the cluster answers on
one of its addresses, or one of them lies in a subnet of the cluster's nodes or pods and nobody
outside the cluster owns it. Then each of its addresses must be a
private frontend of a load balancer in the cluster's node resource group that has a rule, as
Kubernetes makes for an internal Service.

A gateway that an ingress controller writes (the AGIC add-on, or the tag `managed-by-k8s-ingress`)
sends to pods by design and is not judged. Names and members by network interface are not judged.
The answer is *unknown* when the snapshot holds no load balancer of the node resource group, or
lacks one that another resource names.

Of the addresses that it names it speaks in the place of GW-001 and GW-003, which judge any gateway,
where these cannot tell, too.

## What to do
Make the Service internal with a fixed address, then put that into the pool:

    kubectl annotate service NAME service.beta.kubernetes.io/azure-load-balancer-internal=true \
        service.beta.kubernetes.io/azure-load-balancer-ipv4=10.0.2.10
    az network application-gateway address-pool update --resource-group GROUP \
        --gateway-name GATEWAY --name POOL --servers 10.0.2.10

## References
- https://learn.microsoft.com/azure/aks/internal-lb
- https://learn.microsoft.com/azure/application-gateway/application-gateway-components#backend-pools
- Facts K-50 to K-62, A-53, A-54
"""

from __future__ import annotations

from auditor.errors import Undetermined
from auditor.finding import Finding, Severity
from auditor.network.clusters import ServiceFrontend
from auditor.network.doubt import Doubt, settled
from auditor.network.export_commands import in_node_group_of
from auditor.network.gateway_backends import (
    ClusterBackend,
    balancers_told,
    cluster_backends,
    require_no_controller,
)
from auditor.network.gateways import Member, entries_of, gateway_of, others_in_pool
from auditor.network.graph import Network, evidence
from auditor.network.reads import CLUSTERS
from auditor.remedy import az
from auditor.rule import Outcomes, Reads, rule


@rule(
    "GW-002",
    severity=Severity.CRITICAL,
    since="0.1.0",
    of=cluster_backends,
    reads=Reads(subjects=("applicationGateways", CLUSTERS, "loadBalancers", "publicIPAddresses")),
)
def foreign_cluster_backend(network: Network, subject: ClusterBackend | Doubt) -> Outcomes:
    """Find pools of a cluster with addresses other than those of its internal Services."""
    backend = settled(subject)
    require_no_controller(backend)
    unclear = []
    hidden = []
    for entry in entries_of(network, backend.pool):
        if isinstance(entry, Doubt):
            hidden.append(entry)
            continue
        member = entry
        if member.address is None:
            continue
        served = backend.frontends.get(member.address)
        if served is not None and not served.frontend.public:
            continue
        if served is None and not balancers_told(network, backend.cluster):
            unclear.append(member.text)
        else:
            yield _finding(network, backend, member, served)
    if unclear:
        group = backend.cluster.properties.node_resource_group
        raise Undetermined(
            f"the load balancers of {group}, which tell whether {', '.join(unclear)} is an ingress",
            resource=backend.cluster.id,
            remedy=in_node_group_of(backend.cluster, "lb"),
        )
    for each in hidden:
        settled(each)


def _finding(
    network: Network, backend: ClusterBackend, member: Member, served: ServiceFrontend | None
) -> Finding:
    gateway = gateway_of(network, backend.pool)
    cluster = backend.cluster
    if served is None:
        what = f"on which no internal Service of the cluster {cluster.label} answers"
    else:
        services = f" {', '.join(served.services)}" if served.services else ""
        what = f"the public address of the Service{services} of the cluster {cluster.label}"
    private = sorted(
        str(address) for address, one in backend.frontends.items() if not one.frontend.public
    )
    ingress = private[0] if len(private) == 1 else "INGRESS-ADDRESS"
    proofs = [evidence(backend.pool, member.pointer, member.text)]
    if served is not None and served.public_ip is not None:
        proofs.append(evidence(served.public_ip, "/properties/ipAddress", served.address))
    return Finding(
        backend.pool.id,
        f"The backend pool {backend.pool.label} of {gateway.label} sends to {member.text}, {what}",
        "send to the private address of the cluster's internal ingress Service: "
        + az(
            *("network", "application-gateway", "address-pool", "update"),
            resource_group=gateway.resource_group,
            gateway_name=gateway.label,
            name=backend.pool.label,
            servers=(*(one for one in others_in_pool(network, member) if one != ingress), ingress),
        ),
        related=(cluster.id, *((served.frontend.id,) if served else ())),
        evidence=tuple(proofs),
        key=member.text,
        covers=tuple((rule, backend.pool.id, key) for rule in _GENERAL for key in _keys(member)),
        settles=tuple((rule, backend.pool.id, member.text) for rule in _GENERAL),
    )


_GENERAL = ("GW-001", "GW-003")


def _keys(member: Member) -> tuple[str, ...]:
    """By what the general rules tell an address from others of the pool, however it is spelled."""
    address = str(member.address)
    return tuple(dict.fromkeys((member.text, address, f"{member.text} {address}")))
