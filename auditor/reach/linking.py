"""Private Link: from a private endpoint on to whoever offers the service (L-7, A-52).

That is a load balancer behind a private link service, or an application gateway. Either puts an
address of its own in the place of the source's (P-6), in a network that need not be joined with the
endpoint's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from auditor import ids
from auditor.addresses import EVERY_PORT, EVERYTHING, AddressSet
from auditor.errors import Undetermined
from auditor.network.effective_rules import Direction, effective_rules
from auditor.network.gateway_homes import subnet_of
from auditor.network.graph import Network, question, question_about
from auditor.network.reasons import Reason, gap
from auditor.network.routing_domains import network_key
from auditor.network.service_tags import NO_TAGS
from auditor.reach.bounds import Bounds
from auditor.reach.into_networks import doubts_into, leads_into
from auditor.reach.points import Kind, Point, frontend, vnet_of
from auditor.reach.stages import Reply, remark, replies
from auditor.reach.subnet_addresses import possible
from auditor.reach.trail import Trail
from auditor.reach.ways import Way
from auditor.resources import walk
from auditor.resources.application_gateways import ApplicationGateway, GatewayFrontend
from auditor.resources.base import Node
from auditor.resources.load_balancers import LoadBalancerFrontend
from auditor.resources.private_endpoints import PrivateEndpoint, PrivateLinkService
from auditor.resources.virtual_networks import Subnet

Service: TypeAlias = PrivateLinkService | ApplicationGateway


class Link(msgspec.Struct, frozen=True):
    """A private link service, or a gateway, and one frontend that it leads to.

    `front` is None when that is not told; `reasons` say why, or why it may lead elsewhere.
    """

    service: Service
    front: LoadBalancerFrontend | GatewayFrontend | None
    reasons: tuple[Reason, ...] = ()


@question_about
def links_of(network: Network, node: PrivateEndpoint) -> tuple[Link, ...]:
    """Give what a private endpoint leads to by services of this kind that the snapshot holds."""
    found: list[Link] = []
    with suppress(Undetermined):  # then the endpoint's connections are in doubt themselves
        for connection in node.connections:
            service = network.find(connection.properties.private_link_service_id)
            if isinstance(service, PrivateLinkService):
                found += links_by(network, service)
            elif isinstance(service, ApplicationGateway):
                found += links_into(network, service, connection.properties.group_ids or ())
    return tuple(found)


_OFFERED = (
    "microsoft.network/privatelinkservices",
    "microsoft.network/applicationgateways",
)
_ALIAS = ".azure.privatelinkservice"


def absent_services(network: Network, node: PrivateEndpoint) -> tuple[str, ...]:
    """Give the services of this kind that an endpoint leads to and the snapshot lacks.

    They may be another tenant's, and may be named by an alias instead of an id.
    """
    found: list[str] = []
    with suppress(Undetermined):
        for connection in node.connections:
            named = connection.properties.private_link_service_id or ""
            offered = (ids.type_of(named) or "").lower() in _OFFERED
            lacks = offered and not isinstance(network.find(named), Node)
            if lacks or named.lower().endswith(_ALIAS):
                found.append(named)
    return tuple(found)


def links_into(
    network: Network, gateway: ApplicationGateway, groups: Iterable[str] = ()
) -> tuple[Link, ...]:
    """Give the frontends of a gateway that Private Link leads to; never nothing.

    Those that `groups` name, when one is. What the rules before a gateway see no fact tells: it
    does not matter where there are none.
    """
    fronts = walk.peek(walk.peek(gateway, "properties"), "frontend_ip_configurations") or ()
    named = {group.lower() for group in groups}
    chosen = [each for each in fronts if each.label.lower() in named]
    linked = [each for each in fronts if _is_linked(each)]
    why = Reason("private-link", f"how {gateway.label} takes packets of Private Link", gateway.id)
    meant = chosen or linked
    sure = len(meant) == 1 and _is_linked(meant[0]) and _is_unguarded(network, gateway)
    found = tuple(Link(gateway, front, () if sure else (why,)) for front in meant)
    return found or (Link(gateway, None, (why,)),)


def _is_unguarded(network: Network, gateway: ApplicationGateway) -> bool:
    """Whether no rules stand before a gateway: its subnet has no group, and no admin rules."""
    try:
        subnet = subnet_of(network, gateway)
        return not effective_rules(network, None, Direction.INBOUND, subnet, NO_TAGS).layers
    except Undetermined:
        return False


def _is_linked(front: GatewayFrontend) -> bool:
    return walk.peek(walk.peek(front, "properties"), "private_link_configuration") is not None


@question_about
def links_by(network: Network, service: PrivateLinkService) -> tuple[Link, ...]:
    """Give what a private link service leads to; never nothing."""
    try:
        refs = service.properties.load_balancer_frontend_ip_configurations
        if not refs:
            raise Undetermined(f"the frontend of {service.label}", resource=service.id)
    except Undetermined as unknown:
        return (Link(service, None, (gap(unknown, service.id),)),)
    several = Reason("private-link", f"which frontend {service.label} uses", service.id)
    doubts = (several,) if len(refs) > 1 else ()
    found: list[Link] = []
    for ref in refs:
        node = network.find(ref)
        if isinstance(node, LoadBalancerFrontend):
            found.append(Link(service, node, doubts))
        else:
            lacks = Reason("collection-gap", f"{ref.id} is not in the snapshot", service.id)
            found.append(Link(service, None, (lacks, *doubts)))
    return tuple(found)


@question
def endpoints_before(network: Network) -> dict[str, tuple[PrivateEndpoint, ...]]:
    """Give the private endpoints that lead to frontends, by the keys of these."""
    found: dict[str, list[PrivateEndpoint]] = defaultdict(list)
    for node in network.all(PrivateEndpoint):
        for link in links_of(network, node):
            if link.front is not None:
                found[link.front.key].append(node)
    return {key: tuple(each) for key, each in found.items()}


def through_link(trail: Trail, link: Link) -> tuple[Trail, Reply]:
    """Follow packets through a private link service; give the way of replies to it, too."""
    network, service, front = trail.network, link.service, link.front
    doubtful = Bounds.maybe(trail.space.all) if link.reasons else None
    trail = remark(
        trail,
        "private-link",
        service.id,
        lambda _: (
            f"{service.label} leads to {front.label} of {front.root.label}"
            if front is not None
            else f"it cannot be told where {service.label} leads"
        ),
        doubtful,
        reasons=link.reasons,
    )
    trail = replace(trail, lead=f"{trail.lead} {service.key}")
    own = sender_of(network, service)
    why = Reason("private-link", f"which address of {service.label} it has", service.id)
    whys = (why,) if own.addresses.size > 1 else ()
    there = _point(network, front) if front is not None else None
    # What the rules before a gateway see of it no fact tells.
    unseen = isinstance(service, ApplicationGateway) and bool(link.reasons)
    at = trail.becoming(
        source=EVERYTHING if unseen else own.addresses,
        source_port=EVERY_PORT,
        destination=(there.addresses or None) if there is not None else None,
        reasons=(*whys, *(there.reasons if there is not None else ())),
    )
    return at, _back_to(own)


def _point(network: Network, front: LoadBalancerFrontend | GatewayFrontend) -> Point:
    if isinstance(front, LoadBalancerFrontend):
        return frontend(network, front)
    return Point(Kind.GATEWAY, front.root.id, AddressSet(), front)


def sender_of(network: Network, service: Service) -> Point:
    """Give a service as a sender of packets: its NAT addresses, and the network they are of."""
    total, home = AddressSet(), ""
    settings = walk.peek(service, "properties")
    holders = [settings]
    if isinstance(service, ApplicationGateway):
        listed = walk.peek(settings, "private_link_configurations") or ()
        holders = [walk.peek(each, "properties") for each in listed]
    for each in (one for some in holders for one in walk.peek(some, "ip_configurations") or ()):
        p = walk.peek(each, "properties")
        address = walk.peek(p, "private_ip_address")
        subnet = network.find(walk.peek(p, "subnet"))
        home = network_key(subnet.id) if subnet is not None else home
        if address:
            total = total | AddressSet.from_text([address])
        else:
            total = total | (possible(subnet) if isinstance(subnet, Subnet) else EVERYTHING)
    return Point(Kind.PLATFORM, service.id, total or EVERYTHING, service, home=home)


def _back_to(own: Point) -> Reply:
    def reply(here: Trail, responder: Point) -> Trail:
        vnet = vnet_of(here.network, responder)

        def ask(way: Way) -> bool | None:
            return leads_into(here.network, way, own.home, vnet) if own.home else None

        lacks = Reason("collection-gap", f"the network of the NAT addresses of {own.id}", own.id)

        def doubts(way: Way) -> tuple[Reason, ...]:
            return doubts_into(here.network, way, own.home, vnet) if own.home else (lacks,)

        return replies(here, responder, here.sources(), ask, "back to the service", doubts)

    return reply
