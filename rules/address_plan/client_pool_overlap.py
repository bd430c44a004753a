"""A point-to-site address pool overlaps a range that its clients should reach.

## Why it matters
A VPN client gets its address from the pool. What has the same addresses in a network or in an
office cannot be reached by any client, and answers to clients go astray.

## What fails
A prefix of `vpnClientAddressPool` of a VPN gateway (also of a group's own pool, and of the pools of
a virtual hub's point-to-site gateway) shares an address with the address space of the network the
gateway stands in, of a network joined with it, with a prefix of a site behind its tunnels, or with
the hub's prefix. A network or a site that is not in the snapshot gives *unknown* where the peering
does not record its address space.

## What to do
Give the clients a range that nothing else uses; every client takes its new address when it
connects again.

## References
- https://learn.microsoft.com/azure/vpn-gateway/point-to-site-about
- Facts D-7, R-4, R-24
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor.addresses import AddressSet, Prefix
from auditor.errors import Undetermined
from auditor.ids import fold
from auditor.ids import name as last_segment
from auditor.network.graph import question
from auditor.network.on_premises import (
    ToldSites,
    client_pools,
    connections_of,
    require_connections,
    sites_told,
)
from auditor.network.routing_domains import Claim, home_of, near_keys, space_of, spelled, untold
from auditor.network.taken_ranges import taken_beside_networks
from auditor.remedy import az
from auditor.resources.hybrid import VirtualNetworkGateway
from auditor.resources.virtual_networks import Peering, VirtualNetwork
from auditor.resources.virtual_wan import HubClientGateway
from auditor.rule import Finding, Network, Outcomes, Severity, Unknown, not_told, rule
from auditor.special_addresses import RFC1918

Gateway = VirtualNetworkGateway | HubClientGateway


@question
def gateways_with_clients(network: Network) -> tuple[Gateway, ...]:
    """The gateways that give addresses to clients, or do not tell whether they do."""
    every: tuple[Gateway, ...] = (
        *network.all(VirtualNetworkGateway),
        *network.all(HubClientGateway),
    )
    return tuple(gateway for gateway in every if _may_have_clients(gateway))


def _may_have_clients(gateway: Gateway) -> bool:
    try:
        return bool(client_pools(gateway))
    except Undetermined:
        return True


@rule("ADR-006", severity=Severity.HIGH, since="0.1.0", of=gateways_with_clients)
def client_pool_overlap(network: Network, gateway: Gateway) -> Outcomes:
    """Compare each pool with everything its clients may want to reach."""
    home = _home(gateway)
    keys = [home, *sorted(near_keys(network, home))]
    around: list[Claim] = []
    told: set[str] = set()
    for key in keys:
        try:
            around.extend(space_of(network, key))
        except Undetermined as unknown:
            told.add(unknown.missing)
            yield not_told(gateway.id, unknown, key)
    if (doubt := untold(network).get(home)) is not None:
        yield Unknown(gateway.id, missing=doubt, key="joined")
    try:
        sites = _sites(network, gateway, home)
        around.extend(sites.claims)
        for lacking in sites.lacking:
            raise lacking
    except Undetermined as unknown:
        if unknown.missing not in told:
            yield not_told(gateway.id, unknown, "sites")
    pools = client_pools(gateway)
    for pool in pools:
        yield from _judge(network, gateway, pool, pools, around)


def _home(gateway: Gateway) -> str:
    if isinstance(gateway, VirtualNetworkGateway):
        home = home_of(gateway)
    else:
        hub = gateway.properties.virtual_hub
        home = hub.id if hub is not None else None
    if not home:
        raise Undetermined(f"where the gateway {gateway.label} stands", resource=gateway.id)
    return fold(home)


def _sites(network: Network, gateway: Gateway, home: str) -> ToldSites:
    vnet = network.nodes.get(home)
    if isinstance(gateway, VirtualNetworkGateway):
        require_connections(network, gateway)
    if isinstance(gateway, VirtualNetworkGateway) and connections_of(network, gateway):
        if not isinstance(vnet, VirtualNetwork):
            far = spelled(network, home)
            raise Undetermined(f"{far} is not in the snapshot", resource=far)
        return sites_told(network, vnet)
    return ToldSites((), ())


def _judge(
    network: Network, gateway: Gateway, pool: Claim, pools: tuple[Claim, ...], around: list[Claim]
) -> Iterator[Finding]:
    free = _free(pool.prefix, [*around, *pools], taken_beside_networks(network))
    remedy = _remedy(gateway, pool, pools, free)
    seen: set[tuple[str, Prefix]] = set()
    for claim in around:
        mark = (claim.node.key, claim.prefix)
        if mark in seen or not claim.prefix.overlaps(pool.prefix):
            continue
        seen.add(mark)
        yield Finding(
            subject=gateway.id,
            related=(claim.node.id,),
            message=f"the client pool {pool.prefix} of {gateway.label} overlaps {claim.prefix} "
            f"of {_whose(claim)}",
            remedy=remedy,
            evidence=(pool.evidence, claim.evidence),
            key=f"{pool.prefix} {claim.prefix} {claim.node.label.lower()}",
        )


def _whose(claim: Claim) -> str:
    """Name what has a range: of a network that a peering alone tells of, the network."""
    if isinstance(claim.node, Peering):
        far = claim.node.properties.remote_virtual_network
        if far is not None and far.id:
            return last_segment(far.id)
    return claim.node.label


def _free(like: Prefix, around: list[Claim], taken: AddressSet) -> Prefix | None:
    free = RFC1918 - taken - AddressSet.from_prefixes(claim.prefix for claim in around)
    for block in free.prefixes():
        if block.length <= like.length and like.version == 4:
            return Prefix.of(4, block.first, like.length)
    return None


def _remedy(gateway: Gateway, pool: Claim, pools: tuple[Claim, ...], free: Prefix | None) -> str:
    new = str(free) if free else "<a free range>"
    if isinstance(gateway, HubClientGateway) or _is_of_group(pool):
        return f"in the portal, give {gateway.label} the pool {new} in place of {pool.prefix}"
    # The command replaces the whole list.
    kept = (str(one.prefix) for one in pools if one is not pool and not _is_of_group(one))
    return az(
        "network",
        "vnet-gateway",
        "update",
        resource_group=gateway.resource_group,
        name=gateway.label,
        address_prefixes=(*kept, new),
    )


def _is_of_group(pool: Claim) -> bool:
    """Whether a pool belongs to one group of clients, which no command of az reaches."""
    return "vngClientConnectionConfigurations" in pool.evidence.pointer
