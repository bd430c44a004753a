"""Who is worth asking for paths: a quick look at filters before packets are followed.

The security rules before a point of a well-kept network know few of those around it. The look keeps
to the safe side: whoever is left out certainly does not get in, so that no path need tell it.
"""

from __future__ import annotations

from collections.abc import Iterable

from auditor.addresses import EVERYTHING, NOTHING, AddressSet, PortSet
from auditor.network.effective_rules import Direction, bare, rules_at
from auditor.network.filters import subnet_name
from auditor.network.graph import Network, question, question_about
from auditor.network.passage import may_pass
from auditor.network.sites import every_site
from auditor.packets.intervals import contains
from auditor.reach.absent import behind_gateways
from auditor.reach.addressees import aims
from auditor.reach.approaches import entrances_straight_to
from auditor.reach.balancing import Forward, forwards_of, forwards_to
from auditor.reach.filtering import content
from auditor.reach.from_sites import gateway_subnets_towards
from auditor.reach.handed_on import of_firewalls, put_by_appliances
from auditor.reach.neighbourhood import PLATFORM_SUBNETS, subnets_around
from auditor.reach.points import Kind, Point, anywhere_in
from auditor.reach.senders import starts_no_others
from auditor.resources.firewalls import Firewall, FirewallIpConfiguration
from auditor.resources.load_balancers import LoadBalancerFrontend
from auditor.resources.virtual_networks import Subnet
from auditor.special_addresses import PUBLIC


def callers(network: Network, targets: Iterable[Point], port: int) -> tuple[Point, ...]:
    """Give who may reach one of some points straight over TCP, of the subnets and sites around.

    Each subnet around a target as any machine in it, but for those of Azure's own and those where
    certainly nobody starts such connections; last what is on premises. Left out is who certainly
    does not get in.
    """
    known = [(end, senders(network, end, port)) for end in targets]
    found: dict[str, Point] = {}
    for home in sorted({end.home for end, _ in known}):
        near = {
            point.id.lower(): point for _, each in known for point in _near(network, home, each)
        }
        found.update((key, near[key]) for key in sorted(near))
    sites = every_site(network)
    there = behind_gateways(network, sites.must, sites.reasons())
    if (sites.must or sites.doubts) and any(
        _sites_may_come(network, end, there.addresses, each) for end, each in known
    ):
        return (*found.values(), there)
    return tuple(found.values())


def senders(network: Network, target: Point, port: int) -> AddressSet:
    """Give the sources, as a point sees them, from which TCP to one of its ports may get in."""
    if not target.addresses:
        return EVERYTHING
    entered = entrances_straight_to(network, target)
    if any(isinstance(each.node, FirewallIpConfiguration | Firewall) for each in entered):
        return EVERYTHING  # to whichever port it translates to
    own = target.addresses
    for entrance in entered:
        own = own | (entrance.addresses or PUBLIC)
    if any(aim.kind is Kind.ENDPOINT and aim is not target for aim in aims(network, target)):
        return EVERYTHING  # with an address of a private link service
    if isinstance(target.node, LoadBalancerFrontend):
        found = _behind(network, own, target.node, port)
    else:
        found = _at(network, own, target, port)
    # By the internet they come with public addresses, which nobody tells for certain.
    return EVERYTHING if entered and found.overlaps(PUBLIC | of_firewalls(network)) else found


def _at(network: Network, own: AddressSet, target: Point, port: int) -> AddressSet:
    """Give the sources from which TCP to a machine, or to a frontend before it, may get in."""
    ports = {port}
    if target.node is not None:
        forwards = forwards_to(network, target.node)
        ports |= {forward.backend_port or port for forward in forwards}
    for aim in aims(network, target):
        own = own | aim.addresses
    return _let_in(network, target, own, ports)


def _behind(
    network: Network, own: AddressSet, frontend: LoadBalancerFrontend, port: int
) -> AddressSet:
    """Give the sources from which TCP to a frontend may get to some machine behind it."""
    forwards = forwards_of(network, frontend)
    total = EVERYTHING if forwards.reasons else NOTHING
    for forward in forwards.known:
        if takes(forward, port):
            there = forward.target
            if there is None:
                return EVERYTHING
            ports = {forward.backend_port or port}
            total = total | _let_in(network, there, own | there.addresses, ports)
    return total


def takes(forward: Forward, port: int) -> bool:
    """Tell whether a rule of a load balancer takes TCP to a port of its frontend."""
    return port in forward.ports and contains(forward.protocols, TCP)


TCP = 6


def _let_in(network: Network, target: Point, own: AddressSet, ports: set[int]) -> AddressSet:
    bare_endpoint = target.kind is Kind.ENDPOINT and target.nic is None
    if target.kind not in _FILTERED or bare_endpoint:
        return EVERYTHING
    nic, place = target.nic, target.place
    if place is not None:
        own = own | anywhere_in(network, place).addresses  # the same for all of them
        if as_its_subnet(network, target):
            nic = None
    key = (place.key if place is not None else "", nic.key if nic is not None else "", own, *ports)
    known = _senders(network)
    found = known.get(key)
    if found is None:
        rules = rules_at(network, nic, Direction.INBOUND, target.subnet, network.tags)
        numbers = PortSet(tuple((each, each) for each in sorted(ports)))
        found = known[key] = may_pass(rules, own, numbers)
    return found


def as_its_subnet(network: Network, point: Point) -> bool:
    """Tell whether packets to a point meet the rules of its subnet alone, the same for all in it.

    Not where these name application security groups, which hold some machines and not others.
    """
    place = point.place
    if place is None or not _same_for_all(network, place):
        return False
    return point.nic is None or bare(network, point.nic)


@question_about
def _same_for_all(network: Network, subnet: Subnet) -> bool:
    rules = rules_at(network, None, Direction.INBOUND, subnet, network.tags)
    return not any(content(network, layer)[1] for layer in rules.layers)


_FILTERED = frozenset({Kind.MACHINE, Kind.SUBNET, Kind.ENDPOINT})


@question
def _senders(network: Network) -> dict[tuple[object, ...], AddressSet]:
    return {}


@question_about
def _near(network: Network, home: str, senders: AddressSet) -> tuple[Point, ...]:
    """The subnets around a VNet (its key) whose machines may bear one of some addresses."""
    if senders == EVERYTHING:
        return tuple(point for point, _ in _starting(network, home))
    return tuple(
        point
        for point, put in _starting(network, home)
        if not point.addresses
        or point.addresses.overlaps(senders)
        or (put and put.overlaps(senders))
    )


def _starting(network: Network, home: str) -> tuple[tuple[Point, AddressSet], ...]:
    """The subnets around a VNet whose machines start connections.

    With each what appliances may put in the place of their addresses.
    """
    return _starting_among(network, subnets_around(network, home))


@question_about
def _starting_among(
    network: Network, subnets: tuple[Subnet, ...]
) -> tuple[tuple[Point, AddressSet], ...]:
    """Those of some subnets: the same ones around each network of one hub."""
    return tuple(
        (anywhere_in(network, subnet), put_by_appliances(network, subnet))
        for subnet in subnets
        if subnet_name(subnet).lower() not in PLATFORM_SUBNETS
        and not starts_no_others(network, subnet)
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

    They do by their own, or by one of an appliance that a route of such a subnet names.
    """
    if not addresses or addresses.overlaps(some):
        return True
    return any(put_by_appliances(network, subnet).overlaps(some) for subnet in subnets)
