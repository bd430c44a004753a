"""The members of gateways' pools as ends of paths: where each is, and on which port it is asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import partial

import msgspec

from auditor.addresses import Address, AddressSet
from auditor.errors import Undetermined
from auditor.network.doubt import Doubt, doubt
from auditor.network.gateway_backends import resolution
from auditor.network.gateway_homes import subnet_of, vnet_of
from auditor.network.graph import Network, question
from auditor.network.hosts import addresses_named
from auditor.reach.balancing import forwards_of
from auditor.reach.gatewaying import Relay, relays_of
from auditor.reach.owners import points_at
from auditor.reach.points import Point, machine
from auditor.resources.application_gateways import ApplicationGateway, GatewayPool
from auditor.resources.load_balancers import LoadBalancerFrontend
from auditor.resources.virtual_networks import Subnet


class Backend(msgspec.Struct, frozen=True):
    """One member of a pool, and a port on which a gateway asks it.

    `id` is the pool's. Only members that are in a network of the input: `ends` are the points that
    have its address. A member that is a name stands once for each address that it has there.
    """

    id: str
    gateway: ApplicationGateway
    member: str
    port: int
    relay: Relay
    ends: tuple[Point, ...]
    named: Address | None = None
    """The address that a member which is a name leads to."""

    @property
    def key(self) -> str:
        """What tells it from other members of the pool."""
        at = f" {self.named}" if self.named is not None else ""
        return f"{self.member.lower()}{at}:{self.port}"


@question
def backends(network: Network) -> tuple[Backend | Doubt, ...]:
    """Give every member that some listener's requests may be sent to, each port once.

    A doubt stands for each gateway that does not tell its listeners or its network, and for each
    listener that does not tell where it sends requests.
    """
    found: dict[tuple[str, str], Backend | Doubt] = {}
    for gateway in network.all(ApplicationGateway):
        for one in _of(network, gateway):
            key = one.key if isinstance(one, Backend) else one.missing
            found.setdefault((one.id.lower(), key), one)
    return tuple(found[key] for key in sorted(found))


def _of(network: Network, gateway: ApplicationGateway) -> Iterator[Backend | Doubt]:
    try:
        listeners = gateway.listeners
        vnet_of(network, gateway)
    except Undetermined as unknown:
        yield doubt(gateway.id, unknown)
        return
    for listener in listeners:
        for relay in relays_of(network, listener):
            if not relay.pool or relay.port is None:
                yield Doubt(listener.id, "; ".join(map(str, relay.reasons)))
                continue
            pool = network.find(relay.pool)
            spelled = pool.id if isinstance(pool, GatewayPool) else relay.pool
            for named, ends in _ends(network, gateway, relay):
                yield Backend(spelled, gateway, relay.member, relay.port, relay, ends, named)


@question
def gateway_subnets_of(network: Network) -> dict[str, frozenset[str]]:
    """Give the keys of the subnets whose gateways ask a machine or frontend, by its folded id."""
    found: dict[str, set[str]] = defaultdict(set)
    for backend in backends(network):
        if isinstance(backend, Backend):
            own = subnet_of(network, backend.gateway).key
            for point in backend.ends:
                found[point.id.lower()].add(own)
    return {key: frozenset(subnets) for key, subnets in found.items()}


@question
def asked_machines(network: Network) -> dict[Subnet, list[tuple[Point, int]]]:
    """Give what the gateways of each subnet ask, straight or by an internal load balancer.

    Points, each with the port on which it is asked, as often as somebody asks.
    """
    found: dict[Subnet, list[tuple[Point, int]]] = defaultdict(list)
    for backend in backends(network):
        if isinstance(backend, Backend):
            found[subnet_of(network, backend.gateway)] += machines_behind(network, backend)
    return dict(found)


@question
def asking_subnets(network: Network) -> dict[str, dict[str, frozenset[int]]]:
    """Give the subnets whose gateways ask a machine, straight or by an internal load balancer.

    By the folded id of the machine, and of its subnet: the ports asked there, by the gateways'
    subnet's key.
    """
    found: dict[str, dict[str, set[int]]] = defaultdict(partial(defaultdict, set))
    for own, asked in asked_machines(network).items():
        for point, port in asked:
            found[point.id.lower()][own.key].add(port)
            if point.subnet is not None:
                found[point.subnet.key][own.key].add(port)
    return {
        asked: {key: frozenset(ports) for key, ports in subnets.items()}
        for asked, subnets in found.items()
    }


def asked_from(network: Network, subnet: Subnet) -> dict[int, AddressSet]:
    """Give the addresses of what the gateways of a subnet ask, by port.

    Of whoever has one address: others may have any of their subnet.
    """
    found: dict[int, list[AddressSet]] = defaultdict(list)
    for point, port in asked_machines(network).get(subnet, ()):
        if _is_one(point.addresses):
            found[port].append(point.addresses)
    return {port: AddressSet.union(sets)[0] for port, sets in found.items()}


def _is_one(addresses: AddressSet) -> bool:
    return all(len(each) < 2 and all(low == high for low, high in each)
               for each in (addresses.v4, addresses.v6))  # fmt: skip


def machines_behind(network: Network, backend: Backend) -> list[tuple[Point, int]]:
    """Give a member's points, and the machines behind those that forward.

    Each with the port on which it is asked.
    """
    found: list[tuple[Point, int]] = []
    for point in backend.ends:
        found.append((point, backend.port))
        if isinstance(point.node, LoadBalancerFrontend):
            for forward in forwards_of(network, point.node).known:
                if forward.target is not None:
                    found.append((forward.target, forward.backend_port or backend.port))
    return found


def _ends(
    network: Network, gateway: ApplicationGateway, relay: Relay
) -> Iterator[tuple[Address | None, tuple[Point, ...]]]:
    """Give the points at a member, by the address that it leads to where it is a name."""
    if relay.configuration is not None:
        yield None, (machine(network, relay.configuration),)
        return
    named = relay.address is None
    for address in _named(network, gateway, relay) if named else (relay.address,):
        ends = points_at(network, address, subnet_of(network, gateway)) if address else ()
        if ends:
            yield address if named else None, ends


def _named(network: Network, gateway: ApplicationGateway, relay: Relay) -> tuple[Address, ...]:
    """Give what a linked private zone says that a name leads to; nothing where none tells."""
    if not relay.member or relay.member.startswith("/"):
        return ()  # nobody is named, or somebody the snapshot lacks
    vnet = vnet_of(network, gateway)
    try:
        if resolution(network, vnet, relay.member).zone is None:
            return ()
        return addresses_named(network, vnet, relay.member)
    except Undetermined:
        return ()  # told by GW-003, where a zone does not tell its records
