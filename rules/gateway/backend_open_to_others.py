"""A backend accepts traffic from elsewhere than its gateway.

## Why it matters
The gateway checks names, certificates and attacks; whoever reaches the backend directly has been
checked by nobody. Inside a network the default rules let every subnet, every peer and every site do
so.

## What fails
A member of a pool that some listener uses, at an address of a network in the input, that some other
subnet around it, or a site on premises, certainly reaches on the port of the backend settings. A
member that is a name counts by each address that a private zone linked to the gateway's network
gives it. Left out are the subnets of gateways that have it in a pool, the member's own, and whoever
is approved, globs of ids of subnets, or `onprem`:

    [params.GW-025]
    allow = ["*/subnets/snet-jobs", "onprem"]

A machine of an AKS cluster answers its own cluster: the subnets of the cluster that the member lies
in are left out too. So are subnets where nobody starts such connections: those of Azure's own
(Bastion, firewalls, gateways), of other application gateways, of private endpoints, delegated to
databases and the like, and empty ones, as Azure answered them. What the internet reaches around the
gateway is told by EXP-008.

## What to do
Allow the backend port from the gateway's subnet in the security group before the backend, and deny
it from `VirtualNetwork`.

## References
- https://learn.microsoft.com/azure/application-gateway/configuration-infrastructure
- Facts A-28, N-10, K-60, K-61
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from auditor.errors import Undetermined
from auditor.network.approval import approved
from auditor.network.clusters import cluster_of, node_subnets, pod_subnets
from auditor.network.doubt import Doubt, settled
from auditor.network.gaps import unread_type
from auditor.reach.backends import Backend, backends, gateway_subnets_of
from auditor.reach.closed import closed_but_to
from auditor.reach.closing import also
from auditor.reach.fencing import Meant, meant_of, only_from
from auditor.reach.points import Kind, Point
from auditor.reach.screening import callers
from auditor.reach.talking import Intruders, intruders
from auditor.reach.told import told_of
from auditor.rule import Finding, Network, Outcomes, Reads, Severity, Unknown, rule

_INTERFACES = "Microsoft.Network/networkInterfaces"


class Params(Struct, frozen=True):
    """Who may talk to backends besides their gateway."""

    allow: tuple[str, ...] = ()
    """Globs of ids of subnets, or `onprem`; letter case does not matter."""


def not_plainly_closed(network: Network) -> tuple[Backend | Doubt, ...]:
    """Give the subjects of which it takes a look at who is around to tell who reaches them."""
    return tuple([each for each in backends(network) if not _plainly_closed(network, each)])


def _plainly_closed(network: Network, backend: Backend | Doubt) -> bool:
    if isinstance(backend, Doubt):
        return False
    try:
        return closed_but_to(network, backend.ends, _those_meant(network, backend.ends))
    except Undetermined:
        return False


@rule(
    "GW-025",
    severity=Severity.HIGH,
    since="0.1.0",
    of=backends,
    suspects=not_plainly_closed,
    parameters=Params,
    peers=("CHK:APPD A01.52",),
    reads=Reads(subjects=("applicationGateways", "networkInterfaces", "virtualNetworks")),
)
def backend_open_to_others(network: Network, backend: Backend | Doubt, params: Params) -> Outcomes:
    """Name whoever reaches one member besides the gateway."""
    backend = settled(backend)
    targets = backend.ends
    found = intruders(
        network, _others(network, backend, targets, params.allow), targets, backend.port
    )
    first = found.first
    if first is None:
        if found.perhaps:
            missing = (
                f"whether {found.reach} {backend.member}:{backend.port} around "
                f"{backend.gateway.label}: {found.reasons}"
            )
            yield Unknown(
                backend.id, missing, key=backend.key, remedy=found.remedy, told_by=found.told_by
            )
        return
    if first.target.kind is Kind.SUBNET and unread_type(network, _INTERFACES) is not None:
        missing = f"who has {backend.member}, and its security group: interfaces were not read"
        yield Unknown(backend.id, missing, key=backend.key)
        return
    told = told_of(network, first, backend.id)
    meant = _let_in(network, backend.port, targets, found, params.allow)
    yield Finding(
        subject=backend.id,
        message=f"{found.reach} {backend.member}:{backend.port} around "
        f"{backend.gateway.label} ({told.words})",
        remedy=f"allow port {backend.port} from {', '.join(s.label for s in meant.subnets)} alone "
        "in the security group before the backend, and deny it from "
        + ("the others" if meant.others else "VirtualNetwork")
        + also(only_from(network, first, meant, backend.port)),
        related=found.ids,
        evidence=told.evidence,
        key=backend.key,
        witness=told.witness,
        hops=told.hops,
    )


def _let_in(
    network: Network,
    port: int,
    targets: tuple[Point, ...],
    found: Intruders,
    allow: tuple[str, ...],
) -> Meant:
    """Who is to be let in: gateways, the machines of the cluster, and who is approved."""
    keys = _meant(network, targets) | {
        point.subnet.key
        for point in callers(network, targets, port)
        if point.subnet is not None and approved(allow, point.id)
    }
    return meant_of(network, "gateway", keys, found, onprem="onprem" in allow)


def _others(
    network: Network, backend: Backend, targets: tuple[Point, ...], allow: tuple[str, ...]
) -> Iterator[Point]:
    meant = _those_meant(network, targets)
    if closed_but_to(network, targets, meant):
        return
    for point in callers(network, targets, backend.port):
        if point.subnet is None:
            if "onprem" not in allow:
                yield point
        elif point.subnet.key not in meant and not approved(allow, point.id):
            yield point


def _meant(network: Network, targets: Iterable[Point]) -> set[str]:
    """The subnets of gateways that ask a member, and those of the cluster it is in."""
    known: set[str] = set()
    for target in targets:
        known |= gateway_subnets_of(network)[target.id.lower()]
        cluster = cluster_of(network, target.node.root) if target.node is not None else None
        if cluster is not None:
            own = (*node_subnets(network, cluster), *pod_subnets(network, cluster))
            known |= {subnet.key for subnet in own}
    return known


def _those_meant(network: Network, targets: Iterable[Point]) -> set[str]:
    """The same, and those in which the targets stand."""
    own = {target.subnet.key for target in targets if target.subnet is not None}
    return own | _meant(network, targets)
