"""Which sites a gateway leads to: those alone packets get to, and are let in by it (R-24)."""

from __future__ import annotations

from typing import Literal

from auditor.addresses import Address, AddressSet
from auditor.network.extents import Doubt, Extent
from auditor.network.graph import Network, question_about
from auditor.network.reasons import FORCED_TUNNEL, Reason
from auditor.network.routing.gateway import brought_by, served_by
from auditor.network.routing.model import EffectiveRoute
from auditor.reach.bounds import Bounds
from auditor.reach.frame import Packet
from auditor.reach.points import Point, anywhere_in, vnet_of
from auditor.reach.stages import remark
from auditor.reach.trail import Trail
from auditor.resources.virtual_networks import Subnet, VirtualNetwork


def from_its_sites(trail: Trail, subnet: Subnet) -> Trail:
    """Add that packets come in by a gateway in a subnet: it leads to sites of its own only.

    Private endpoints answer whatever gets to them, and a route of one's own may name the gateway
    for any address: the gateway itself has to lead there.
    """
    vnet = vnet_of(trail.network, anywhere_in(trail.network, subnet))
    return _led(trail, vnet, subnet.id, "source", trail.source.addresses)


def to_its_sites(trail: Trail, here: Point, to: AddressSet) -> Trail:
    """Add that packets for some addresses go out by the gateway of a point's network (R-24).

    A route of one's own may name the gateway for any address: it drops what no site of it has.
    """
    vnet = vnet_of(trail.network, here)
    return _led(trail, vnet, vnet.id if vnet is not None else "", "destination", to)


def _led(
    trail: Trail,
    vnet: VirtualNetwork | None,
    at: str,
    end: Literal["source", "destination"],
    addresses: AddressSet,
) -> Trail:
    """Add that the gateway of a network leads to the sites at one end of packets."""
    sites = _led_to(trail.network, vnet) if vnet is not None else None
    if vnet is None or sites is None or addresses <= sites.must:
        return trail
    having = trail.space.having
    may, must = (
        having(source=each) if end == "source" else having(destination=each)
        for each in (sites.may, sites.must)
    )

    def named(packet: Packet) -> Address:
        return packet.source if end == "source" else packet.destination

    return remark(
        trail,
        "gateway",
        at,
        lambda packet: f"the gateway of {vnet.label} leads to {named(packet)}",
        Bounds(may, must),
        reasons=tuple(dict.fromkeys(doubt.reason for doubt in sites.doubts)),
        stopped=lambda packet: (
            f"the gateway of {vnet.label} leads to no site with {named(packet)} (R-24)"
        ),
        unsure=f"it cannot be told whether the gateway of {vnet.label} leads there",
    )


@question_about
def _led_to(network: Network, vnet: VirtualNetwork) -> Extent:
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
