"""Both sides of a peering (R-14, R-17 to R-19)."""

from __future__ import annotations

from auditor.errors import Undetermined
from auditor.ids import fold
from auditor.ids import name as last_segment
from auditor.network.graph import Network, possibly, question, question_about
from auditor.network.namesakes import nth_anywhere
from auditor.network.routing_domains import network_id, to_hub
from auditor.network.untold_homes import leaves_open, may_be_the_same
from auditor.remedy import unused_name
from auditor.resources import walk
from auditor.resources.virtual_networks import Peering, VirtualNetwork


@question
def peerings_of_ours(network: Network) -> tuple[Peering, ...]:
    """Give the peerings that somebody made: those to the inside of a virtual hub are Azure's."""
    return tuple(peering for peering in network.all(Peering) if not is_azures(network, peering))


def is_azures(network: Network, peering: Peering) -> bool:
    """Tell whether Azure made a peering, to the inside of a virtual hub."""
    try:
        return to_hub(network, peering)
    except Undetermined:
        return False


def told_peerings(
    network: Network, vnet: VirtualNetwork
) -> tuple[tuple[Peering, ...], Undetermined | None]:
    """Give the peerings of a VNet that are known, and what it does not tell of others.

    Where it does not list them, those are known that came on their own: what was read is there,
    and whether there are more, nobody says.
    """
    try:
        return vnet.peerings, None
    except Undetermined as unknown:
        return _on_their_own(network).get(vnet.key, ()), unknown


@question
def _on_their_own(network: Network) -> dict[str, tuple[Peering, ...]]:
    found: dict[str, tuple[Peering, ...]] = {}
    for peering in network.all(Peering):
        if peering.record is not None:
            key = fold(network_id(peering))
            found[key] = (*found.get(key, ()), peering)
    return found


def far_network(network: Network, peering: Peering) -> VirtualNetwork:
    """Give the VNet at the far end. Raises Undetermined when it is not told, or not there."""
    far = network.get(peering.properties.remote_virtual_network, VirtualNetwork)
    if far is None:
        raise Undetermined(
            f"the far end of peering {peering.label} (remoteVirtualNetwork)", resource=peering.id
        )
    return far


@question_about
def way_back(network: Network, peering: Peering) -> Peering | None:
    """Give the far side of a peering; None when the far VNet has no peering back.

    The far side may have come without its VNet, as from a template that adds it to a hub of others.
    Raises Undetermined when there is none and the far VNet is not in the snapshot, or does not tell
    its peerings, or when a side is told twice and differently.
    """
    home, remote = fold(network_id(peering)), peering.properties.remote_virtual_network
    there = fold(remote.id) if remote is not None and remote.id else ""
    ends = _by_ends(network)
    for near, beyond in ((home, there), (there, home)) if there else ():
        _require_one(ends.get((near, beyond), ()), last_segment(beyond))
    for back in ends.get((there, home), ()):
        return back
    far = far_network(network, peering)
    _ = far.peerings  # there may be one back among those that are not told
    if (far.key, "") in ends:
        raise Undetermined(f"where a peering of {far.label} leads", resource=far.id)
    for (near, beyond), (perhaps, *_) in ends.items() if leaves_open(network) else ():
        if may_be_the_same(near, there) and may_be_the_same(beyond, home):
            raise Undetermined(
                f"whether {perhaps.id} is the peering back of {peering.label}: a template or plan "
                "does not tell where that goes",
                resource=perhaps.id,
            )
    return None


def stands_alone(network: Network, peering: Peering) -> bool:
    """Tell whether the far VNet is known to have no peering back: it is connected to nobody."""
    try:
        return way_back(network, peering) is None
    except Undetermined:
        return False


def may_lend(network: Network, peering: Peering) -> bool:
    """Tell whether the far VNet may lend its gateways: what is not told may be so."""
    return possibly(lambda each: lends(network, each), peering)


def lends(network: Network, peering: Peering) -> bool:
    """Tell whether the far VNet lends its gateways (R-17): connected (R-14), and not unwilling.

    Raises Undetermined where the far side is not told.
    """
    if peering.properties.peering_state and not peering.connected:
        return False
    back = way_back(network, peering)
    if back is None or (back.properties.peering_state and not back.connected):
        return False
    return back.properties.allow_gateway_transit is not False


def name_of_way_back(network: Network, peering: Peering) -> str:
    """Give a name for a peering to make in the far VNet, `to-web`, that it has not yet."""
    home = network_id(peering)
    try:
        far = network.find(peering.properties.remote_virtual_network)
    except Undetermined:
        far = None
    there = told_peerings(network, far)[0] if isinstance(far, VirtualNetwork) else ()
    node = network.find(home)
    nth = nth_anywhere(network, node) if isinstance(node, VirtualNetwork) else 0
    return unused_name(f"to-{last_segment(home)}", [each.label.lower() for each in there], nth=nth)


@question
def _by_ends(network: Network) -> dict[tuple[str, str], tuple[Peering, ...]]:
    """Give peerings by the keys of their own VNet and of the far one, "" where that is not told."""
    found: dict[tuple[str, str], tuple[Peering, ...]] = {}
    for peering in network.all(Peering):
        try:
            remote = peering.properties.remote_virtual_network
            far = fold(remote.id) if remote is not None and remote.id else ""
        except Undetermined:
            far = ""
        ends = fold(network_id(peering)), far
        found[ends] = (*found.get(ends, ()), peering)
    return found


def _require_one(side: tuple[Peering, ...], far: str) -> None:
    """Raise Undetermined where one side of a link is told twice: Azure has it once (R-19).

    Those that tell the same, and those of which none is connected, are as good as one.
    """
    if len(side) < 2 or all(_is_down(each) for each in side):
        return
    first, *others = side
    for other in others:
        if _told(other) != _told(first):
            which = f"which peering of {last_segment(network_id(first))} with {far} counts"
            raise Undetermined(
                f"{which}: {first.label} and {other.label} differ", resource=first.id
            )


def _is_down(peering: Peering) -> bool:
    state = walk.peek(walk.peek(peering, "properties"), "peering_state")
    return bool(state) and not peering.connected


_FLAGS = (
    "peering_state",
    "allow_virtual_network_access",
    "allow_forwarded_traffic",
    "allow_gateway_transit",
    "use_remote_gateways",
    "peer_complete_vnets",
    "local_subnet_names",
    "remote_subnet_names",
    "enable_only_ipv6_peering",
)
_SPACES = ("remote_address_space", "remote_virtual_network_address_space")


def _told(peering: Peering) -> tuple[object, ...]:
    """Give what a side tells of how packets go."""
    settings = walk.peek(peering, "properties")
    spaces = (walk.peek(walk.peek(settings, each), "address_prefixes") for each in _SPACES)
    return (*(walk.peek(settings, each) for each in _FLAGS), *spaces)
