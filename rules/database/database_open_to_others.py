"""The database is reachable from more than its application.

## Why it matters
A private database behind the default rules of a network is open to every subnet of it, to its peers
and to the sites behind its gateways: one machine taken over anywhere is enough to try passwords.

## What fails
A MySQL server inside a network, by its delegated subnet or an approved private endpoint, that some
subnet besides the application's certainly reaches on port 3306, or a site on premises. The
application is the AKS cluster in the server's resource group, or the only cluster of the input (its
node and pod subnets); or the subnets that are declared. Others that may talk to it, globs of ids of
subnets, or `onprem`:

    [params.DB-008]
    application = ["*/virtualNetworks/vnet-shop/subnets/snet-aks"]
    allow = ["*/subnets/snet-admin"]

Where nobody tells who the application is, nothing is judged; where none of the declared subnets is
in the input, the answer is *unknown*. Left out are subnets where nobody starts such connections:
those of Azure's own (Bastion, firewalls, gateways), of application gateways, of private endpoints,
delegated to databases and the like, and empty ones, as Azure answered them. What the internet
reaches is told by DB-001 and EXP-004.

## What to do
Allow 3306 from the application's subnets in the security group before the database, and deny it
from `VirtualNetwork`. A private endpoint heeds the group when its subnet has
`privateEndpointNetworkPolicies` Enabled.

## References
- https://learn.microsoft.com/azure/private-link/disable-private-endpoint-network-policy
- Facts L-2, L-5, L-20, L-21, N-10
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from auditor.network import databases
from auditor.network.approval import approved
from auditor.network.databases import Server
from auditor.network.reads import CLUSTERS, SCALE_SETS
from auditor.reach.applications import application_of
from auditor.reach.closed import closed_but_to
from auditor.reach.closing import also
from auditor.reach.ends import points_of
from auditor.reach.fencing import Meant, heeded, meant_of, only_from
from auditor.reach.points import Kind, Point
from auditor.reach.screening import callers
from auditor.reach.talking import Intruders, intruders
from auditor.reach.told import told_of
from auditor.resources.virtual_networks import Subnet
from auditor.rule import Finding, Network, Outcomes, Reads, Severity, Unknown, rule

MYSQL = 3306


class Params(Struct, frozen=True):
    """Who may talk to a database."""

    application: tuple[str, ...] = ()
    """Globs of ids of the application's subnets; letter case does not matter."""
    allow: tuple[str, ...] = ()
    """Globs of ids of other subnets that may, or `onprem`."""


@rule(
    "DB-008",
    severity=Severity.CRITICAL,
    since="0.1.0",
    of=databases.servers,
    parameters=Params,
    reads=Reads(
        anywhere=(
            CLUSTERS,
            "virtualNetworks",
            "networkInterfaces",
            SCALE_SETS,
            "virtualNetworkGateways",
            "connections",
            "localNetworkGateways",
        )
    ),
)
def database_open_to_others(network: Network, server: Server, params: Params) -> Outcomes:
    """Name whoever reaches one server besides its application."""
    application = application_of(network, server, params.application)
    if not application:
        return
    databases.require_network(server)
    targets = [p for p in points_of(server, network) if p.kind is not Kind.SERVICE]
    found = intruders(network, _others(network, application, targets, params.allow), targets, MYSQL)
    first = found.first
    if first is None:
        if found.perhaps:
            missing = f"whether {found.reach} {server.label} on port {MYSQL}: {found.reasons}"
            yield Unknown(server.id, missing, remedy=found.remedy, told_by=found.told_by)
        return
    told = told_of(network, first, server.id)
    meant = _let_in(network, application, targets, found, params.allow)
    yield Finding(
        subject=server.id,
        message=f"{found.reach} {server.label} on port {MYSQL} besides "
        f"its application ({told.words})",
        remedy=heeded(first.target)
        + f"allow {MYSQL} from {', '.join(s.label for s in meant.subnets)} alone in the "
        "security group before the database, and deny it from "
        + ("the others" if meant.others else "VirtualNetwork")
        + also(only_from(network, first, meant, MYSQL)),
        related=found.ids,
        evidence=told.evidence,
        witness=told.witness,
        hops=told.hops,
    )


def _let_in(
    network: Network,
    application: Iterable[Subnet],
    targets: Sequence[Point],
    found: Intruders,
    allow: tuple[str, ...],
) -> Meant:
    """Who is to be let in: the application, and who is approved."""
    keys = {subnet.key for subnet in application} | {
        point.subnet.key
        for point in callers(network, targets, MYSQL)
        if point.subnet is not None and approved(allow, point.id)
    }
    return meant_of(network, "application", keys, found, onprem="onprem" in allow)


def _others(
    network: Network,
    application: Iterable[Subnet],
    targets: Sequence[Point],
    allow: tuple[str, ...],
) -> Iterator[Point]:
    known = {subnet.key for subnet in application}
    known |= {target.subnet.key for target in targets if target.subnet is not None}
    if closed_but_to(network, targets, known):
        return
    for point in callers(network, targets, MYSQL):
        if point.subnet is None:
            if "onprem" not in allow:
                yield point
        elif point.subnet.key not in known and not approved(allow, point.id):
            yield point
