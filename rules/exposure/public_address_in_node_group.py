"""A public address that lets traffic in was made inside a cluster's node resource group.

## Why it matters
Every Kubernetes Service of type LoadBalancer gets a public address unless it is told to be
internal. One manifest, written by somebody who never sees Azure, opens a second entrance beside the
Application Gateway: no web application firewall, no certificate, no access log of the gateway.

## What fails
A public IP in the node resource group (`MC_...`) of an AKS cluster in the snapshot that is not one
of the cluster's outbound addresses (`effectiveOutboundIPs` of the load-balancer or NAT-gateway
profile) and whose owner lets traffic in; and one of the outbound addresses when rules forward
inbound on its frontend too. The finding names the Kubernetes Service, from the tag
`k8s-azure-service` (or `service`, on older clusters) (K-57). Of a node's network interface it
speaks in the place of EXP-002; EXP-003 tells of the addresses that a pool gives its nodes.

Kept: addresses attached to nothing, frontends that only outbound rules use (K-58), NAT gateways,
and owners or addresses that `allow` names; by default application gateways, since the ingress
add-on makes its gateway here.

*Unknown* when the snapshot lacks the load balancer that decides and the address carries no
Service's tag, and for an address that looks like a cluster's where a cluster does not tell its
group.

## What to do
Make the Service internal and give its private address to the gateway; or approve it:

    [params.EXP-009]
    allow = ["Microsoft.Network/applicationGateways", "*/publicIPAddresses/kubernetes-a1b2*"]

and in `allow` of EXP-001 and EXP-006, which ask about the address and the frontend by themselves
then.

## References
- https://learn.microsoft.com/azure/aks/internal-lb
- https://learn.microsoft.com/azure/aks/load-balancer-standard
- Facts K-50 to K-62, E-7, R-39
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from auditor import ids
from auditor.errors import Undetermined
from auditor.finding import Evidence
from auditor.network.approval import approved
from auditor.network.clusters import cluster_of, homeless_cluster, node_group, services_of
from auditor.network.exposure import (
    INTERFACE,
    LOAD_BALANCER,
    NAT_GATEWAY,
    Owner,
    owners_of,
    ports_of,
    public_name,
    use_of,
)
from auditor.network.graph import evidence
from auditor.network.kubernetes import load_balancer_services
from auditor.network.reads import CLUSTERS
from auditor.reach.arrivals import arrivals
from auditor.remedy import az, kubectl
from auditor.resources.application_gateways import ApplicationGateway
from auditor.resources.base import Ref
from auditor.resources.load_balancers import LoadBalancerFrontend
from auditor.resources.managed_clusters import ManagedCluster
from auditor.resources.public_addresses import PublicIp
from auditor.resources.security import NetworkSecurityGroup
from auditor.rule import Finding, Network, Outcomes, Reads, Severity, Unknown, rule

_SERVICE_TAGS = ("k8s-azure-service", "service")
_INTERNAL = "service.beta.kubernetes.io/azure-load-balancer-internal=true"


class Params(Struct, frozen=True):
    """What may let traffic in from inside a node resource group."""

    allow: tuple[str, ...] = ("Microsoft.Network/applicationGateways",)
    """Globs of ARM types, owners' ids or public IP ids; letter case does not matter."""


def node_group_addresses(network: Network) -> tuple[PublicIp, ...]:
    """Name the subjects: public IPs in node resource groups, and those that may be."""
    return tuple(
        pip
        for pip in network.all(PublicIp)
        if cluster_of(network, pip) is not None or homeless_cluster(network, pip) is not None
    )


@rule(
    "EXP-009",
    severity=Severity.CRITICAL,
    since="0.1.0",
    of=node_group_addresses,
    parameters=Params,
    peers=("POL:3fc4dc25",),
    reads=Reads(subjects=(CLUSTERS,)),
)
def public_address_in_node_group(network: Network, pip: PublicIp, params: Params) -> Outcomes:
    """Judge one public address in a node resource group."""
    if approved(params.allow, pip.id):
        return
    cluster = cluster_of(network, pip)
    if cluster is None:
        untold = homeless_cluster(network, pip)
        if untold is not None:
            missing = f"the node resource group of cluster {untold.label}"
            raise Undetermined(missing, resource=untold.id)
        return
    for owner in owners_of(network, pip):
        if owner.type == NAT_GATEWAY or approved(params.allow, owner.id, owner.part, owner.type):
            continue
        try:
            ports = _ports(network, owner, pip, cluster)
        except Undetermined as unknown:
            missing, other = str(unknown), (unknown.resource,) if unknown.resource else ()
            yield Unknown(pip.id, missing, related=other, covers=(("EXP-001", pip.id),))
            continue
        if ports is not None:
            yield _finding(network, pip, owner, cluster, ports)


def _ports(network: Network, owner: Owner, pip: PublicIp, cluster: ManagedCluster) -> str | None:
    """What the owner lets in, in words; None when nothing."""
    if owner.type != LOAD_BALANCER:
        return None if _is_outbound(cluster, pip) else "inbound traffic"
    try:
        frontend = network.get(owner.part, LoadBalancerFrontend)
        use = use_of(network, frontend) if frontend is not None else None
        if use is not None and use.inbound:
            return ", ".join(sorted({ports_of(each) for each in use.inbound}))
        if use is not None:
            use.certain()
            return None
    except Undetermined:
        if _is_outbound(cluster, pip):
            return None
        if not services_of(pip):
            raise
    return "inbound traffic"


def _is_outbound(cluster: ManagedCluster, pip: PublicIp) -> bool:
    profile = cluster.properties.network_profile
    refs: list[Ref] = []
    if profile is not None and profile.load_balancer_profile is not None:
        refs += profile.load_balancer_profile.effective_outbound_ips or ()
    if profile is not None and profile.nat_gateway_profile is not None:
        refs += profile.nat_gateway_profile.effective_outbound_ips or ()
    return any(ids.fold(ref.id or "") == pip.key for ref in refs)


def _finding(
    network: Network, pip: PublicIp, owner: Owner, cluster: ManagedCluster, ports: str
) -> Finding:
    services = services_of(pip)
    there = arrivals(network, pip.id)
    several = len(services) > 1
    whose = f"Kubernetes Service{'s' if several else ''} {', '.join(services)}"
    if not services:
        whose = f"the {owner.word}"
    on_machine = owner.type == INTERFACE
    if on_machine:
        whose, several = f"{owner.word} {ids.name(owner.id)}", False
    return Finding(
        subject=pip.id,
        message=f"{whose} of cluster {cluster.label} {'let' if several else 'lets'} {ports} in "
        "from the internet at "
        f"{public_name(network, pip.id)}"
        + (", beside the gateway" if network.all(ApplicationGateway) else "")
        + (f"; today nothing gets through, {there.why_not}" if there.why_not else ""),
        remedy=_detached(owner) if on_machine else _remedy(services),
        related=(owner.part, cluster.id),
        evidence=(owner.told, *_tag_evidence(pip)),
        key=owner.part.lower(),
        covers=(
            ("EXP-001", pip.id),
            ("EXP-006", owner.part),
            *((("EXP-002", owner.id, ids.name(owner.part).lower()),) if on_machine else ()),
            *(("NSG-003", each) for each in _provider_rules(network, cluster, pip)),
            *(("K8S-001", each) for each in _same_services(network, services)),
        ),
        settles=(("EXP-001", pip.id), ("EXP-006", owner.part)),
        witness=there.witness,
        hops=there.hops,
    )


def _detached(owner: Owner) -> str:
    """Say how a machine loses its address: one that AKS gave its nodes, it would give again."""
    command = az(
        "network", "nic", "ip-config", "update",
        resource_group=ids.resource_group(owner.id),
        nic_name=ids.name(owner.id),
        name=ids.name(owner.part),
        remove="publicIPAddress",
    )  # fmt: skip
    return f"use a pool whose nodes get no public address, and detach this one: {command}"


def _remedy(services: tuple[str, ...]) -> str:
    named = [service.partition("/") for service in services]
    if not named or not all(slash for _, slash, _ in named):
        return "find the Service that owns the address, make it internal, delete the address"
    commands = " && ".join(
        kubectl("annotate", "service", name, _INTERNAL, "--overwrite", namespace=namespace)
        for namespace, _, name in named
    )
    which = "the Services that share the address" if len(named) > 1 else "the Service"
    its = "their addresses" if len(named) > 1 else "its address"
    return f"make {which} internal and point the gateway at {its}: {commands}"


def _tag_evidence(pip: PublicIp) -> Iterator[Evidence]:
    for name, value in (pip.tags or {}).items():
        if name.lower() in _SERVICE_TAGS and isinstance(value, str):
            pointer = "/tags/" + name.replace("~", "~0").replace("/", "~1")
            yield evidence(pip, pointer, value)


def _provider_rules(network: Network, cluster: ManagedCluster, pip: PublicIp) -> Iterator[str]:
    """The security rules that Kubernetes wrote to open Services of this node group (K-59)."""
    base = pip.label.removeprefix("kubernetes-").lower()
    for node in node_group(network, cluster):
        if isinstance(node, NetworkSecurityGroup):
            for security_rule in node.rules:
                name = security_rule.label.lower()
                if name.startswith(("k8s-azure-lb_allow_", f"{base}-")):
                    yield security_rule.id


def _same_services(network: Network, services: tuple[str, ...]) -> Iterator[str]:
    """The Kubernetes objects of the Services, where the snapshot holds them."""
    for found in load_balancer_services(network):
        meta = found.object.metadata
        if f"{meta.namespace or 'default'}/{meta.name}" in services:
            yield found.id
