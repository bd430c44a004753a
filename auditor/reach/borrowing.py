"""What two sides of a peering have to say that a network uses its peer's gateway, in words."""

from __future__ import annotations

from auditor.addresses import Address
from auditor.errors import Undetermined
from auditor.network.graph import Network
from auditor.network.learned_routes import learns_routes
from auditor.network.on_premises import (
    client_pools,
    gateways_in,
    gateways_lent,
    on_premises,
)
from auditor.network.routing.peered import Tie, ties_of
from auditor.resources.virtual_networks import VirtualNetwork


def to_borrow(network: Network, vnet: VirtualNetwork, address: Address) -> str:
    """Say what to set that a network uses a peer's gateway by which an address is (R-17).

    Empty where there is none, or where both sides are set; a network uses the gateway of one peer.
    """
    try:
        ties = ties_of(network, vnet).ties
        used = [tie for tie in ties if tie.peering.properties.use_remote_gateways]
        found = (_settings(vnet, tie) for tie in used or ties if _knows(network, tie, address))
        return next(filter(None, found), "")
    except Undetermined:
        return ""


def longest_claim(network: Network, vnet: VirtualNetwork, address: Address) -> int:
    """Give the length of the longest prefix by which a peer's gateways know an address; 0: none."""
    try:
        found = [n for tie in ties_of(network, vnet).ties for n in _lengths(network, tie, address)]
    except Undetermined:
        return 0
    return max(found, default=0)


def is_claimed(network: Network, vnet: VirtualNetwork, address: Address) -> bool:
    """Tell whether the gateways that a network uses know an address, or may have learned of it."""
    try:
        clients = (client_pools(each) for each in gateways_lent(network, vnet))
        told = (*on_premises(network, vnet), *(claim for pool in clients for claim in pool))
        return any(address in claim.prefix for claim in told) or bool(learns_routes(network, vnet))
    except Undetermined:
        return True


def _knows(network: Network, tie: Tie, address: Address) -> bool:
    """Whether a peer's own gateways lead to an address, or may have learned that they do."""
    if tie.far is None or not gateways_in(network, tie.far):
        return False
    return bool(_lengths(network, tie, address) or learns_routes(network, tie.far))


def _lengths(network: Network, tie: Tie, address: Address) -> list[int]:
    gateways = gateways_in(network, tie.far) if tie.far is not None else ()
    if tie.far is None or not gateways:
        return []
    told = (*on_premises(network, tie.far), *(c for each in gateways for c in client_pools(each)))
    return [claim.prefix.length for claim in told if address in claim.prefix]


def _settings(vnet: VirtualNetwork, tie: Tie) -> str:
    if tie.far is None or tie.back is None:
        return ""
    missing = []  # in the order that Azure asks for: what is used is lent before
    if not tie.back.properties.allow_gateway_transit:
        missing.append(f"allowGatewayTransit on the peering of {tie.far.label} with {vnet.label}")
    if not tie.peering.properties.use_remote_gateways:
        missing.append(f"useRemoteGateways on the peering of {vnet.label} with {tie.far.label}")
    return f"set {', and '.join(missing)}" if missing else ""
