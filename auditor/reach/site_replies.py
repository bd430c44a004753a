"""Subnets that sites reach straight by a gateway, and that answer them by an appliance (P-11)."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.addresses import AddressSet
from auditor.errors import Undetermined
from auditor.network.cluster_ranges import pod_claims
from auditor.network.graph import Network, question
from auditor.network.routing.model import Hop
from auditor.network.routing_domains import Claim
from auditor.reach.from_sites import lent_to
from auditor.reach.leading import leads_to
from auditor.reach.path import Path
from auditor.reach.paths import paths
from auditor.reach.points import Point, anywhere_in, on_premises, vnet_of
from auditor.reach.sites_behind import sites_led_to
from auditor.reach.ways import ways_from
from auditor.resources.managed_clusters import ManagedCluster
from auditor.resources.virtual_networks import Subnet


def answered_by_appliance(network: Network, target: Subnet) -> tuple[Path, ...]:
    """Give the paths from sites straight to any machine of a subnet whose routes name appliances.

    Of sites whose prefixes are told alone: where they are learned (BGP), nobody tells which routes
    the subnet has to them. None, where the gateway certainly hands over to an appliance as well.
    """
    there = anywhere_in(network, target)
    vnet = vnet_of(network, there)
    if vnet is None:
        return ()
    led_to = sites_led_to(network, vnet)
    if led_to.doubts:
        return ()
    told = AddressSet(v4=led_to.must.v4) - _pods(network)
    sites = _by_appliance(network, target, told)
    if not sites:
        return ()
    try:
        gateways = lent_to(network, there)
    except Undetermined:
        return ()
    if not any(_straight(network, gateway, there) for gateway in gateways):
        return ()
    return tuple(_paths(network, on_premises(sites), there))


def _paths(network: Network, sites: Point, there: Point) -> Iterator[Path]:
    return (path for path in paths(network, sites, there, relays=False) if path.entrance is None)


@question
def _pods(network: Network) -> AddressSet:
    """The ranges of pods, whose nodes routes name as next hops: a site with one is AKS-013's."""
    return AddressSet.from_prefixes(
        claim.prefix for cluster in network.all(ManagedCluster) for claim in _claims(cluster)
    )


def _claims(cluster: ManagedCluster) -> tuple[Claim, ...]:
    try:
        return pod_claims(cluster)
    except Undetermined:
        return ()


def _by_appliance(network: Network, target: Subnet, sites: AddressSet) -> AddressSet:
    """The addresses of sites to which the way may be by an appliance."""
    ways = ways_from(network, target, 4, network.tags)
    found = [
        addresses
        for addresses, way in ways.within(sites)
        if any(route.hop is Hop.APPLIANCE for route in way.possible)
    ]
    return AddressSet.union(found)[0]


def _straight(network: Network, gateway: Subnet, there: Point) -> bool:
    """Whether some address is certainly routed straight from a gateway's subnet."""
    vnet = vnet_of(network, anywhere_in(network, gateway))
    ways = ways_from(network, gateway, 4, network.tags)
    return any(leads_to(way, there.home, vnet) is True for way in ways.towards(there.addresses))
