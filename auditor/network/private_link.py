"""Questions about private endpoints: where they lead and whether they carry anything (L-1)."""

from __future__ import annotations

from contextlib import suppress

from auditor.errors import Undetermined
from auditor.ids import fold, type_of
from auditor.network.graph import Network, possibly, question
from auditor.resources.base import Node
from auditor.resources.interfaces import NetworkInterface
from auditor.resources.private_endpoints import PrivateEndpoint, ServiceConnection


@question
def endpoints_by_target(
    network: Network,
) -> dict[str, tuple[tuple[PrivateEndpoint, ServiceConnection], ...]]:
    """Every connection of every private endpoint, by the folded id of what it leads to.

    Endpoints that do not tell theirs are left out.
    """
    found: dict[str, list[tuple[PrivateEndpoint, ServiceConnection]]] = {}
    for endpoint in network.all(PrivateEndpoint):
        with suppress(Undetermined):
            for connection in endpoint.connections:
                target = connection.properties.private_link_service_id
                if target:
                    found.setdefault(fold(target), []).append((endpoint, connection))
    return {key: tuple(pairs) for key, pairs in found.items()}


@question
def endpoints_of_services(network: Network) -> tuple[PrivateEndpoint, ...]:
    """The endpoints that lead to Azure services, not to private link services of one's own."""
    return tuple(e for e in network.all(PrivateEndpoint) if possibly(_leads_to_a_service, e))


def _leads_to_a_service(endpoint: PrivateEndpoint) -> bool:
    targets = [each.properties.private_link_service_id or "" for each in endpoint.connections]
    kinds = {(type_of(target) or "").lower() for target in targets}
    return kinds != {"microsoft.network/privatelinkservices"}


def approved_endpoints(network: Network, target: Node) -> tuple[PrivateEndpoint, ...]:
    """The private endpoints with a connection to a resource that is certainly approved."""
    pairs = endpoints_by_target(network).get(target.key, ())
    return tuple(endpoint for endpoint, connection in pairs if approved(connection))


def untold_endpoint(network: Network, target: Node) -> PrivateEndpoint | None:
    """Give a private endpoint whose connection to a resource does not tell its state."""
    pairs = endpoints_by_target(network).get(target.key, ())
    return next((endpoint for endpoint, each in pairs if approved(each) is None), None)


def interfaces_of(network: Network, endpoint_id: str) -> tuple[NetworkInterface, ...]:
    """The network interfaces of a private endpoint that the snapshot holds, told by either side.

    Never raises for what the endpoint itself does not tell.
    """
    endpoint = network.find(endpoint_id)
    if endpoint is None:
        return ()
    found = [edge.source.root for edge in network.referrers(endpoint, "privateEndpoint")]
    if isinstance(endpoint, PrivateEndpoint):
        with suppress(Undetermined):
            refs = endpoint.properties.network_interfaces or ()
            found.extend(node for node in map(network.find, refs) if isinstance(node, Node))
    return tuple({nic.key: nic for nic in found if isinstance(nic, NetworkInterface)}.values())


def approved(connection: ServiceConnection) -> bool | None:
    """Whether a connection carries traffic: only `Approved` does; None: its state is not told."""
    state = connection.properties.private_link_service_connection_state
    status = state.status if state is not None else None
    return status.lower() == "approved" if status is not None else None


def carries(endpoint: PrivateEndpoint) -> bool | None:
    """Whether an endpoint carries traffic, by some connection; None: nobody tells (L-1).

    Each has one: of an endpoint that lists none its connections are not told.
    """
    try:
        states = {approved(connection) for connection in endpoint.connections}
    except Undetermined:
        return None
    return True if True in states else None if None in states or not states else False
