"""The smallest change that lets a packet pass what stops it, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from auditor import ids
from auditor.addresses import Address, AddressSet, Prefix, Version
from auditor.errors import Undetermined
from auditor.network.address_owners import owned_addresses
from auditor.network.filters import place_name
from auditor.network.graph import Network
from auditor.network.layers import EffectiveRule, holder_of
from auditor.network.routing import EffectiveRoute, Hop
from auditor.network.routing.gateway import served_by
from auditor.network.routing.model import PEERINGS, Source
from auditor.network.routing.peered import ties_of
from auditor.network.routing_domains import spelled
from auditor.reach.borrowing import is_claimed, longest_claim, to_borrow
from auditor.reach.frame import Packet
from auditor.reach.peering_cures import at_peering, lengths_of, sender_network
from auditor.reach.space import PORTED
from auditor.resources import walk
from auditor.resources.interfaces import NetworkInterface
from auditor.resources.virtual_networks import Subnet, VirtualNetwork

_FIRST, _LAST = 100, 4096
"""The first and the last priority of a rule that somebody writes (N-1)."""


def for_ports(cure: str, protocols: tuple[str, ...] = PORTED) -> Callable[[Packet], str]:
    """Give what opens the way for some protocols alone, and nothing for the others."""
    return lambda packet: cure if packet.protocol in protocols else ""


def named(addresses: AddressSet, version: Version, unnamed: str) -> str:
    """Name addresses as rules name them: one, the prefixes of a few, or in words.

    Those of a subnet are named by its prefix, though Azure keeps some of it (D-1). What may be
    anybody's is named in words: a rule for all of it would open more than the way.
    """
    pairs = addresses.intervals(version)
    if not pairs:
        return unnamed
    low, high = pairs[0][0], pairs[-1][1]
    bits = 32 if version == 4 else 128
    around = Prefix.of(version, low, bits - (low ^ high).bit_length())
    held = sum(last - first + 1 for first, last in pairs)
    if held == 1:
        return str(around.address)
    if around.size - held <= _RESERVED and around.length > 8:
        return str(around)
    prefixes = [each for each in addresses.prefixes() if each.version == version]
    if around.length == 0 and held > around.size // 2:
        return unnamed
    return ", ".join(map(str, prefixes)) if len(prefixes) <= _FEW else unnamed


_RESERVED = 5
_FEW = 3


def rule_before(
    rules: Iterable[EffectiveRule],
    packet: Packet,
    inbound: bool,
    *,
    admin: bool,
    source: str = "",
    destination: str = "",
) -> str:
    """Say which rule to add before those that may be the one that denies a packet.

    `source` and `destination` stand for its addresses where these are not told.
    """
    first = min(rules, key=lambda rule: rule.priority, default=None)
    if first is None:
        return ""
    port = f" to port {packet.destination_port}" if packet.protocol in PORTED else ""
    ends = f"from {source or packet.source} to {destination or packet.destination}"
    what = f"{packet.protocol.upper()} {ends}{port}"
    holder = ids.name(holder_of(first.resource))
    way = "inbound" if inbound else "outbound"
    where = f"with a priority below {first.priority} ({first.name})"
    if first.priority > _LAST:
        where = f"with a priority of {_LAST} or below, before {first.name}"
    elif first.priority <= (1 if admin else _FIRST):
        where = f"before {first.name}, which has to get a priority above {first.priority} first"
    return f"add an {way} Allow rule for {what} to {holder}, {where}"


def way_for(
    network: Network,
    route: EffectiveRoute,
    subnet: Subnet,
    address: Address,
    expected: str,
    home: str = "",
) -> str:
    """Say what to change that an address goes where it ought to, which a route prevents.

    `home` is the key of the network that a reply ought to get to, where it is told.
    """
    goes = f"so that {address} goes {expected}"
    vnet = ids.segment(subnet.id, "virtualNetworks") or place_name(subnet)
    change = _change_of(route)
    if route.fault and route.address is not None and expected.endswith(f" {route.address}"):
        return _forwarding(network, subnet, route.fault, route.address)
    if change and not _lacks_gateway(network, subnet, expected):
        joined, beats = _joined(network, subnet, route, address, expected, home)
        if beats:
            return f"{joined}, {goes}"
        return f"{joined} and {change}, {goes}" if joined else f"{change}, {goes}"
    if expected.endswith(_TO_GATEWAY):
        return f"{_by_gateway(network, subnet, vnet, address, route)}, {goes}"
    if route.hop is Hop.PRIVATE_ENDPOINT and route.fault and route.node and not route.far:
        return f"approve the connection of {route.node.label}"
    if route.hop in (*PEERINGS, Hop.PRIVATE_ENDPOINT) and route.fault:
        far = ids.name(route.far) or "its peer"
        return f"let the peering of {vnet} with {far} join subnet {subnet.label}, {goes}"
    there = _network_in(expected)
    if route.hop is Hop.GLOBAL_PEERING and ids.name(route.far).lower() == there.lower():
        return f"make the load balancer at {address} Standard: Basic serves one region (R-21)"
    if there or expected == _STRAIGHT_BACK:
        change = _to_network(network, route, subnet, address, there, home)
    return f"{change or f'give {place_name(subnet)} a route'}, {goes}"


def _change_of(route: EffectiveRoute) -> str:
    """Say to change a user's route in its table; nothing of other routes."""
    table = route.node.owner if route.node is not None and route.source is Source.USER else None
    return f"change route {route.name or route.prefix} of {table.label}" if table else ""


def _to_network(
    network: Network,
    route: EffectiveRoute,
    subnet: Subnet,
    address: Address,
    there: str,
    home: str,
) -> str:
    """Say what joins a subnet to another network, by its name or an address there."""
    vnet = ids.segment(subnet.id, "virtualNetworks") or place_name(subnet)
    known = ids.name(spelled(network, home)) if home else f"the network of {address}"
    far = there or known
    if route.hop in PEERINGS and _leads_elsewhere(route, there, home):
        return (
            f"give {ids.name(spelled(network, route.far))} or {far} other addresses and peer "
            + (f"{vnet} with {far}")
        )
    if route.hop is Hop.NONE and there.lower() == vnet.lower():  # outside its own network
        return f"give {address} to a subnet of {vnet}"
    own = network.holder(subnet, VirtualNetwork)
    change = at_peering(network, own, address, there, home) if own is not None else ""
    peered = change or f"peer {vnet} with {far}"
    if route.hop is Hop.NONE:
        return peered
    if route.hop is Hop.LOCAL and route.node is not None and there != route.node.root.label:
        return f"give {vnet} or {far} other addresses and peer them"
    unknown = route.hop is Hop.INTERNET  # no network that the route knows has the address
    apart = _not_peered(network, subnet, f"to {there}") if there else unknown
    return peered if apart else ""


def _leads_elsewhere(route: EffectiveRoute, there: str, home: str) -> bool:
    """Whether a peering leads to another network that holds the address, too (D-5)."""
    if not route.far or not (there or home):
        return False
    return ids.name(route.far).lower() != there.lower() if there else route.far != home


def _forwarding(network: Network, subnet: Subnet, fault: str, appliance: Address) -> str:
    """Say what to change that an appliance takes packets, which its route does name (R-11)."""
    nic, forwards_not, _ = fault.partition(" does not forward")
    if forwards_not:
        return f"enable IP forwarding on {nic}"
    own = network.holder(subnet, VirtualNetwork)
    apart = own is not None and " is in no VNet that " in fault
    far = sender_network(network, own, appliance) if own is not None and apart else None
    if own is not None and far is not None:
        joined = at_peering(network, own, appliance, far.label)
        joined = joined or f"peer {own.label} with {far.label}"
        deaf = [f"enable IP forwarding on NIC {nic}" for nic in _deaf(network, far, appliance)]
        return f"{' and '.join([joined, *deaf])}, so that {appliance} is reached directly"
    return f"let {appliance} be an appliance that forwards: {fault}"


def _deaf(network: Network, home: VirtualNetwork, appliance: Address) -> Iterator[str]:
    """Name the NIC with an address in a network, where it certainly forwards nothing (R-11)."""
    for owner in owned_addresses(network, home.key).get(appliance, ()):
        if isinstance(owner.holder, NetworkInterface):
            settings = walk.peek(owner.holder, "properties")
            if walk.peek(settings, "enable_ip_forwarding") is False:
                yield owner.holder.label


_TO_GATEWAY = "to the gateway"
_STRAIGHT_BACK = "straight back"


def _network_in(expected: str) -> str:
    """The name of the network that something ought to go to, empty where it is none."""
    there = expected.removeprefix("to ") if expected.startswith("to ") else ""
    return "" if " " in there else there  # the internet, the gateway, the appliance, its network


def _not_peered(network: Network, subnet: Subnet, expected: str) -> str:
    """The network that something ought to go to, if its own certainly has no peering with it."""
    there, own = _network_in(expected), network.holder(subnet, VirtualNetwork)
    if not there or own is None or own.label.lower() == there.lower():
        return ""
    try:
        ties = ties_of(network, own)
    except Undetermined:
        return ""
    known = {ids.name(tie.far_key).lower() for tie in ties.ties}
    return "" if there.lower() in known or ties.untold else there


def _joined(
    network: Network,
    subnet: Subnet,
    route: EffectiveRoute,
    address: Address,
    expected: str,
    home: str,
) -> tuple[str, bool]:
    """Say which peering is lacking for an address to go where it ought to; empty where none is.

    And whether its route, as long as the far network's prefix, then beats that of a user (R-8).
    """
    own = network.holder(subnet, VirtualNetwork)
    back = expected == _STRAIGHT_BACK
    far = sender_network(network, own, address, home) if own is not None and back else None
    there = far.label if far is not None else _network_in(expected)
    lacking = _not_peered(network, subnet, f"to {there}") if there else ""
    if own is None or not lacking:
        return "", False
    words = (
        at_peering(network, own, address, "", home) if back else f"peer {own.label} with {lacking}"
    )
    return words, any(
        length > route.prefix.length for length in lengths_of(network, lacking, address)
    )


def _lacks_gateway(network: Network, subnet: Subnet, expected: str) -> bool:
    """Whether it ought to go to a gateway and certainly there is none."""
    own = network.holder(subnet, VirtualNetwork)
    if own is None or not expected.endswith(_TO_GATEWAY):
        return False
    try:
        served = served_by(network, own)
    except Undetermined:
        return False
    return not (served.gateways or served.untold or served.teachers)


def _by_gateway(
    network: Network, subnet: Subnet, vnet: str, address: Address, route: EffectiveRoute
) -> str:
    """Say how an address gets to a gateway: it must be there, know it, and be listened to."""
    own = network.holder(subnet, VirtualNetwork)
    borrow = to_borrow(network, own, address) if own is not None else ""
    table = network.find(walk.peek(walk.peek(subnet, "properties"), "route_table"))
    change, length = _change_of(route), route.prefix.length
    if not borrow and _lacks_gateway(network, subnet, _TO_GATEWAY):
        give = f"give {vnet} a gateway, its own or that of a peer, which knows {address}"
        return f"{give}, and {change}" if change else give
    told = [borrow] if borrow else []
    if not borrow and own is not None and not is_claimed(network, own, address):
        told.append(f"teach the gateway of {vnet} a route to {address}")
    if walk.peek(walk.peek(table, "properties"), "disable_bgp_route_propagation"):
        told.append(
            f"let {getattr(table, 'label', 'its route table')} propagate the routes of gateways"
        )
    if change and (own is None or longest_claim(network, own, address) <= length):
        told.append(change)
    return " and ".join(told) or f"teach the gateway of {vnet} a route to {address}"
