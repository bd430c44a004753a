"""The application cannot reach its database.

## Why it matters
The pods start, the connection times out, and the error says nothing about the network group or the
route that drops the packets. Nobody notices before go-live unless somebody follows the packet.

## What fails
A MySQL server that no machine of the application's subnets reaches on port 3306, by whatever end
the server has: its delegated subnet, an approved private endpoint, or its public name with the
server's firewall. The application is the AKS cluster in the server's resource group, or the only
cluster of the input (its node and pod subnets); or the subnets that are declared, globs of ids:

    [params.DB-009]
    application = ["*/virtualNetworks/vnet-shop/subnets/snet-aks"]

The finding names every hop that stops the packets on the way that gets furthest, and what would
open it. Whether the server's name leads to that end is judged by the rules about DNS (PE-005).

## What to do
Make the change that the finding names.

## References
- https://learn.microsoft.com/azure/mysql/flexible-server/concepts-networking-vnet
- Facts L-2, L-20, L-21, L-22, L-25
"""

from __future__ import annotations

from msgspec import Struct

from auditor.network import databases
from auditor.network.databases import Server
from auditor.network.reads import CLUSTERS, SCALE_SETS
from auditor.reach.answer import Verdict
from auditor.reach.applications import application_of
from auditor.reach.ends import points_of
from auditor.reach.letting_through import Alike, letting_through
from auditor.reach.talking import obstacle
from auditor.reach.told import told_of, whys
from auditor.rule import Finding, Network, Outcomes, Reads, Severity, Unknown, rule

MYSQL = 3306


class Params(Struct, frozen=True):
    """Who the application is."""

    application: tuple[str, ...] = ()
    """Globs of ids of subnets; letter case does not matter."""


@rule(
    "DB-009",
    severity=Severity.CRITICAL,
    since="0.1.0",
    of=databases.servers,
    parameters=Params,
    reads=Reads(anywhere=(CLUSTERS, "virtualNetworks", "networkInterfaces", SCALE_SETS)),
)
def unreachable_database(network: Network, server: Server, params: Params) -> Outcomes:
    """Follow a packet from each subnet of the application."""
    targets = points_of(server, network)
    application = application_of(network, server, params.application)
    for subnet in application:
        answer = obstacle(network, points_of(subnet, network), targets, MYSQL)
        if answer is None:
            continue
        where = f"{subnet.root.label}/{subnet.label}"
        if answer.verdict is Verdict.UNKNOWN:
            yield Unknown(
                server.id,
                f"whether {where} reaches {server.label} on port {MYSQL}: {whys([answer])}",
                related=(subnet.id,),
                key=subnet.key,
            )
            continue
        told = told_of(network, answer, server.id)
        yield Finding(
            subject=server.id,
            message=f"no machine of {where} reaches {server.label} on port {MYSQL} "
            f"({told.words}): {answer.blockers[0].says}",
            remedy=letting_through(network, answer, Alike("application", application))
            or f"give {server.label} a private endpoint that {where} reaches",
            related=(subnet.id,),
            evidence=told.evidence,
            key=subnet.key,
            witness=told.witness,
            hops=told.hops,
        )
