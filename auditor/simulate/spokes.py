"""Networks that use one gateway of a hub, which passes on what users' routes send it (R-15)."""

from __future__ import annotations

from auditor.addresses import Address
from auditor.network.graph import Network, question_about
from auditor.resources.hybrid import VirtualNetworkGateway
from auditor.resources.virtual_networks import VirtualNetwork
from auditor.simulate.carriers import gateways_in
from auditor.simulate.logic import told, told_of
from auditor.simulate.peers import peers, space
from auditor.simulate.tunnels import steered, subnets_of


@question_about
def lent_to(network: Network, home: VirtualNetwork) -> VirtualNetworkGateway | None:
    """Give the one VPN gateway that a network has for certain, a peer's; None: it has others."""
    if any(gateways_in(network, home)):
        return None
    lenders = [
        peer
        for peer in peers(network, home) or ()
        if told_of(peer, lambda p: p.peering.properties.use_remote_gateways, True) is not False
    ]
    if len(lenders) != 1:
        return None
    (peer,) = lenders
    uses = told(lambda: peer.peering.properties.use_remote_gateways, None)
    if not (peer.up and uses and peer.at_back(lambda p: p.allow_gateway_transit)):
        return None
    found = tuple(gateways_in(network, peer.far)) if peer.far is not None else ()
    return found[0] if len(found) == 1 and told(lambda: found[0].kind, "") == "vpn" else None


def shared(network: Network, here: VirtualNetwork, there: VirtualNetwork) -> bool:
    """Tell whether one gateway certainly carries packets between two networks.

    Nobody tells whether it sends back what is for the network that it comes from.
    """
    gateway = lent_to(network, here)
    if gateway is None or here is there:
        return False
    return gateway is lent_to(network, there) and _free(network, gateway)


def spoke_with(network: Network, here: VirtualNetwork, to: Address) -> VirtualNetwork | None:
    """Give the network with an address to which a network's gateway certainly passes packets on."""
    for there in network.all(VirtualNetwork):
        claimed = space(network, there)
        named = claimed is not None and to in claimed
        if named and shared(network, here, there):
            return there
    return None


def _free(network: Network, gateway: VirtualNetworkGateway) -> bool:
    """Whether neither routes nor rules meddle with what it passes on."""
    group = "untold"
    return (
        not steered(network, gateway)
        and not told(lambda: gateway.properties.nat_rules or [], [None])
        and all(
            told_of(each, lambda e: e.properties.network_security_group, group) is None
            for each in subnets_of(network, gateway)
        )
    )
