"""Which networks a network is peered with, and at which addresses (R-14 to R-20)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import msgspec

from auditor.addresses import EVERYTHING, Address, AddressSet, Prefix
from auditor.network.graph import Missing, Network, question, question_about
from auditor.resources.virtual_networks import (
    AddressSpace,
    Peering,
    PeeringProperties,
    Subnet,
    VirtualNetwork,
)
from auditor.simulate.logic import Truth, both, told, told_of


class Peer(msgspec.Struct, frozen=True):
    """The far end of a peering.

    `up` tells whether both sides are connected, `far` is None when the far network is not told.
    `surely` and `possibly` bound the prefixes routed there.
    """

    peering: Peering
    back: Peering | None
    far: VirtualNetwork | None
    up: Truth
    surely: tuple[Prefix, ...]
    possibly: tuple[Prefix, ...]
    anything: bool
    """Whether nothing bounds what may be routed there."""

    @property
    def in_tag(self) -> Truth:
        """Whether the far addresses are part of `VirtualNetwork` (N-23)."""
        return both(
            self.up, told(lambda: self.peering.properties.allow_virtual_network_access, None)
        )

    def at_back(self, read: Callable[[PeeringProperties], bool | None]) -> Truth:
        """Read a flag of the far side's peering, None when it is not told."""
        back = self.back
        return told(lambda: read(back.properties), None) if back is not None else None

    @property
    def bound(self) -> AddressSet:
        """Every address that may be routed there."""
        return EVERYTHING if self.anything else AddressSet.from_prefixes(self.possibly)


def network_of(network: Network, subnet: Subnet) -> VirtualNetwork | None:
    """Give the network that holds a subnet, None when the input holds the subnet alone."""
    return network.holder(subnet, VirtualNetwork)


@question_about
def peers(network: Network, home: VirtualNetwork) -> tuple[Peer, ...] | None:
    """Give the peers of a network; None when its peerings are not told."""
    listed = told(lambda: home.peerings, None)
    if listed is None:
        return None
    found = (_peer(network, home, peering) for peering in listed)
    return tuple(each for each in found if each.far is not home)


def _peer(network: Network, home: VirtualNetwork, peering: Peering) -> Peer:
    target = told(lambda: peering.properties.remote_virtual_network, None)
    node = network.find(target)
    if node is None or not isinstance(node, VirtualNetwork | Missing):
        return Peer(peering, None, None, _connected(peering), (), (), True)
    if isinstance(node, Missing):
        surely, possibly = _prefixes(peering, None)
        whole = both(_connected(peering), _complete(peering))
        return Peer(peering, None, None, whole, surely, possibly, not possibly)
    mine = told(lambda: node.peerings, None)
    back = _back(network, home, mine or ())
    if mine is None:
        up: Truth = both(_connected(peering), None)
    elif back is None:
        up = False
    else:
        one = both(_single(network, home, node), _single(network, node, home))
        up = both(_connected(peering), one, _complete(peering), _complete(back))
        up = both(up, _connected(back) if one else None)
    surely, possibly = _prefixes(peering, node)
    return Peer(peering, back, node, up, surely, possibly, not possibly)


def _back(network: Network, home: VirtualNetwork, listed: tuple[Peering, ...]) -> Peering | None:
    for each in listed:
        if network.find(told_of(each, lambda e: e.properties.remote_virtual_network, None)) is home:
            return each
    return None


def _single(network: Network, home: VirtualNetwork, far: VirtualNetwork) -> Truth:
    """Whether one peering leads to a network, as in Azure (R-19); of several nothing is claimed."""
    return True if _leading(network, home)[far.key] == 1 else None


@question_about
def _leading(network: Network, home: VirtualNetwork) -> Counter[str]:
    """How many peerings of a network lead to each other one, by its key."""
    listed = told(lambda: home.peerings, None) or ()
    named = (told_of(each, lambda e: e.properties.remote_virtual_network, None) for each in listed)
    return Counter(node.key for node in map(network.find, named) if node is not None)


def _connected(peering: Peering) -> Truth:
    state = told(lambda: peering.properties.peering_state, None)
    return None if not state else state.lower() == "connected"


def _complete(peering: Peering) -> Truth:
    """Whether it joins whole networks; of a subnet peering nothing is claimed (R-19)."""
    whole = told(lambda: peering.properties.peer_complete_vnets, False)
    six = told(lambda: peering.properties.enable_only_ipv6_peering, True)
    return None if whole is False or six else True


def _prefixes(
    peering: Peering, far: VirtualNetwork | None
) -> tuple[tuple[Prefix, ...], tuple[Prefix, ...]]:
    """Give the prefixes routed for sure, and those that may be (R-18)."""
    synced = _written(told(lambda: peering.properties.remote_address_space, None))
    current = _written(told(lambda: peering.properties.remote_virtual_network_address_space, None))
    own = told(lambda: far.prefixes, None) or None if far is not None else None
    lists = [found for found in (synced, current, own) if found is not None]
    if not lists:
        return (), ()
    every = tuple(dict.fromkeys(prefix for found in lists for prefix in found))
    return tuple(p for p in every if all(p in found for found in lists)), every


def _written(space: AddressSpace | None) -> tuple[Prefix, ...] | None:
    """The prefixes that a side of a peering tells, perhaps none; None where it tells nothing."""
    if space is None or told(lambda: space.address_prefixes, None) is None:
        return None
    return told(lambda: space.prefixes, None)


@question_about
def space(network: Network, home: VirtualNetwork) -> AddressSet | None:
    """Give the address space of a network; None when it is not told."""
    found = told(lambda: home.prefixes, None)
    return AddressSet.from_prefixes(found) if found else None


@question
def spaces(network: Network) -> AddressSet:
    """Give what any network of the input claims."""
    claimed = (space(network, each) for each in network.all(VirtualNetwork))
    return AddressSet.union([each for each in claimed if each is not None])[0]


def network_with(
    network: Network, home: VirtualNetwork, hop: Address
) -> VirtualNetwork | Missing | None:
    """Give the network, this one or a peer, that holds the next hop; `Missing` when untold."""
    own = space(network, home)
    if own is None:
        return Missing(home.id, home.key)
    if hop in own:
        return home
    listed = peers(network, home)
    if listed is None:
        return Missing(home.id, home.key)
    for peer in listed:
        if peer.up is False or hop not in peer.bound:
            continue
        if peer.up is True and peer.far is not None and any(hop in p for p in peer.surely):
            return peer.far
        return Missing(peer.peering.id, peer.peering.key)
    return None
