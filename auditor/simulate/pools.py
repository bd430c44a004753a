"""Who is in a backend pool, and whether probes reach them (E-14 to E-16)."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from auditor.addresses import Address, AddressSet
from auditor.network.graph import Missing, Network
from auditor.ports import PortSet
from auditor.resources.base import Node, Ref
from auditor.resources.compute import ScaleSet, ScaleSetIpConfiguration
from auditor.resources.interfaces import IpConfiguration
from auditor.resources.load_balancers import (
    BackendAddress,
    BackendPool,
    LoadBalancerFrontend,
    LoadBalancerProbe,
)
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.simulate.delivery import inbound
from auditor.simulate.endpoints import address_of
from auditor.simulate.logic import Truth, follow, told
from auditor.simulate.packet import Packet, Sighting, one, usable
from auditor.simulate.peers import network_of
from auditor.simulate.places import places_in, subnet_of
from auditor.simulate.special import HOST
from auditor.simulate.trip import Configuration, Trip


class Member(msgspec.Struct, frozen=True):
    """One member of a pool: a machine, or `missing` says what is not told of it.

    `set_to` is the state that somebody gave it, `up`, `down` or another; `frontend` is a regional
    frontend behind a global one.
    """

    at: str
    configuration: Configuration | None = None
    missing: str = ""
    set_to: str = ""
    frontend: LoadBalancerFrontend | None = None


def members_of(network: Network, pool: BackendPool) -> tuple[Member, ...]:
    """Give the members of a pool, those by NIC before those by address."""
    found: dict[str, Member] = {}
    listed = told(lambda: pool.properties.backend_ip_configurations, None)
    for ref in listed or ():
        member = _by_reference(network, ref)
        found[member.at.lower()] = member
    for edge in network.referrers(pool, "loadBalancerBackendAddressPools"):
        if isinstance(edge.source, IpConfiguration | ScaleSetIpConfiguration):
            found[edge.source.key] = Member(edge.source.id, edge.source)
    addresses = told(lambda: pool.properties.load_balancer_backend_addresses, None)
    for number, each in enumerate(addresses or ()):
        member = _by_address(network, pool, number, each)
        before = found.get(member.at.lower())
        found[member.at.lower()] = replace(before, set_to=member.set_to) if before else member
    if _unset(pool):
        found["?"] = Member(pool.id, missing="the members of the pool are not told")
    return tuple(found[key] for key in sorted(found))


def _unset(pool: BackendPool) -> bool:
    marker: list[Ref] = []
    other: list[BackendAddress] = []
    return (
        told(lambda: pool.properties.backend_ip_configurations, marker) is marker
        or told(lambda: pool.properties.load_balancer_backend_addresses, other) is other
    )


def _by_reference(network: Network, ref: Ref) -> Member:
    name = told(lambda: ref.id, None) or "?"
    node = follow(network, lambda: ref)
    if isinstance(node, IpConfiguration | ScaleSetIpConfiguration):
        return Member(node.id, node)
    return Member(name, missing=f"{name} is not in the snapshot")


def _by_address(network: Network, pool: BackendPool, number: int, each: BackendAddress) -> Member:
    p = each.properties
    name = f"{pool.id}#{number}"
    set_to = (told(lambda: p.admin_state, None) or "").lower()
    set_to = "" if set_to == "none" else set_to
    regional = follow(network, lambda: p.load_balancer_frontend_ip_configuration)
    if isinstance(regional, LoadBalancerFrontend):
        return Member(regional.id, frontend=regional, set_to=set_to)
    node = follow(network, lambda: p.network_interface_ip_configuration)
    if isinstance(node, IpConfiguration | ScaleSetIpConfiguration):
        return Member(node.id, node, set_to=set_to)
    address = address_of(told(lambda: p.ip_address, None))
    home = _network(network, pool, each)
    if address is None or home is None:
        return Member(name, missing="a member of the pool is not told", set_to=set_to)
    found = places_in(network, home).get(address, [])
    if len(found) == 1 and isinstance(found[0], IpConfiguration):
        return Member(found[0].id, found[0], set_to=set_to)
    return Member(name, missing=f"who has {address} is not told", set_to=set_to)


def member_at(network: Network, pool: BackendPool, number: int, each: BackendAddress) -> str:
    """Name the member that an entry of a pool stands for, as `members_of` does."""
    return _by_address(network, pool, number, each).at


def _network(network: Network, pool: BackendPool, each: BackendAddress) -> VirtualNetwork | None:
    """Give the network of an entry: its own word, or that of the whole pool."""
    subnet = follow(network, lambda: each.properties.subnet)
    if isinstance(subnet, Subnet):
        return network_of(network, subnet)
    found = follow(network, lambda: each.properties.virtual_network)
    if found is None:
        found = follow(network, lambda: pool.properties.virtual_network)
    return found if isinstance(found, VirtualNetwork) else None


def addresses_of(network: Network, configuration: Configuration, version: int) -> AddressSet:
    """Give the addresses that an ip configuration may have: its own when it is told."""
    own = own_address(configuration)
    if own is not None:
        return one(own) if own.version == version else AddressSet()
    subnet = subnet_of(network, configuration)
    if subnet is None:
        return AddressSet()
    return usable(told(lambda: subnet.prefixes, ()), version)


def own_address(configuration: Node) -> Address | None:
    """Give the address that is written down for an ip configuration."""
    if isinstance(configuration, IpConfiguration):
        return address_of(told(lambda: configuration.properties.private_ip_address, None))
    return None


def peopled(configuration: Configuration) -> Truth:
    """Whether there is a machine: of a model only when the scale set has instances."""
    if isinstance(configuration, IpConfiguration):
        return True
    root = configuration.root
    count = (
        told(lambda: root.sku.capacity if root.sku else None, None)
        if isinstance(root, ScaleSet)
        else None
    )
    return True if count else None


def probed(trip: Trip, ref: Ref | None, members: tuple[Member, ...]) -> Iterator[Truth]:
    """Tell of each member whether probes reach it; health is assumed where they do (E-16)."""
    if ref is None:
        yield from (True for _ in members)
        return
    probe = trip.network.find(ref)
    port = (
        told(lambda: probe.properties.port, None) if isinstance(probe, LoadBalancerProbe) else None
    )
    health = [
        None
        if port is None or isinstance(probe, Missing) or member.configuration is None
        else _passes(trip, member.configuration, port)
        for member in members
    ]
    if _sends_to_the_dead(probe):
        health = _when_none_lives(health, members)
    for member, up in zip(members, health, strict=True):
        yield {"up": True, "down": False}.get(member.set_to, up)


def heedless(network: Network, ref: Ref) -> bool:
    """Whether a probe lets members get packets when all of them fail."""
    return _sends_to_the_dead(network.find(ref))


def _sends_to_the_dead(probe: object) -> bool:
    """Whether members get packets when all of them fail: `noHealthyBackendsBehavior`."""
    if not isinstance(probe, LoadBalancerProbe):
        return False
    word = told(lambda: probe.properties.no_healthy_backends_behavior, None) or ""
    return word.lower() == "allprobedup"


def _when_none_lives(health: list[Truth], members: tuple[Member, ...]) -> list[Truth]:
    states = [
        True if member.set_to == "up" else up
        for member, up in zip(members, health, strict=True)
        if member.set_to != "down"
    ]
    if any(state is True for state in states):
        return health
    if all(state is False for state in states):
        return [True for _ in members]
    return [None if up is False else up for up in health]


def _passes(trip: Trip, configuration: Configuration, port: int) -> Truth:
    version = trip.seen.packet.destination.version
    candidates = addresses_of(trip.network, configuration, version)
    example = candidates.smallest()
    if example is None or version == 6:
        return None
    packet = Packet(HOST, example, "tcp", 0, port)
    seen = Sighting(packet, one(HOST), candidates, PortSet.of(0) | ~PortSet.of(0))
    _, ruling = inbound(trip, configuration, seen)
    return ruling.passes
