"""A virtual network uses addresses that are not private, or that Azure reserves.

## Why it matters
Public ranges work inside a network, but the part of the internet that owns them cannot be reached
from it, and logs read as if strangers were inside. Ranges that Azure keeps for itself are refused.
172.32.0.0 and 172.15.0.0 are public: only 172.16.0.0/12 is private.

## What fails
A prefix of the address space touches 224.0.0.0/4, 255.255.255.255, 127.0.0.0/8, 169.254.0.0/16 or
168.63.129.16 (severity high); or is not wholly inside RFC 1918, RFC 6598 (100.64.0.0/10) or, for
IPv6, fc00::/7 (a public IPv6 range is reported as low). Ranges that are yours to use are named by
the parameter `also-ours`. A network that does not tell its address space gives *unknown*.

## What to do
Renumber while the network is small: add a private range, move the subnets, remove the old range.

## References
- https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq
- Facts D-3, R-1, N-25
"""

from __future__ import annotations

from msgspec import Struct

from auditor.addresses import AddressError, AddressSet
from auditor.network.graph import every
from auditor.network.routing_domains import Claim, claims_of
from auditor.network.space_commands import add_range, set_space
from auditor.resources.virtual_networks import VirtualNetwork
from auditor.rule import Finding, Network, Outcomes, Severity, rule
from auditor.special_addresses import PRIVATE, VNET_FORBIDDEN


class Params(Struct, frozen=True):
    """What the rule lets pass."""

    also_ours: tuple[str, ...] = ()
    """Public ranges that belong to you and are used inside on purpose, as CIDRs."""

    def __post_init__(self) -> None:
        """Refuse what is no CIDR."""
        try:
            AddressSet.from_text(self.also_ours)
        except AddressError as error:
            raise ValueError(str(error)) from error


@rule(
    "ADR-007",
    severity=Severity.MEDIUM,
    since="0.1.0",
    of=every(VirtualNetwork),
    parameters=Params,
    peers=("CHK:ALZ D03.02",),
)
def unusual_address_space(network: Network, vnet: VirtualNetwork, params: Params) -> Outcomes:
    """Judge each prefix of the address space."""
    ours = PRIVATE | AddressSet.from_text(params.also_ours)
    for claim in claims_of(network, vnet):
        forbidden = AddressSet.from_prefixes([claim.prefix]) & VNET_FORBIDDEN
        if forbidden:
            yield _finding(
                network, vnet, claim, f"touches {forbidden}, which Azure reserves", Severity.HIGH
            )
        elif claim.prefix not in ours:
            mild = Severity.LOW if claim.prefix.version == 6 else None
            yield _finding(network, vnet, claim, "is not a private range", mild)


def _finding(
    network: Network, vnet: VirtualNetwork, claim: Claim, what: str, severity: Severity | None
) -> Finding:
    private = "fd00:<40 random bits>::/48" if claim.prefix.version == 6 else "<a private range>"
    rest = tuple(
        str(each.prefix) for each in claims_of(network, vnet) if each.prefix != claim.prefix
    )
    return Finding(
        subject=vnet.id,
        message=f"{claim.prefix} of {vnet.label} {what}",
        remedy=f"add a private range: {add_range(network, vnet.id, private)}; move the subnets "
        f"there, then take {claim.prefix} away: " + set_space(network, vnet.id, (*rest, private)),
        evidence=(claim.evidence,),
        severity=severity,
        key=str(claim.prefix),
    )
