"""There are fewer outbound ports than machines were promised, or need.

## Why it matters
Every connection to one destination on the internet takes a port of a public address. When they run
out, new connections fail, at first now and then and under load only. A rule that promises more
ports than its addresses have cannot be changed any more, and stops a scale-out.

## What fails
- An outbound rule of a load balancer: machines in its pool (scale sets by their capacity) times
  `allocatedOutboundPorts` is more than 64,000 for each public address of its frontends. Without the
  number Azure divides the ports itself, and the promise always holds.
- An AKS cluster whose outbound type is `loadBalancer` and whose `allocatedOutboundPorts` is set:
  the same, with its nodes at their most and during an upgrade. A rule in the cluster's own
  resource group that says what the cluster says is left to the cluster.
- Either of them, promised or divided by Azure, gives a machine fewer ports than the parameter
  `ports-per-machine`, 128 unless set. Azure gives 1,024 to each of up to 50 machines, and 64 to
  each when there are more than 400; fewer than 128 are gone with the first busy process.
- A NAT gateway without a public address; with the parameter `nat-gateway-ports`: its addresses
  have, at 64,512 each, fewer ports than that.

*Unknown* when a pool, a frontend, a prefix or a capacity is not told, and when an address names a
NAT gateway that names none.

## What to do
Add public addresses, or promise each machine fewer ports; better, put a NAT gateway in front.

## References
- https://learn.microsoft.com/azure/load-balancer/load-balancer-outbound-connections
- https://learn.microsoft.com/azure/nat-gateway/nat-gateway-resource
- https://learn.microsoft.com/azure/aks/load-balancer-standard
- Facts R-31, R-35, R-39
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct

from auditor.errors import Undetermined
from auditor.finding import Evidence
from auditor.network import snat
from auditor.network.doubt import Doubt, doubt
from auditor.network.graph import evidence, question
from auditor.network.unlisted_rules import outbound_untold
from auditor.remedy import az
from auditor.resources.load_balancers import BackendPool, LoadBalancer, OutboundRule
from auditor.resources.managed_clusters import ManagedCluster
from auditor.resources.nat_gateways import NatGateway
from auditor.rule import Finding, Network, Outcomes, Severity, rule

Subject = OutboundRule | ManagedCluster | NatGateway | Doubt


class Params(Struct, frozen=True):
    """What the workload needs."""

    ports_per_machine: Annotated[int, Meta(ge=0, le=64000)] = 128
    """Outbound ports that each machine behind a load balancer needs, 0 to 64,000; 0 for any."""

    nat_gateway_ports: Annotated[int, Meta(ge=0)] = 0
    """Outbound ports that all machines behind one NAT gateway need together; 0 when unknown."""


@question
def outbound_methods(network: Network) -> tuple[Subject, ...]:
    """Outbound rules, clusters that leave through their load balancer, and NAT gateways."""
    rules = (rule for rule in network.all(OutboundRule) if not snat.is_clusters_own(network, rule))
    clusters = (each for each in network.all(ManagedCluster) if _by_load_balancer(each))
    untold = [(each.id, outbound_untold(each)) for each in network.all(LoadBalancer)]
    doubts = (doubt(arm_id, lacks) for arm_id, lacks in untold if lacks is not None)
    return (*rules, *clusters, *network.all(NatGateway), *doubts)


def _by_load_balancer(cluster: ManagedCluster) -> bool:
    try:
        profile = cluster.properties.network_profile
        return profile is None or (profile.outbound_type or "").lower() in ("loadbalancer", "")
    except Undetermined:
        return True


@rule(
    "NAT-003",
    severity=Severity.HIGH,
    since="0.1.0",
    of=outbound_methods,
    parameters=Params,
    peers=("CHK:AKS 07.04.06",),
)
def snat_ports_run_out(network: Network, subject: Subject, params: Params) -> Outcomes:
    """Compare what is promised or needed with what there is."""
    if isinstance(subject, Doubt):
        raise subject.unknown
    if isinstance(subject, OutboundRule):
        yield from _rule(network, subject, params.ports_per_machine)
    elif isinstance(subject, ManagedCluster):
        yield from _cluster(network, subject, params.ports_per_machine)
    else:
        yield from _gateway(network, subject, params.nat_gateway_ports)


def _rule(network: Network, rule: OutboundRule, need: int) -> Iterator[Finding]:
    promised = rule.properties.allocated_outbound_ports or 0
    if not promised and not need:
        return
    pool = network.get(rule.properties.backend_address_pool, BackendPool)
    if pool is None:
        raise Undetermined(f"the backend pool of outbound rule {rule.label}", resource=rule.id)
    machines = snat.machines_in(network, pool)
    has = snat.addresses_of_rule(network, rule) * snat.PORTS_OF_FRONTEND
    problem = _problem(machines, promised, has, need)
    if problem:
        balancer = network.holder(rule, LoadBalancer)
        yield Finding(
            subject=rule.id,
            related=(pool.id,),
            message=f"outbound rule {rule.label}"
            + (f" of {balancer.label}" if balancer else "")
            + f": {problem}",
            remedy="give the rule more frontends, or: "
            + az(
                "network",
                "lb",
                "outbound-rule",
                "update",
                resource_group=rule.resource_group,
                lb_name=balancer.label if balancer else "<the load balancer>",
                name=rule.label,
                outbound_ports=_fitting(machines, has),
            ),
            evidence=(
                evidence(rule, "/properties/allocatedOutboundPorts", promised)
                if rule.properties.allocated_outbound_ports is not None
                else evidence(rule, "/properties", "no allocatedOutboundPorts"),
            ),
        )


def _problem(machines: int, promised: int, has: int, need: int) -> str:
    if machines * promised > has:
        return f"{machines} machines times {promised} ports is more than the {has} there are"
    each = promised or snat.automatic_ports(machines)
    if need and machines and each < need:
        return f"each machine gets {each} ports and needs {need}"
    return ""


def _fitting(machines: int, has: int) -> int:
    """Give the most ports for each machine, in the steps of eight that Azure takes."""
    return has // max(1, machines) // 8 * 8


def _cluster(network: Network, cluster: ManagedCluster, need: int) -> Iterator[Finding]:
    promised = snat.cluster_promise(cluster)
    if not promised and not need:
        return
    machines = snat.cluster_machines(cluster)
    addresses = snat.cluster_addresses(network, cluster) if promised else 0
    problem = _problem(machines, promised, addresses * snat.PORTS_OF_FRONTEND, need)
    profile = cluster.properties.network_profile
    if problem and (profile is None or not profile.outbound_type):
        raise Undetermined(f"the outbound type of cluster {cluster.label}", resource=cluster.id)
    if problem:
        wanted = -(-machines * max(promised, need) // snat.PORTS_OF_FRONTEND)
        yield Finding(
            subject=cluster.id,
            message=f"cluster {cluster.label} at its most: {problem}",
            remedy=az(
                "aks",
                "update",
                resource_group=cluster.resource_group,
                name=cluster.label,
                load_balancer_managed_outbound_ip_count=max(wanted, addresses, 1),
                load_balancer_outbound_ports=max(promised, need),
            ),
            evidence=(_evidence(cluster, promised),),
        )


def _evidence(cluster: ManagedCluster, promised: int) -> Evidence:
    profile = "/properties/networkProfile"
    if promised:
        told = f"{profile}/loadBalancerProfile/allocatedOutboundPorts"
        return evidence(cluster, told, promised)
    return evidence(cluster, profile, "no allocatedOutboundPorts")


def _gateway(network: Network, gateway: NatGateway, need: int) -> Iterator[Finding]:
    if not need and (gateway.addresses or gateway.prefixes):
        return
    addresses = snat.addresses_of_gateway(network, gateway)
    has = addresses * snat.PORTS_OF_NAT_GATEWAY
    if addresses and has >= need:
        return
    what = f"has {has} ports and needs {need}" if addresses else "has no public address"
    yield Finding(
        subject=gateway.id,
        message=f"NAT gateway {gateway.label} {what}",
        remedy=az(
            "network",
            "nat",
            "gateway",
            "update",
            resource_group=gateway.resource_group,
            name=gateway.label,
            public_ip_addresses=(*_held(gateway), "<a new public address>"),
        ),
        evidence=(evidence(gateway, "/properties", f"{addresses} addresses"),),
    )


def _held(gateway: NatGateway) -> tuple[str, ...]:
    return tuple(ref.id for ref in gateway.properties.public_ip_addresses or () if ref.id)
