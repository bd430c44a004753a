"""The cluster's service range overlaps addresses that are used elsewhere.

## Why it matters
Inside a cluster an address of the service range is a Service, whatever else has it. Pods and nodes
can then never reach the machine, the office or the database that lives at such an address; it looks
like an outage of the other side. The service range cannot be changed: the cluster is built anew.

## What fails
A range of `networkProfile.serviceCidr` or `serviceCidrs` shares an address with

- the address space of a network the cluster is in, or of one joined with it: peered, or connected
  to the same virtual hub or Virtual WAN (of a subnet peering only the subnets that take part),
- a site behind a VPN that the network uses, or the pool of its VPN clients,
- the cluster's own pod range,
- a range in the parameter `on-premises`.

When all that is met are sites that are wider than the range (a summary such as `10.0.0.0/8`), only
their share is lost: severity high. Clusters may use one service range, even in one network.

A network, gateway or site that is not in the snapshot gives *unknown*, beside what is certain. A
peer that is not in it is judged by the address space that the peering tells of it; *unknown* where
it tells none. Prefixes learned by BGP or ExpressRoute are *unknown* until `on-premises` names what
is used there.

## What to do
Choose a range nobody uses, and create the cluster anew with it.

## References
- https://learn.microsoft.com/azure/aks/concepts-network-ip-address-planning
- Facts D-7, K-2, K-3, K-31, R-19, R-25
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor.addresses import Address
from auditor.errors import Undetermined
from auditor.network.cluster_commands import created_anew
from auditor.network.cluster_ranges import (
    clash_told,
    clashes,
    doubts,
    free_range,
    pod_claims,
    service_claims,
)
from auditor.network.graph import every
from auditor.network.on_premises import Elsewhere
from auditor.network.routing_domains import Claim
from auditor.resources.managed_clusters import ManagedCluster
from auditor.rule import Finding, Network, Outcomes, Severity, not_told, rule


@rule(
    "AKS-012",
    severity=Severity.CRITICAL,
    since="0.1.0",
    of=every(ManagedCluster),
    parameters=Elsewhere,
)
def service_range_overlap(network: Network, cluster: ManagedCluster, params: Elsewhere) -> Outcomes:
    """Compare the service ranges with what is around the cluster, and with its pods' range."""
    ranges = service_claims(cluster)
    for clash in clashes(network, cluster, ranges, params):
        remedy = _remedy(network, cluster, clash.mine, params)
        yield clash_told(cluster, clash, "service range", remedy)
    try:
        yield from _with_pods(network, cluster, ranges, params)
    except Undetermined as unknown:
        yield not_told(cluster.id, unknown, "pods")
    yield from doubts(network, cluster, params)


def _with_pods(
    network: Network, cluster: ManagedCluster, ranges: tuple[Claim, ...], params: Elsewhere
) -> Iterator[Finding]:
    for mine in ranges:
        for theirs in pod_claims(cluster):
            if mine.prefix.overlaps(theirs.prefix):
                yield Finding(
                    subject=cluster.id,
                    message=f"service range {mine.prefix} of cluster {cluster.label} overlaps its "
                    f"pod range {theirs.prefix}",
                    remedy=_remedy(network, cluster, mine, params),
                    evidence=(mine.evidence, theirs.evidence),
                    key=f"pods {mine.prefix} {theirs.prefix}",
                )


def _remedy(network: Network, cluster: ManagedCluster, mine: Claim, params: Elsewhere) -> str:
    free = free_range(network, cluster, mine.prefix, params)
    return "create the cluster anew with a range of its own: " + created_anew(
        network,
        cluster,
        service_cidr=str(free) if free else "<a free range>",
        dns_service_ip=str(Address(4, free.first + 10)) if free else "<an address of it>",
    )
