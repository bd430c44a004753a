"""A backend accepts traffic from elsewhere than its gateway.

## Why it matters
The gateway checks names, certificates and attacks; whoever reaches the backend directly has been
checked by nobody. Inside a network the default rules let every subnet, every peer and every site do
so.

## What fails
A member of a pool that some listener uses, at an address of a network in the input, that some other
subnet around it, or a site on premises, certainly reaches on the port of the backend settings. Left
out are the gateway's own subnet, the member's own, subnets of Azure's own (Bastion, firewalls,
gateways), and whoever is approved, globs of ids of subnets, or `onprem`:

    [params.GW-025]
    allow = ["*/subnets/snet-jobs", "onprem"]

A machine of an AKS cluster answers its own cluster: the subnets of the cluster that the member lies
in are left out too. What the internet reaches around the gateway is told by EXP-008.

## What to do
Allow the backend port from the gateway's subnet in the security group before the backend, and deny
it from `VirtualNetwork`.

## References
- https://learn.microsoft.com/azure/application-gateway/configuration-infrastructure
- Facts A-28, N-10, K-60, K-61
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from auditor.addresses import PortSet
from auditor.network.clusters import cluster_of, node_subnets, pod_subnets
from auditor.network.exposure import approved
from auditor.network.filters import subnet_name
from auditor.network.sites import every_site
from auditor.reach.answer import Answer, Verdict, answers
from auditor.reach.backends import Backend, backends, ends_of
from auditor.reach.gatewaying import point_of
from auditor.reach.intent_states import hops_of, name_of, packet_words, witness_of
from auditor.reach.neighbourhood import PLATFORM_SUBNETS, subnets_around
from auditor.reach.points import Point, anywhere_in, on_premises
from auditor.reach.quoting import quoted
from auditor.reach.replay import check
from auditor.rule import Finding, Network, Outcomes, Severity, rule

_SHOWN = 5


@dataclass(frozen=True)
class Params:
    """Who may talk to backends besides their gateway."""

    allow: tuple[str, ...] = ()
    """Globs of ids of subnets, or `onprem`; letter case does not matter."""


@rule(
    "GW-025",
    severity=Severity.HIGH,
    since="0.1.0",
    of=backends,
    parameters=Params,
    peers=("CHK:APPD A01.52",),
)
def backend_open_to_others(network: Network, backend: Backend, params: Params) -> Outcomes:
    """Name whoever reaches one member besides the gateway."""
    targets = ends_of(network, backend)
    found = [
        answer
        for source in _others(network, backend, targets, params.allow)
        for answer in _reached(network, source, targets, backend.port)
    ]
    if not found:
        return
    first = found[0]
    check(network, first, network.tags)
    names = list(dict.fromkeys(name_of(answer.source) for answer in found))
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    subnet = point_of(network, backend.gateway).place
    yield Finding(
        subject=backend.id,
        message=f"{', '.join(names[:_SHOWN])}{more} reach {backend.member}:{backend.port} around "
        f"{backend.gateway.label} ({packet_words(first)})",
        remedy=f"allow port {backend.port} from {subnet.label if subnet else 'the gateway'} alone "
        "in the security group before the backend, and deny it from VirtualNetwork",
        related=tuple(dict.fromkeys(a.source.id for a in found if a.source.node is not None)),
        evidence=quoted(network, first.hops, backend.id),
        key=backend.key,
        witness=witness_of(first),
        hops=hops_of(first),
    )


def _others(
    network: Network, backend: Backend, targets: Iterable[Point], allow: tuple[str, ...]
) -> Iterator[Point]:
    gateway = point_of(network, backend.gateway).place
    known = {gateway.key} if gateway is not None else set()
    homes = set()
    for target in targets:
        homes.add(target.home)
        known |= {target.subnet.key} if target.subnet is not None else set()
        cluster = cluster_of(network, target.node.root) if target.node is not None else None
        if cluster is not None:
            own = (*node_subnets(network, cluster), *pod_subnets(network, cluster))
            known |= {subnet.key for subnet in own}
    around = {s.key: s for home in sorted(homes) for s in subnets_around(network, home)}
    for subnet in around.values():
        platform = subnet_name(subnet).lower() in PLATFORM_SUBNETS
        if subnet.key not in known and not platform and not approved(allow, subnet.id):
            yield anywhere_in(network, subnet)
    sites = every_site(network).must
    if sites and "onprem" not in allow:
        yield on_premises(sites)


def _reached(
    network: Network, source: Point, targets: Iterable[Point], port: int
) -> Iterator[Answer]:
    for target in targets:
        for answer in answers(
            network,
            source,
            target,
            protocols=("tcp",),
            ports=PortSet.of(port),
            tags=network.tags,
        ):
            if answer.verdict is Verdict.REACHABLE and not answer.via:
                yield answer
                return
