"""Past the appliances that routes name, from each to the next (R-11, R-15, section 12).

An appliance forwards by the routes of its own subnet, which may name a further one: in another hub,
say, or a second firewall before the internet. They are followed until nobody further is named, or
one of those before.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from auditor.addresses import EVERY_PORT, EVERYTHING, NOTHING, Address, AddressSet, PortSet
from auditor.network.address_owners import Owner, owned_addresses
from auditor.network.effective_rules import Direction
from auditor.network.graph import Network
from auditor.network.reasons import Reason
from auditor.network.routing.model import Hop
from auditor.network.routing.peered import ties_of
from auditor.packets.diagram import PacketSet
from auditor.reach.balancing import Forward, forwards_of
from auditor.reach.bounds import Bounds
from auditor.reach.delivery import arrives
from auditor.reach.filter_stage import filters
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
from auditor.reach.health import chosen
from auditor.reach.into_networks import leads_into
from auditor.reach.loops import handed_back
from auditor.reach.points import Kind, Point, machine, part_in_subnet, possible, vnet_of
from auditor.reach.stages import Reply, goes, remark, replies
from auditor.reach.trail import Stage, Trail
from auditor.reach.ways import LeadsBy, Way, leads_by, leaves_by, ways_from
from auditor.resources.firewalls import Firewall, FirewallIpConfiguration
from auditor.resources.interfaces import IpConfiguration
from auditor.resources.load_balancers import LoadBalancerFrontend


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
) -> Iterator[Passed | Trail]:
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
            yield from by_stranger(there, address, source)
            continue
        here = part_in_subnet(trail.network, Kind.FIREWALL, configuration)
        if before is not None:
            there = taken(there, source, here)
        onwards = _back_from(there, here, source, before)
        for passed in filtered(there, firewall, here, to):
            one = Passed(passed, here, address, source, led, before, onwards, there)
            yield one
            yield from past_appliances(passed, here, to, one)


def brought(
    trail: Trail, source: Point, target: Point, before: Passed | None = None
) -> Iterator[tuple[Trail, Reply]]:
    """Follow packets into the network of their target by appliances, each with the way back."""
    for passed in past_appliances(trail, source, target.addresses, before):
        if isinstance(passed, Trail):
            yield passed, lambda then, _: then
        else:
            there = taken(arrives(passed.trail, passed.here, target), passed.here, target)
            if target.kind is Kind.ENDPOINT:
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


def by_stranger(trail: Trail, appliance: Address, at: Point) -> Iterator[Trail]:
    """Follow packets from a point through an appliance of which nothing is told (section 12).

    Behind a load balancer there are several.
    """
    who = owner_of(trail.network, at, appliance)
    vnet = vnet_of(trail.network, at)
    back = handed_back(trail.network, vnet, appliance, trail.space.version) if vnet else NOTHING
    trail = remark(
        trail,
        "appliance",
        str(appliance),
        lambda _: f"it cannot be told what the appliance {who} does with it",
        Bounds.maybe(~trail.space.having(destination=back) if back else trail.space.all),
        reasons=(stranger_reason(who),),
        stopped=f"the routes of the appliance {who} lead back to it (R-5)",
        opening=f"take the route back to {who} out of the table of its own subnet",
    )
    # It may put its own address in the place of the source's.
    own = AddressSet.from_range(appliance, appliance)
    for there in _into_stranger(trail, appliance, at):
        yield there.perhaps_becoming(source=own, source_port=EVERY_PORT)


def _into_stranger(trail: Trail, appliance: Address, at: Point) -> Iterator[Trail]:
    """Add the rules at the NIC of an appliance, which are asked of what it forwards too (P-7)."""
    nodes = [each.node for each in _owners(trail.network, at, appliance)]
    if len(nodes) == 1 and isinstance(nodes[0], IpConfiguration):
        yield filters(trail, machine(trail.network, nodes[0]), Direction.INBOUND)
    elif len(nodes) == 1 and isinstance(nodes[0], LoadBalancerFrontend):
        yield from _behind(trail, nodes[0])
    else:
        yield trail


def _behind(trail: Trail, front: LoadBalancerFrontend) -> Iterator[Trail]:
    """Add the same of each appliance behind a load balancer, which must be healthy too (E-16).

    Its address is no end of the packet, and stays out of it.
    """
    found = forwards_of(trail.network, front)
    told = not found.reasons and all(_is_told(each) for each in found.known)
    if not told:
        yield trail
        return
    for each in found.known:
        if each.target is not None:
            there = chosen(trail, each, each.target)
            yield filters(there, each.target, Direction.INBOUND)
    if not found.known:
        yield remark(
            trail,
            "load-balancer",
            front.root.id,
            lambda _: f"no machine is behind {front.root.label} (R-11)",
            Bounds.nothing(trail.space),
            opening=f"put the appliances into the pool of {front.root.label}",
        )


def _is_told(forward: Forward) -> bool:
    """Whether a rule for all ports leads to a machine of which nothing is in doubt."""
    known = forward.target is not None and forward.target.kind is Kind.MACHINE
    return known and not forward.reasons and forward.ports == PortSet.of(0, 65535)


def stranger_reason(who: str) -> Reason:
    """Say why it is not told what becomes of packets at an appliance."""
    return Reason(f"nva:{who}", "whether it lets the packet through, and as what")


def owner_of(network: Network, source: Point, address: Address) -> str:
    """Name who has an appliance's address, seen from a point, or give the address."""
    for owner in _owners(network, source, address):
        return owner.holder.label
    return str(address)


def _owners(network: Network, source: Point, address: Address) -> tuple[Owner, ...]:
    """Who has an address in the network of a point or, if nobody has, in one joined with it."""
    for home in (source.home, *_joined_with(network, source)):
        owners: tuple[Owner, ...] = owned_addresses(network, home).get(address, ())
        if owners:
            return owners
    return ()


def _joined_with(network: Network, point: Point) -> list[str]:
    vnet = vnet_of(network, point)
    return [tie.far_key for tie in ties_of(network, vnet).ties] if vnet is not None else []


def firewall_at(
    network: Network, source: Point, address: Address
) -> FirewallIpConfiguration | None:
    """Give the Azure Firewall in a point's VNet, or in one peered with it, that has an address."""
    for key in (source.home, *_joined_with(network, source)):
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
    doubts = whys if before is not None and not online else ()
    to = trail.sources()
    return replies(trail, here, to, ask, "back to where it came from", doubts).stages[-1]
