"""A database server has a public endpoint.

## Why it matters
The database should be reachable from the application and from nothing else. A public endpoint is
one firewall rule, one leaked password or one flaw away from everybody.

## What fails
A MySQL flexible server (or single server) whose public network access is not `Disabled`. A server
inside a delegated subnet has no public endpoint at all and keeps the rule. A server that does not
say gives *unknown*. The finding tells what its firewall rules admit: `0.0.0.0 - 0.0.0.0` is every
address of Azure, of all tenants.

## What to do
Give the application a private endpoint to the server, then turn public access off. A flexible
server that was created public stays in that mode; it cannot be moved into a subnet.

## References
- https://learn.microsoft.com/azure/mysql/flexible-server/concepts-networking-public
- Facts L-20 to L-24
"""

from __future__ import annotations

from auditor.network import databases
from auditor.network.databases import Server
from auditor.network.graph import evidence
from auditor.remedy import az
from auditor.resources.mysql import MySqlFlexibleServer
from auditor.rule import Finding, Network, Outcomes, Severity, Unknown, rule


@rule(
    "DB-001",
    severity=Severity.HIGH,
    since="0.1.0",
    of=databases.servers,
    controls=("MCSB/NS-2",),
    peers=(
        "CKV_AZURE_53",
        "POL:c9299215",
        "POL:d9844e8a",
        "AZQ:mysqlf-004",
        "AZTS:DBForMySQLFlexibleServer_Dont_Allow_Public",
        "SPP:mysql_server_public_network_access_disabled",
        "TRV:AZU-0022",
        "KICS:MySQL Server Public Access Enabled",
    ),
)
def public_database_server(network: Network, server: Server) -> Outcomes:
    """Judge the endpoint; the firewall only tells how wide it stands open."""
    if databases.injected(server):
        return
    access, pointer = databases.public_access(server)
    if access is None:
        yield Unknown(server.id, missing=f"whether MySQL server {server.label} has public access")
    elif access.lower() != "disabled":
        rules = databases.firewall_rules(server)
        yield Finding(
            subject=server.id,
            message=f"MySQL server {server.label} is public{_open_to(server)}",
            remedy=_remedy(server),
            related=tuple(rule.id for rule in rules),
            evidence=(
                evidence(server, pointer, access),
                *(
                    evidence(rule, "/properties/startIpAddress", rule.properties.start_ip_address)
                    for rule in rules
                ),
            ),
        )


def _open_to(server: Server) -> str:
    told = []
    for each in databases.firewall_rules(server):
        first, last = each.properties.start_ip_address, each.properties.end_ip_address
        if first == last == "0.0.0.0":
            told.append(f"every address of Azure, all tenants ({each.label})")
        elif first == "0.0.0.0" and last == "255.255.255.255":
            told.append(f"the whole internet ({each.label})")
        else:
            told.append(f"{first} - {last} ({each.label})" if first != last else f"{first}")
    return f", open to {', '.join(told)}" if told else "; the export holds no firewall rule of it"


def _remedy(server: Server) -> str:
    first = "when the application uses a private endpoint: "
    if not isinstance(server, MySqlFlexibleServer):
        setting = "properties.publicNetworkAccess=Disabled"
        return first + az("resource", "update", ids=server.id, set=setting)
    return first + az(
        "mysql",
        "flexible-server",
        "update",
        resource_group=server.resource_group,
        name=server.label,
        public_access="Disabled",
    )
