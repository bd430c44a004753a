"""A virtual network overlaps a range on premises.

## Why it matters
Inside the network the network's own route wins: machines in it can never reach the office range
that has the same addresses, and the office cannot reach them. It shows when the tunnel comes up,
and one side has to renumber.

## What fails
A prefix of a virtual network shares an address with

- a prefix of a local network gateway (or of a VPN site of its virtual hub) that is connected to a
  gateway of the network, or of the peer whose gateways it uses: critical, or high when the site's
  prefix is a wider summary around the network's, where only the network's own share is lost;
- a range in the parameter `on-premises`: critical when the network is connected to a gateway or a
  hub, else medium. Any network counts here, because the list says what is used elsewhere.

Prefixes that a VPN NAT rule translates on their way in do not count. When a connection, a site or
the peer with the gateway is not in the snapshot, the answer is *unknown*; so it is when routes are
learned by BGP or ExpressRoute, whose prefixes ARM does not hold, until `on-premises` names them.

## What to do
Renumber the network, or translate with VPN NAT rules until that is done.

## References
- https://learn.microsoft.com/azure/vpn-gateway/vpn-gateway-about-vpn-gateway-settings
- https://learn.microsoft.com/azure/vpn-gateway/nat-overview
- Facts D-7, R-7, R-17, R-24, R-25
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor.addresses import Prefix
from auditor.errors import Undetermined
from auditor.network.gaps import unread_type
from auditor.network.graph import every
from auditor.network.learned_routes import learns_routes
from auditor.network.on_premises import Elsewhere, gateways_serving, hubs_of, lenders, sites_told
from auditor.network.routing_domains import Claim, claims_of
from auditor.network.space_commands import add_range
from auditor.network.subnets import GATEWAY
from auditor.resources.virtual_networks import VirtualNetwork
from auditor.rule import Finding, Network, Outcomes, Severity, Unknown, not_told, rule
from auditor.snapshot.document import Gap


@rule(
    "ADR-005",
    severity=Severity.CRITICAL,
    since="0.1.0",
    of=every(VirtualNetwork),
    parameters=Elsewhere,
    peers=("CHK:ALZ D03.01",),
)
def overlap_with_on_premises(network: Network, vnet: VirtualNetwork, params: Elsewhere) -> Outcomes:
    """Compare a VNet's space with the sites behind its gateways, and with the declared ranges."""
    space = claims_of(network, vnet)
    yield from _with_declared(
        network, vnet, space, params.ranges(), _may_be_connected(network, vnet)
    )
    sites = sites_told(network, vnet)
    yield from _with_sites(network, vnet, space, sites.claims)
    lacking = {each.missing: each for each in sites.lacking}
    for missing, unknown in lacking.items():
        yield not_told(vnet.id, unknown, missing)
    try:
        learned = learns_routes(network, vnet)
    except Undetermined as unknown:
        if unknown.missing not in lacking:
            raise
        return
    if learned and not params.on_premises:
        yield Unknown(
            vnet.id,
            missing=f"the prefixes that {learned} teaches {vnet.label}",
            remedy="name the ranges used on premises: [params.ADR-005] on-premises = [...]",
            key="learned",
        )
    unread = _unread_gateways(network, vnet)
    if unread is not None and not lacking:
        yield Unknown(
            vnet.id,
            missing=f"the sites behind the gateways of {vnet.label}: {unread.subject} was not read "
            f"whole ({unread.detail})",
            related=(unread.subject,),
            key="unread",
        )


def _unread_gateways(network: Network, vnet: VirtualNetwork) -> Gap | None:
    """Give the list that may hold a gateway, or a site of a hub, of this VNet and was not read.

    A VNet gateway stands in a subnet of its own, in the subscription of its network.
    """
    if not network.gaps:
        return None
    homes = (vnet, *lenders(network, vnet))
    asked = [
        ("Microsoft.Network/virtualNetworkGateways", home.id)
        for home in homes
        if any(subnet.label.lower() == GATEWAY.lower() for subnet in home.subnets)
    ]
    for hub in hubs_of(network, vnet):
        asked += [
            ("Microsoft.Network/vpnGateways", hub.id),
            ("Microsoft.Network/vpnGateways/vpnConnections", hub.id),
        ]
    found = (unread_type(network, arm_type, scope) for arm_type, scope in asked)
    return next((gap for gap in found if gap is not None), None)


def _may_be_connected(network: Network, vnet: VirtualNetwork) -> bool:
    try:
        return bool(gateways_serving(network, vnet) or hubs_of(network, vnet))
    except Undetermined:
        return True


def _with_sites(
    network: Network, vnet: VirtualNetwork, space: tuple[Claim, ...], sites: tuple[Claim, ...]
) -> Iterator[Finding]:
    seen: set[tuple[str, Prefix, Prefix]] = set()
    for mine in space:
        for theirs in sites:
            mark = (theirs.node.key, theirs.prefix, mine.prefix)
            if mark in seen or not mine.prefix.overlaps(theirs.prefix):
                continue
            seen.add(mark)
            summary = theirs.prefix.length < mine.prefix.length
            yield Finding(
                subject=vnet.id,
                related=(theirs.node.id,),
                message=f"{mine.prefix} of {vnet.label} overlaps {theirs.prefix} of the site "
                f"{theirs.node.label}",
                remedy=_renumber(network, vnet, mine),
                evidence=(mine.evidence, theirs.evidence),
                severity=Severity.HIGH if summary else None,
                key=f"{theirs.node.label.lower()} {theirs.prefix} {mine.prefix}",
            )


def _with_declared(
    network: Network,
    vnet: VirtualNetwork,
    space: tuple[Claim, ...],
    declared: tuple[Prefix, ...],
    connected: bool,
) -> Iterator[Finding]:
    for mine in space:
        for prefix in declared:
            if mine.prefix.overlaps(prefix):
                yield Finding(
                    subject=vnet.id,
                    message=f"{mine.prefix} of {vnet.label} overlaps {prefix}, declared to be "
                    "used on premises",
                    remedy=_renumber(network, vnet, mine),
                    evidence=(mine.evidence,),
                    severity=None if connected else Severity.MEDIUM,
                    key=f"declared {prefix} {mine.prefix}",
                )


def _renumber(network: Network, vnet: VirtualNetwork, claim: Claim) -> str:
    command = add_range(network, vnet.id, "<a range of its own>")
    return (
        f"move the subnets of {vnet.label} out of {claim.prefix} to a range of its own: {command}"
    )
