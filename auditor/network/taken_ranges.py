"""Ranges that a proposal had better leave alone, whoever uses them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial

from auditor.addresses import AddressSet, Prefix
from auditor.errors import Undetermined
from auditor.network.cluster_ranges import pod_claims, service_claims
from auditor.network.graph import Network, question
from auditor.network.on_premises import claims_of_space, client_pools
from auditor.network.routing_domains import Claim
from auditor.resources.hybrid import LocalNetworkGateway, VirtualNetworkGateway
from auditor.resources.managed_clusters import ManagedCluster
from auditor.resources.virtual_wan import HubClientGateway


@question
def taken_beside_networks(network: Network) -> AddressSet:
    """Give what sites, VPN clients and clusters of the input use, as far as it is told.

    Near or far: what is no neighbour today may become one.
    """
    taken: list[Prefix] = []
    for claims in _all(network):
        with suppress(Undetermined):
            taken += [claim.prefix for claim in claims()]
    return AddressSet.from_prefixes(taken)


def _all(network: Network) -> Iterator[Callable[[], Iterable[Claim]]]:
    for cluster in network.all(ManagedCluster):
        yield partial(pod_claims, cluster)
        yield partial(service_claims, cluster)
    for site in network.all(LocalNetworkGateway):
        yield partial(_of_site, site)
    for gateway in network.all(VirtualNetworkGateway):
        yield partial(client_pools, gateway)
    for hub in network.all(HubClientGateway):
        yield partial(client_pools, hub)


def _of_site(site: LocalNetworkGateway) -> tuple[Claim, ...]:
    space = site.properties.local_network_address_space
    return tuple(claims_of_space(site, space, "localNetworkAddressSpace"))
