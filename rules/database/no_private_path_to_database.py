"""No private path leads to the database server.

## Why it matters
The application can then only reach its database over a public address: the traffic leaves the
network, and the server must admit the application's egress address and everybody who shares it.

## What fails
A MySQL server that is neither inside a delegated subnet nor the target of an *approved* private
endpoint: approved in the server's own list, or in that of an endpoint which names the server. A
pending or rejected endpoint carries nothing.

A server that does not list its private endpoints (`privateEndpointConnections`), as older API
versions do not, gives *unknown* while no approved endpoint of the audit leads to it: one that waits
says nothing of those that the server may have from elsewhere.

## What to do
Approve the private endpoint that waits, if it is yours; make one anew that was rejected or
disconnected. Where there is none, create one in a subnet the application reaches, with a DNS zone
group; or create the server anew inside a delegated subnet.

## References
- https://learn.microsoft.com/azure/mysql/flexible-server/concepts-networking-private-link
- https://learn.microsoft.com/azure/private-link/private-endpoint-overview
- Facts L-1, L-20, L-21
"""

from __future__ import annotations

from auditor.network import databases
from auditor.network.databases import Server
from auditor.network.endpoint_states import Stuck, created, mended, stuck
from auditor.network.graph import evidence
from auditor.remedy import az
from auditor.resources.mysql import MySqlFlexibleServer
from auditor.rule import Finding, Network, Outcomes, Severity, Unknown, rule


@rule(
    "DB-006",
    severity=Severity.HIGH,
    since="0.1.0",
    of=databases.servers,
    controls=("MCSB/NS-2",),
    peers=(
        "CKV2_AZURE_44",
        "CKV2_AZURE_56",
        "POL:7595c971",
        "AZQ:mysql-004",
        "SPP:mysql_server_private_link_used",
    ),
)
def no_private_path_to_database(network: Network, server: Server) -> Outcomes:
    """Look for a delegated subnet or an approved endpoint."""
    if databases.injected(server) or databases.approved_connections(network, server):
        return
    if isinstance(server, MySqlFlexibleServer) and server.properties.network is None:
        yield Unknown(server.id, missing=f"the network settings of MySQL server {server.label}")
        return
    listed = server.properties.private_endpoint_connections
    if listed is None:
        yield Unknown(
            server.id,
            missing=f"the private endpoint connections of MySQL server {server.label}",
            remedy=az("network", "private-endpoint-connection", "list", id=server.id),
        )
        return
    waiting = stuck(network, server, listed)
    yield Finding(
        subject=server.id,
        message=f"MySQL server {server.label} has neither a delegated subnet nor an approved "
        f"private endpoint{_named(waiting)}",
        remedy=mended(network, server, waiting[0], databases.SUBRESOURCE)
        if waiting
        else created(network, server, databases.SUBRESOURCE),
        related=tuple(each.endpoint for each in waiting if each.endpoint),
        evidence=(
            evidence(
                server,
                "/properties/privateEndpointConnections",
                [databases.state_of(connection) for connection in listed],
            ),
        ),
    )


def _named(waiting: tuple[Stuck, ...]) -> str:
    return f": {', '.join(each.words for each in waiting)}" if waiting else ""
