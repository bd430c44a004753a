"""All that is on premises, as far as the snapshot tells (R-24, R-25, R-28)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from auditor.addresses import EVERYTHING, NOTHING, AddressSet, parse_prefix
from auditor.errors import Undetermined
from auditor.network.extents import Doubt, Extent, joined
from auditor.network.graph import Network, question
from auditor.network.learned_routes import learns_routes
from auditor.network.on_premises import client_pools, hubs_of, on_premises
from auditor.network.reasons import Reason, gap
from auditor.network.routing_domains import Claim
from auditor.resources.base import Node
from auditor.resources.hybrid import Connection, VirtualNetworkGateway, VpnNatRule
from auditor.resources.virtual_networks import VirtualNetwork
from auditor.resources.virtual_wan import HubClientGateway


@question
def every_site(network: Network) -> Extent:
    """Give the addresses on premises: sites and VPN clients of every gateway.

    They are as Azure sees them: what a NAT rule shows of a site, not what it hides. A site that
    no connection leads to is not on premises of anything. What BGP teaches, and what a gateway
    that is not in the snapshot leads to, may be any address.
    """
    return joined(
        (
            *(_of_network(network, vnet) for vnet in network.all(VirtualNetwork)),
            *(_clients(gateway) for gateway in network.all(VirtualNetworkGateway)),
            *(_clients(gateway) for gateway in network.all(HubClientGateway)),
            *(_shown(network, connection) for connection in network.all(Connection)),
        )
    )


def _of_network(network: Network, vnet: VirtualNetwork) -> Extent:
    return joined(
        (
            _told(vnet, lambda: _space(on_premises(network, vnet))),
            *_learned(network, vnet),
        )
    )


def _learned(network: Network, vnet: VirtualNetwork) -> Iterator[Extent]:
    try:
        teacher = learns_routes(network, vnet)
        hubs = hubs_of(network, vnet)
    except Undetermined as unknown:
        yield _anything(gap(unknown, vnet.id))
        return
    if not teacher and hubs:
        teacher = f"the virtual hub {hubs[0].label}"
    if teacher:
        yield _anything(Reason("bgp-routes-unknown", f"what {teacher} teaches", vnet.id))


def _clients(gateway: VirtualNetworkGateway | HubClientGateway) -> Extent:
    return _told(gateway, lambda: _space(client_pools(gateway)))


def _shown(network: Network, connection: Connection) -> Extent:
    return _told(connection, lambda: _external(network, connection))


def _external(network: Network, connection: Connection) -> AddressSet:
    total = NOTHING
    for ref in connection.properties.ingress_nat_rules or ():
        rule = network.get(ref, VpnNatRule)
        for mapping in (rule.properties.external_mappings or ()) if rule else ():
            if mapping.address_space:
                total = total | AddressSet.from_prefixes([parse_prefix(mapping.address_space)])
    return total


def _space(claims: Iterable[Claim]) -> AddressSet:
    return AddressSet.from_prefixes(claim.prefix for claim in claims)


def _told(node: Node, ask: Callable[[], AddressSet]) -> Extent:
    try:
        return Extent(ask())
    except Undetermined as unknown:
        return _anything(gap(unknown, node.id))


def _anything(reason: Reason) -> Extent:
    return Extent(doubts=(Doubt(EVERYTHING, reason),))
