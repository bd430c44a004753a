"""Which machines are the application that a database serves, and which databases it asks."""

from __future__ import annotations

from collections import defaultdict

import msgspec

from auditor.addresses import AddressSet
from auditor.errors import Undetermined
from auditor.ids import group_key
from auditor.network.approval import approved
from auditor.network.clusters import node_subnets, pod_subnets
from auditor.network.databases import Server, servers
from auditor.network.graph import Network, question, question_about
from auditor.reach.ends import points_of
from auditor.reach.points import Kind
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
    """An application, and where its servers answer inside networks: addresses and subnets."""

    subnets: tuple[Subnet, ...]
    servers: AddressSet
    places: frozenset[Subnet]

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from others."""
        return tuple(subnet.key for subnet in self.subnets)


@question_about
def applications(network: Network, declared: tuple[str, ...]) -> tuple[Asking, ...]:
    """Give the applications of all servers, sorted; see `application_of`."""
    found: dict[tuple[str, ...], Asking] = {}
    for server in servers(network):
        try:
            subnets = application_of(network, server, declared)
        except Undetermined:
            continue
        one = Asking(subnets, *_answers_at(network, server))
        known = found.get(one.key)
        if known is not None:
            one = Asking(subnets, one.servers | known.servers, one.places | known.places)
        if subnets:
            found[one.key] = one
    return tuple(found[key] for key in sorted(found))


def _answers_at(network: Network, server: Server) -> tuple[AddressSet, frozenset[Subnet]]:
    """Where a server answers inside networks: in its subnet, or by its private endpoints."""
    found, places = AddressSet(), set()
    for point in points_of(server, network):
        place = point.place
        if point.kind is Kind.SUBNET and place is not None:
            found = found | AddressSet.from_prefixes(place.prefixes)
        elif point.kind is Kind.ENDPOINT:
            found = found | point.addresses
        else:
            continue
        if place is not None:
            places.add(place)
    return found, frozenset(places)


@question
def _by_group(network: Network) -> dict[tuple[str, str], tuple[ManagedCluster, ...]]:
    found: dict[tuple[str, str], list[ManagedCluster]] = defaultdict(list)
    for cluster in network.all(ManagedCluster):
        found[group_key(cluster.id)].append(cluster)
    return {key: tuple(each) for key, each in found.items()}
