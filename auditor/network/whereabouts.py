"""Where an address lies as routes lead there: past the networks that are joined directly."""

from __future__ import annotations

from msgspec.structs import replace

from auditor.addresses import Address
from auditor.network.address_plan import Whereabouts, locate, locate_among
from auditor.network.graph import Network, question, question_about
from auditor.network.routing.hops import next_hop
from auditor.network.routing.model import Hop, NextHop
from auditor.network.routing_domains import routing_domains, without_network
from auditor.resources.virtual_networks import Subnet, VirtualNetwork

_CARRIERS = frozenset({Hop.APPLIANCE, Hop.UNKNOWN})
"""Who may bring packets to networks that a VNet is not joined with (R-11, R-15)."""


@question_about
def locate_from(network: Network, address: Address, subnet: Subnet) -> Whereabouts:
    """Find an address as seen from a subnet: in its VNet, near it, or where an appliance leads.

    Beyond what peerings and hubs join, an address is looked for only where a route of the subnet
    sends packets for it to an appliance: in all networks that are joined with one another. Where
    none holds it, `unsure` names the appliance. Never raises for what the snapshot lacks.
    """
    vnet = network.holder(subnet, VirtualNetwork)
    if vnet is None:
        return Whereabouts(address, (), None, None, without_network(subnet).missing)
    here = locate(network, address, vnet)
    if here.key is not None or here.owners:
        return here
    way = next_hop(network, subnet, address)
    if not _carries(way):
        return here
    there = locate_among(network, address, vnet, joined(network).get(vnet.key, frozenset()))
    if there.key is not None or there.owners:
        return there
    return replace(here, unsure=here.unsure or there.unsure or _behind(way))


def may_be_carried(network: Network, subnet: Subnet, address: Address) -> bool:
    """Tell whether routes of a subnet send packets for an address to an appliance, or may."""
    return _carries(next_hop(network, subnet, address))


def _carries(way: NextHop) -> bool:
    return not way.drops and bool(way.may & _CARRIERS)


@question
def joined(network: Network) -> dict[str, frozenset[str]]:
    """Give the networks of each routing domain by the key of every member."""
    found: dict[str, frozenset[str]] = {}
    for domain in routing_domains(network):
        members = frozenset(domain.members)
        found.update(dict.fromkeys(members, members))
    return found


def _behind(way: NextHop) -> str:
    for route in way.possible:
        if route.hop is Hop.APPLIANCE:
            return f"what lies behind the appliance {route.address or route.name}"
    return "; ".join(map(str, way.reasons))
