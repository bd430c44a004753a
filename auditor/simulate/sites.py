"""To and from what lies behind a VNet gateway (R-24 to R-27)."""

from __future__ import annotations

from msgspec.structs import replace

from auditor.network.graph import Network
from auditor.resources.hybrid import LocalNetworkGateway, VirtualNetworkGateway
from auditor.resources.public_addresses import PublicIp
from auditor.resources.routing import RouteTable
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.simulate.beyond import beyond, learns, site_prefixes
from auditor.simulate.carriers import connections_of, gateways_in
from auditor.simulate.filter import INBOUND
from auditor.simulate.logic import follow, told, told_of
from auditor.simulate.packet import ONPREM
from auditor.simulate.peers import network_of, peers, space
from auditor.simulate.places import groups_of, subnet_of
from auditor.simulate.spokes import spoke_with
from auditor.simulate.trip import Enter, Onward, Origin, Route, Trip
from auditor.simulate.tunnels import Tunnel, subnets_of, tunnels


def beyond_gateway(trip: Trip, home: VirtualNetwork, subnet: Subnet) -> Onward:
    """Give what becomes of a packet whose next hop is the gateway."""
    known = beyond(trip.network, home)
    if known.gateways is False:
        return (trip.dropped(subnet.id, "there is no gateway that the next hop could mean"),)
    carriers = [
        gateway
        for each in _within_reach(trip.network, home)
        for gateway in gateways_in(trip.network, each)
    ]
    if len(carriers) != 1 or known.gateways is None:
        return (trip.untold(subnet.id, "which gateway takes it is not told"),)
    gateway = carriers[0]
    if any(_led_away(trip.network, each) for each in subnets_of(trip.network, gateway)):
        return (trip.untold(gateway.id, "whether the gateway works with its routes is not told"),)
    if told(lambda: gateway.kind, "") != "vpn" or _translates(gateway):
        return (trip.untold(gateway.id, "what the gateway does with it is not told"),)
    for tunnel in tunnels(trip.network, gateway) or ():
        there = space(trip.network, tunnel.far)
        if there is not None and trip.seen.packet.destination in there:
            return _tunnelled(trip, gateway, tunnel)
    spoke = spoke_with(trip.network, home, trip.seen.packet.destination)
    if spoke is not None:
        return (Enter(trip.note(f"{gateway.id}: on to {spoke.id}"), spoke),)
    for prefix in site_prefixes(trip.network, gateway) or ():
        if trip.seen.packet.destination in prefix:
            return _through(trip.note(f"{gateway.id}: tunnel to {prefix}"), gateway)
    return (trip.untold(gateway.id, "whether a site behind the gateway has it is not told"),)


def _tunnelled(trip: Trip, gateway: VirtualNetworkGateway, tunnel: Tunnel) -> Onward:
    """Come out of a tunnel in the network at its far end."""
    if not tunnel.whole:
        return (trip.untold(gateway.id, "whether the tunnel carries it is not told"),)
    return (Enter(trip.note(f"{gateway.id}: tunnel to {tunnel.far.id}"), tunnel.far),)


def _within_reach(network: Network, home: VirtualNetwork) -> list[VirtualNetwork]:
    found = [home]
    for peer in peers(network, home) or ():
        uses = told_of(peer, lambda p: p.peering.properties.use_remote_gateways, None)
        if peer.far is not None and uses is True:
            found.append(peer.far)
    return found


def _through(trip: Trip, gateway: VirtualNetworkGateway) -> Onward:
    for each in connections_of(trip.network, gateway):
        site = trip.network.find(told_of(each, lambda e: e.properties.local_network_gateway2, None))
        if not isinstance(site, LocalNetworkGateway):
            continue
        space = told_of(site, lambda s: s.properties.local_network_address_space, None)
        if space is None or not any(
            trip.seen.packet.destination in prefix
            for prefix in told_of(space, lambda s: s.prefixes, ())
        ):
            continue
        door = told_of(site, lambda s: s.properties.gateway_ip_address, None)
        if door in _own_doors(trip.network):
            return (trip.untold(site.id, "what a gateway of the input does is not modelled"),)
        state = (told_of(each, lambda e: e.properties.connection_status, None) or "").lower()
        if state not in ("", "connected", "unknown"):
            trip = trip.doubt(f"connection {each.label} is {state}")
    return (trip.delivered(ONPREM, "the site behind the VPN gateway has it", None),)


def _led_away(network: Network, subnet: Subnet) -> bool:
    """Whether a user's default route stands where a gateway does, or may (R-27)."""
    table = follow(network, lambda: subnet.properties.route_table)
    if table is None:
        return False
    if not isinstance(table, RouteTable):
        return True
    written = [
        told_of(each, lambda e: e.properties.address_prefix, "0.0.0.0/0")
        for each in told(lambda: table.routes, ())
    ]
    return "0.0.0.0/0" in written


def _own_doors(network: Network) -> set[str | None]:
    """The public addresses that the input tells: a site with one of them is none."""
    listed = network.all(PublicIp)
    return {told_of(each, lambda e: e.properties.ip_address, None) for each in listed} - {None}


def _translates(gateway: VirtualNetworkGateway) -> bool:
    """Whether a VPN gateway translates addresses, or may."""
    return bool(told(lambda: gateway.properties.nat_rules or [], [None]))


def arrive_from_site(trip: Trip) -> Onward:
    """Begin behind a gateway: the packet comes out of it into the gateway's subnet."""
    network, source = trip.network, trip.seen.packet.source
    gateways = network.all(VirtualNetworkGateway)
    carriers = [
        each
        for each in gateways
        if any(source in prefix for prefix in site_prefixes(network, each) or ())
    ]
    if len(carriers) != 1 or any(learns(network, each) for each in gateways):
        return (trip.untold(ONPREM, f"which gateway {source} comes in by is not told"),)
    gateway = carriers[0]
    subnets = {
        subnet.key: subnet
        for each in told(lambda: gateway.ip_configurations, ())
        if (subnet := subnet_of(network, each)) is not None
    }
    if len(subnets) != 1 or told(lambda: gateway.kind, "") != "vpn" or _translates(gateway):
        return (trip.untold(gateway.id, "what the gateway does with it is not told"),)
    (subnet,) = subnets.values()
    if _led_away(network, subnet):
        trip = trip.doubt("whether the gateway works with the routes of its subnet is not told")
    if groups_of(network, subnet, None, INBOUND):
        trip = trip.doubt("what the security group of the gateway's subnet does is not told")
    trip = trip.note(f"{gateway.id}: out of the tunnel")
    if network_of(network, subnet) is None:
        return (trip.untold(gateway.id, "the network of the gateway is not told"),)
    return (Route(replace(trip, origin=Origin(ONPREM)), subnet),)
