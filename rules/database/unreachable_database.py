"""The application cannot reach its database.

## Why it matters
The pods start, the connection times out, and the error says nothing about the network group or the
route that drops the packets. Nobody notices before go-live unless somebody follows the packet.

## What fails
A MySQL server that no machine of the application's subnets reaches on port 3306, by whatever end
the server has: its delegated subnet, an approved private endpoint, or its public name with the
server's firewall. What would send on to it, a gateway or a NAT rule, is no end of it, and counts
for nothing. The application is the AKS cluster in the server's resource group, or the only
cluster of the input (its node and pod subnets); or the subnets that are declared, globs of ids:

    [params.DB-009]
    application = ["*/virtualNetworks/vnet-shop/subnets/snet-aks"]

Where none of the declared subnets is in the input, the answer is *unknown*.

The finding names every hop that stops the packets on the way that gets furthest, and what would
open it. Of a server that is closed to the public and has no approved private endpoint, it names the
endpoints that wait, and speaks for DB-006. Whether the server's name leads to that end is judged by
the rules about DNS (PE-005).

## What to do
Make the change that the finding names. Where servers of several applications stand in one subnet,
nobody tells which address there is whose: look it up, as the rule for the whole subnet would let
each application reach the servers of the others (DB-008).

## References
- https://learn.microsoft.com/azure/mysql/flexible-server/concepts-networking-vnet
- Facts L-2, L-20, L-21, L-22, L-25
"""

from __future__ import annotations

from msgspec import Struct

from auditor import ids
from auditor.addresses import NOTHING
from auditor.finding import Evidence
from auditor.network import databases
from auditor.network.databases import Server
from auditor.network.endpoint_states import created, mended, stuck
from auditor.network.graph import evidence
from auditor.network.reads import CLUSTERS, SCALE_SETS
from auditor.reach.answer import Answer, Verdict
from auditor.reach.applications import Asking, application_of, applications
from auditor.reach.ends import points_of
from auditor.reach.letting_through import Alike, letting_through
from auditor.reach.points import Kind
from auditor.reach.services import database_access
from auditor.reach.talking import obstacle
from auditor.reach.told import remedy_of, teller_of, told_of, whys
from auditor.resources import walk
from auditor.resources.virtual_networks import Subnet
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
        answer = obstacle(network, points_of(subnet, network), targets, MYSQL, straight=True)
        if answer is None:
            continue
        where = f"{ids.top_name(subnet.id)}/{subnet.label}"
        if answer.verdict is Verdict.UNKNOWN:
            yield Unknown(
                server.id,
                f"whether {where} reaches {server.label} on port {MYSQL}: {whys([answer])}",
                related=(subnet.id,),
                key=subnet.key,
                remedy=remedy_of([answer]),
                told_by=teller_of([answer]),
            )
            continue
        told = told_of(network, answer, server.id)
        shut = _shut(network, server, answer, where)
        yield Finding(
            subject=server.id,
            message=f"no machine of {where} reaches {server.label} on port {MYSQL}"
            f"{told.aside}: {shut.words if shut is not None else answer.blockers[0].says}",
            remedy=shut.remedy
            if shut is not None
            else letting_through(network, answer, _alike(network, application, params.application))
            or _new_endpoint(network, server, where),
            related=(subnet.id, *(shut.endpoints if shut is not None else ())),
            evidence=_closed(server) if shut is not None else told.evidence,
            key=subnet.key,
            covers=(("DB-006", server.id),) if shut is not None else (),
            witness=told.witness,
            hops=told.hops,
        )


def _alike(network: Network, application: tuple[Subnet, ...], declared: tuple[str, ...]) -> Alike:
    """Give the application with all its servers."""
    key = tuple(subnet.key for subnet in application)
    asking = (each for each in applications(network, declared) if each.key == key)
    own = next(asking, Asking(application, NOTHING, frozenset()))
    return Alike("application", application, {MYSQL: own.servers}, own.neighbours)


class _Shut(Struct, frozen=True):
    """A server that is closed to the public, and has no private endpoint that carries anything."""

    words: str
    remedy: str
    endpoints: tuple[str, ...]


def _shut(network: Network, server: Server, answer: Answer, where: str) -> _Shut | None:
    """Tell that the public name is asked for lack of any other end, and is closed to everybody.

    What mends that is the private endpoint, and not the public name.
    """
    access = database_access(network, server, network.tags)
    if answer.target.kind is not Kind.SERVICE or not access.opening:
        return None
    waiting = stuck(network, server, walk.peek(server.properties, "private_endpoint_connections"))
    mends = (mended(network, server, each, databases.SUBRESOURCE) for each in waiting)
    return _Shut(
        "; ".join((access.closed, *(each.words for each in waiting))),
        next(mends, "") or _new_endpoint(network, server, where),
        tuple(each.endpoint for each in waiting if each.endpoint),
    )


def _closed(server: Server) -> tuple[Evidence, ...]:
    """Point at what closes a server to the public, whatever else is in the way to its name."""
    value, pointer = databases.public_access(server)
    return (evidence(server, pointer, value),)


def _new_endpoint(network: Network, server: Server, where: str) -> str:
    command = created(network, server, databases.SUBRESOURCE)
    return f"give {server.label} a private endpoint that {where} reaches: {command}"
