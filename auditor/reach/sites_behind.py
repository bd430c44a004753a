"""Which sites a gateway leads to: those alone packets get to, and are let in by it (R-24)."""

from __future__ import annotations

from collections.abc import Callable

from auditor.addresses import EVERYTHING, NOTHING, Address, AddressSet
from auditor.network.extents import Doubt, Extent
from auditor.network.graph import Network, question_about
from auditor.network.reasons import FORCED_TUNNEL, Reason
from auditor.network.routing.gateway import brought_by, served_by
from auditor.network.routing.model import EffectiveRoute, Hop, Source
from auditor.reach.bounds import Bounds
from auditor.reach.frame import Packet
from auditor.reach.leading import leaves_by
from auditor.reach.points import Point, anywhere_in, vnet_of
from auditor.reach.stages import remark
from auditor.reach.trail import Trail
from auditor.reach.ways import ways_from
from auditor.resources.virtual_networks import Subnet, VirtualNetwork


def from_its_sites(trail: Trail, subnet: Subnet) -> Trail:
    """Add that packets come in by a gateway in a subnet: it leads to sites of its own only.

    Private endpoints answer whatever gets to them, and a route of one's own may name the gateway
    for any address: the gateway itself has to lead there.
    """
    vnet = vnet_of(trail.network, anywhere_in(trail.network, subnet))
    sites = sites_led_to(trail.network, vnet) if vnet is not None else None
    if vnet is None or sites is None or trail.source.addresses <= sites.must:
        return trail
    having = trail.space.having
    within = Bounds(having(source=sites.may), having(source=sites.must))
    return _led(trail, vnet, subnet.id, sites, within, lambda packet: packet.source)


def to_its_sites(trail: Trail, here: Point, to: AddressSet) -> Trail:
    """Add that a gateway drops what a route of one's own sends it, and no site of it has (R-24)."""
    vnet, place = vnet_of(trail.network, here), here.place
    if vnet is None or place is None:
        return trail
    sent = _sent_by_users(trail, place, to)
    sites = sites_led_to(trail.network, vnet) if sent else None
    if sites is None or sent <= sites.must:
        return trail
    having, others = trail.space.having, EVERYTHING - sent
    within = Bounds(having(destination=sites.may | others), having(destination=sites.must | others))
    return _led(trail, vnet, vnet.id, sites, within, lambda packet: packet.destination)


def _sent_by_users(trail: Trail, place: Subnet, to: AddressSet) -> AddressSet:
    """Give those of some addresses for which a user's route may name the gateway."""
    ways = ways_from(trail.network, place, trail.space.version, trail.tags)
    found = NOTHING
    for addresses, way in ways.within(to):
        own = any(each.source is Source.USER for each in way.possible)
        if own and leaves_by(way, Hop.GATEWAY) is not False:
            found = found | addresses
    return found


def _led(
    trail: Trail,
    vnet: VirtualNetwork,
    at: str,
    sites: Extent,
    within: Bounds,
    named: Callable[[Packet], Address],
) -> Trail:
    """Add that the gateway of a network leads to the sites at one end of packets."""
    gateway = f"the gateway of {vnet.label}"
    return remark(
        trail,
        "gateway",
        at,
        lambda packet: f"{gateway} leads to {named(packet)}",
        within,
        reasons=tuple(dict.fromkeys(doubt.reason for doubt in sites.doubts)),
        stopped=lambda packet: f"{gateway} leads to no site with {named(packet)} (R-24)",
        unsure=f"it cannot be told whether {gateway} leads there",
        opening=lambda packet: f"teach {gateway} a route to {named(packet)}",
    )


@question_about
def sites_led_to(network: Network, vnet: VirtualNetwork) -> Extent:
    """Give what the gateways that a network has, or is lent, lead to."""
    found = brought_by(network, served_by(network, vnet))
    sure = [route.prefix for route in found.routes if route.prefix.length and not route.reasons]
    doubts = [Doubt(each.within, each.reason) for each in found.influences]
    for route in found.routes:
        region = AddressSet.from_prefixes([route.prefix])
        doubts += [Doubt(region, reason) for reason in _doubts_of(route)]
    return Extent(AddressSet.from_prefixes(sure), tuple(doubts))


def _doubts_of(route: EffectiveRoute) -> tuple[Reason, ...]:
    """Why a route may not be there; what the site for all the rest passes on, is not told."""
    if route.prefix.length or route.node is None:
        return route.reasons
    return (Reason(FORCED_TUNNEL, f"what the site passes on of {route.node.label}", route.node.id),)
