"""A MySQL server is of the retired kind single server.

## Why it matters
Single server ended on 16 September 2024. What still runs gets no fixes, and Microsoft migrates or
stops it when it sees fit.

## What fails
Any MySQL server of type `Microsoft.DBforMySQL/servers`; a flexible server keeps the rule.

## What to do
Move its data to a flexible server. The network changes with it: a flexible server is either inside
a delegated subnet or public with firewall rules and private endpoints, and it knows no
virtual-network rules.

## References
- https://learn.microsoft.com/azure/mysql/single-server/whats-happening-to-mysql-single-server
- Facts L-20, L-23, L-24
"""

from __future__ import annotations

from auditor.network import databases
from auditor.network.databases import Server
from auditor.network.graph import evidence
from auditor.remedy import az, region
from auditor.resources.mysql import MySqlSingleServer
from auditor.retirements import retirement
from auditor.rule import Finding, Network, Outcomes, Severity, rule


@rule(
    "DEP-008",
    severity=Severity.CRITICAL,
    since="0.1.0",
    of=databases.servers,
    peers=("PSR:MySQL.UseFlexible", "AZQ:mysql-007"),
)
def mysql_single_server(network: Network, server: Server) -> Outcomes:
    """The type alone is the fault."""
    if not isinstance(server, MySqlSingleServer):
        return
    ends = retirement("mysql-single-server")
    day = network.as_of.date()
    yield Finding(
        subject=server.id,
        message=f"{server.label} is a MySQL single server; {ends.told(day)}",
        remedy="create a flexible server, then copy the data with mydumper and myloader: "
        + az(
            "mysql",
            "flexible-server",
            "create",
            resource_group=server.resource_group,
            name=f"{server.label}-flexible",
            location=region(server),
            public_access="Disabled",
        ),
        evidence=(evidence(server, "/id", server.id),),
        severity=ends.severity(Severity.CRITICAL, day),
    )
