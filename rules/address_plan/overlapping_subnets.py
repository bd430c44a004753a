"""Two subnets of one virtual network overlap.

## Why it matters
A packet for a shared address reaches one of its owners, and nothing says which. Azure refuses such
a network when it is deployed, so the mistake waits in a template, a plan or a hand-made export
until the change window.

## What fails
Two subnets of one virtual network have prefixes that share an address, IPv4 or IPv6. Both
`addressPrefix` and `addressPrefixes` count; a prefix that one subnet lists twice is no overlap.
Each pair is named once, with its smallest overlap. Subnets are compared whether or not the
network itself is in the snapshot; a subnet that tells no prefix gives *unknown*.

## What to do
Move one of the two to a free range of the network, and redeploy what lives in it: a subnet in use
cannot change its prefix.

## References
- https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq
- Facts D-2, D-4
"""

from __future__ import annotations

from auditor.addresses import overlapping_groups
from auditor.errors import Undetermined
from auditor.network.routing_domains import Claim, claims_of_subnet
from auditor.network.subnets import Siblings, resize, siblings
from auditor.resources.virtual_networks import Subnet
from auditor.rule import Finding, Network, Outcomes, Reads, Severity, Unknown, rule


@rule(
    "ADR-001",
    severity=Severity.HIGH,
    since="0.1.0",
    of=siblings,
    peers=("NPG:subnet-cidr-overlap",),
    reads=Reads(subjects=("virtualNetworks",)),
)
def overlapping_subnets(network: Network, family: Siblings) -> Outcomes:
    """Compare the subnets of one VNet, each pair once."""
    claims: dict[str, tuple[Claim, ...]] = {}
    for subnet in family.subnets:
        try:
            claims[subnet.key] = claims_of_subnet(subnet)
        except Undetermined:
            claims[subnet.key] = ()
        if not claims[subnet.key]:
            yield Unknown(subnet.id, missing=f"the address prefix of subnet {subnet.label}")
    subnets = {subnet.key: subnet for subnet in family.subnets}
    pairs: dict[frozenset[str], tuple[Claim, Claim]] = {}
    groups = [(key, [claim.prefix for claim in found]) for key, found in claims.items()]
    for (wide, left), (narrow, right) in overlapping_groups(groups):
        outer = next(claim for claim in claims[left] if claim.prefix == wide)
        inner = next(claim for claim in claims[right] if claim.prefix == narrow)
        pair = frozenset((left, right))
        if pair not in pairs or inner.prefix.size < pairs[pair][1].prefix.size:
            pairs[pair] = (outer, inner)
    for outer, inner in pairs.values():
        yield _finding(network, subnets[outer.node.key], outer, subnets[inner.node.key], inner)


def _finding(network: Network, wide: Subnet, outer: Claim, narrow: Subnet, inner: Claim) -> Finding:
    how = "is also" if outer.prefix == inner.prefix else f"lies inside {outer.prefix} of"
    what = "the prefix of " if outer.prefix == inner.prefix else ""
    return Finding(
        subject=narrow.id,
        related=(wide.id,),
        message=f"{inner.prefix} of subnet {narrow.label} {how} {what}subnet {wide.label}",
        remedy=f"move what lives in {narrow.label}, then: "
        + resize(network, narrow, inner.prefix.length, inner.prefix),
        evidence=(inner.evidence, outer.evidence),
        key=wide.label.lower(),
    )
