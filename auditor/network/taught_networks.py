"""Networks whose gateways may lead to one another by what is outside Azure (R-24, R-25).

By one circuit, or by a site that both lead to, what leaves by the one comes in by the other.
"""

from __future__ import annotations

from collections import defaultdict

from auditor.addresses import EVERYTHING, NOTHING, AddressSet
from auditor.errors import Undetermined
from auditor.network.graph import Network, question, question_about
from auditor.network.learned_routes import learns_routes
from auditor.network.on_premises import on_premises
from auditor.network.routing.gateway import brought_by, served_by
from auditor.resources.virtual_networks import VirtualNetwork


def may_meet_outside(network: Network, vnet: VirtualNetwork, home: str) -> bool:
    """Tell whether gateways of two networks (one by its key) may lead to one another outside.

    Each has to lead to the other's addresses, or it neither sends to them nor lets them in: by
    routes that it learns, which may be any, or to a site that claims them. Spokes of one gateway
    are no exception, as a site may announce more than it has.
    """
    return vnet.key != home and home in met_outside(network, vnet)


def met_outside(network: Network, vnet: VirtualNetwork | None) -> frozenset[str]:
    """Give the keys of the networks that a VNet may meet so; its own perhaps among them."""
    led = _led_to(network, vnet) if vnet is not None else NOTHING
    if vnet is None or not led:
        return frozenset()
    space = _space(network, vnet)
    others = tuple(each for each in _by_what_they_lead_to(network) if each.overlaps(space))
    return _meeting(network, led, others)


@question_about
def _meeting(network: Network, led: AddressSet, others: tuple[AddressSet, ...]) -> frozenset[str]:
    """Give the networks that lead to one of some sets of addresses, and are led to.

    The same ones for all that use one gateway.
    """
    return frozenset(
        vnet.key
        for each in others
        for vnet in _by_what_they_lead_to(network)[each]
        if led == EVERYTHING or led.overlaps(_space(network, vnet))
    )


@question
def _by_what_they_lead_to(network: Network) -> dict[AddressSet, tuple[VirtualNetwork, ...]]:
    """The networks by what their gateways lead to, if to anything outside."""
    found: dict[AddressSet, list[VirtualNetwork]] = defaultdict(list)
    for vnet in network.all(VirtualNetwork):
        led = _led_to(network, vnet)
        if led:
            found[led].append(vnet)
    return {led: tuple(those) for led, those in found.items()}


@question_about
def _led_to(network: Network, vnet: VirtualNetwork) -> AddressSet:
    """Give what a VNet's gateways, and its virtual hub's, may lead to outside Azure.

    Into other networks by connections of gateways they lead straight (`auditor.network.tunnels`).
    """
    try:
        if learns_routes(network, vnet):
            return EVERYTHING
        by_hubs = [claim.prefix for claim in on_premises(network, vnet)]
    except Undetermined:
        return EVERYTHING
    found = brought_by(network, served_by(network, vnet)).routes
    return AddressSet.from_prefixes([*by_hubs, *(each.prefix for each in found if not each.far)])


@question_about
def _space(_: Network, vnet: VirtualNetwork) -> AddressSet:
    try:
        return AddressSet.from_prefixes(vnet.prefixes)
    except Undetermined:
        return EVERYTHING
