"""Which machines are the application that a database serves, and which databases it asks."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress

import msgspec

from auditor.addresses import AddressSet
from auditor.errors import Undetermined
from auditor.ids import group_key
from auditor.network.approval import approved
from auditor.network.clusters import node_subnets, pod_subnets
from auditor.network.databases import Server, servers
from auditor.network.graph import Network, question, question_about
from auditor.reach.ends import points_of
from auditor.reach.points import Kind, Point
from auditor.resources.managed_clusters import ManagedCluster
from auditor.resources.virtual_networks import Subnet


def application_of(
    network: Network, server: Server, declared: tuple[str, ...]
) -> tuple[Subnet, ...]:
    """Give the subnets of the application: those declared, else of the cluster beside the server.

    The clusters in the server's resource group; if there is none, the only cluster of the input.
    None: nobody tells who the application is. Raises Undetermined when the subnets of the cluster
    are not in the snapshot, nor any that is declared.
    """
    if declared:
        found = tuple(s for s in network.all(Subnet) if approved(declared, s.id))
        if not found:
            raise Undetermined(
                f"the subnets of the application: none is called {' or '.join(declared)}",
                remedy="export their network, or correct `application` in auditor.toml",
            )
        return found
    clusters = _by_group(network).get(group_key(server.id), ())
    if not clusters and len(network.all(ManagedCluster)) == 1:
        clusters = network.all(ManagedCluster)
    subnets = {
        subnet.key: subnet
        for cluster in clusters
        for subnet in (*node_subnets(network, cluster), *pod_subnets(network, cluster))
    }
    return tuple(subnets[key] for key in sorted(subnets))


class Asking(msgspec.Struct, frozen=True):
    """An application, and where its servers answer inside networks: addresses and subnets.

    `neighbours` are its servers, by id, with the subnet in which one of another application stands
    too. Which address there is whose, nobody tells (L-21): the servers' addresses lack them.
    """

    subnets: tuple[Subnet, ...]
    servers: AddressSet
    places: frozenset[Subnet]
    neighbours: tuple[tuple[str, Subnet], ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from others."""
        return tuple(subnet.key for subnet in self.subnets)


@question_about
def applications(network: Network, declared: tuple[str, ...]) -> tuple[Asking, ...]:
    """Give the applications of all servers, sorted; see `application_of`."""
    asking: dict[tuple[str, ...], list[Server]] = defaultdict(list)
    subnets: dict[tuple[str, ...], tuple[Subnet, ...]] = {}
    for server in servers(network):
        with suppress(Undetermined):
            found = application_of(network, server, declared)
            key = tuple(each.key for each in found)
            subnets[key] = found
            asking[key].append(server)
    shared = _shared(network, asking.values())
    return tuple(
        _asking(network, subnets[key], asking[key], shared) for key in sorted(asking) if key
    )


def _asking(
    network: Network,
    subnets: tuple[Subnet, ...],
    answering: Iterable[Server],
    shared: frozenset[str],
) -> Asking:
    found, places = AddressSet(), set[Subnet]()
    neighbours: list[tuple[str, Subnet]] = []
    for server in answering:
        for point, place in _inside(network, server):
            places.add(place)
            if point.kind is Kind.ENDPOINT:
                found = found | point.addresses
            elif place.key in shared:
                neighbours.append((server.id, place))
            else:
                found = found | AddressSet.from_prefixes(place.prefixes)
    return Asking(subnets, found, frozenset(places), tuple(neighbours))


def _shared(network: Network, each: Iterable[Iterable[Server]]) -> frozenset[str]:
    """The subnets, by key, in which servers of several applications stand."""
    held = [
        {
            place.key
            for server in answering
            for point, place in _inside(network, server)
            if point.kind is Kind.SUBNET
        }
        for answering in each
    ]
    counted = Counter(key for keys in held for key in keys)
    return frozenset(key for key, count in counted.items() if count > 1)


def _inside(network: Network, server: Server) -> Iterator[tuple[Point, Subnet]]:
    """Where a server answers inside networks: in its subnet, or at its private endpoints."""
    with suppress(Undetermined):
        for point in points_of(server, network):
            place = point.place
            if place is not None and point.kind in (Kind.SUBNET, Kind.ENDPOINT):
                yield point, place


@question
def _by_group(network: Network) -> dict[tuple[str, str], tuple[ManagedCluster, ...]]:
    found: dict[tuple[str, str], list[ManagedCluster]] = defaultdict(list)
    for cluster in network.all(ManagedCluster):
        found[group_key(cluster.id)].append(cluster)
    return {key: tuple(each) for key, each in found.items()}
