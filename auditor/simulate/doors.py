"""Public addresses that the platform itself answers: Bastion and VNet gateways (E-1, N-43)."""

from __future__ import annotations

from auditor.resources.bastion import BastionIpConfiguration
from auditor.resources.hybrid import VirtualNetworkGateway, VpnGatewayIpConfiguration
from auditor.simulate.delivery import reply
from auditor.simulate.filter import INBOUND, judge
from auditor.simulate.logic import told
from auditor.simulate.matching import Place
from auditor.simulate.packet import Arrival, usable
from auditor.simulate.places import groups_of, subnet_of
from auditor.simulate.trip import Trip


def at_bastion(trip: Trip, node: BastionIpConfiguration) -> Arrival:
    """End at a Bastion, which answers TCP 443 and nothing else."""
    packet = trip.seen.packet
    if packet.protocol != "tcp" or packet.destination_port != 443:
        return trip.dropped(node.id, "a Bastion answers TCP 443 only")
    subnet = subnet_of(trip.network, node)
    if subnet is None:
        return trip.untold(node.id, "the subnet of the Bastion is not told")
    instances = usable(told(lambda: subnet.prefixes, ()), packet.destination.version)
    groups = groups_of(trip.network, subnet, None, INBOUND)
    place = Place(trip.network, subnet, trip.tags)
    ruling = judge(place, INBOUND, groups, trip.seen.toward(instances))
    trip = trip.note(f"{subnet.id}: inbound {ruling}")
    if ruling.passes is False:
        return trip.dropped(node.id, f"inbound traffic is {ruling}")
    if ruling.passes is None:
        return trip.untold(node.id, f"inbound traffic is {ruling}")
    return trip.delivered(node.id, "the Bastion asks who knocks", reply(trip, subnet))


def at_vpn_gateway(trip: Trip, node: VpnGatewayIpConfiguration) -> Arrival:
    """End at a VNet gateway: IKE and ESP for tunnels, TCP 443 for clients."""
    gateway = node.owner
    packet = trip.seen.packet
    if not isinstance(gateway, VirtualNetworkGateway):
        return trip.untold(node.id, "the gateway is not told")
    if told(lambda: gateway.kind, "") != "vpn":
        return trip.untold(node.id, "what the gateway answers is not told")
    subnet = subnet_of(trip.network, node)
    if subnet is None or groups_of(trip.network, subnet, None, INBOUND):
        return trip.untold(node.id, "what guards the gateway's subnet is not told")
    flow = packet.protocol, packet.destination_port
    if packet.protocol == "esp" or flow in (("udp", 500), ("udp", 4500)):
        return trip.delivered(node.id, "the VPN gateway asks who knocks", True)
    if flow == ("tcp", 443):
        clients = told(lambda: gateway.properties.vpn_client_configuration, None)
        if clients is None:
            return trip.untold(node.id, "whether the VPN gateway serves clients is not told")
        return trip.delivered(node.id, "the VPN gateway asks who knocks", True)
    return trip.dropped(node.id, "a VPN gateway answers IKE, ESP and TCP 443 only")
