"""Which networks are joined, and what address space each claims (R-14 to R-20, D-5, D-7).

Two networks are *joined* by a peering, by connections to one virtual hub (hubs of one Virtual WAN
are joined as well), or by a VNet-to-VNet connection. A peering joins unless it is `Disconnected`:
`Initiated`, or without a state as in templates, it is still meant to carry routes, and addresses
are planned before packets flow. A peering's far end that is not in the snapshot is a network all
the same, whose address space is the one the peering records.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache

import msgspec

from auditor.addresses import AddressSet, Prefix, parse_prefix
from auditor.errors import Undetermined
from auditor.finding import Evidence
from auditor.ids import fold, parent
from auditor.ids import name as last_segment
from auditor.network.components import components
from auditor.network.graph import Network, evidence, question, question_about
from auditor.resources.base import Node
from auditor.resources.hybrid import Connection, VirtualNetworkGateway
from auditor.resources.virtual_networks import AddressSpace, Peering, Subnet, VirtualNetwork
from auditor.resources.virtual_wan import HubConnection, VirtualHub


class Claim(msgspec.Struct, frozen=True):
    """A prefix that somebody claims, and where it is written. `node` is the one who claims it."""

    prefix: Prefix
    node: Node
    pointer: str
    text: str

    @property
    def evidence(self) -> Evidence:
        """Quote it."""
        return evidence(self.node, self.pointer, self.text)


class Link(msgspec.Struct, frozen=True):
    """Two networks (folded ids, `near` first) joined by a peering, a connection or a hub.

    `whole` is false for a subnet peering, which joins some subnets only (R-19).
    """

    near: str
    far: str
    by: Node
    whole: bool = True


class Domain(msgspec.Struct, frozen=True):
    """Networks that are joined, directly or through others; `members` are their keys, sorted.

    `id` is that of the first member in the snapshot, for a report to name the whole by.
    """

    id: str
    members: tuple[str, ...]


class Neighbour(msgspec.Struct, frozen=True):
    """A network joined to another directly, or to the same virtual hub."""

    key: str
    id: str
    node: VirtualNetwork | VirtualHub | None
    """None when the snapshot does not hold it."""


class _Links(msgspec.Struct):
    links: list[Link] = msgspec.field(default_factory=list)
    untold: dict[str, str] = msgspec.field(default_factory=dict)
    spelled: dict[str, str] = msgspec.field(default_factory=dict)

    def add(self, near: str, far: str, by: Node, whole: bool = True) -> None:
        here, there = fold(near), fold(far)
        self.spelled.setdefault(here, near)
        self.spelled.setdefault(there, far)
        if here != there:
            self.links.append(Link(here, there, by, whole))


def network_id(node: Node) -> str:
    """Give the id of the VNet that a subnet or a peering lies in, whether or not it is here."""
    return node.owner.id if node.owner is not None else parent(node.id) or ""


def without_network(subnet: Node) -> Undetermined:
    """Say, to be raised, that the snapshot lacks the VNet of a subnet."""
    home = parent(subnet.id)
    missing = f"{home} is not in the snapshot" if home else f"the VNet of {subnet.label}"
    return Undetermined(missing, resource=home or subnet.id)


@lru_cache(maxsize=65536)
def network_key(subnet_id: str) -> str:
    """Give the folded id of the VNet of a subnet's id."""
    return fold(parent(subnet_id) or "")


def is_disconnected(peering: Peering) -> bool:
    """Tell whether the far side of a peering was deleted."""
    return (peering.properties.peering_state or "").lower() == "disconnected"


def is_whole(peering: Peering) -> bool:
    """Tell whether a peering joins whole VNets; only `peerCompleteVnets: false` does not (R-19)."""
    return peering.properties.peer_complete_vnets is not False


@question_about
def peers_as_a_whole(_: Network, vnet: VirtualNetwork) -> bool:
    """Tell whether no peering of a VNet is of some of its subnets.

    Raises Undetermined when it does not tell its peerings.
    """
    return all(map(is_whole, vnet.peerings))


def to_hub(network: Network, peering: Peering) -> bool:
    """Tell whether the far side is the VNet inside a virtual hub, which Azure alone manages."""
    remote = peering.properties.remote_virtual_network
    if remote is None or remote.node is not None or not remote.id:
        return False
    if fold(remote.id) in network.nodes:
        return False
    named = peering.name.lower().startswith("remotevnettohubpeering")
    return named or last_segment(remote.id).lower().startswith("hv_")


@question
def _links(network: Network) -> _Links:
    found = _Links()
    for node in (
        *network.all(Peering),
        *network.all(HubConnection),
        *network.all(VirtualHub),
        *network.all(Connection),
    ):
        try:
            _link(network, node, found)
        except Undetermined as unknown:
            found.untold.setdefault(fold(_near(node)), f"{unknown.missing} of {node.id}")
    for vnet in network.all(VirtualNetwork):
        try:
            _ = vnet.peerings
        except Undetermined:
            found.untold.setdefault(vnet.key, f"the peerings of network {vnet.label}")
    return found


def _near(node: Node) -> str:
    return node.id if isinstance(node, VirtualHub | Connection) else network_id(node)


def _link(network: Network, node: Node, found: _Links) -> None:
    if isinstance(node, Peering):
        remote = node.properties.remote_virtual_network
        if not is_disconnected(node) and remote is not None and remote.id:
            found.add(network_id(node), remote.id, node, is_whole(node))
    elif isinstance(node, HubConnection):
        remote = node.properties.remote_virtual_network
        if remote is not None and remote.id:
            found.add(network_id(node), remote.id, node)
    elif isinstance(node, VirtualHub):
        wan = node.properties.virtual_wan
        if wan is not None and wan.id:
            found.add(node.id, wan.id, node)
    elif isinstance(node, Connection):
        ends = _vnets_of_connection(network, node)
        if ends is not None:
            found.add(*ends, node)


def _vnets_of_connection(network: Network, node: Connection) -> tuple[str, str] | None:
    p = node.properties
    if (p.connection_type or "").lower() != "vnet2vnet":
        return None
    ends = []
    for end in (p.virtual_network_gateway1, p.virtual_network_gateway2):
        gateway = network.find(end)
        home = home_of(gateway) if isinstance(gateway, VirtualNetworkGateway) else None
        if home is None:
            return None
        ends.append(home)
    return ends[0], ends[1]


def home_of(gateway: VirtualNetworkGateway) -> str | None:
    """Give the id of the VNet a gateway stands in, None when the gateway names no subnet."""
    for configuration in gateway.ip_configurations:
        subnet = configuration.properties.subnet
        if subnet is not None and subnet.id:
            return parent(subnet.id)
    return None


def is_inside_hub(network: Network, key: str) -> bool:
    """Tell whether a key is that of the VNet inside a virtual hub, which Azure alone manages."""
    return key not in network.nodes and last_segment(key).startswith("hv_")


def links(network: Network) -> tuple[Link, ...]:
    """Give what joins networks. A Virtual WAN is the far end of the links of its hubs."""
    return tuple(_links(network).links)


def untold(network: Network) -> dict[str, str]:
    """Give, by a network's key, what the snapshot does not tell about whom it is joined with."""
    return _links(network).untold


def spelled(network: Network, key: str) -> str:
    """Give the id of a network as spelled."""
    node = network.nodes.get(key)
    known = node.id if node is not None else _links(network).spelled.get(key)
    inside = (e.spelled for e in network.dangling() if e.target.startswith(f"{key}/"))
    return known or next(inside, key)[: len(key)]


@question
def routing_domains(network: Network) -> tuple[Domain, ...]:
    """Give the sets of two and more networks that are joined, directly or through others.

    Members are VNets and virtual hubs, those that are not in the snapshot included. Peering is
    not transitive (R-15): members of one domain share an address plan, and need not reach one
    another.
    """
    groups = components((link.near, link.far) for link in links(network))
    domains = []
    for group in groups:
        members = tuple(key for key in group if is_network(key))
        if len(members) > 1:
            first = next((key for key in members if key in network.nodes), members[0])
            domains.append(Domain(spelled(network, first), members))
    return tuple(domains)


def is_network(key: str) -> bool:
    """Tell whether a key of `neighbours` is a VNet's or a hub's, and no Virtual WAN's."""
    return "/virtualwans/" not in key


@question
def neighbours(network: Network) -> dict[str, tuple[Link, ...]]:
    """Give the links of each network, by its key; every link stands at both its ends."""
    found: dict[str, list[Link]] = defaultdict(list)
    for link in links(network):
        found[link.near].append(link)
        found[link.far].append(link)
    return {key: tuple(each) for key, each in found.items()}


def networks_near(network: Network, vnet: VirtualNetwork) -> tuple[Neighbour, ...]:
    """Give the networks that a VNet has routes to, or is meant to: peers, hubs and their VNets.

    Sorted by key, the VNet itself left out. Not transitive over peerings (R-15); through a hub all
    its VNets are near (R-29).
    """
    return tuple(_neighbour(network, key) for key in sorted(near_keys(network, vnet.key)))


@question_about
def near_keys(network: Network, key: str) -> frozenset[str]:
    """Give the keys of the networks near a network, as `networks_near` does."""
    beside = neighbours(network)
    near: set[str] = set()
    for other in _ends(beside, key):
        near.add(other)
        if "/virtualhubs/" in other:
            near.update(_around_hub(beside, other))
    near.discard(key)
    return frozenset(each for each in near if is_network(each))


def _ends(beside: dict[str, tuple[Link, ...]], key: str) -> Iterator[str]:
    for link in beside.get(key, ()):
        yield link.far if link.near == key else link.near


def _around_hub(beside: dict[str, tuple[Link, ...]], hub: str) -> Iterator[str]:
    for other in _ends(beside, hub):
        yield other
        if "/virtualwans/" in other:
            for sibling in _ends(beside, other):
                yield sibling
                yield from _ends(beside, sibling)


def _neighbour(network: Network, key: str) -> Neighbour:
    node = network.nodes.get(key)
    known = node if isinstance(node, VirtualNetwork | VirtualHub) else None
    return Neighbour(key, spelled(network, key), known)


def space_of(network: Network, key: str) -> tuple[Claim, ...]:
    """Give the address space of a network, by its key.

    For a VNet that is not in the snapshot, what its peers record of it. Raises Undetermined when
    nothing tells it.
    """
    node = network.nodes.get(key)
    if isinstance(node, VirtualNetwork):
        return claims_of(network, node)
    if isinstance(node, VirtualHub):
        return _claims_of_hub(node)
    found = tuple(
        claim
        for link in neighbours(network).get(key, ())
        if link.far == key and isinstance(link.by, Peering)
        for claim in remote_claims(link.by)
    )
    if not found:
        raise Undetermined(f"{spelled(network, key)} is not in the snapshot")
    return tuple({claim.prefix: claim for claim in reversed(found)}.values())


@question_about
def claims_of(network: Network, vnet: VirtualNetwork) -> tuple[Claim, ...]:
    """Give the address space of a VNet. Raises Undetermined when the VNet does not tell it."""
    space = vnet.properties.address_space
    if space is None or space.address_prefixes is None:
        raise Undetermined("the address space (properties.addressSpace)", resource=vnet.id)
    return _claims(vnet, space, "addressSpace")


def _claims(node: Node, space: AddressSpace | None, key: str) -> tuple[Claim, ...]:
    return tuple(
        Claim(
            parse_prefix(text),
            node,
            f"/properties/{key}/addressPrefixes/{index}",
            text,
        )
        for index, text in enumerate((space.address_prefixes or ()) if space else ())
        if text
    )


def remote_claims(peering: Peering) -> tuple[Claim, ...]:
    """Give what a peering records of the far side's address space."""
    p = peering.properties
    current = _claims(
        peering, p.remote_virtual_network_address_space, "remoteVirtualNetworkAddressSpace"
    )
    return (*_claims(peering, p.remote_address_space, "remoteAddressSpace"), *current)


def _claims_of_hub(hub: VirtualHub) -> tuple[Claim, ...]:
    text = hub.properties.address_prefix
    if not text:
        return ()
    return (Claim(parse_prefix(text), hub, "/properties/addressPrefix", text),)


def subnet_claims(
    vnet: VirtualNetwork | None, names: Iterable[str] | None
) -> tuple[Claim, ...] | None:
    """Give the prefixes of the subnets that a subnet peering names; None when not all are told."""
    if vnet is None or names is None:
        return None
    wanted = {name.lower() for name in names}
    here = {subnet.name.lower(): subnet for subnet in vnet.subnets}
    if not wanted <= here.keys():
        return None
    return tuple(claim for name in sorted(wanted) for claim in claims_of_subnet(here[name]))


def claims_of_subnet(subnet: Subnet) -> tuple[Claim, ...]:
    """Give the prefixes of a subnet, each once, singular and plural fields merged (D-4)."""
    p = subnet.properties
    found: dict[Prefix, Claim] = {}
    one = p.address_prefix
    if one:
        prefix = parse_prefix(one)
        found[prefix] = Claim(prefix, subnet, "/properties/addressPrefix", one)
    for index, text in enumerate(p.address_prefixes or ()):
        if text:
            prefix = parse_prefix(text)
            pointer = f"/properties/addressPrefixes/{index}"
            found.setdefault(prefix, Claim(prefix, subnet, pointer, text))
    return tuple(found.values())


@question
def told_spaces(network: Network) -> AddressSet:
    """The address spaces of the VNets of the input, as far as they are told."""
    prefixes: list[Prefix] = []
    for vnet in network.all(VirtualNetwork):
        try:
            prefixes += vnet.prefixes
        except Undetermined:
            continue
    return AddressSet.from_prefixes(prefixes)
