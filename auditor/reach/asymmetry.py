"""Flows whose replies may take another way than their packets (P-11, R-13)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from auditor import ids
from auditor.addresses import NOTHING, AddressSet
from auditor.network.graph import Network, question, question_about
from auditor.network.routing.model import Hop
from auditor.network.routing.near import near
from auditor.network.routing.peered import ties_of
from auditor.packets.diagram import PacketSet
from auditor.reach import site_replies
from auditor.reach.answer import Answer, Verdict, answer_on
from auditor.reach.leading import leads_to
from auditor.reach.neighbourhood import PLATFORM_SUBNETS, networks_around, subnets_of
from auditor.reach.openings import openings
from auditor.reach.path import Path
from auditor.reach.paths import paths
from auditor.reach.points import Point, anywhere_in, endpoint, vnet_of
from auditor.reach.samples import some_packet
from auditor.reach.senders import starts_nothing, tenants
from auditor.reach.trail import Trail
from auditor.reach.ways import appliances_of, ways_from
from auditor.resources.private_endpoints import PrivateEndpoint
from auditor.resources.virtual_networks import Subnet, VirtualNetwork

SITES = "onprem"
"""The key of flows from sites; that of flows to them has it in it."""

Choose: TypeAlias = Callable[[Trail], PacketSet]


class Flow(msgspec.Struct, frozen=True, eq=False):
    """The straight paths to a machine from one source: by a public entrance, a subnet, sites.

    `id` is the resource whose replies are in question, `key` tells the sources apart, `entrance` is
    the name of the public address, if it is by one.
    """

    id: str
    key: str
    every: tuple[Path, ...]
    related: tuple[str, ...] = ()
    entrance: str = ""

    def lost(self) -> Answer | None:
        """Give the answer about a packet that certainly arrives, and whose reply is surely lost."""
        return self._some(_must_arrive, _may_return, Verdict.BLOCKED)

    def doubtful(self) -> Answer | None:
        """Give that about a packet of which not all is told: that it arrives, that replies do."""
        return self._some(_may_arrive, _must_return, Verdict.UNKNOWN)

    def _some(self, delivered: Choose, answered: Choose, verdict: Verdict) -> Answer | None:
        """Give that about a packet that is delivered and not answered, in the bounds given."""
        for path in self.every:
            back = answered(path.trail)
            if back is path.trail.sent:
                continue  # as most often: whatever arrives is answered
            packet = some_packet(delivered(path.trail) - back)
            if packet is not None and packet.protocol:
                return answer_on(path, packet, verdict)
        return None


def _must_arrive(trail: Trail) -> PacketSet:
    return trail.delivered.must


def _may_arrive(trail: Trail) -> PacketSet:
    return trail.delivered.may


def _must_return(trail: Trail) -> PacketSet:
    return trail.answered.must


def _may_return(trail: Trail) -> PacketSet:
    return trail.answered.may


@question
def flows(network: Network) -> tuple[Flow, ...]:
    """Give every flow whose replies are worth a question.

    Public entrances, pairs of subnets of which the one routes to the other straight, and the other
    back by an appliance, and subnets that do so with sites.
    """
    return (*_entering(network), *_crossing(network), *_with_sites(network))


def _entering(network: Network) -> Iterator[Flow]:
    for opening in openings(network):
        yield Flow(
            opening.id,
            opening.entrance.address.lower(),
            opening.paths,
            (opening.entrance.address,),
            ids.name(opening.entrance.address),
        )


def _crossing(network: Network) -> Iterator[Flow]:
    for target in network.all(Subnet):
        if not appliances_of(network, target) or _is_platform(target):
            continue
        there = anywhere_in(network, target)
        if not there.addresses:
            continue
        if not tenants(network, target):
            continue
        for source in _answered_by_others(network, target, there.home):
            if source is target:
                continue
            here = _senders_in(network, source)
            if _by_appliance(network, there, here) and _straight(network, here, there):
                found = paths(network, here, there, relays=False)
                every = tuple(p for p in found if p.entrance is None)
                yield Flow(target.id, source.key, every, (source.id,))


def _with_sites(network: Network) -> Iterator[Flow]:
    for subnet in network.all(Subnet):
        if _is_platform(subnet) or not anywhere_in(network, subnet).addresses:
            continue
        every = site_replies.from_sites(network, subnet)
        if every and tenants(network, subnet):
            yield Flow(subnet.id, SITES, every)
        every = site_replies.to_sites(network, subnet)
        if every and not starts_nothing(network, subnet):
            yield Flow(subnet.id, f"to-{SITES}", every)


def _answered_by_others(network: Network, target: Subnet, home: str) -> list[Subnet]:
    """Give the subnets whose machines may start connections straight to one, in order.

    Of the networks to which all its answers go straight, none.
    """
    straight = near(network, target)
    found = [
        source
        for subnets in _starting_around(network, home)
        if not _senders_in_all(network, subnets) <= straight
        for source in subnets
    ]
    return sorted(found, key=attrgetter("key"))


@question_about
def _starting_around(network: Network, home: str) -> tuple[tuple[Subnet, ...], ...]:
    """The subnets whose machines may start connections straight to a network (its key).

    By their networks.
    """
    by_home = _by_home(network, networks_around(network, home))
    return tuple(
        tuple([source for source in subnets if not starts_nothing(network, source)])
        for here, subnets in by_home.items()
        if _may_be_straight(network, here, home)
    )


@question_about
def _senders_in_all(network: Network, subnets: tuple[Subnet, ...]) -> AddressSet:
    """The IPv4 addresses of any machine of some subnets."""
    every = [_senders_in(network, subnet).addresses for subnet in subnets]
    return AddressSet(v4=AddressSet.union(every)[0].v4)


@question_about
def _by_home(network: Network, around: frozenset[str]) -> dict[str, list[Subnet]]:
    """The subnets of some networks (their keys) by the network of a machine there.

    But those of Azure's own. The same ones are around each network of one hub.
    """
    found: dict[str, list[Subnet]] = defaultdict(list)
    for subnet in subnets_of(network, around):
        if not _is_platform(subnet):
            found[anywhere_in(network, subnet).home].append(subnet)
    return found


@question_about
def _senders_in(network: Network, subnet: Subnet) -> Point:
    """Give any machine of a subnet: none has an address of a private endpoint there."""
    here = anywhere_in(network, subnet)
    taken = NOTHING
    for edge in network.referrers(subnet, "subnet"):
        if isinstance(edge.source, PrivateEndpoint):
            taken = taken | endpoint(network, edge.source).addresses
    return replace(here, addresses=here.addresses - taken) if taken else here


def _is_platform(subnet: Subnet) -> bool:
    return subnet.name.lower() in PLATFORM_SUBNETS


def _may_be_straight(network: Network, home: str, there: str) -> bool:
    """Whether packets may go straight between networks (keys): one, or two peers (R-14)."""
    return home == there or there in _peers(network, home)


@question_about
def _peers(network: Network, home: str) -> frozenset[str]:
    vnet = network.nodes.get(home)
    if not isinstance(vnet, VirtualNetwork):
        return frozenset()
    return frozenset(tie.far_key for tie in ties_of(network, vnet).ties)


def _straight(network: Network, here: Point, there: Point) -> bool:
    """Whether some address of one point is certainly routed straight from another."""
    subnet = here.place
    if subnet is None:
        return False
    vnet = vnet_of(network, here)
    ways = ways_from(network, subnet, 4, network.tags)
    return any(leads_to(way, there.home, vnet) is True for way in ways.towards(there.addresses))


def _by_appliance(network: Network, here: Point, there: Point) -> bool:
    """Whether some address of one point is routed by an appliance from another."""
    subnet = here.place
    if subnet is None or AddressSet(v4=there.addresses.v4) <= near(network, subnet):
        return False
    ways = ways_from(network, subnet, 4, network.tags)
    return any(
        route.hop is Hop.APPLIANCE
        for way in ways.towards(there.addresses)
        for route in way.possible
    )
