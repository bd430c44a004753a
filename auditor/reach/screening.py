"""Who is worth asking for paths: a quick look at filters and routes before packets are followed.

Most pairs of a well-kept network are plain: the security rules before the one end know nobody like
the other, or let all of them in. Both looks keep to the safe side: who is left out of `callers`
certainly does not get in, and of whom `surely_talks` says so, the paths say so too.
"""

from __future__ import annotations

from collections.abc import Iterable

from auditor.addresses import EVERYTHING, NOTHING, AddressSet, PortSet, address_or_none
from auditor.network.effective_rules import Direction, EffectiveRules, effective_rules, is_endpoint
from auditor.network.filters import subnet_name
from auditor.network.graph import Network, question, question_about
from auditor.network.layers import LayerKind
from auditor.network.passage import may_pass, surely_pass
from auditor.network.sites import every_site
from auditor.reach.balancing import forwards_to
from auditor.reach.filtering import content
from auditor.reach.neighbourhood import PLATFORM_SUBNETS, subnets_around
from auditor.reach.paths import aims, entrances_towards, gateway_subnets_towards, may_end_at
from auditor.reach.points import (
    Kind,
    Point,
    anywhere_in,
    on_premises,
    part_in_subnet,
    usable,
    vnet_of,
)
from auditor.reach.ways import leads_to, ways_from
from auditor.resources import walk
from auditor.resources.firewalls import FirewallIpConfiguration
from auditor.resources.routing import RouteTable
from auditor.resources.virtual_networks import Subnet

# Who may get in


def callers(network: Network, targets: Iterable[Point], port: int) -> tuple[Point, ...]:
    """Give who may reach one of some points straight over TCP, of the subnets and sites around.

    Each subnet around a target as any machine in it, but for those of Azure's own, whose machines
    start no connections; last what is on premises. Left out is who certainly does not get in.
    """
    known = [(end, senders(network, end, port)) for end in targets]
    found: dict[str, Point] = {}
    for home in sorted({end.home for end, _ in known}):
        near = {
            point.id.lower(): point for _, each in known for point in _near(network, home, each)
        }
        found.update((key, near[key]) for key in sorted(near))
    sites = every_site(network).must
    if sites and any(_sites_may_come(network, end, sites, each) for end, each in known):
        return (*found.values(), on_premises(sites))
    return tuple(found.values())


def senders(network: Network, target: Point, port: int) -> AddressSet:
    """Give the sources, as a point sees them, from which TCP to one of its ports may get in."""
    bare_endpoint = target.kind is Kind.ENDPOINT and target.nic is None
    if target.kind not in _FILTERED or bare_endpoint or _entered(network, target):
        return EVERYTHING
    rules = effective_rules(network, target.nic, Direction.INBOUND, target.subnet, network.tags)
    own, ports = target.addresses, PortSet.of(port)
    for aim in aims(network, target):
        own = own | aim.addresses
    if target.node is not None:
        for forward in forwards_to(network).get(target.node.key, ()):
            if forward.backend_port:
                ports = ports | PortSet.of(forward.backend_port)
    if target.place is not None:
        own = own | anywhere_in(network, target.place).addresses
    key = (_place(network, rules, target), own, ports)
    known = _senders(network)
    if key not in known:
        known[key] = may_pass(rules, own, ports)
    return known[key]


_FILTERED = frozenset({Kind.MACHINE, Kind.SUBNET, Kind.ENDPOINT})


@question
def _senders(network: Network) -> dict[tuple[object, AddressSet, PortSet], AddressSet]:
    return {}


def _entered(network: Network, target: Point) -> bool:
    """Whether packets may come in by the internet, from public addresses of anybody's."""
    return any(may_end_at(network, e, target) for e in entrances_towards(network, target))


def _place(network: Network, rules: EffectiveRules, point: Point) -> object:
    """What decides what rules let through at a point, its addresses apart."""
    contents = [content(network, layer) for layer in rules.layers]
    own = is_endpoint(point.nic) or any(names_groups for _, names_groups in contents)
    return (
        tuple(said for said, _ in contents),
        point.subnet.key if point.subnet is not None else "",
        point.nic.key if point.nic is not None and own else "",
    )


@question_about
def _near(network: Network, home: str, senders: AddressSet) -> tuple[Point, ...]:
    """The subnets around a VNet (its key) whose machines may bear one of some addresses."""
    return tuple(
        anywhere_in(network, subnet)
        for subnet in subnets_around(network, home)
        if subnet_name(subnet).lower() not in PLATFORM_SUBNETS
        and _may_bear(network, anywhere_in(network, subnet).addresses, (subnet,), senders)
    )


def _sites_may_come(
    network: Network, target: Point, sites: AddressSet, senders: AddressSet
) -> bool:
    return _may_bear(network, sites, (), senders) or _may_bear(
        network, sites, gateway_subnets_towards(network, target), senders
    )


def _may_bear(
    network: Network, addresses: AddressSet, subnets: Iterable[Subnet], some: AddressSet
) -> bool:
    """Whether packets from some addresses, which set out by subnets, may bear one of others.

    They do by their own, or by that of an appliance that a route of such a subnet names.
    """
    if not addresses or addresses.overlaps(some):
        return True
    return any(_put_by_appliances(network, subnet).overlaps(some) for subnet in subnets)


@question_about
def _put_by_appliances(network: Network, subnet: Subnet) -> AddressSet:
    """What appliances may put in the place of the source, of packets from a subnet."""
    table = network.find(walk.peek(walk.peek(subnet, "properties"), "route_table"))
    if not isinstance(table, RouteTable):
        return NOTHING
    total = NOTHING
    for route in walk.peek(walk.peek(table, "properties"), "routes") or ():
        text = walk.peek(walk.peek(route, "properties"), "next_hop_ip_address")
        address = address_or_none(text)
        if address is not None:
            total = total | AddressSet.from_range(address, address) | _of_firewalls(network)
    return total


@question
def _of_firewalls(network: Network) -> AddressSet:
    total = NOTHING
    for configuration in network.all(FirewallIpConfiguration):
        here = part_in_subnet(network, Kind.FIREWALL, configuration)
        total = total | here.addresses
        total = total | (usable(here.place) if here.place is not None else NOTHING)
    return total


# Who surely gets in


def surely_talks(network: Network, source: Point, target: Point, port: int) -> bool:
    """Tell whether a point certainly reaches another straight, over TCP on one port.

    False: it does not, or not so plainly; ask for the paths.
    """
    if source.kind not in _SENDING or target.kind not in _STANDING:
        return False
    if source.place is None or target.place is None:
        return False
    inbound = effective_rules(network, target.nic, Direction.INBOUND, target.subnet, network.tags)
    if _as_its_subnet(network, inbound, target):
        key = (source.kind, source.id, target.place.key, port)
        known = _sure_of_subnets(network)
        if key not in known:
            any_of = anywhere_in(network, target.place)
            known[key] = _straight(network, source, any_of, inbound, port)
        if known[key]:
            return True
    return _straight(network, source, target, inbound, port)


_SENDING = frozenset({Kind.MACHINE, Kind.SUBNET, Kind.GATEWAY})
_STANDING = frozenset({Kind.MACHINE, Kind.SUBNET})


@question
def _sure_of_subnets(network: Network) -> dict[tuple[Kind, str, str, int], bool]:
    return {}


def _as_its_subnet(network: Network, inbound: EffectiveRules, point: Point) -> bool:
    """Whether a machine is filtered as any other one of its subnet, and has an address of it."""
    return (
        point.place is not None
        and bool(point.addresses)
        and point.addresses <= anywhere_in(network, point.place).addresses
        and not is_endpoint(point.nic)
        and all(layer.kind is not LayerKind.NIC for layer in inbound.layers)
        and not any(content(network, layer)[1] for layer in inbound.layers)
    )


def _straight(
    network: Network, source: Point, target: Point, inbound: EffectiveRules, port: int
) -> bool:
    """Whether filters and routes let all packets pass, and the replies, over IPv4."""
    here, there = AddressSet(v4=source.addresses.v4), AddressSet(v4=target.addresses.v4)
    if not here or not there:
        return False
    out = effective_rules(network, source.nic, Direction.OUTBOUND, source.subnet, network.tags)
    return (
        surely_pass(out, here, there, port)
        and surely_pass(inbound, there, here, port)
        and _routed(network, source, target)
        and _routed(network, target, source)
    )


def _routed(network: Network, source: Point, target: Point) -> bool:
    subnet = source.place
    if subnet is None:
        return False
    vnet = vnet_of(network, source)
    ways = ways_from(network, subnet, 4, network.tags)
    return all(leads_to(way, target.home, vnet) is True for _, way in ways.within(target.addresses))
