"""Subnets and sites of which one reaches the other straight and is answered by an appliance (P-11).

Sites whose prefixes are told alone: where they are learned (BGP), nobody tells which routes lead
to them.
"""

from __future__ import annotations

from collections.abc import Iterable

from auditor.addresses import EVERYTHING, AddressSet, prefix_or_none
from auditor.errors import Undetermined
from auditor.network.cluster_ranges import pod_claims
from auditor.network.graph import Network, question, question_about
from auditor.network.routing.model import Hop
from auditor.network.routing_domains import Claim
from auditor.reach.from_sites import lent_to_network
from auditor.reach.leading import leads_to, leaves_by
from auditor.reach.path import Path
from auditor.reach.paths import paths
from auditor.reach.points import Point, anywhere_in, on_premises, vnet_of
from auditor.reach.sites_behind import sites_led_to
from auditor.reach.ways import Way, appliances_of, ways_from
from auditor.resources.managed_clusters import ManagedCluster
from auditor.resources.routing import RouteTable
from auditor.resources.virtual_networks import Subnet, VirtualNetwork


def from_sites(network: Network, target: Subnet) -> tuple[Path, ...]:
    """Give the paths from sites to any machine of a subnet, where only its replies take appliances.

    None, where the gateway certainly hands over to an appliance as well.
    """
    if not appliances_of(network, target):
        return ()
    there = anywhere_in(network, target)
    sites, _ = _sites_by_way(network, target, there.home)
    if not sites:
        return ()
    if not any(_straight(network, each, there) for each in _gateways(network, there.home)):
        return ()
    return _apart(paths(network, on_premises(sites), there, relays=False))


def to_sites(network: Network, source: Subnet) -> tuple[Path, ...]:
    """Give the paths from any machine of a subnet to sites, where only replies take appliances.

    None, where the subnet certainly sends by an appliance as well.
    """
    here = anywhere_in(network, source)
    gateways = _gateways(network, here.home)
    if not any(_led_to_appliances(network, each).overlaps(here.addresses) for each in gateways):
        return ()
    _, sites = _sites_by_way(network, source, here.home)
    if not sites:
        return ()
    if not any(_by_appliance(network, each, here) for each in gateways):
        return ()
    return _apart(paths(network, here, on_premises(sites), relays=False))


def _apart(found: Iterable[Path]) -> tuple[Path, ...]:
    return tuple(path for path in found if path.entrance is None)


@question_about
def _sites(network: Network, home: str) -> AddressSet:
    """What the gateways of a network (its key) lead to, if all of that is told."""
    vnet = network.nodes.get(home)
    led_to = sites_led_to(network, vnet) if isinstance(vnet, VirtualNetwork) else None
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


def _sites_by_way(network: Network, subnet: Subnet, home: str) -> tuple[AddressSet, AddressSet]:
    """The addresses of sites to which a subnet may send by an appliance; and surely by a gateway.

    Asked once for all subnets of a network with one route table.
    """
    if not _sites(network, home):
        return AddressSet(), AddressSet()
    key = home, _table(network, subnet)
    known = _by_table(network)
    found = known.get(key)
    if found is None:
        ways = ways_from(network, subnet, 4, network.tags)
        parts = tuple(ways.within(_sites(network, home)))
        found = known[key] = (
            AddressSet.union([some for some, way in parts if _may_take_appliance(way)])[0],
            AddressSet.union([some for some, way in parts if _surely_by_gateway(way)])[0],
        )
    return found


def _table(network: Network, subnet: Subnet) -> str:
    """What stands for a subnet's route table: its key, nothing, or the subnet where not told."""
    try:
        table = network.find(subnet.properties.route_table)
    except Undetermined:
        return subnet.key
    return table.key if table is not None else ""


@question
def _by_table(_: Network) -> dict[tuple[str, str], tuple[AddressSet, AddressSet]]:
    return {}


def _may_take_appliance(way: Way) -> bool:
    return any(route.hop is Hop.APPLIANCE for route in way.possible)


def _surely_by_gateway(way: Way) -> bool:
    return leaves_by(way, Hop.GATEWAY) is True


@question_about
def _gateways(network: Network, home: str) -> tuple[Subnet, ...]:
    """The subnets of the gateways that a network (its key) has, or is lent; none where not told."""
    vnet = network.nodes.get(home)
    try:
        return lent_to_network(network, vnet) if isinstance(vnet, VirtualNetwork) else ()
    except Undetermined:
        return ()


@question_about
def _led_to_appliances(network: Network, gateway: Subnet) -> AddressSet:
    """What a gateway's table may lead to appliances."""
    try:
        table = network.get(gateway.properties.route_table, RouteTable)
        led = [
            prefix_or_none(each.properties.address_prefix)
            for each in (table.routes if table is not None else ())
            if each.to_appliance
        ]
    except Undetermined:
        return EVERYTHING
    return EVERYTHING if None in led else AddressSet.from_prefixes(filter(None, led))


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
