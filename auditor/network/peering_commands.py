"""Commands that join two VNets anew, with the real names."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from auditor import ids
from auditor.errors import Undetermined
from auditor.network.graph import Network
from auditor.network.overlaps import smallest_overlap
from auditor.network.peerings import name_of_way_back, way_back
from auditor.network.routing_domains import (
    Claim,
    claims_of,
    is_disconnected,
    is_whole,
    network_id,
    remote_claims,
    subnet_claims,
)
from auditor.remedy import az
from auditor.resources import walk
from auditor.resources.virtual_networks import Peering, VirtualNetwork

_FLAGS = (
    "allow_virtual_network_access",
    "allow_forwarded_traffic",
    "allow_gateway_transit",
    "use_remote_gateways",
)


def joined_again(network: Network, peering: Peering) -> str:
    """Say how both halves of a peering come to be connected (R-14).

    A half that is Disconnected stays so until it is deleted: it is made anew as it was, and so are
    both where neither is and they do not join all the same. Azure joins no two networks with the
    same addresses (R-20).
    """
    far = ids.name(_remote(peering)) or "the other network"
    shared = _shared(network, peering)
    if shared is not None:
        mine, other = (str(claim.prefix) for claim in shared)
        return (
            f"renumber {ids.name(network_id(peering))} or {far} first: Azure joins no networks "
            f"that share addresses ({mine} and {other}); then make the peering anew on both sides"
        )
    try:
        back = way_back(network, peering)
        told = True
    except Undetermined:
        back, told = None, False
    halves = [peering] if back is None else [peering, back]
    stuck = [half for half in halves if is_disconnected(half)]
    if back is not None and not stuck:
        stuck = halves
    # Whoever uses the other's gateways comes last: they must be lent first.
    again = sorted(stuck, key=lambda half: bool(walk.peek(half.properties, "use_remote_gateways")))
    steps = [*map(_delete, stuck), *map(_create, again)]
    if back is None:
        steps.append(_create_back(network, peering))
    if not stuck:
        return f"make the peering from {far}: {steps[0]}"
    too = "" if told else f" (delete that of {far} first, if there is one)"
    return f"make anew what does not join{too}: {' && '.join(steps)}"


def _shared(network: Network, peering: Peering) -> tuple[Claim, Claim] | None:
    """What overlaps of the two that a peering is to join, its own side's first, as far as told.

    For a far network that is not there, what the peering recorded of it.
    """
    with suppress(Undetermined):
        near = network.find(network_id(peering))
        far = network.find(peering.properties.remote_virtual_network)
        ours = _joined(network, near, peering, peering.properties.local_subnet_names)
        theirs = _joined(network, far, peering, peering.properties.remote_subnet_names)
        if theirs is None and is_whole(peering):
            theirs = remote_claims(peering)
        if pair := smallest_overlap(ours or (), theirs or ()):
            return pair if pair[0] in (ours or ()) else (pair[1], pair[0])
    return None


def _joined(
    network: Network, vnet: object, peering: Peering, subnets: Iterable[str] | None
) -> tuple[Claim, ...] | None:
    """What of a VNet a peering joins: its whole space, or some subnets."""
    if not isinstance(vnet, VirtualNetwork):
        return None
    if not is_whole(peering):
        return subnet_claims(vnet, subnets)
    return claims_of(network, vnet)


def _remote(peering: Peering) -> str:
    return walk.peek(walk.peek(peering.properties, "remote_virtual_network"), "id") or ""


def _delete(half: Peering) -> str:
    home = network_id(half)
    return az(
        *("network", "vnet", "peering", "delete"),
        resource_group=ids.resource_group(home),
        vnet_name=ids.name(home),
        name=half.label,
    )


def _create(half: Peering) -> str:
    home = network_id(half)
    told = {name: walk.peek(half.properties, name) for name in _FLAGS}
    return az(
        *("network", "vnet", "peering", "create"),
        resource_group=ids.resource_group(home),
        vnet_name=ids.name(home),
        name=half.label,
        remote_vnet=_remote(half) or "<id of the other network>",
        allow_vnet_access=told["allow_virtual_network_access"] is not False,
        allow_forwarded_traffic=told["allow_forwarded_traffic"] or None,
        allow_gateway_transit=told["allow_gateway_transit"] or None,
        use_remote_gateways=told["use_remote_gateways"] or None,
        **_joining(half),
    )


def _create_back(network: Network, peering: Peering) -> str:
    home, far = network_id(peering), _remote(peering)
    return az(
        *("network", "vnet", "peering", "create"),
        resource_group=ids.resource_group(far),
        vnet_name=ids.name(far) or "<the other network>",
        name=name_of_way_back(network, peering),
        remote_vnet=home,
        allow_vnet_access=True,
        **_joining(peering, back=True),
    )


def _joining(half: Peering, *, back: bool = False) -> dict[str, bool | tuple[str, ...]]:
    """What a peering joins where that is not all of both networks (R-19), or of its other half.

    Without its subnets a peering would be made of whole networks: more than was meant.
    """
    given: dict[str, bool | tuple[str, ...]] = {}
    if not is_whole(half):
        ours, theirs = ids.name(network_id(half)), ids.name(_remote(half)) or "the other network"
        near = _subnets(half, "local_subnet_names", ours)
        far = _subnets(half, "remote_subnet_names", theirs)
        given["peer_complete_vnets"] = False
        given["local_subnet_names"], given["remote_subnet_names"] = (
            (far, near) if back else (near, far)
        )
    if walk.peek(half.properties, "enable_only_ipv6_peering"):
        given["enable_only_ipv6"] = True
    return given


def _subnets(half: Peering, field: str, vnet: str) -> tuple[str, ...]:
    told = walk.peek(half.properties, field)
    return tuple(told) if told else (f"<the subnets of {vnet} that take part>",)
