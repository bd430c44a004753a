"""Who is joined by virtual hubs, whose routes are not told in full (R-29)."""

from __future__ import annotations

from auditor.errors import Undetermined
from auditor.ids import fold
from auditor.network.graph import Network, question, question_about
from auditor.network.reasons import Reason
from auditor.network.routing_domains import (
    near_keys,
    neighbours,
    network_id,
    spelled,
    to_hub,
)
from auditor.resources.virtual_networks import Peering, VirtualNetwork


def hubs_beside(network: Network, key: str) -> tuple[str, ...]:
    """Give the keys of the virtual hubs that a network is connected to, sorted."""
    found = {
        end
        for link in neighbours(network).get(key, ())
        for end in (link.near, link.far)
        if "/virtualhubs/" in end and end != key
    }
    return tuple(sorted(found))


def leads_to_told_hub(network: Network, peering: Peering) -> bool:
    """Tell whether a peering is Azure's own with a virtual hub whose connection is in the input."""
    try:
        return to_hub(network, peering) and bool(hubs_beside(network, fold(network_id(peering))))
    except Undetermined:
        return False


@question_about
def hub_reason(network: Network, vnet: VirtualNetwork) -> Reason | None:
    """Give why it is not told whom a VNet reaches by a virtual hub; None: it is on none."""
    hubs = hubs_beside(network, vnet.key)
    if hubs:
        name = spelled(network, hubs[0])
        what = f"what the virtual hub {name.rpartition('/')[2]} teaches"
        return Reason("bgp-routes-unknown", what, name)
    if vnet.key in _on_unknown_hubs(network):
        what = "what the virtual hub it is connected to teaches"
        return Reason("bgp-routes-unknown", what, vnet.id)
    return None


def beyond_hubs(network: Network, vnet: VirtualNetwork | None) -> frozenset[str]:
    """Give the keys of the networks to which a VNet may have a way by virtual hubs.

    Those on the hubs of its Virtual WAN, those on hubs that are not in the input, and their peers,
    to which a static route of a hub may lead.
    """
    if vnet is None or hub_reason(network, vnet) is None:
        return frozenset()
    return _behind(network, hubs_beside(network, vnet.key))


@question_about
def _behind(network: Network, hubs: tuple[str, ...]) -> frozenset[str]:
    """Give who is around some hubs; around any, when it is not told which."""
    found: set[str] = set(_on_unknown_hubs(network))
    for key in hubs or _every_hub(network):
        found |= _around(network, key)
    for key in tuple(found):
        if "/virtualhubs/" not in key:
            found |= {each for each in near_keys(network, key) if "/virtualhubs/" not in each}
    return frozenset(found)


def _around(network: Network, hub: str) -> frozenset[str]:
    """Give who is on a hub, and on the other hubs of its Virtual WAN."""
    mates = {hub}
    for link in neighbours(network).get(hub, ()):
        wan = next((end for end in (link.near, link.far) if "/virtualwans/" in end), None)
        for other in neighbours(network).get(wan, ()) if wan is not None else ():
            mates |= {end for end in (other.near, other.far) if "/virtualhubs/" in end}
    ends = (near_keys(network, each) for each in sorted(mates))
    return frozenset().union(*ends)


@question
def _every_hub(network: Network) -> tuple[str, ...]:
    return tuple(sorted(key for key in neighbours(network) if "/virtualhubs/" in key))


@question
def _on_unknown_hubs(network: Network) -> frozenset[str]:
    """Give the VNets that a peering of Azure's own joins to a hub that no connection tells."""
    found = set()
    for vnet in network.all(VirtualNetwork):
        if hubs_beside(network, vnet.key):
            continue
        try:
            if any(to_hub(network, peering) for peering in vnet.peerings):
                found.add(vnet.key)
        except Undetermined:
            continue  # the ties of the VNet tell it
    return frozenset(found)
