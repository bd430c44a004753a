"""Networks whose gateways may lead to one another by what is outside Azure (R-24, R-25).

By one circuit, or by a site that both lead to, what leaves by the one comes in by the other.
"""

from __future__ import annotations

from collections import defaultdict

from auditor.addresses import EVERYTHING, AddressSet
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
    if vnet.key == home or home not in met_outside(network, vnet):
        return False
    far = network.nodes.get(home)
    return isinstance(far, VirtualNetwork) and _led_to(network, vnet).overlaps(_space(network, far))


def met_outside(network: Network, vnet: VirtualNetwork | None) -> frozenset[str]:
    """Give the keys of the networks that may let in what a VNet sends to gateways; itself perhaps.

    Whether it sends them anything is not asked: see `may_meet_outside`.
    """
    if vnet is None or not _led_to(network, vnet):
        return frozenset()
    return _letting_in(network, _space(network, vnet))


@question_about
def _letting_in(network: Network, space: AddressSet) -> frozenset[str]:
    led = tuple(where for where in _by_what_they_lead_to(network) if where.overlaps(space))
    return _among(network, led)


@question_about
def _among(network: Network, led: tuple[AddressSet, ...]) -> frozenset[str]:
    """Give the networks that lead to some addresses, once for all that may meet the same."""
    return frozenset(key for where in led for key in _by_what_they_lead_to(network)[where])


@question
def _by_what_they_lead_to(network: Network) -> dict[AddressSet, tuple[str, ...]]:
    """The keys of networks by what their gateways lead to, if to anything outside."""
    found: dict[AddressSet, list[str]] = defaultdict(list)
    for vnet in network.all(VirtualNetwork):
        led = _led_to(network, vnet)
        if led:
            found[led].append(vnet.key)
    return {led: tuple(keys) for led, keys in found.items()}


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


def _space(network: Network, vnet: VirtualNetwork) -> AddressSet:
    try:
        return AddressSet.from_prefixes(vnet.prefixes)
    except Undetermined:
        return EVERYTHING
