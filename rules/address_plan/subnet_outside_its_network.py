"""A subnet lies outside its virtual network.

## Why it matters
Azure routes the prefixes of a network's address space, not those of its subnets: what stands in
such a subnet is unreachable, and a deployment of the template fails.

## What fails
A prefix of a subnet, IPv4 or IPv6, is not covered by the address space of its virtual network. A
subnet that tells no prefix, or whose network is not in the snapshot or does not tell its address
space, gives *unknown*.

## What to do
Add the prefix to the network's address space, or move the subnet inside it. A network with
peerings needs its peerings synchronised afterwards.

## References
- https://learn.microsoft.com/azure/virtual-network/manage-virtual-network
- Facts R-1, D-4, D-6
"""

from __future__ import annotations

from auditor.network.graph import every
from auditor.network.routing_domains import Claim, claims_of, network_id, without_network
from auditor.network.space_commands import set_space
from auditor.network.subnets import told_claims
from auditor.network.virtual_network_tag import vnet_space
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.rule import Finding, Network, Outcomes, Severity, rule


@rule("ADR-004", severity=Severity.HIGH, since="0.1.0", of=every(Subnet))
def subnet_outside_its_network(network: Network, subnet: Subnet) -> Outcomes:
    """Ask for each prefix whether the VNet's address space covers it."""
    vnet = network.holder(subnet, VirtualNetwork)
    if vnet is None:
        vnet = network.get(network_id(subnet), VirtualNetwork)
    if vnet is None:
        raise without_network(subnet)
    covered = vnet_space(network, vnet)
    for claim in told_claims(subnet):
        if claim.prefix not in covered:
            space = claims_of(network, vnet)
            texts = tuple(str(each.prefix) for each in space)
            yield Finding(
                subject=subnet.id,
                related=(vnet.id,),
                message=f"{claim.prefix} of subnet {subnet.label} is not inside "
                f"{', '.join(texts) or 'the empty address space'} of {vnet.label}",
                remedy=set_space(network, vnet.id, _widened(space, claim)),
                evidence=(claim.evidence, *(each.evidence for each in space)),
                key=str(claim.prefix),
            )


def _widened(space: tuple[Claim, ...], claim: Claim) -> tuple[str, ...]:
    """An address space refuses prefixes that overlap: those inside the new one go."""
    kept = (each.prefix for each in space if each.prefix not in claim.prefix)
    return (*map(str, kept), str(claim.prefix))
