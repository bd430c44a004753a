"""Questions about MySQL servers: who may reach them from where (facts L-20 to L-25)."""

from __future__ import annotations

from auditor.errors import Undetermined
from auditor.network.blank_references import require_not_meant
from auditor.network.graph import Network, question
from auditor.network.private_link import approved_endpoints, untold_endpoint
from auditor.resources.mysql import (
    MySqlFirewallRule,
    MySqlFlexibleServer,
    MySqlSingleServer,
    ServerConnection,
)

Server = MySqlFlexibleServer | MySqlSingleServer


SUBRESOURCE = "mysqlServer"
"""What Azure calls the part of a server that a private endpoint leads to."""


@question
def servers(network: Network) -> tuple[Server, ...]:
    """Every MySQL server, flexible and single."""
    return (*network.all(MySqlFlexibleServer), *network.all(MySqlSingleServer))


def public_access(server: Server) -> tuple[str | None, str]:
    """Give `publicNetworkAccess` as written, and the pointer to it."""
    if isinstance(server, MySqlFlexibleServer):
        network = server.properties.network
        if network is not None and network.public_network_access is not None:
            return network.public_network_access, "/properties/network/publicNetworkAccess"
    return server.properties.public_network_access, "/properties/publicNetworkAccess"


def injected(server: Server) -> bool:
    """Whether the server lives in a delegated subnet, without any public endpoint (L-21)."""
    if not isinstance(server, MySqlFlexibleServer):
        return False
    network, old = server.properties.network, server.properties.delegated_subnet_arguments
    return bool(
        (network and network.delegated_subnet_resource_id) or (old and old.subnet_arm_resource_id)
    )


def require_network(server: Server) -> None:
    """Raise Undetermined when a server does not tell where it lives (L-20).

    Azure writes `network` for each flexible one; API versions before 2021-05-01 write what it
    holds beside it.
    """
    if not isinstance(server, MySqlFlexibleServer):
        return
    p = server.properties
    if p.network is None and (p.public_network_access, p.delegated_subnet_arguments) == (
        None,
        None,
    ):
        missing = f"the network settings of MySQL server {server.label}"
        raise Undetermined(missing, resource=server.id)


def firewall_rules(server: Server) -> tuple[MySqlFirewallRule, ...]:
    """The firewall rules that were exported with the server."""
    return tuple(server.properties.firewall_rules or ())


def approved_connections(network: Network, server: Server) -> tuple[str, ...]:
    """The private endpoints whose connection to the server is approved, by id.

    From the server's own list and from the endpoints that name it; either may be missing from an
    export. Raises Undetermined when none is known to be, and one does not tell its state.
    """
    own = {
        (c.properties.private_endpoint.id if c.properties.private_endpoint else c.id) or ""
        for c in server.properties.private_endpoint_connections or ()
        if _approved(c)
    }
    named = {endpoint.id for endpoint in approved_endpoints(network, server)}
    if not own and not named:
        for connection in server.properties.private_endpoint_connections or ():
            state = connection.properties.private_link_service_connection_state
            if state is None or state.status is None:
                raise Undetermined("the state of its private endpoint connection")
        untold = untold_endpoint(network, server)
        if untold is not None:
            missing = f"the state of the connection of {untold.label}"
            raise Undetermined(missing, resource=untold.id)
        require_not_meant(network, server, "privateLinkServiceId")
    return tuple(sorted(own | named))


def state_of(connection: ServerConnection) -> str:
    """The state of a connection as written, `unknown` when there is none."""
    state = connection.properties.private_link_service_connection_state
    return (state.status if state else None) or "unknown"


def _approved(connection: ServerConnection) -> bool:
    return state_of(connection).lower() == "approved"
