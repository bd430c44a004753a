"""A subnet is close to exhaustion, or would be at its declared scale.

## Why it matters
A full subnet fails at the worst moment: a scale-out, an upgrade, the failover of a gateway. While
anything lives in it, it is hard to enlarge.

## What fails
Of a subnet's IPv4 addresses, the parameter `threshold` (80 percent) or more are taken: five that
Azure keeps of each prefix, every ip configuration that the subnet lists or that names the subnet,
scale sets by their capacity, AKS pools by nodes (and pods, where pods take addresses of the subnet)
at the peak with an upgrade's surge, database servers delegated to it.

Below the threshold, what takes an unknown number of addresses gives *unknown*: a scale set
without a capacity, an application gateway that is not in the snapshot, a delegated service that
does not list its addresses. Subnets that belong to one service are judged by what it needs: those
with names that Azure reserves (ADR-009 to ADR-011), and, whatever the threshold, those that may be
filled to the last address: of application gateways (GW-020), of the API servers of clusters, for
one of which Azure asks a /28 (K-13), and of the endpoint of a DNS resolver, which asks one as well
and shares it with no other (D-9). What App Service plans and Container Apps environments take goes
by instances that no network resource tells: their subnets stay *unknown*. Where a cluster (AKS-008,
AKS-009) is what cannot grow, that rule speaks in place of this one.

## What to do
Add a prefix to the subnet where its service allows it, move something out, or lower the maximum.

## References
- https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq
- https://learn.microsoft.com/azure/application-gateway/configuration-infrastructure
- https://learn.microsoft.com/azure/aks/concepts-network-ip-address-planning
- https://learn.microsoft.com/azure/dns/dns-private-resolver-overview
- Facts D-1, D-9, D-10, A-2, K-13, K-20
"""

from __future__ import annotations

from msgspec import Struct

from auditor.network import clusters
from auditor.network.gateway_homes import gateways_by_subnet
from auditor.network.graph import evidence
from auditor.network.routing_domains import claims_of_subnet
from auditor.network.subnets import RESERVED_NAMES, free_prefix, vnet_name
from auditor.network.usage import Usage, is_for_resolvers, is_roomy, not_counted, used_addresses
from auditor.remedy import az
from auditor.resources.managed_clusters import ManagedCluster
from auditor.resources.virtual_networks import Subnet
from auditor.rule import Finding, Network, Outcomes, Severity, rule

_ONE = {"ip configurations": "ip configuration", "database servers": "database server"}

_RESERVED = frozenset(name.lower() for name in RESERVED_NAMES)


class Params(Struct, frozen=True):
    """How full is too full."""

    threshold: int = 80
    """Percent of all addresses of the subnet, those that Azure keeps included; 1 to 100."""

    def __post_init__(self) -> None:
        """Refuse what is no share."""
        if not 1 <= self.threshold <= 100:
            raise ValueError("threshold is a percentage, 1 to 100")


def subnets_to_fill(network: Network) -> tuple[Subnet, ...]:
    """The subnets that anything may be put in: without a reserved name, and no gateway's own."""
    gateways = gateways_by_subnet(network)
    return tuple(
        each
        for each in network.all(Subnet)
        if each.name.lower() not in _RESERVED and each.key not in gateways
    )


@rule("ADR-013", severity=Severity.HIGH, since="0.1.0", of=subnets_to_fill, parameters=Params)
def subnet_nearly_full(network: Network, subnet: Subnet, params: Params) -> Outcomes:
    """Add up what takes addresses, and compare it with the threshold."""
    if is_roomy(network, subnet, params.threshold):
        return
    usage = used_addresses(network, subnet)
    if usage is None:
        return
    if _is_full(network, subnet, usage, params.threshold):
        yield _finding(network, subnet, usage, params.threshold)
    elif usage.unsure:
        yield not_counted(usage, subnet, subnet.id)


def _is_full(network: Network, subnet: Subnet, usage: Usage, threshold: int) -> bool:
    """Compare with the threshold, or with all there is.

    The latter where it belongs to API servers (K-13), or to the endpoint of a DNS resolver (D-9).
    """
    owners = (edge.source for edge in network.referrers(subnet, "subnetId"))
    if is_for_resolvers(subnet) or any(isinstance(owner, ManagedCluster) for owner in owners):
        return usage.used > usage.capacity
    return usage.used * 100 >= threshold * usage.capacity


def _length(subnet: Subnet, usage: Usage, threshold: int) -> int:
    """How long a second prefix is, as large as the first or larger, with which there is room."""
    first = subnet.prefixes[0]
    if first.version != 4:
        return first.length
    used = (usage.used + clusters.RESERVED) * 100
    enough = (n for n in range(first.length, 8, -1)
              if used < threshold * (usage.capacity + (1 << 32 - n)))  # fmt: skip
    return next(enough, first.length)


def _finding(network: Network, subnet: Subnet, usage: Usage, threshold: int) -> Finding:
    takers = sorted(usage.taken.items(), key=lambda each: (-each[1], each[0]))
    parts = [f"{number} {who if number > 1 else _ONE.get(who, who)}" for who, number in takers]
    percent = usage.used * 100 // usage.capacity
    block = free_prefix(network, subnet, _length(subnet, usage, threshold))
    grown = (*map(str, subnet.prefixes), str(block) if block else "<a free range>")
    told = {claim.evidence for claim in claims_of_subnet(subnet)}
    listed = subnet.properties.ip_configurations
    return Finding(
        subject=subnet.id,
        message=f"subnet {subnet.label} of {vnet_name(subnet)} needs {usage.used} of its "
        f"{usage.capacity} addresses ({percent} %): {usage.reserved} reserved"
        + (f", {', '.join(parts)}" if parts else ""),
        remedy="move something out, or where the service allows a second range: "
        + az(
            "network",
            "vnet",
            "subnet",
            "update",
            resource_group=subnet.resource_group,
            vnet_name=vnet_name(subnet),
            name=subnet.label,
            address_prefixes=grown,
        ),
        evidence=(
            *sorted(told, key=lambda each: each.pointer),
            *(
                [evidence(subnet, "/properties/ipConfigurations", f"{len(listed)} entries")]
                if listed
                else []
            ),
        ),
    )
