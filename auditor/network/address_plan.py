"""Where a private address lies, seen from a virtual network, and who owns it there.

The answer tells when something that the snapshot does not list may own it as well.
"""

from __future__ import annotations

from collections import defaultdict

import msgspec
from msgspec.structs import replace

from auditor.addresses import Address, Prefix
from auditor.errors import Undetermined
from auditor.ids import name as last_segment
from auditor.network.address_owners import Owner, all_owned_addresses, homeless
from auditor.network.graph import Network, question, question_about
from auditor.network.hidden_addresses import (
    Unlisted,
    hidden_addresses,
    subscription_of,
    unlisted,
    unread_owners,
    who_is_unlisted,
)
from auditor.network.learned_routes import learns_routes
from auditor.network.on_premises import on_premises
from auditor.network.routing_domains import is_network, near_keys, neighbours, space_of, spelled
from auditor.resources import walk
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.resources.virtual_wan import VirtualHub


class Whereabouts(msgspec.Struct, frozen=True):
    """Where an address lies, seen from a VNet, and who owns it.

    `key` is that of the network whose address space holds it (the VNet, a network near it), None
    when none does; `subnet` the subnet of it, when one holds the address. When `owners` is empty
    and `unsure` is too, nobody owns the address; otherwise `unsure` says what is not told.
    """

    address: Address
    owners: tuple[Owner, ...]
    key: str | None
    subnet: Subnet | None
    unsure: str


@question_about
def locate(network: Network, address: Address, vnet: VirtualNetwork) -> Whereabouts:
    """Find an address as seen from a VNet: in it, in the networks near it, or beyond.

    Never raises for what the snapshot lacks: `unsure` of the answer tells it.
    """
    here = locate_among(network, address, vnet, near_keys(network, vnet.key))
    if here.key is not None or here.unsure:
        return here
    return replace(here, unsure=_beyond(network, address, vnet))


def locate_among(
    network: Network, address: Address, vnet: VirtualNetwork, others: frozenset[str]
) -> Whereabouts:
    """Find an address in a VNet and in other networks, given by their keys."""
    held = _held(network, address, vnet, others)
    if held:
        home: str | None = held[0][0]
        subnet = _subnet_of(network, home, address)
        owners = tuple([owner for _, each in held for owner in each])
        return Whereabouts(address, owners, home, subnet, "")
    home, unsure = _home(network, address, vnet, others)
    subnet = _subnet_of(network, home, address)
    if home is not None:
        unsure = _unsure_in(network, home, subnet)
    for node in homeless(network).get(address, ()):
        unsure = unsure or f"the subnet of {node.label} of {node.root.label}, which has the address"
    return Whereabouts(address, (), home, subnet, unsure)


@question
def _holders(network: Network) -> dict[Address, set[str]]:
    """Give the keys of the networks in which somebody owns an address, by address."""
    found: dict[Address, set[str]] = defaultdict(set)
    for key, by_address in all_owned_addresses(network).items():
        for address in by_address:
            found[address].add(key)
    return dict(found)


_NOWHERE: frozenset[str] = frozenset()


def _held(
    network: Network, address: Address, vnet: VirtualNetwork, others: frozenset[str]
) -> list[tuple[str, tuple[Owner, ...]]]:
    """Give the owners in a VNet and in others by their network's key, its own first."""
    holding = _holders(network).get(address, _NOWHERE)
    own = vnet.key
    homes = [own] if own in holding else []
    if len(holding) > len(homes):
        # The intersection of two sets takes as long as the smaller is large.
        homes += sorted((others & holding) - {own})
    owned = all_owned_addresses(network)
    return [(home, owned[home][address]) for home in homes]


def _home(
    network: Network, address: Address, vnet: VirtualNetwork, others: frozenset[str]
) -> tuple[str | None, str]:
    """Give the network whose space holds an address, or what is not told of those that may."""
    claimed, untold = _spaces(network)
    near = others | {vnet.key}
    bits = 32 if address.version == 4 else 128
    around = (Prefix.of(address.version, address.value, length) for length in range(bits + 1))
    found = {key for prefix in around for key in claimed.get(prefix, ()) if key in near}
    if found:
        return min(found, key=lambda key: (key != vnet.key, key)), ""
    return None, next((untold[key] for key in sorted(near & untold.keys())), "")


@question
def _spaces(network: Network) -> tuple[dict[Prefix, list[str]], dict[str, str]]:
    """Give who claims each prefix, and what is not told of whose space."""
    claimed: dict[Prefix, list[str]] = defaultdict(list)
    untold: dict[str, str] = {}
    kinds = (*network.all(VirtualNetwork), *network.all(VirtualHub))
    joined = (key for key in neighbours(network) if is_network(key))
    for key in {node.key for node in kinds} | set(joined):
        try:
            for claim in space_of(network, key):
                claimed[claim.prefix].append(key)
        except Undetermined as unknown:
            untold[key] = unknown.missing
    return dict(claimed), untold


def _unsure_in(network: Network, home: str, subnet: Subnet | None) -> str:
    node = network.nodes.get(home)
    if node is None:
        return f"{last_segment(spelled(network, home))}, which is not in the snapshot"
    if isinstance(node, VirtualHub):
        return f"what runs in the hub {node.label}"
    if subnet is None:
        return _unplaced(node) if isinstance(node, VirtualNetwork) else ""
    return unlisted(network, subnet) or unread_owners(network, subscription_of(home))


def _unplaced(vnet: VirtualNetwork) -> str:
    """Tell what keeps open in which subnet of a network an address lies; empty: in none."""
    try:
        for subnet in vnet.subnets:
            _ = subnet.prefixes
    except Undetermined as unknown:
        missing = unknown.missing
        return missing if " " in missing else f"the {missing} of {vnet.label}"
    return ""


def _subnet_of(network: Network, key: str | None, address: Address) -> Subnet | None:
    node = network.nodes.get(key) if key else None
    if isinstance(node, VirtualNetwork):
        for prefix, subnet in _by_prefix(network, node):
            if address in prefix:
                return subnet
    return None


@question_about
def _by_prefix(_: Network, vnet: VirtualNetwork) -> tuple[tuple[Prefix, Subnet], ...]:
    """The prefixes of the subnets of a network, in the order written."""
    found: list[tuple[Prefix, Subnet]] = []
    for subnet in walk.peek(walk.peek(vnet, "properties"), "subnets") or ():
        try:
            found += [(prefix, subnet) for prefix in subnet.prefixes]
        except Undetermined:
            continue
    return tuple(found)


def _beyond(network: Network, address: Address, vnet: VirtualNetwork) -> str:
    try:
        for claim in on_premises(network, vnet):
            if address in claim.prefix:
                return f"the site {claim.node.label}"
        learned = learns_routes(network, vnet)
    except Undetermined as unknown:
        return unknown.missing
    return f"what {learned} teaches" if learned else ""


def who_may_have(network: Network, found: Whereabouts) -> Unlisted | None:
    """Give who may have an address of which the snapshot tells no owner; None: nobody."""
    if found.owners:
        return None
    if not found.unsure:
        return hidden_addresses(network, found.key) if found.key is not None else None
    hidden = who_is_unlisted(network, found.subnet) if found.subnet is not None else None
    if hidden is not None and hidden.words == found.unsure:
        return hidden
    return Unlisted(found.unsure, found.subnet.id if found.subnet is not None else "")


def who_owns(network: Network, address: Address, vnet: VirtualNetwork) -> tuple[Owner, ...]:
    """Give the owners of an address in a VNet and the networks near it; none: nobody owns it.

    Raises Undetermined when the snapshot does not list everything that may own it.
    """
    found = locate(network, address, vnet)
    hidden = who_may_have(network, found) if found.unsure else None
    if hidden is not None:
        raise Undetermined(hidden.words, resource=hidden.told_by, remedy=hidden.remedy)
    return found.owners
