"""Private Link: a packet at a private endpoint goes on with another source (L-7, A-52, P-6)."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from auditor.addresses import Address, AddressSet
from auditor.network.graph import Missing, Network
from auditor.ports import EVERY_PORT
from auditor.resources.application_gateways import (
    ApplicationGateway,
    GatewayFrontend,
    PrivateLinkIpConfiguration,
)
from auditor.resources.base import Node
from auditor.resources.load_balancers import LoadBalancerFrontend
from auditor.resources.network_manager import AdminRule
from auditor.resources.private_endpoints import (
    PrivateEndpoint,
    PrivateLinkService,
    PrivateLinkServiceIpConfiguration,
    ServiceConnection,
)
from auditor.resources.virtual_networks import Subnet
from auditor.simulate.balancers import at_frontend
from auditor.simulate.endpoints import private_address
from auditor.simulate.filter import INBOUND
from auditor.simulate.listeners import at_gateway
from auditor.simulate.logic import follow_of, told, told_of
from auditor.simulate.packet import Arrival, Fate, Packet, Sighting, one, usable
from auditor.simulate.places import groups_of
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
    gateways = [node for node in nodes if isinstance(node, ApplicationGateway)]
    if gateways:
        front = _linked_front(listed, gateways[0]) if len(nodes) == 1 else None
        if front is None:
            return (trip.untold(resource.id, "which frontend of a gateway takes it is not told"),)
        return _into_gateway(trip.note(f"{resource.id}: {front.label}"), gateways[0], front)
    services = [node for node in nodes if isinstance(node, PrivateLinkService)]
    if any(_is_anothers(told_of(e, lambda c: c.properties.private_link_service_id, None), node)
           for e, node in zip(listed, nodes, strict=True)):  # fmt: skip
        return (trip.untold(resource.id, "who answers behind the endpoint is not told"),)
    if not services:
        return (end,)
    if len(services) > 1:
        return (trip.untold(resource.id, "which private link service takes it is not told"),)
    return _through(trip.note(f"{resource.id}: {services[0].label}"), services[0])


def _is_anothers(named: str | None, node: object) -> bool:
    """Whether a service that forwards to somebody is not in the snapshot, or named by an alias."""
    text = (named or "").lower()
    forwards = "/privatelinkservices/" in text or "/applicationgateways/" in text
    return text.endswith(".azure.privatelinkservice") or (forwards and not isinstance(node, Node))


def _linked_front(
    listed: Sequence[ServiceConnection], gateway: ApplicationGateway
) -> GatewayFrontend | None:
    """Give the one frontend of a gateway that a connection leads to (A-52)."""
    groups = told_of(listed[0], lambda c: c.properties.group_ids, None) or ()
    named = {group.lower() for group in groups}
    fronts = told(lambda: gateway.frontends, ())
    linked = [
        front
        for front in fronts
        if told_of(front, lambda f: f.properties.private_link_configuration, None) is not None
    ]
    meant = [front for front in fronts if front.label.lower() in named] or linked
    return meant[0] if len(meant) == 1 and meant[0] in linked else None


def _into_gateway(trip: Trip, gateway: ApplicationGateway, front: GatewayFrontend) -> Onward:
    """Arrive at a frontend from an address of its Private Link configuration.

    What rules before the gateway see no fact tells.
    """
    network = trip.network
    homes = [
        follow_of(network, each, lambda e: e.properties.subnet)
        for each in told(lambda: gateway.ip_configurations, ())
    ]
    home = homes[0] if len(homes) == 1 else None
    if not isinstance(home, Subnet) or network.all(AdminRule):
        return (trip.untold(gateway.id, "what stands before the gateway is not told"),)
    if groups_of(network, home, None, INBOUND):
        return (trip.untold(gateway.id, "how a gateway takes packets of Private Link"),)
    instances = usable(told(lambda: home.prefixes, ()), trip.seen.packet.destination.version)
    to = private_address(front) or instances.smallest()
    if to is None:
        return (trip.untold(gateway.id, "the addresses of the gateway are not told"),)
    listed = told(lambda: gateway.properties.private_link_configurations, None) or ()
    configured = [
        each
        for holder in listed
        for each in told_of(holder, lambda h: h.properties.ip_configurations, None) or ()
    ]
    sent = _sent_on(trip, configured, to)
    if sent is None:
        return (trip.untold(gateway.id, "the addresses of Private Link are not told"),)
    return at_gateway(sent, front)


def _through(trip: Trip, service: PrivateLinkService) -> Onward:
    network = trip.network
    refs = told(lambda: service.properties.load_balancer_frontend_ip_configurations, None) or ()
    front = network.find(refs[0]) if len(refs) == 1 else None
    to = private_address(front) if isinstance(front, LoadBalancerFrontend) else None
    if not isinstance(front, LoadBalancerFrontend) or isinstance(front, Missing) or to is None:
        return (trip.untold(service.id, "which frontend the service leads to is not told"),)
    configured = told(lambda: service.properties.ip_configurations, None) or ()
    sent = _sent_on(trip, configured, to)
    if sent is None:
        return (trip.untold(service.id, "the addresses of the service are not told"),)
    return at_frontend(sent, front)


_Configured = Sequence[PrivateLinkServiceIpConfiguration | PrivateLinkIpConfiguration]


def _sent_on(trip: Trip, configured: _Configured, to: Address) -> Trip | None:
    """Give the packet as it goes on, with a source of the service's own (P-6), if it is told."""
    translated = _translated(trip.network, configured, to.version)
    source = translated[1].smallest() if translated is not None else None
    if translated is None or source is None:
        return None
    subnet, own = translated
    old = trip.seen.packet
    packet = Packet(source, to, old.protocol, 0, old.destination_port)
    seen = Sighting(packet, own, one(to), EVERY_PORT)
    return replace(trip.seeing(seen), origin=Origin("subnet", subnet), appliance=None)


def _translated(
    network: Network, configured: _Configured, version: int
) -> tuple[Subnet, AddressSet] | None:
    """Give the subnet of the NAT addresses, and those that a packet may have."""
    home: Subnet | None = None
    total = AddressSet()
    for each in configured:
        subnet = follow_of(network, each, lambda e: e.properties.subnet)
        if not isinstance(subnet, Subnet) or (home is not None and home is not subnet):
            return None
        home, address = subnet, private_address(each)
        if address is not None:
            total = total | one(address)
        else:
            total = total | usable(told_of(subnet, lambda s: s.prefixes, ()), version)
    return (home, total) if home is not None else None
