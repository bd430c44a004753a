"""Routes to peered VNets (R-14, R-15, R-18 to R-20)."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from auditor.addresses import EVERYTHING, AddressSet
from auditor.errors import Undetermined
from auditor.ids import fold
from auditor.network.graph import Missing, Network, question_about
from auditor.network.peerings import far_network, told_peerings, way_back
from auditor.network.reasons import Reason, gap
from auditor.network.routing.model import EffectiveRoute, Found, Hop, Influence, Source
from auditor.network.routing.place import Place
from auditor.network.routing.system import PEERING_ORDER
from auditor.network.routing_domains import Claim, claims_of, is_whole, subnet_claims
from auditor.resources import walk
from auditor.resources.virtual_networks import AddressSpace, Peering, VirtualNetwork


class Tie(msgspec.Struct, frozen=True):
    """A peering that carries packets, seen from one VNet.

    `far` is None when the far VNet is not in the snapshot: Azure calls a side Connected only while
    the other is there, so its routes are certain, and what becomes of packets there is a doubt.
    `claims` is what is routed to it; `reasons` say why it may not be, and `vague` that it may be
    more than the claims.
    """

    peering: Peering
    far: VirtualNetwork | None
    far_key: str
    back: Peering | None
    hop: Hop
    claims: tuple[Claim, ...]
    reasons: tuple[Reason, ...] = ()
    vague: Reason | None = None


class Ties(msgspec.Struct, frozen=True):
    """The ties of a VNet, and what is not told about them."""

    ties: tuple[Tie, ...]
    untold: tuple[Reason, ...]


@question_about
def ties_of(network: Network, vnet: VirtualNetwork) -> Ties:
    """Give the peerings of a VNet that carry packets: Connected on both sides (R-14)."""
    ties: list[Tie] = []
    peerings, others = told_peerings(network, vnet)
    untold = [gap(others, vnet.id)] if others is not None else []
    for peering in peerings:
        try:
            tie = _tie(network, vnet, peering)
        except Undetermined as unknown:
            untold.append(gap(unknown, peering.id))
            continue
        if tie is not None:
            ties.append(tie)
    return Ties(tuple(ties), tuple(untold))


def _tie(network: Network, vnet: VirtualNetwork, peering: Peering) -> Tie | None:
    p = peering.properties
    remote = p.remote_virtual_network
    if remote is None or not remote.id:
        raise Undetermined(f"the far end of peering {peering.label}", resource=peering.id)
    if fold(remote.id) == vnet.key or (p.peering_state and not peering.connected):
        return None  # with itself Azure peers no network
    reasons = [] if p.peering_state else [_untold_state(peering)]
    far = network.find(remote)
    back = None
    if not isinstance(far, Missing):
        far = far_network(network, peering)
        back, why = _far_side(network, peering)
        if why is None:
            return None
        reasons += why
    known = far if isinstance(far, VirtualNetwork) else None
    claims, more, vague = _claims(network, peering, known)
    return Tie(
        peering,
        known,
        fold(remote.id),
        back,
        _hop(vnet, known),
        claims,
        tuple(reasons + more),
        vague,
    )


def _far_side(network: Network, peering: Peering) -> tuple[Peering | None, list[Reason] | None]:
    """Give the far side and why it may not be connected; no list when it is not."""
    try:
        back = way_back(network, peering)
        if back is None or (back.properties.peering_state and not back.connected):
            return None, None
        return back, [] if back.properties.peering_state else [_untold_state(back)]
    except Undetermined as unknown:
        return None, [gap(unknown, peering.id)]


def _untold_state(peering: Peering) -> Reason:
    return Reason("collection-gap", f"the state of peering {peering.label}", peering.id)


def _hop(vnet: VirtualNetwork, far: VirtualNetwork | None) -> Hop:
    here, there = walk.peek(vnet, "location"), walk.peek(far, "location")
    if here and there and _region(here) != _region(there):
        return Hop.GLOBAL_PEERING
    return Hop.PEERING


def _region(location: str) -> str:
    return location.replace(" ", "").lower()


def _claims(
    network: Network, peering: Peering, far: VirtualNetwork | None
) -> tuple[tuple[Claim, ...], list[Reason], Reason | None]:
    """Give what is routed, why it may not be, and why it may be more (R-18, R-19)."""
    claims, reasons, vague = _synced(network, peering, far)
    p = peering.properties
    if not is_whole(peering):
        subnets = subnet_claims(far, p.remote_subnet_names)
        if subnets is not None:
            claims = tuple(
                each
                for each in subnets
                if vague is not None or any(each.prefix in claim.prefix for claim in claims)
            )
            vague = None
    if p.enable_only_ipv6_peering:
        claims = tuple(claim for claim in claims if claim.prefix.version == 6)
    return tuple({claim.prefix: claim for claim in reversed(claims)}.values()), reasons, vague


def _synced(
    network: Network, peering: Peering, far: VirtualNetwork | None
) -> tuple[tuple[Claim, ...], list[Reason], Reason | None]:
    p = peering.properties
    told = _space(peering, p.remote_address_space, "remoteAddressSpace")
    if told is not None:
        return told, [], None
    level = (p.peering_sync_level or "").lower()
    current = _space(
        peering, p.remote_virtual_network_address_space, "remoteVirtualNetworkAddressSpace"
    )
    lacks = Reason("collection-gap", f"remoteAddressSpace of peering {peering.label}", peering.id)
    doubt = [] if level == "fullyinsync" else [lacks]
    if current is not None:
        return current, doubt, None
    if far is not None:
        return claims_of(network, far), doubt, None
    return (), [], lacks


def _space(peering: Peering, space: AddressSpace | None, key: str) -> tuple[Claim, ...] | None:
    if space is None or space.address_prefixes is None:
        return None
    pairs = zip(space.prefixes, _written(space), strict=True)
    return tuple(
        Claim(
            prefix,
            peering,
            f"/properties/{key}/addressPrefixes/{index}",
            text,
        )
        for prefix, (index, text) in pairs
    )


def _written(space: AddressSpace) -> Iterator[tuple[int, str]]:
    return ((index, text) for index, text in enumerate(space.address_prefixes or ()) if text)


def peering_routes(place: Place) -> Found:
    """Give the routes to the VNets that are peered with the place's own, and no further (R-15)."""
    found = Found()
    around = ties_of(place.network, place.vnet)
    for reason in around.untold:
        found.influences.append(_somewhere(place, reason, Hop.PEERING, "R-14"))
    for tie in around.ties:
        if tie.vague is not None:
            vague = _somewhere(place, tie.vague, tie.hop, "R-18")
            found.influences.append(replace(vague, far=tie.far_key))
        found.routes.extend(_routes(place, tie))
    return found


def _somewhere(place: Place, reason: Reason, hop: Hop, fact: str) -> Influence:
    """Give the influence of a peering: anywhere but in the VNet's own space (R-20)."""
    within = EVERYTHING - AddressSet.from_prefixes(place.vnet.prefixes)
    return Influence(within, reason, Source.SYSTEM, hop, fact, order=PEERING_ORDER)


def _routes(place: Place, tie: Tie) -> Iterator[EffectiveRoute]:
    fault, doubts = shut_out(place, tie.peering)
    if tie.far is None:
        far = tie.peering.properties.remote_virtual_network
        beyond = (far and far.id) or tie.far_key
        doubts = (*doubts, Reason("peer-external", f"{beyond} is not in the snapshot", beyond))
    for claim in tie.claims:
        yield EffectiveRoute(
            claim.prefix,
            Source.SYSTEM,
            tie.hop,
            "R-14" if is_whole(tie.peering) else "R-19",
            node=claim.node,
            pointer=claim.pointer,
            far=tie.far_key,
            order=PEERING_ORDER,
            reasons=tie.reasons,
            fault=fault,
            doubts=doubts,
        )


def shut_out(place: Place, peering: Peering) -> tuple[str, tuple[Reason, ...]]:
    """Tell why a subnet has the route and yet nothing gets through (R-19)."""
    if is_whole(peering):
        return "", ()
    names = peering.properties.local_subnet_names
    if names is None:
        lacks = f"localSubnetNames of peering {peering.label}"
        return "", (Reason("collection-gap", lacks, peering.id),)
    if place.subnet.name.lower() in {name.lower() for name in names}:
        return "", ()
    return f"subnet {place.subnet.label} is not among those that {peering.label} joins (R-19)", ()
