"""A private link service: a packet at a private endpoint goes on with another source (L-7, P-6)."""

from __future__ import annotations

from msgspec.structs import replace

from auditor.addresses import AddressSet
from auditor.network.graph import Missing, Network
from auditor.ports import EVERY_PORT
from auditor.resources.application_gateways import ApplicationGateway
from auditor.resources.load_balancers import LoadBalancerFrontend
from auditor.resources.private_endpoints import PrivateEndpoint, PrivateLinkService
from auditor.resources.virtual_networks import Subnet
from auditor.simulate.balancers import at_frontend
from auditor.simulate.endpoints import private_address
from auditor.simulate.logic import follow_of, told, told_of
from auditor.simulate.packet import Arrival, Fate, Packet, Sighting, one, usable
from auditor.simulate.trip import Onward, Origin, Trip


def beyond_endpoint(trip: Trip, resource: PrivateEndpoint, end: Arrival) -> Onward:
    """Go on from an endpoint that took the packet, if a private link service is behind it.

    `end` is the packet's end at the endpoint: that is all where another service answers.
    """
    if end.fate is not Fate.DELIVERED:
        return (end,)
    listed = told(lambda: resource.connections, ())
    nodes = [
        trip.network.find(told_of(each, lambda c: c.properties.private_link_service_id, None))
        for each in listed
    ]
    if any(isinstance(node, ApplicationGateway) for node in nodes):
        return (trip.untold(resource.id, "how a gateway takes packets of Private Link"),)
    services = [node for node in nodes if isinstance(node, PrivateLinkService)]
    if not services:
        return (end,)
    if len(services) > 1:
        return (trip.untold(resource.id, "which private link service takes it is not told"),)
    return _through(trip.note(f"{resource.id}: {services[0].label}"), services[0])


def _through(trip: Trip, service: PrivateLinkService) -> Onward:
    network = trip.network
    refs = told(lambda: service.properties.load_balancer_frontend_ip_configurations, None) or ()
    front = network.find(refs[0]) if len(refs) == 1 else None
    to = private_address(front) if isinstance(front, LoadBalancerFrontend) else None
    if not isinstance(front, LoadBalancerFrontend) or isinstance(front, Missing) or to is None:
        return (trip.untold(service.id, "which frontend the service leads to is not told"),)
    translated = _translated(network, service, to.version)
    if translated is None:
        return (trip.untold(service.id, "the addresses of the service are not told"),)
    subnet, own = translated
    source = own.smallest()
    if source is None:
        return (trip.untold(service.id, "the service has no address of this kind"),)
    old = trip.seen.packet
    packet = Packet(source, to, old.protocol, 0, old.destination_port)
    seen = Sighting(packet, own, one(to), EVERY_PORT)
    trip = replace(trip.seeing(seen), origin=Origin("subnet", subnet), appliance=None)
    return at_frontend(trip, front)


def _translated(
    network: Network, service: PrivateLinkService, version: int
) -> tuple[Subnet, AddressSet] | None:
    """Give the subnet of the NAT addresses, and those that a packet may have."""
    home: Subnet | None = None
    total = AddressSet()
    for each in told(lambda: service.properties.ip_configurations, None) or ():
        subnet = follow_of(network, each, lambda e: e.properties.subnet)
        if not isinstance(subnet, Subnet) or (home is not None and home is not subnet):
            return None
        home, address = subnet, private_address(each)
        if address is not None:
            total = total | one(address)
        else:
            total = total | usable(told_of(subnet, lambda s: s.prefixes, ()), version)
    return (home, total) if home is not None else None
