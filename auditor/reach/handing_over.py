"""Past the appliances that routes name, from each to the next (R-11, R-15, section 12).

An appliance forwards by the routes of its own subnet, which may name a further one: in another hub,
say, or a second firewall before the internet. They are followed until nobody further is named, or
one of those before.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from auditor.addresses import EVERYTHING, NOTHING, Address, AddressSet
from auditor.network.address_owners import Owner, owned_addresses
from auditor.network.graph import Network
from auditor.network.reasons import Reason
from auditor.network.routing.model import Hop
from auditor.packets.diagram import PacketSet
from auditor.reach.bounds import Bounds
from auditor.reach.delivery import arrives
from auditor.reach.firewalling import (
    Homes,
    bears_own,
    by_firewall,
    filtered,
    goes_round,
    may_go_round,
)
from auditor.reach.forwarding import taken, taken_back
from auditor.reach.frame import of_addresses
from auditor.reach.into_networks import doubts_into, leads_into
from auditor.reach.leading import LeadsBy, by_unnamed, is_unnamed, leads_by, leaves_by
from auditor.reach.points import Kind, Point, part_in_subnet, vnet_of
from auditor.reach.stages import Reply, goes, remark, replies
from auditor.reach.subnet_addresses import possible
from auditor.reach.trail import Stage, Trail
from auditor.reach.untold_appliances import (
    joined_with,
    owner_of,
    stranger_reason,
    through_stranger,
    through_unnamed,
)
from auditor.reach.ways import Way, ways_from
from auditor.resources.firewalls import Firewall, FirewallIpConfiguration
from auditor.resources.private_endpoints import PrivateEndpoint


class Passed(msgspec.Struct, frozen=True):
    """An Azure Firewall that packets are past, whose routes they go on by.

    `trail` is their way so far, and `led` what routes may lead along it. `before` is the one that
    handed over to it, `came` their way until then, and `onwards` that of replies from here to
    whoever did: none where that is seen to.
    """

    trail: Trail
    here: Point
    address: Address
    source: Point
    led: PacketSet
    before: Passed | None = None
    onwards: Stage | None = None
    came: Trail | None = None

    @property
    def chain(self) -> tuple[Address, ...]:
        """The addresses of the appliances that packets are past, in order."""
        return (*(self.before.chain if self.before is not None else ()), self.address)

    @property
    def homes(self) -> Homes:
        """The keys of the networks in which packets were before they came here, the last first."""
        return (self.source.home, *(self.before.homes if self.before is not None else ()))

    def reply(self, then: Trail, responder: Point) -> Trail:
        """Add the way back from whoever answers, by each of the appliances again (P-11)."""
        homes = self.before.homes if self.before is not None else ()
        there = by_firewall(self.here, self.address, self.source, homes)(then, responder)
        return self._handed_back(there, (then, responder))

    def _handed_back(self, then: Trail, *later: tuple[Trail, Point]) -> Trail:
        """Add the way back from this one on, where those `later` on the way may leave it out."""
        there = self._answering(then)
        own = ((self.came, self.here),) if self.came is not None else ()
        if self.onwards is not None:
            back = taken_back(there, self.here, self.source)
            skipped = self.before is not None and self._is_left_out(self.source, *own)
            there = _perhaps(there, back) if skipped else back
        if self._is_left_out(self.here, *later):
            there = _perhaps(then, there)
        return there if self.before is None else self.before._handed_back(there, *later, *own)

    def _is_left_out(self, here: Point, *later: tuple[Trail, Point]) -> bool:
        """Whether replies of some later ones on the way may get past a point to one before it."""
        elsewhere = tuple(home for home in self.homes if home != here.home)
        return any(may_go_round(*each, elsewhere) for each in later)

    def answered(self, then: Trail) -> Trail:
        """Add the way back from the appliance that packets leave by, once an answer is there."""
        then = self._answering(then)
        return then if self.before is None else self.before.answered(then)

    def answered_by_endpoint(self, then: Trail) -> Trail:
        """Add the way back from a private endpoint, which takes no route but to whom it sees.

        So a firewall has to put its own address in the place of the source's: of others Azure says
        only that they need it, and what becomes of them differs by service and by place.
        """
        label = self.here.node.root.label if self.here.node is not None else self.here.id
        own = possible(self.here.place) if self.here.place is not None else NOTHING
        what = f"whether a private endpoint answers by {label}, which keeps the source"
        sources: dict[bool | None, AddressSet] = {True: own, None: EVERYTHING - own}
        then = remark(
            then,
            "return-route",
            self.here.id,
            lambda _: f"the reply is for {label} itself",
            of_addresses(then.space, "source", sources),
            reasons=(Reason("semantics:P-11", what, self.here.id),),
            unsure=f"it cannot be told {what}",
            reply=True,
        )
        return self._handed_back(then)

    def _answering(self, then: Trail) -> Trail:
        if self.onwards is None or then.sent <= self.onwards.bounds.must:
            return then
        return replace(then, stages=(*then.stages, self.onwards))


class Untold(msgspec.Struct, frozen=True):
    """An appliance of which nothing is told that packets may be past: `why` says what is not."""

    trail: Trail
    why: Reason


def _perhaps(before: Trail, after: Trail) -> Trail:
    """Doubt what the stages stop by which a trail is longer than it was."""
    known = len(before.stages)
    doubted = [
        replace(each, bounds=Bounds(after.space.all, each.bounds.must))
        for each in after.stages[known:]
    ]
    return replace(after, stages=(*before.stages, *doubted))


def past_appliances(
    trail: Trail, source: Point, to: AddressSet, before: Passed | None = None
) -> Iterator[Passed | Untold]:
    """Follow packets past each appliance that routes name, and past those named there, and so on.

    Of one that is no Azure Firewall, a way on which nothing is certain: where it leads is not told.
    """
    for address in appliances_towards(trail, source, to):
        if before is not None and address in before.chain:
            continue
        there = goes(trail, source, to, LeadsBy(address), f"to the appliance {address}", alike=True)
        led = there.stages[-1].bounds.may & (trail.sent if before is None else before.led)
        if before is not None and led.is_empty:
            continue  # what is for this one has gone another way before
        configuration = firewall_at(trail.network, source, address)
        firewall = configuration.root if configuration is not None else None
        if configuration is None or not isinstance(firewall, Firewall):
            why = stranger_reason(owner_of(trail.network, source, address))
            yield from (Untold(each, why) for each in through_stranger(there, address, source))
            continue
        here = part_in_subnet(trail.network, Kind.FIREWALL, configuration)
        if before is not None:
            there = taken(there, source, here)
        onwards = _back_from(there, here, source, before)
        for passed in filtered(there, firewall, here, to):
            one = Passed(passed, here, address, source, led, before, onwards, there)
            yield one
            yield from past_appliances(passed, here, to, one)
    yield from _past_unnamed(trail, source, to)


def _past_unnamed(trail: Trail, source: Point, to: AddressSet) -> Iterator[Untold]:
    """Follow packets past an appliance that a route leads to and does not tell, as anybody's."""
    subnet = source.place
    if subnet is None:
        return
    ways = ways_from(trail.network, subnet, trail.space.version, trail.tags).towards(to)
    named = (each for way in ways for each in way.possible if is_unnamed(each))
    route = next(named, None)
    if route is None:
        return
    lacks = next((each for each in route.doubts), None)
    why = lacks or Reason("collection-gap", "which appliance a route leads to", subnet.id)
    there = goes(trail, source, to, by_unnamed, "to an appliance that is not told", alike=True)
    yield Untold(through_unnamed(there, route, why), why)


def brought(
    trail: Trail, source: Point, target: Point, before: Passed | None = None
) -> Iterator[tuple[Trail, Reply]]:
    """Follow packets into the network of their target by appliances, each with the way back."""
    for passed in past_appliances(trail, source, target.addresses, before):
        if isinstance(passed, Untold):
            yield passed.trail, lambda then, _: then
        else:
            there = taken(arrives(passed.trail, passed.here, target), passed.here, target)
            if isinstance(target.node, PrivateEndpoint):
                there = passed.answered_by_endpoint(there)
            yield there, passed.reply


def appliances_towards(trail: Trail, source: Point, to: AddressSet) -> tuple[Address, ...]:
    """Give the addresses of the appliances that routes name for some destinations, sorted."""
    subnet = source.place
    if subnet is None:
        return ()
    ways = ways_from(trail.network, subnet, trail.space.version, trail.tags)
    found = {
        route.address
        for way in ways.towards(to)
        for route in way.possible
        if route.hop is Hop.APPLIANCE and route.address is not None
    }
    return tuple(sorted(found))


def firewall_at(
    network: Network, source: Point, address: Address
) -> FirewallIpConfiguration | None:
    """Give the Azure Firewall in a point's VNet, or in one peered with it, that has an address."""
    for key in (source.home, *joined_with(network, source)):
        owners: tuple[Owner, ...] = owned_addresses(network, key).get(address, ())
        for owner in owners:
            if isinstance(owner.node, FirewallIpConfiguration):
                return owner.node
    return None


def _back_from(trail: Trail, here: Point, source: Point, before: Passed | None) -> Stage:
    """Give the way of replies from a firewall to whoever sent the packet, as it came there.

    What comes in by a gateway has an address of a site, and goes back to the gateway; what another
    firewall hands over goes back to that, which may have put its own address in the source's.
    """
    vnet = vnet_of(trail.network, here)
    from_site = trail.source.kind is Kind.ON_PREMISES and not trail.via

    def ask(way: Way) -> bool | None:
        if before is None and from_site:
            return leaves_by(way, Hop.GATEWAY)
        straight = leads_into(trail.network, way, source.home, vnet)
        if before is None:
            return straight
        again = leads_by(way, before.address)
        if again is not False or (straight is not False and bears_own(trail, source)):
            return again or straight
        return None if goes_round(trail, way, vnet, before.homes) else False

    whys = (Reason("semantics:P-11", "what becomes of replies that go round a firewall", here.id),)
    online = trail.source.kind is Kind.INTERNET

    def doubts(way: Way) -> tuple[Reason, ...]:
        around = doubts_into(trail.network, way, source.home, vnet)
        return (*whys, *around) if before is not None and not online else around

    to = trail.sources()
    return replies(trail, here, to, ask, "back to where it came from", doubts).stages[-1]
