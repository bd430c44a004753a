"""Commands that join two VNets anew, with the real names."""

from __future__ import annotations

from auditor import ids
from auditor.errors import Undetermined
from auditor.network.graph import Network
from auditor.network.peerings import name_of_way_back, way_back
from auditor.network.routing_domains import is_disconnected, network_id
from auditor.remedy import az
from auditor.resources import walk
from auditor.resources.virtual_networks import Peering

_FLAGS = (
    "allow_virtual_network_access",
    "allow_forwarded_traffic",
    "allow_gateway_transit",
    "use_remote_gateways",
)


def joined_again(network: Network, peering: Peering) -> str:
    """Say how both halves of a peering come to be connected (R-14).

    A half that is Disconnected stays so until it is deleted: it is made anew as it was, and so are
    both where neither is and they do not join all the same.
    """
    far = ids.name(_remote(peering)) or "the other network"
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
    )
