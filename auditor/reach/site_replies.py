"""Subnets and sites of which one reaches the other straight and is answered by an appliance (P-11).

Sites whose prefixes are told alone: where they are learned (BGP), nobody tells which routes lead
to them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from auditor.addresses import AddressSet
from auditor.errors import Undetermined
from auditor.network.cluster_ranges import pod_claims
from auditor.network.graph import Network, question
from auditor.network.routing.model import Hop
from auditor.network.routing_domains import Claim
from auditor.reach.from_sites import lent_to
from auditor.reach.leading import leads_to, leaves_by
from auditor.reach.path import Path
from auditor.reach.paths import paths
from auditor.reach.points import Point, anywhere_in, on_premises, vnet_of
from auditor.reach.sites_behind import sites_led_to
from auditor.reach.ways import Way, appliances_of, ways_from
from auditor.resources.managed_clusters import ManagedCluster
from auditor.resources.virtual_networks import Subnet


def from_sites(network: Network, target: Subnet) -> tuple[Path, ...]:
    """Give the paths from sites to any machine of a subnet, where only its replies take appliances.

    None, where the gateway certainly hands over to an appliance as well.
    """
    there = anywhere_in(network, target)
    if not appliances_of(network, target):
        return ()
    ways = ways_from(network, target, 4, network.tags)
    sites = _those(ways.within(_sites(network, there)), by_appliance=True)
    if not sites or not any(_straight(network, each, there) for each in _gateways(network, there)):
        return ()
    return _apart(paths(network, on_premises(sites), there, relays=False))


def to_sites(network: Network, source: Subnet) -> tuple[Path, ...]:
    """Give the paths from any machine of a subnet to sites, where only replies take appliances.

    None, where the subnet certainly sends by an appliance as well.
    """
    here = anywhere_in(network, source)
    if not any(_by_appliance(network, each, here) for each in _gateways(network, here)):
        return ()
    ways = ways_from(network, source, 4, network.tags)
    sites = _those(ways.within(_sites(network, here)), by_appliance=False)
    if not sites:
        return ()
    return _apart(paths(network, here, on_premises(sites), relays=False))


def _apart(found: Iterable[Path]) -> tuple[Path, ...]:
    return tuple(path for path in found if path.entrance is None)


def _sites(network: Network, point: Point) -> AddressSet:
    """What the gateways of a point's network lead to, if all of that is told."""
    vnet = vnet_of(network, point)
    led_to = sites_led_to(network, vnet) if vnet is not None else None
    if led_to is None or led_to.doubts:
        return AddressSet()
    return AddressSet(v4=led_to.must.v4) - _pods(network)


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


def _those(ways: Iterable[tuple[AddressSet, Way]], *, by_appliance: bool) -> AddressSet:
    """The addresses to which a way may be by an appliance, or certainly is by a gateway."""
    found = [
        addresses
        for addresses, way in ways
        if (_may_take_appliance(way) if by_appliance else leaves_by(way, Hop.GATEWAY) is True)
    ]
    return AddressSet.union(found)[0]


def _may_take_appliance(way: Way) -> bool:
    return any(route.hop is Hop.APPLIANCE for route in way.possible)


def _gateways(network: Network, point: Point) -> Iterator[Subnet]:
    """The subnets of the gateways that a point's network has, or is lent; none where not told."""
    try:
        yield from lent_to(network, point)
    except Undetermined:
        return


def _straight(network: Network, gateway: Subnet, there: Point) -> bool:
    """Whether some address is certainly routed straight from a gateway's subnet."""
    vnet = vnet_of(network, anywhere_in(network, gateway))
    ways = ways_from(network, gateway, 4, network.tags)
    return any(leads_to(way, there.home, vnet) is True for way in ways.towards(there.addresses))


def _by_appliance(network: Network, gateway: Subnet, there: Point) -> bool:
    """Whether some address may be routed by an appliance from a gateway's subnet."""
    if not appliances_of(network, gateway):
        return False
    ways = ways_from(network, gateway, 4, network.tags)
    return any(map(_may_take_appliance, ways.towards(there.addresses)))
