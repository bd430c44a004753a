"""The service and pod ranges of AKS clusters, and what else uses their addresses (K-30 to K-33).

Inside a cluster the range wins: what has the same address elsewhere cannot be reached from there.
What is around a cluster is its networks, those joined with them, the sites and VPN clients
behind their gateways.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial

import msgspec

from auditor.addresses import AddressSet, Prefix, parse_prefix
from auditor.errors import Undetermined
from auditor.finding import Evidence, Finding, Severity, Unknown
from auditor.ids import name as last_segment
from auditor.network import clusters
from auditor.network.graph import Network, question
from auditor.network.learned_routes import learns_routes
from auditor.network.on_premises import Elsewhere, client_pools, gateways_serving, sites_told
from auditor.network.routing_domains import (
    Claim,
    Link,
    Neighbour,
    neighbours,
    networks_near,
    space_of,
    subnet_claims,
    untold,
)
from auditor.resources.managed_clusters import ManagedCluster
from auditor.resources.virtual_networks import Peering, VirtualNetwork
from auditor.special_addresses import AKS_FORBIDDEN

_PROFILE = "/properties/networkProfile"
_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")


class Use(msgspec.Struct, frozen=True):
    """Somebody around a cluster uses addresses; `words` say who."""

    claim: Claim
    words: str
    site: bool = False


class Neighbourhood(msgspec.Struct, frozen=True):
    """What is around a cluster.

    `unsure` says what may be there besides; `learned` who teaches routes that are not in ARM.
    """

    uses: tuple[Use, ...]
    unsure: tuple[Undetermined, ...] = ()
    learned: tuple[str, ...] = ()


class Clash(msgspec.Struct, frozen=True):
    """A range of a cluster, and who else uses its addresses, in words."""

    mine: Claim
    users: tuple[str, ...]
    related: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    mild: bool
    """Whether all of them are wider summaries of sites: only a share of each is lost."""


def clash_told(cluster: ManagedCluster, clash: Clash, what: str, remedy: str) -> Finding:
    """Tell who else uses the addresses of a range of a cluster; `what` says which range it is."""
    return Finding(
        subject=cluster.id,
        message=f"{what} {clash.mine.prefix} of cluster {cluster.label} overlaps "
        + " and ".join(clash.users),
        remedy=remedy,
        related=clash.related,
        evidence=clash.evidence,
        severity=Severity.HIGH if clash.mild else None,
        key=str(clash.mine.prefix),
    )


def service_claims(cluster: ManagedCluster) -> tuple[Claim, ...]:
    """Give the service ranges, both fields merged. Raises Undetermined when none is told."""
    profile = cluster.properties.network_profile
    found = _ranges(
        cluster,
        ("serviceCidr", profile.service_cidr if profile else None),
        ("serviceCidrs", profile.service_cidrs if profile else None),
    )
    if not found:
        raise Undetermined(f"the service range of cluster {cluster.label}", resource=cluster.id)
    return found


def pod_claims(cluster: ManagedCluster) -> tuple[Claim, ...]:
    """Give the pod ranges, both fields merged; none where pods take addresses of the VNet.

    Raises Undetermined when the plugin, or the range it needs, is not told.
    """
    if not has_pod_range(cluster):
        return ()
    profile = cluster.properties.network_profile
    found = _ranges(
        cluster,
        ("podCidr", profile.pod_cidr if profile else None),
        ("podCidrs", profile.pod_cidrs if profile else None),
    )
    if not found:
        raise Undetermined(f"the pod range of cluster {cluster.label}", resource=cluster.id)
    return found


def has_pod_range(cluster: ManagedCluster) -> bool:
    """Whether pods have a range of their own: overlay and kubenet (K-2)."""
    return clusters.plugin(cluster) in (clusters.Cni.OVERLAY, clusters.Cni.KUBENET)


def _ranges(
    cluster: ManagedCluster, one: tuple[str, str | None], many: tuple[str, list[str] | None]
) -> tuple[Claim, ...]:
    texts = [(f"{_PROFILE}/{one[0]}", one[1])]
    texts += [(f"{_PROFILE}/{many[0]}/{index}", text) for index, text in enumerate(many[1] or ())]
    found: dict[Prefix, Claim] = {}
    for pointer, text in texts:
        if text:
            prefix = parse_prefix(text)
            found.setdefault(prefix, Claim(prefix, cluster, pointer, text))
    return tuple(found.values())


def around(network: Network, cluster: ManagedCluster) -> Neighbourhood:
    """Give what is around a cluster."""
    return _around(network)[cluster.key]


@question
def _around(network: Network) -> dict[str, Neighbourhood]:
    by_homes: dict[tuple[str, ...], Neighbourhood] = {}
    found = {}
    for cluster in network.all(ManagedCluster):
        try:
            homes = clusters.virtual_networks(network, cluster)
        except Undetermined as unknown:
            found[cluster.key] = Neighbourhood((), (unknown,))
            continue
        keys = tuple(home.key for home in homes)
        if keys not in by_homes:
            by_homes[keys] = _gather(network, homes)
        found[cluster.key] = by_homes[keys]
    return found


def _gather(network: Network, homes: Iterable[VirtualNetwork]) -> Neighbourhood:
    """Ask about each thing around apart, so that one hole hides nothing else."""
    uses: dict[tuple[str, Prefix], Use] = {}
    unsure: dict[str, Undetermined] = {}
    learned: dict[str, None] = {}
    for home in homes:
        for collect in _collectors(network, home):
            try:
                for use in collect():
                    uses.setdefault((use.claim.node.key, use.claim.prefix), use)
            except Undetermined as unknown:
                unsure.setdefault(unknown.missing, unknown)
        try:
            teacher = learns_routes(network, home)
        except Undetermined as unknown:
            unsure.setdefault(unknown.missing, unknown)
            continue
        if teacher:
            learned.setdefault(f"the prefixes that {teacher} teaches {home.label}")
    return Neighbourhood(tuple(uses.values()), tuple(unsure.values()), tuple(learned))


def _collectors(network: Network, home: VirtualNetwork) -> Iterator[Callable[[], Iterator[Use]]]:
    yield partial(_of_network, network, home.key, f"the cluster's own network {home.label}")
    for near in networks_near(network, home):
        yield partial(_of_neighbour, network, home, near)
    yield partial(_of_sites, network, home)
    yield partial(_of_clients, network, home)
    yield partial(_of_the_untold, network, home)


def _of_network(network: Network, key: str, words: str) -> Iterator[Use]:
    for claim in space_of(network, key):
        yield Use(claim, words)


def _of_neighbour(network: Network, home: VirtualNetwork, near: Neighbour) -> Iterator[Use]:
    name = last_segment(near.id)
    words = f"{name}, joined with {home.label}"
    links = [
        link for link in neighbours(network).get(near.key, ()) if home.key in (link.near, link.far)
    ]
    if not links or any(link.whole for link in links):
        yield from _of_network(network, near.key, words)
        return
    for link in links:
        claims = _of_subnets(near, link)
        if claims is None:
            raise Undetermined(
                f"which subnets of {name} are peered with {home.label}", resource=link.by.id
            )
        for claim in claims:
            yield Use(claim, words)


def _of_subnets(near: Neighbour, link: Link) -> tuple[Claim, ...] | None:
    """The prefixes of the subnets of a network that a subnet peering joins (R-19)."""
    if not isinstance(near.node, VirtualNetwork) or not isinstance(link.by, Peering):
        return None
    p = link.by.properties
    names = p.local_subnet_names if link.near == near.key else p.remote_subnet_names
    return subnet_claims(near.node, names)


def _of_sites(network: Network, home: VirtualNetwork) -> Iterator[Use]:
    told = sites_told(network, home)
    for claim in told.claims:
        yield Use(claim, f"the site {claim.node.label}", site=True)
    for unknown in told.lacking:
        raise unknown


def _of_clients(network: Network, home: VirtualNetwork) -> Iterator[Use]:
    for gateway in gateways_serving(network, home):
        for claim in client_pools(gateway):
            yield Use(claim, f"the VPN clients of {gateway.label}")


def _of_the_untold(network: Network, home: VirtualNetwork) -> Iterator[Use]:
    reason = untold(network).get(home.key)
    if reason:
        raise Undetermined(reason)
    yield from ()


def clashes(
    network: Network, cluster: ManagedCluster, ranges: Iterable[Claim], params: Elsewhere
) -> Iterator[Clash]:
    """Give each range of a cluster that somebody around it uses, or is declared to."""
    uses = around(network, cluster).uses
    for mine in ranges:
        met = [use for use in uses if use.claim.prefix.overlaps(mine.prefix)]
        declared = [prefix for prefix in params.ranges() if prefix.overlaps(mine.prefix)]
        if not met and not declared:
            continue
        wide = [use.site and use.claim.prefix.length < mine.prefix.length for use in met]
        wide += [prefix.length < mine.prefix.length for prefix in declared]
        yield Clash(
            mine,
            (
                *(f"{use.claim.prefix} of {use.words}" for use in met),
                *(f"{prefix}, declared to be used on premises" for prefix in declared),
            ),
            tuple(dict.fromkeys(use.claim.node.id for use in met)),
            (mine.evidence, *(use.claim.evidence for use in met)),
            all(wide),
        )


def doubts(network: Network, cluster: ManagedCluster, params: Elsewhere) -> Iterator[Unknown]:
    """Tell what the snapshot lacks to prove a range free, once for each thing."""
    near = around(network, cluster)
    for unknown in near.unsure:
        yield Unknown(
            cluster.id,
            missing=unknown.missing,
            remedy=unknown.remedy,
            key=unknown.missing,
            told_by=unknown.resource,
        )
    if not params.on_premises:
        for missing in near.learned:
            yield Unknown(
                cluster.id,
                missing=missing,
                remedy="name the ranges used on premises in the rule's parameter on-premises",
                key=missing,
            )


def wider_range(
    network: Network, cluster: ManagedCluster, prefix: Prefix, length: int
) -> Prefix | None:
    """Give a larger range for a cluster's pods: one that holds the old one, or another free one.

    Nobody known around the cluster uses it.
    """
    wide = Prefix.of(prefix.version, prefix.first, length)
    if AddressSet.from_prefixes([wide]).overlaps(_used(network, cluster, service_claims)):
        return free_pod_range(network, cluster, wide, Elsewhere())
    return wide


def overlay_range(network: Network, cluster: ManagedCluster) -> str:
    """Give a range for the pods of a cluster that moves to overlay: AKS's own default, if free.

    Its size holds a /24 for every node, and 256 of them at least. What is to be filled in where
    nothing is free, or it is not told what is.
    """
    try:
        nodes = sum(map(clusters.peak_nodes, cluster.pools))
        length = min(_OVERLAY.length, 24 - (max(1, nodes) - 1).bit_length())
        free = wider_range(network, cluster, _OVERLAY, length)
    except Undetermined:
        free = None
    return str(free) if free is not None else "<a range that nobody around the cluster uses>"


_OVERLAY = parse_prefix("10.244.0.0/16")


def _used(
    network: Network,
    cluster: ManagedCluster,
    *own: Callable[[ManagedCluster], tuple[Claim, ...]],
    params: Elsewhere | None = None,
) -> AddressSet:
    """What is used around a cluster, what AKS refuses, and some of its own ranges."""
    taken = [use.claim.prefix for use in around(network, cluster).uses]
    taken += (params or Elsewhere()).ranges()
    for ranges in own:
        with suppress(Undetermined):
            taken += [claim.prefix for claim in ranges(cluster)]
    return AKS_FORBIDDEN | AddressSet.from_prefixes(taken)


def free_range(
    network: Network, cluster: ManagedCluster, like: Prefix, params: Elsewhere
) -> Prefix | None:
    """Give a private range of the size of `like` that nobody known around the cluster uses.

    Not the ranges AKS refuses (K-30). None when there is none, or for IPv6.
    """
    return _first_free(_used(network, cluster, service_claims, pod_claims, params=params), like)


def free_pod_range(
    network: Network, cluster: ManagedCluster, like: Prefix, params: Elsewhere
) -> Prefix | None:
    """Give a free range for a cluster's pods, and not that to which its services are to move."""
    used = _used(network, cluster, service_claims, pod_claims, params=params)
    around_it = _used(network, cluster, pod_claims, params=params)
    with suppress(Undetermined):
        for services in service_claims(cluster):
            if AddressSet.from_prefixes([services.prefix]).overlaps(around_it):
                moved = _first_free(used, services.prefix)
                used |= AddressSet.from_prefixes([moved] if moved is not None else [])
    return _first_free(used, like)


def _first_free(used: AddressSet, like: Prefix) -> Prefix | None:
    for block in _PRIVATE:
        for prefix in (AddressSet.from_text([block]) - used).prefixes():
            if prefix.version == like.version and prefix.length <= like.length:
                return Prefix.of(like.version, prefix.first, like.length)
    return None
