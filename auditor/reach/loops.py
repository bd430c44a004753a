"""Packets that appliances hand round: whose routes lead back to whoever forwarded them.

An appliance forwards by the routes of its own subnet (R-5, R-11). Followed from one appliance to
the next, they may come back to the first. An Azure Firewall surely forwards by them; a machine's
guest may wrap what is for a far site into a tunnel of its own, so that its routes do not count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from auditor.addresses import (
    EVERY_V4,
    EVERYTHING,
    NOTHING,
    Address,
    AddressSet,
    Version,
    parse_address,
)
from auditor.errors import Undetermined
from auditor.network.address_plan import locate
from auditor.network.graph import Network, question, question_about
from auditor.network.instances import cards_of_instance, is_instance_card
from auditor.network.interfaces import Interface, subnet_of
from auditor.network.reasons import Reason, gap
from auditor.network.route_tables import is_node_route
from auditor.network.routing.model import EffectiveRoute, Hop
from auditor.network.routing_domains import told_spaces
from auditor.packets.witness import address as host
from auditor.reach.balancing import forwards_of
from auditor.reach.ways import Way, appliances_of, ways_from
from auditor.resources.base import Node
from auditor.resources.compute import ScaleSet, ScaleSetInterface, VirtualMachine
from auditor.resources.firewalls import FirewallIpConfiguration
from auditor.resources.interfaces import IpConfiguration, NetworkInterface
from auditor.resources.load_balancers import LoadBalancerFrontend
from auditor.resources.routing import Route, RouteTable
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.special_addresses import PUBLIC

_BITS: dict[Version, int] = {4: 32, 6: 128}
_LONGEST = 12
"""Appliances. A loop of more is not looked for."""


class Appliance(msgspec.Struct, frozen=True, eq=False):
    """Who takes packets at an address that routes name, and the subnets they leave it from.

    `id` is the resource's. `opaque` tells that a guest decides what becomes of them; `untold` why
    they may leave from elsewhere.
    """

    id: str
    node: Node
    address: Address
    exits: tuple[Subnet, ...]
    opaque: bool
    untold: tuple[Reason, ...] = ()

    @property
    def label(self) -> str:
        """Its name, with the address that routes name."""
        return f"{self.node.root.label} ({self.address})"


class Loop(msgspec.Struct, frozen=True):
    """Appliances that hand packets round, and the routes by which each does.

    `must` are destinations for which they certainly do; `reasons` tell why they may not for the
    rest of `may`.
    """

    appliances: tuple[Appliance, ...]
    routes: tuple[EffectiveRoute, ...]
    must: AddressSet
    may: AddressSet
    reasons: tuple[Reason, ...] = ()


class _Onward(msgspec.Struct):
    """What an appliance sends on to another: certainly, and perhaps."""

    to: Appliance
    route: EffectiveRoute
    must: AddressSet = NOTHING
    may: AddressSet = NOTHING
    reasons: dict[Reason, None] = msgspec.field(default_factory=dict)


@question
def appliances(network: Network) -> tuple[Appliance, ...]:
    """Give whoever some route in use sends packets to, sorted."""
    found: dict[str, Appliance] = {}
    for table in network.all(RouteTable):
        for address in _named(table):
            for vnet in _using(network, table):
                one = appliance_at(network, vnet, address)
                if one is not None:
                    found[one.node.key] = one
    return tuple(found[key] for key in sorted(found))


def _named(table: RouteTable) -> set[Address]:
    found = set()
    try:
        routes = table.routes
    except Undetermined:
        return set()  # told where the routes of its subnets are asked for
    for route in routes:
        try:
            text = route.properties.next_hop_ip_address if route.to_appliance else None
        except Undetermined:
            continue
        if text and not is_node_route(route):
            found.add(parse_address(text))
    return found


def _using(network: Network, table: RouteTable) -> tuple[VirtualNetwork, ...]:
    found: dict[str, VirtualNetwork] = {}
    for edge in network.referrers(table, "routeTable"):
        vnet = network.holder(edge.source, VirtualNetwork)
        if vnet is not None:
            found[vnet.key] = vnet
    return tuple(found.values())


@question_about
def appliance_at(network: Network, vnet: VirtualNetwork, address: Address) -> Appliance | None:
    """Give who has an address as seen from a VNet, when it is one that may forward packets."""
    owners = locate(network, address, vnet).owners
    node = owners[0].node if owners else None
    if isinstance(node, FirewallIpConfiguration):
        exits, untold = _standing(network, node)
        return Appliance(node.root.id, node, address, exits, False, untold)
    nics: list[Interface] = []
    reasons: tuple[Reason, ...] = ()
    if isinstance(node, IpConfiguration) and isinstance(node.owner, NetworkInterface):
        nics = [node.owner]
    elif isinstance(node, LoadBalancerFrontend):
        found = forwards_of(network, node)
        points = [forward.target for forward in found.known]
        nics = [point.nic for point in points if point is not None and point.nic is not None]
        lacking = [each for f in found.known if f.target is None for each in f.reasons]
        reasons = (*found.reasons, *lacking)
    if node is None or not (nics or reasons):
        return None
    exits, untold = _machines(network, nics)
    return Appliance(node.root.id, node, address, exits, True, (*reasons, *untold))


def _standing(
    network: Network, node: FirewallIpConfiguration
) -> tuple[tuple[Subnet, ...], tuple[Reason, ...]]:
    try:
        subnet = network.get(node.properties.subnet, Subnet)
    except Undetermined as unknown:
        return (), (gap(unknown, node.id),)
    return ((subnet,) if subnet is not None else ()), ()


def _machines(
    network: Network, nics: list[Interface]
) -> tuple[tuple[Subnet, ...], tuple[Reason, ...]]:
    """Give the subnets that machines stand in: of which of its NICs one makes use it tells not."""
    found: dict[str, Subnet] = {}
    untold: list[Reason] = []
    for nic in nics:
        try:
            for other in _beside(network, nic):
                subnet = subnet_of(network, other)
                found[subnet.key] = subnet
        except Undetermined as unknown:
            untold.append(gap(unknown, nic.id))
    return tuple(found[key] for key in sorted(found)), tuple(untold)


def _beside(network: Network, nic: Interface) -> tuple[Interface, ...]:
    """Give the NICs of a NIC's machine."""
    if isinstance(nic, ScaleSetInterface):
        scale_set = network.holder(nic, ScaleSet)
        return scale_set.interfaces if scale_set is not None else (nic,)
    if is_instance_card(nic):
        return cards_of_instance(network, nic)
    machine = network.get(nic.properties.virtual_machine, VirtualMachine)
    if machine is None:
        return (nic,)
    edges = network.referrers(machine, "virtualMachine")
    others = (edge.source for edge in edges if isinstance(edge.source, NetworkInterface))
    profile = machine.properties.network_profile
    refs = profile.network_interfaces or () if profile is not None else ()
    listed = [network.get(ref, NetworkInterface) for ref in refs]
    every = (nic, *others, *(each for each in listed if each is not None))
    return tuple({each.key: each for each in every}.values())


def loops(network: Network, start: Appliance) -> Iterator[Loop]:
    """Give every loop that an appliance is on, and is the first of, by key."""
    versions: tuple[Version, ...] = (4, 6)
    for version in versions:
        yield from _followed(network, version, Loop((start,), (), EVERYTHING, EVERYTHING))


@question_about
def handed_back(
    network: Network, vnet: VirtualNetwork, address: Address, version: Version
) -> AddressSet:
    """Give the destinations that an appliance, as seen from a VNet, surely gets back itself.

    By the routes of its own subnets: whatever it does with what is for them, nothing arrives. A
    guest may wrap what is for elsewhere into a tunnel, where the routes lead to any far end; what
    is for its own network it does not.
    """
    one = appliance_at(network, vnet, address)
    if one is None:
        return NOTHING
    own = AddressSet.from_range(one.address, one.address)
    steps = _steps(network, one, version)
    back = next((step.must for step in steps if step.to.node is one.node), NOTHING) - own
    every = EVERY_V4 if version == 4 else EVERYTHING - EVERY_V4
    homes = (network.holder(exit_, VirtualNetwork) for exit_ in one.exits)
    try:
        if every - back <= _spaces(one.exits) | own:
            return back
        return back & _spaces(home for home in homes if home is not None)
    except Undetermined:
        return NOTHING


def _spaces(nodes: Iterable[Subnet | VirtualNetwork]) -> AddressSet:
    return AddressSet.union(AddressSet.from_prefixes(each.prefixes) for each in nodes)[0]


def _followed(network: Network, version: Version, so_far: Loop) -> Iterator[Loop]:
    """Follow a way that is no loop yet: of its last appliance there is no route."""
    path = so_far.appliances
    first = path[0].node.key
    for step in _steps(network, path[-1], version):
        own = AddressSet.from_range(step.to.address, step.to.address)
        must, may = (so_far.must & step.must) - own, (so_far.may & step.may) - own
        if not may or step.to.node.key < first:
            continue
        routes, reasons = (*so_far.routes, step.route), (*so_far.reasons, *step.reasons)
        if step.to.node.key == first:
            yield _doubted(network, Loop(path, routes, must, may, reasons))
        elif step.to.node not in [one.node for one in path] and len(path) < _LONGEST:
            yield from _followed(
                network, version, Loop((*path, step.to), routes, must, may, reasons)
            )


def _doubted(network: Network, loop: Loop) -> Loop:
    """Take away what a guest may wrap into a tunnel, so that the routes do not meet it."""
    guest = next((one for one in loop.appliances if one.opaque), None)
    if guest is None:
        return loop
    known = told_spaces(network)
    if all(route.prefix.length <= 1 for route in loop.routes):
        known = known | PUBLIC
    label = guest.node.root.label
    reason = Reason(f"nva:{label}", "whether it sends them into a tunnel", guest.id)
    return Loop(
        loop.appliances,
        loop.routes,
        loop.must & known,
        loop.may,
        tuple(dict.fromkeys((*loop.reasons, reason))),
    )


def example(network: Network, addresses: AddressSet) -> Address | None:
    """Give one of some addresses that says something: of a VNet, else of the internet.

    A host that a network gives out, or one of a network for examples.
    """
    for some in (addresses & told_spaces(network), addresses & PUBLIC, addresses):
        for version, bits in _BITS.items():
            if free := some.intervals(version):
                return Address(version, host(bits)(free))
    return None


@question_about
def _steps(network: Network, here: Appliance, version: Version) -> tuple[_Onward, ...]:
    """Give what an appliance sends on to others by its subnets' routes.

    Certainly only what it sends on from whichever subnet it takes.
    """
    each = [_from(network, exit_, version) for exit_ in here.exits]
    total: dict[str, _Onward] = {}
    for found in each:
        for key, step in found.items():
            known = total.setdefault(key, _Onward(step.to, step.route))
            known.may = known.may | step.may
            known.reasons.update(step.reasons)
    for key, known in total.items():
        sure = [found[key].must if key in found else NOTHING for found in each]
        known.must = sure[0]
        for must in sure[1:]:
            known.must = known.must & must
        if here.untold:
            known.must = NOTHING
            known.reasons.update(dict.fromkeys(here.untold))
        if len(sure) > 1:
            which = "which of its interfaces it sends them from"
            known.reasons[Reason(f"nva:{here.node.root.label}", which, here.id)] = None
    return tuple(total[key] for key in sorted(total))


def _from(network: Network, subnet: Subnet, version: Version) -> dict[str, _Onward]:
    vnet = network.holder(subnet, VirtualNetwork)
    found: dict[str, _Onward] = {}
    if vnet is None or not appliances_of(network, subnet):
        return found
    for addresses, way in ways_from(network, subnet, version, network.tags).within(EVERYTHING):
        for route in _by_appliances(way):
            to = appliance_at(network, vnet, route.address) if route.address is not None else None
            if to is None:
                continue
            step = found.setdefault(to.node.key, _Onward(to, route))
            step.may = step.may | addresses
            doubts = doubts_of(route)
            if way.route is route and not doubts:
                step.must = step.must | addresses
            step.reasons.update(dict.fromkeys((*way.reasons, *doubts)))
    return found


def _by_appliances(way: Way) -> Iterator[EffectiveRoute]:
    for route in way.possible:
        if route.hop is Hop.APPLIANCE and not route.fault and isinstance(route.node, Route):
            yield route


def doubts_of(route: EffectiveRoute) -> tuple[Reason, ...]:
    """Why packets may not get to an appliance. Whether a guest forwards them is no matter here."""
    return tuple(reason for reason in route.doubts if not reason.label.startswith("nva:"))
