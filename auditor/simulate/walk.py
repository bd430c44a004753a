"""Replay one packet, hop by hop."""

from __future__ import annotations

from msgspec.structs import replace

from auditor.addresses import Address
from auditor.network.graph import Missing, Network
from auditor.network.service_tags import NO_TAGS, ServiceTags
from auditor.resources.application_gateways import GatewayFrontend, GatewayIpConfiguration
from auditor.resources.bastion import BastionIpConfiguration
from auditor.resources.compute import ScaleSetInterface, ScaleSetIpConfiguration
from auditor.resources.firewalls import FirewallIpConfiguration
from auditor.resources.hybrid import VpnGatewayIpConfiguration
from auditor.resources.interfaces import IpConfiguration, NetworkInterface
from auditor.resources.load_balancers import LoadBalancer, LoadBalancerFrontend
from auditor.resources.private_endpoints import PrivateEndpoint
from auditor.resources.public_addresses import PublicIp
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.simulate.appliances import forward
from auditor.simulate.balancers import at_frontend
from auditor.simulate.chains import past_chain
from auditor.simulate.delivery import place_of, receive, receive_at_endpoint, receive_at_nobody
from auditor.simulate.doors import at_bastion, at_vpn_gateway
from auditor.simulate.endpoints import is_of_endpoint
from auditor.simulate.exits import leave
from auditor.simulate.filter import OUTBOUND, is_platform, judge, names_platform
from auditor.simulate.links import beyond_endpoint
from auditor.simulate.listeners import at_gateway, leave_as_gateway
from auditor.simulate.logic import follow, told, told_of
from auditor.simulate.packet import INTERNET, ONPREM, PLATFORM, Arrival, Packet, Sighting
from auditor.simulate.peers import Peer, network_of, network_with, peers, space, spaces
from auditor.simulate.places import (
    configurations_of,
    groups_of,
    nic_of,
    places_in,
    public_addresses,
    subnet_of,
    user_of,
)
from auditor.simulate.pods import as_node
from auditor.simulate.pools import own_address
from auditor.simulate.routes import Hop, choose
from auditor.simulate.sites import arrive_from_site, beyond_gateway
from auditor.simulate.special import PRIVATE, UNROUTED
from auditor.simulate.trip import (
    Configuration,
    Enter,
    Knock,
    Leave,
    Onward,
    Origin,
    Route,
    Step,
    Trip,
)

_MOST_STEPS = 400
"""Steps of one replay, over all its branches."""


def replay(
    network: Network,
    start: str,
    packet: Packet,
    tags: ServiceTags = NO_TAGS,
    supposed: frozenset[str] = frozenset(),
) -> tuple[Arrival, ...]:
    """Follow a packet from where it starts to wherever it ends.

    `start` is the ARM id of the NIC, ip configuration or subnet that sends it (of a subnet: any
    machine in it), or `internet` or `onprem`. Several ends: the members of a load balancer or of
    an application gateway, which is an end itself first. What is not modelled or not told gives
    `Fate.UNKNOWN`. Never raises `Undetermined`, and always ends. `supposed` are the keys of subnets
    in which somebody is supposed to have an address that nobody listed has.
    """
    trip = Trip(network, tags, Sighting.of(packet), Origin(), supposed=supposed)
    todo = list(_begin(trip, start))
    ends: list[Arrival] = []
    for _ in range(_MOST_STEPS):
        if not todo:
            return tuple(ends)
        step = todo.pop(0)
        if isinstance(step, Arrival):
            ends.append(step)
        else:
            todo[:0] = _go(step)
    for step in todo:
        ends.append(
            step if isinstance(step, Arrival) else step.trip.untold(start, "the way is too long")
        )
    return tuple(ends)


def _begin(trip: Trip, start: str) -> Onward:
    packet = trip.seen.packet
    trip = trip.note(f"{start}: {packet}")
    if packet.source.version != packet.destination.version:
        return (trip.dropped(start, "IPv4 and IPv6 do not mix"),)
    if packet.destination in UNROUTED:
        return (trip.dropped(start, "virtual networks drop multicast and broadcast"),)
    if packet.protocol == "udp" and (packet.source_port == 65330 or packet.destination_port == 67):
        return (trip.untold(start, "Azure keeps the port for itself"),)
    if start == INTERNET:
        return _from_internet(trip)
    if start == ONPREM:
        return arrive_from_site(trip)
    node = trip.network.find(start)
    if isinstance(node, Subnet):
        if not any(packet.source in prefix for prefix in told(lambda: node.prefixes, ())):
            return (trip.untold(start, "the source is no address of the subnet"),)
        return _send(replace(trip, origin=Origin("subnet", node)), node, None)
    if isinstance(node, NetworkInterface | ScaleSetInterface):
        return _from_machine(trip, start, _of_nic(node, packet))
    if isinstance(node, IpConfiguration | ScaleSetIpConfiguration):
        return _from_machine(trip, start, node)
    return (trip.untold(start, "what starts there is not modelled"),)


def _from_internet(trip: Trip) -> Onward:
    if trip.seen.packet.source in PRIVATE:
        return (trip.untold(INTERNET, "the source is no address of the internet"),)
    return (Knock(trip, outside=True),)


def _of_nic(nic: NetworkInterface | ScaleSetInterface, packet: Packet) -> Configuration | None:
    listed = configurations_of(nic)
    exact = [each for each in listed if own_address(each) == packet.source]
    if exact:
        return exact[0]
    primary = [each for each in listed if told_of(each, lambda e: e.properties.primary, None)]
    return next(iter((*primary, *listed)), None)


def _from_machine(trip: Trip, start: str, configuration: Configuration | None) -> Onward:
    if configuration is None:
        return (trip.untold(start, "the ip configurations of the NIC are not told"),)
    network, source = trip.network, trip.seen.packet.source
    subnet = subnet_of(network, configuration)
    if subnet is None:
        return (trip.untold(start, "the subnet of the NIC is not told"),)
    nic = nic_of(configuration)
    if isinstance(nic, NetworkInterface) and _is_endpoint(network, nic):
        return (trip.dropped(start, "a private endpoint starts no connection"),)
    own = own_address(configuration)
    inside = any(source in prefix for prefix in told(lambda: subnet.prefixes, ()))
    if own != source and (own is not None or not inside):
        return (trip.untold(start, f"whether the NIC may send as {source} is not told"),)
    trip, configuration = as_node(trip, subnet, configuration)
    origin = Origin("subnet", subnet, configuration)
    return _send(replace(trip, origin=origin), subnet, configuration)


def _is_endpoint(network: Network, nic: NetworkInterface) -> bool:
    if follow(network, lambda: nic.properties.private_endpoint) is not None:
        return True
    return is_of_endpoint(network, nic)


def _send(trip: Trip, subnet: Subnet, configuration: Configuration | None) -> Onward:
    """Pass the filters at the sender (P-1)."""
    nic = nic_of(configuration) if configuration is not None else None
    at = configuration.id if configuration is not None else subnet.id
    groups = groups_of(trip.network, subnet, nic, OUTBOUND)
    platform = is_platform(trip.seen)
    if platform is not False:
        if platform is None or names_platform(groups) is not False:
            return (trip.untold(at, "whether Azure's host gets it is not told"),)
        return (trip.delivered(PLATFORM, "no security group filters platform traffic", True),)
    ruling = judge(place_of(trip, subnet, nic), OUTBOUND, groups, trip.seen)
    trip = trip.note(f"{at}: outbound {ruling}")
    if ruling.passes is False:
        return (trip.dropped(at, f"outbound traffic is {ruling}"),)
    if ruling.passes is None:
        trip = trip.doubt(f"outbound traffic is {ruling}")
    return (Route(trip, subnet, configuration),)


def _go(step: Step) -> Onward:
    if isinstance(step, Route):
        return _route(step)
    if isinstance(step, Enter):
        return _enter(step)
    if isinstance(step, Leave):
        if step.trip.origin.kind == "subnet" and _is_gateways(step):
            return leave_as_gateway(step.trip, step.subnet)
        return leave(step)
    return _knock(step)


def _is_gateways(step: Leave) -> bool:
    return step.configuration is None and any(
        isinstance(edge.source, GatewayIpConfiguration)
        for edge in step.trip.network.referrers(step.subnet, "subnet")
    )


def _route(step: Route) -> Onward:
    """Follow the subnet's routes."""
    trip, subnet = step.trip, step.subnet
    packet = trip.seen.packet
    here = (subnet.key, packet.source, packet.destination, packet.destination_port)
    if here in trip.passed:
        return (trip.dropped(subnet.id, "the packet goes round in circles"),)
    trip = replace(trip, passed=trip.passed | {here})
    choice = choose(trip.network, subnet, packet.destination, trip.tags)
    trip = trip.note(f"{subnet.id}: next hop {choice}")
    home = network_of(trip.network, subnet)
    if choice.kinds == {"internet", "service"}:
        return (Leave(trip, subnet, step.configuration, service=True),)
    hop = choice.hop
    if hop is None or home is None:
        return (trip.untold(subnet.id, f"the next hop is not told: {choice}"),)
    return _follow(trip, step, home, hop)


def _follow(trip: Trip, step: Route, home: VirtualNetwork, hop: Hop) -> Onward:
    subnet = step.subnet
    if hop.kind == "none":
        return (trip.dropped(subnet.id, f"the route drops it: {hop.text}"),)
    if hop.kind == "local":
        own = space(trip.network, home)
        if own is None or trip.seen.packet.destination not in own:
            return (trip.untold(subnet.id, "what VnetLocal does outside the network is not told"),)
        return (Enter(trip, home),)
    if hop.kind == "peer" and hop.peer is not None:
        return cross(trip, home, hop.peer)
    if hop.kind == "internet":
        return (Leave(trip, subnet, step.configuration),)
    if hop.kind == "gateway":
        return beyond_gateway(trip, home, subnet)
    if hop.kind == "appliance" and hop.address is not None:
        if hop.address == trip.seen.packet.destination:
            return _at_the_hop(trip, home, subnet, hop.address)
        return forward(trip, home, subnet, hop.address)
    return (trip.untold(subnet.id, f"what {hop.text} does is not modelled"),)


def _at_the_hop(trip: Trip, home: VirtualNetwork, subnet: Subnet, hop: Address) -> Onward:
    """Enter the network of an appliance that the packet itself is for: it need not forward it."""
    where = network_with(trip.network, home, hop)
    if where is home:
        return (Enter(trip, home),)
    for peer in peers(trip.network, home) or ():
        if peer.far is not None and peer.far is where:
            return cross(trip, home, peer)
    return forward(trip, home, subnet, hop)


def cross(trip: Trip, home: VirtualNetwork, peer: Peer) -> Onward:
    """Go over a peering (R-16)."""
    at = peer.peering.id
    if peer.far is None:
        return (trip.untold(at, "the network at the far end is not in the snapshot"),)
    own = space(trip.network, home)
    inside = own is not None and trip.seen.sources <= own
    if not inside and not _transits(trip, peer):
        allowed = peer.at_back(lambda p: p.allow_forwarded_traffic)
        if allowed is False and own is not None and not trip.seen.sources.overlaps(own):
            return (trip.dropped(at, "the far network takes no forwarded traffic"),)
        if not allowed:
            trip = trip.doubt("whether the far network takes forwarded traffic is not told")
    return (Enter(trip, peer.far, peer, home),)


def _transits(trip: Trip, peer: Peer) -> bool:
    """Whether it is gateway transit, which needs no leave to forward."""
    if trip.origin.kind != ONPREM or trip.appliance is not None or peer.back is None:
        return False
    grants = told(lambda: peer.peering.properties.allow_gateway_transit, None)
    uses = peer.at_back(lambda p: p.use_remote_gateways)
    return grants is True and uses is True


def _enter(step: Enter) -> Onward:
    """Find who has the destination in a network."""
    trip, home = step.trip, step.home
    to = trip.seen.packet.destination
    found = places_in(trip.network, home).get(to, [])
    if len(found) > 1:
        return (trip.untold(home.id, f"{len(found)} resources have {to}"),)
    if not found:
        return (receive_at_nobody(trip, home),)
    node = found[0]
    if isinstance(node, IpConfiguration):
        return (receive(trip, node),)
    if isinstance(node, LoadBalancerFrontend):
        return _to_frontend(step, node)
    if isinstance(node, GatewayFrontend):
        return at_gateway(trip, node)
    if isinstance(node, PrivateEndpoint):
        return beyond_endpoint(trip, node, receive_at_endpoint(trip, home, node))
    return (trip.untold(node.id, "what comes to this address is not modelled"),)


def _to_frontend(step: Enter, frontend: LoadBalancerFrontend) -> Onward:
    """Basic frontends are not reached from other regions (R-21)."""
    trip, home, sender = step.trip, step.home, step.sender
    if sender is None:
        return at_frontend(trip, frontend)
    balancer = frontend.owner
    sku = _sku(balancer) if isinstance(balancer, LoadBalancer) else ""
    here, there = _region(home), _region(sender)
    if sku == "standard" or (here and here == there):
        return at_frontend(trip, frontend)
    if sku == "basic" and here and there:
        why = "an internal Basic load balancer is not reached over a global peering"
        return (trip.dropped(frontend.id, why),)
    trip = trip.doubt("whether a global peering leads to the load balancer is not told")
    return at_frontend(trip, frontend)


def _sku(of: LoadBalancer | PublicIp) -> str:
    """Give the SKU in lower case, empty when it is not told."""
    return (told(lambda: of.sku.name if of.sku else None, None) or "").lower()


def _region(network: VirtualNetwork) -> str:
    return (told(lambda: network.location, None) or "").lower().replace(" ", "")


def _knock(step: Knock) -> Onward:
    """Find who has a public address (E-1)."""
    trip = step.trip
    to = trip.seen.packet.destination
    if step.outside and to in PRIVATE:
        return (trip.dropped(INTERNET, f"{to} is private and not routed on the internet"),)
    found = public_addresses(trip.network).get(to, [])
    if not found:
        if step.outside or to in spaces(trip.network):
            return (trip.untold(INTERNET, f"who has {to} is not told"),)
        return (trip.delivered(INTERNET, f"{to} is on the internet", returns=True),)
    if len(found) > 1:
        return (trip.untold(INTERNET, f"{len(found)} resources have {to}"),)
    public = found[0]
    trip = trip.note(f"{public.id}: {trip.seen.packet}")
    node = user_of(trip.network, public)
    if node is None:
        return (trip.dropped(public.id, "nothing that receives has the public address"),)
    if isinstance(node, Missing):
        return (trip.untold(public.id, "who has the public address is not told"),)
    return _at_public(trip, public, node)


def _at_public(trip: Trip, public: PublicIp, node: object) -> Onward:
    if isinstance(node, IpConfiguration):
        own = own_address(node)
        if own is None:
            return (trip.untold(node.id, "the private address of the NIC is not told"),)
        trip = past_chain(trip, node)
        seen = trip.seen.to(own, trip.seen.packet.destination_port)
        sku = _sku(public)
        closed = None if sku not in ("basic", "standard") else sku == "standard"
        if seen.packet.protocol == "ah":
            return (trip.untold(node.id, "whether AH comes in by a public address is not told"),)
        return (receive(trip.seeing(seen), node, closed),)
    if isinstance(node, LoadBalancerFrontend):
        return at_frontend(trip, node)
    if isinstance(node, GatewayFrontend):
        return at_gateway(trip, node)
    if isinstance(node, BastionIpConfiguration):
        return (at_bastion(trip, node),)
    if isinstance(node, VpnGatewayIpConfiguration):
        return (at_vpn_gateway(trip, node),)
    if isinstance(node, FirewallIpConfiguration):
        return (trip.untold(node.id, "what the firewall lets in is not modelled"),)
    return (trip.untold(public.id, "what comes to this public address is not modelled"),)
