"""Whether a network takes what a peer only forwards (R-16)."""

from __future__ import annotations

from auditor import ids
from auditor.addresses import EVERYTHING, AddressSet
from auditor.errors import Undetermined
from auditor.network.graph import Network
from auditor.network.reasons import Reason, gap
from auditor.network.routing.peered import ties_of
from auditor.network.routing_domains import claims_of
from auditor.reach.bounds import Bounds
from auditor.reach.frame import of_addresses
from auditor.reach.points import Point, vnet_of
from auditor.reach.stages import remark
from auditor.reach.trail import Trail
from auditor.resources.virtual_networks import Peering, VirtualNetwork


def taken(trail: Trail, here: Point, target: Point) -> Trail:
    """Add that the target's network takes packets that an appliance in another one forwards.

    Its peering says so with `allowForwardedTraffic`; packets from the appliance's own network need
    no such word.
    """
    return _asked(trail, here, target, "source")


def taken_back(trail: Trail, here: Point, source: Point) -> Trail:
    """Add the same for the reply, which the appliance forwards to the source's network."""
    return _asked(trail, here, source, "destination")


def _asked(trail: Trail, here: Point, end: Point, name: str) -> Trail:
    peering = whose_word(trail.network, here, end)
    if peering is None:
        return trail
    allowed, reasons = _allows(peering)
    there = ids.name(peering.root.id)
    hub = trail.network.nodes.get(here.home)
    own = _space(trail.network, hub) if isinstance(hub, VirtualNetwork) else AddressSet()
    parts: dict[bool | None, AddressSet] = {True: own, allowed: EVERYTHING - own}
    word = "packet" if name == "source" else "reply"
    return remark(
        trail,
        "forwarded-traffic",
        peering.root.id,
        lambda _: (
            f"{peering.label} of {there} takes no {word} that is only forwarded"
            if allowed is False
            else f"it is not told whether {peering.label} takes what is only forwarded"
        ),
        _seen(trail, parts, name),
        reasons=reasons,
        opening=f"set allowForwardedTraffic on the peering {peering.label} of {there}",
        rule=peering,
        passed=f"its address lies in {ids.name(here.home)}: it is not only forwarded",
    )


def whose_word(network: Network, here: Point, end: Point) -> Peering | None:
    """Give the peering that keeps what an appliance forwards from an end's network, or may."""
    vnet = vnet_of(network, end)
    if vnet is None or not end.home or end.home == here.home:
        return None
    peering = _peering(network, vnet, here.home)
    if peering is None:
        return None  # the routes tell that there is no way at all
    return None if _allows(peering)[0] is True else peering


def _seen(trail: Trail, parts: dict[bool | None, AddressSet], name: str) -> Bounds:
    return of_addresses(trail.space, name, parts)


def _peering(network: Network, vnet: VirtualNetwork, home: str) -> Peering | None:
    for tie in ties_of(network, vnet).ties:
        if tie.far_key == home:
            return tie.peering
    return None


def _allows(peering: Peering) -> tuple[bool | None, tuple[Reason, ...]]:
    try:
        told = peering.properties.allow_forwarded_traffic
    except Undetermined as unknown:
        return None, (gap(unknown, peering.id),)
    if told is None:
        lacks = f"allowForwardedTraffic of peering {peering.label}"
        return None, (Reason("collection-gap", lacks, peering.id),)
    return told, ()


def _space(network: Network, vnet: VirtualNetwork) -> AddressSet:
    try:
        return AddressSet.from_prefixes(claim.prefix for claim in claims_of(network, vnet))
    except Undetermined:
        return AddressSet()
