"""A packet at a virtual appliance that a route names (R-11)."""

from __future__ import annotations

from auditor.addresses import Address
from auditor.network.graph import Missing, Network
from auditor.resources.base import Node
from auditor.resources.firewalls import FirewallIpConfiguration
from auditor.resources.interfaces import IpConfiguration, NetworkInterface
from auditor.resources.load_balancers import LoadBalancerFrontend
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.simulate.delivery import inbound
from auditor.simulate.logic import told
from auditor.simulate.packet import Arrival
from auditor.simulate.peers import peers, space
from auditor.simulate.places import nic_of, places_in, subnets_with, vacant
from auditor.simulate.trip import Onward, Trip


def forward(trip: Trip, home: VirtualNetwork, subnet: Subnet, hop: Address) -> Onward:
    """Give what becomes of a packet that a route hands to an appliance."""
    where = _network_with(trip.network, home, hop)
    if where is None:
        return (trip.dropped(subnet.id, f"no network at hand holds the next hop {hop}"),)
    if isinstance(where, Missing):
        return (trip.untold(subnet.id, f"where the next hop {hop} stands is not told"),)
    found = places_in(trip.network, where).get(hop, [])
    if len(found) > 1:
        return (trip.untold(where.id, f"{len(found)} resources have {hop}"),)
    if not found:
        return (_nobody(trip, where, hop),)
    return _at(trip, found[0], hop)


def _network_with(
    network: Network, home: VirtualNetwork, hop: Address
) -> VirtualNetwork | Missing | None:
    """Give the network, this one or a peer, that holds the next hop; `Missing` when untold."""
    own = space(network, home)
    if own is None:
        return Missing(home.id, home.key)
    if hop in own:
        return home
    listed = peers(network, home)
    if listed is None:
        return Missing(home.id, home.key)
    for peer in listed:
        if peer.up is False or hop not in peer.bound:
            continue
        if peer.up is True and peer.far is not None and any(hop in p for p in peer.surely):
            return peer.far
        return Missing(peer.peering.id, peer.peering.key)
    return None


def _nobody(trip: Trip, where: VirtualNetwork, hop: Address) -> Arrival:
    listed = subnets_with(where, hop)
    if listed is not None and all(vacant(trip.network, each) for each in listed):
        return trip.dropped(where.id, f"nobody has the next hop {hop}")
    return trip.untold(where.id, f"who has the next hop {hop} is not told")


def _at(trip: Trip, node: Node, hop: Address) -> Onward:
    if isinstance(node, FirewallIpConfiguration):
        return (trip.untold(node.id, "what the firewall lets through is not modelled"),)
    if isinstance(node, LoadBalancerFrontend):
        return (trip.untold(node.id, "what the appliances behind the balancer do is not told"),)
    if not isinstance(node, IpConfiguration):
        return (trip.untold(node.id, f"what {hop} does with it is not modelled"),)
    nic = nic_of(node)
    forwards = (
        told(lambda: nic.properties.enable_ip_forwarding, None)
        if isinstance(nic, NetworkInterface)
        else None
    )
    if forwards is False:
        return (trip.dropped(node.id, "the next hop does not forward"),)
    _, ruling = inbound(trip, node, trip.seen)
    if ruling.passes is False:
        return (trip.dropped(node.id, f"inbound traffic at the appliance is {ruling}"),)
    return (trip.untold(node.id, "what the appliance does with it is not told"),)
