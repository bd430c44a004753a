"""A gateway cannot reach its backend.

## Why it matters
The listener answers and every request ends in 502: the gateway's own connections to its backend are
dropped by a security group, a route or a load balancer on the way. People look at the application.

## What fails
A member of a pool that some listener uses, at an address of a network in the input, to which no
packet from the gateway's subnet arrives on the port of the backend settings: its own outbound
rules, the routes of its subnet, peerings, admin rules, the load balancer in front of the machines,
the security groups of their subnet and NIC, and the way of the reply all count (A-28). Packets are
for the address in the pool: that the machine is reached by a public address, a load balancer or
another gateway before it does not help. A member that is a name counts by each address that a
private zone linked to the gateway's network gives it (GW-003 speaks of names that a zone does not
tell); where no such zone answers for it, or other DNS servers do, it is not judged.

A member that nobody owns is told by GW-003, a public one by GW-001, one that only a load balancer's
health probe cannot get at by LB-004.

## What to do
Make the change that the finding names: the smallest one that lets the gateway's packets pass.

## References
- https://learn.microsoft.com/azure/application-gateway/configuration-infrastructure
- Facts A-28, P-4, P-9, E-13, K-60
"""

from __future__ import annotations

from auditor.errors import Undetermined
from auditor.network.doubt import Doubt, settled
from auditor.network.gateway_homes import subnet_of
from auditor.reach.answer import Verdict
from auditor.reach.backends import Backend, asked_from, backends
from auditor.reach.gatewaying import point_of
from auditor.reach.letting_through import Alike, letting_through
from auditor.reach.plain import surely_talks
from auditor.reach.talking import obstacle
from auditor.reach.told import remedy_of, teller_of, told_of, whys
from auditor.rule import Finding, Network, Outcomes, Reads, Severity, Unknown, rule


def not_plainly_reached(network: Network) -> tuple[Backend | Doubt, ...]:
    """Give the subjects of which it takes paths to tell whether their gateway reaches them."""
    return tuple([each for each in backends(network) if not _plainly_reached(network, each)])


def _plainly_reached(network: Network, backend: Backend | Doubt) -> bool:
    if isinstance(backend, Doubt):
        return False
    source = point_of(network, backend.gateway)
    try:
        for end in backend.ends:
            if source.id != end.id and surely_talks(network, source, end, backend.port):
                return True
    except Undetermined:
        pass
    return False


@rule(
    "GW-004",
    severity=Severity.CRITICAL,
    since="0.1.0",
    of=backends,
    suspects=not_plainly_reached,
    reads=Reads(subjects=("applicationGateways", "networkInterfaces", "virtualNetworks")),
)
def blocked_backend(network: Network, backend: Backend | Doubt) -> Outcomes:
    """Follow a packet from the gateway to one member."""
    backend = settled(backend)
    targets = backend.ends
    gateway = point_of(network, backend.gateway)
    answer = obstacle(network, [gateway], targets, backend.port, straight=True)
    if answer is None:
        return
    what = f"{backend.gateway.label} reaches {backend.member}:{backend.port}"
    if answer.verdict is Verdict.UNKNOWN:
        missing = f"whether {what}: {whys([answer])}"
        yield Unknown(
            backend.id,
            missing,
            key=backend.key,
            remedy=remedy_of([answer]),
            told_by=teller_of([answer]),
        )
        return
    told = told_of(network, answer, backend.id)
    yield Finding(
        subject=backend.id,
        message=f"{backend.gateway.label} cannot reach {backend.member}:{backend.port}"
        f"{told.aside}: {answer.blockers[0].says}",
        remedy=letting_through(network, answer, _all_asked(network, backend))
        or "send to an address that the gateway reaches",
        related=(backend.gateway.id,),
        evidence=told.evidence,
        key=backend.key,
        witness=told.witness,
        hops=told.hops,
    )


def _all_asked(network: Network, backend: Backend) -> Alike:
    """Give what the gateways of this subnet ask, straight or by a load balancer."""
    asked = asked_from(network, subnet_of(network, backend.gateway))
    return Alike("gateway", targets=asked)
