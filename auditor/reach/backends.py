"""The members of gateways' pools as ends of paths: where each is, and on which port it is asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from auditor.errors import Undetermined
from auditor.network.graph import Network, question
from auditor.reach.gatewaying import Relay, point_of, relays_of
from auditor.reach.owners import points_at
from auditor.reach.points import Point, machine, vnet_of
from auditor.resources.application_gateways import ApplicationGateway, GatewayPool


@dataclass(frozen=True, slots=True)
class Backend:
    """One member of a pool, and a port on which a gateway asks it.

    `id` is the pool's. Only members that are in a network of the input.
    """

    id: str
    gateway: ApplicationGateway
    member: str
    port: int
    relay: Relay

    @property
    def key(self) -> str:
        """What tells it from other members of the pool."""
        return f"{self.member.lower()}:{self.port}"


@question
def backends(network: Network) -> tuple[Backend, ...]:
    """Give every member that some listener's requests may be sent to, each port once."""
    found: dict[tuple[str, str], Backend] = {}
    for gateway in network.all(ApplicationGateway):
        for backend in _of(network, gateway):
            found.setdefault((backend.id.lower(), backend.key), backend)
    return tuple(found[key] for key in sorted(found))


def _of(network: Network, gateway: ApplicationGateway) -> Iterator[Backend]:
    try:
        listeners = gateway.listeners
    except Undetermined:
        return  # told by the rules about the gateway itself
    for listener in listeners:
        for relay in relays_of(network, listener):
            if not relay.pool or relay.port is None or not _ends(network, gateway, relay):
                continue
            pool = network.find(relay.pool)
            spelled = pool.id if isinstance(pool, GatewayPool) else relay.pool
            yield Backend(spelled, gateway, relay.member, relay.port, relay)


def ends_of(network: Network, backend: Backend) -> tuple[Point, ...]:
    """Give the points that have a member's address."""
    return _ends(network, backend.gateway, backend.relay)


def _ends(network: Network, gateway: ApplicationGateway, relay: Relay) -> tuple[Point, ...]:
    if relay.configuration is not None:
        return (machine(network, relay.configuration),)
    vnet = vnet_of(network, point_of(network, gateway))
    if relay.address is None or vnet is None:
        return ()
    return points_at(network, relay.address, vnet)
