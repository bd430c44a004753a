"""One cell of a matrix: what any machine of one subnet may say to any machine of another.

Found from the outcomes of the filters at both ends and the ways between them; where that is not
enough (addresses of one subnet that are treated differently, an Azure Firewall on the way), the
pair is asked about as `auditor.reach.answer` does. Both give the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from auditor.addresses import Address, PortSet
from auditor.network.effective_rules import Direction
from auditor.network.graph import Network
from auditor.network.reasons import Reason
from auditor.network.routing.model import Hop
from auditor.network.service_tags import ServiceTags
from auditor.packets.diagram import Diagram, PacketSet
from auditor.reach.answer import private_answers
from auditor.reach.bounds import Bounds
from auditor.reach.by_gateways import doubts_towards
from auditor.reach.cell import Blocker, Cell, cell_in, cell_of, return_of, route_of, stop_of
from auditor.reach.chained_pairs import ChainedPairs
from auditor.reach.doubting import packets_besides
from auditor.reach.firewalled_pairs import Filters, FirewalledPairs, Passage
from auditor.reach.frame import Packet
from auditor.reach.into_networks import doubts_into, leads_into
from auditor.reach.leading import leads_by
from auditor.reach.met_appliances import Met, met
from auditor.reach.outcomes import MIXED, PASS, PERHAPS, Outcome, Stop
from auditor.reach.points import Point
from auditor.reach.refused_replies import through_appliance
from auditor.reach.samples import coordinates, some_packet
from auditor.reach.space import FlowSpace, space_of
from auditor.reach.subnet_views import View, why
from auditor.reach.verdicts import Verdict, asked_for, parts_of
from auditor.reach.ways import Way
from auditor.resources.virtual_networks import VirtualNetwork

Outcomes: TypeAlias = tuple[Diagram[Outcome], ...]


@dataclass(frozen=True, slots=True)
class _Told:
    """What the sets of packets at both ends say; a witness for each part that is not told."""

    cell: Cell
    unsure: tuple[Packet, ...] = ()


class Cells:
    """The cells of one matrix, each asked about as often as needed."""

    def __init__(
        self, network: Network, protocols: Sequence[str], ports: PortSet, tags: ServiceTags
    ) -> None:
        """Ask about these packets."""
        self.network = network
        self.protocols = tuple(protocols)
        self.ports = ports
        self.tags = tags
        self.asked = 0
        """How many pairs had to be asked about one by one."""
        self._told: dict[object, _Told] = {}
        self._may: dict[Diagram[Outcome], Bounds] = {}
        self._mixed: dict[Diagram[Outcome], bool] = {}
        self._tried: dict[tuple[Bounds, ...], tuple[int, ...]] = {}
        self._leads: dict[tuple[int, str], bool | None] = {}
        self._strangers: dict[tuple[str, Address], Met] = {}
        self._back: dict[tuple[int, str], bool | None] = {}
        self._firewalled = FirewalledPairs(network, protocols, ports, tags)
        self._chained = ChainedPairs(self._firewalled, self._is_mixed)

    # Pairs asked about one by one

    def between(self, source: Point, target: Point, version: int | None = None) -> list[Cell]:
        """Give the cells of two points, one for each version of IP, or that of one version."""
        self.asked += 1
        found = private_answers(
            self.network,
            source,
            target,
            protocols=self.protocols,
            ports=self.ports,
            tags=self.tags,
        )
        versions = dict.fromkeys(answer.version for answer in found)
        return [
            cell_of([answer for answer in found if answer.version == each])
            for each in versions
            if version in (None, each)
        ]

    def _engine(self, source: View, target: View) -> Cell:
        return self.between(source.point, target.point, source.version)[0]

    # What the routes of the source stop

    def stopped(self, source: View, out: Diagram[Outcome], way: Way) -> Cell | None:
        """Give the cell of whatever a way does not lead to; None: ask about each."""
        if self._is_mixed(out):
            return None
        space = space_of(self.network, source.version)
        asked = self._asked(space)
        if not (self._passing(out).may & asked).is_empty:
            return Cell(Verdict.BLOCKED, blocker=route_of(source, way, "route", "from"))
        first = out.at(self._shown(Bounds.everything(space)))
        if not (asked - space.map(out, lambda value: value == first)).is_empty:
            return None  # what stops it depends on what the other end lets in
        return Cell(Verdict.BLOCKED, blocker=stop_of(first, "from"))

    def _shown(self, *filters: Bounds) -> tuple[int, ...]:
        """Give the packet by which it is shown that nothing passes; its addresses do not matter.

        One that gets as far as any does, as `auditor.reach.answer.furthest` chooses it.
        """
        found = self._tried.get(filters)
        if found is None:
            space = filters[0].may.space
            assert isinstance(space, FlowSpace)
            held = self._asked(space)
            for each in filters:
                further = (held & passing for passing in (each.must, each.may))
                held = next((some for some in further if not some.is_empty), held)
            packet = some_packet(held)
            assert packet is not None
            found = self._tried[filters] = coordinates(packet)
        return found

    # Straight

    def straight(self, source: View, out: Diagram[Outcome], target: View) -> Cell:
        """Give the cell of two subnets between which no appliance stands."""
        into = target.lets_in(source.addresses)
        ahead = source.ways_to(target.addresses)
        back = target.ways_to(source.addresses)
        goes = [self._led(way, source, target) for way in ahead]
        returns = [self._returned(way, source, target) for way in back]
        sent, replied = _any(goes), _any(returns)
        if into is None or self._is_mixed(out) or self._is_mixed(into):
            return self._engine(source, target)
        told = self._straight_sets(out, into, (sent, replied))
        if told.cell.verdict is Verdict.BLOCKED:
            blocker = self._first(source, out, into, target, goes)
            return told.cell._replace(blocker=blocker)
        if not told.unsure:
            return told.cell
        if len(ahead) > 1 or len(back) > 1 or self._by_gateway(source, target):
            return self._engine(source, target)  # the reasons depend on the address
        reasons: set[Reason] = set()
        for packet in told.unsure:
            reasons |= self._why(source, out, into, target, packet)
            for way, leads, here, there in (
                (ahead[0], sent, source, target),
                (back[0], replied, target, source),
            ):
                if leads is None:
                    home, vnet = there.point.home, here.vnet
                    reasons |= _doubts_of(way)
                    reasons.update(doubts_into(self.network, way, home, vnet))
        return told.cell._replace(reasons=tuple(sorted(reasons)))

    def _by_gateway(self, source: View, target: View) -> bool:
        """Whether a gateway may not pass on what goes from one to the other, or its reply."""
        there = doubts_towards(self.network, source.vnet, target.point.home)
        return bool(there or doubts_towards(self.network, target.vnet, source.point.home))

    def _led(self, way: Way, source: View, target: View) -> bool | None:
        key = (id(way), target.point.home)
        if key not in self._leads:
            self._leads[key] = self._into(way, target.point.home, source.vnet)
        return self._leads[key]

    def _returned(self, way: Way, source: View, target: View) -> bool | None:
        key = (id(way), source.point.home)
        if key not in self._back:
            self._back[key] = self._into(way, source.point.home, target.vnet)
        direct = self._back[key]
        if direct is not False:
            return direct
        ends = target.point, source.point.addresses
        return through_appliance(self.network, way.route, *ends, source.version, self.tags)

    def _first(
        self,
        source: View,
        out: Diagram[Outcome],
        into: Diagram[Outcome],
        target: View,
        goes: Sequence[bool | None],
    ) -> Blocker:
        at = self._shown(self._passing(out), self._passing(into))
        found = stop_of(out.at(at), "from")
        if found is None and _any(goes) is False:
            found = route_of(source, source.ways.at(target.host), "route", "from")
        if found is None:
            found = stop_of(into.at(at), "to")
        return found or return_of(target, target.ways.at(source.host))

    # By an appliance of which nothing is told

    def by_stranger(
        self, source: View, out: Diagram[Outcome], target: View, appliance: Address
    ) -> Cell:
        """Give the cell of two subnets between which all packets go to an appliance."""
        past = self._met(source, appliance)
        straight = target.lets_in(source.addresses)
        rewritten = target.lets_in_from(past.own.intervals(source.version))
        if (
            straight is None
            or (past.several and len(rewritten) > 1)
            or any(map(self._is_mixed, (out, straight, *rewritten)))
            or past.may_refuse(source.point, target.point)
        ):
            return self._engine(source, target)
        told = self._doubtful_sets(out, straight, rewritten)
        if told.cell.verdict is Verdict.BLOCKED:
            at = self._shown(self._passing(out), self._either(straight, rewritten))
            blocker = stop_of(out.at(at), "from") or stop_of(straight.at(at), "to")
            return told.cell._replace(blocker=blocker)
        reasons = {past.reason}
        for packet in told.unsure:
            reasons |= self._why(source, out, straight, target, packet)
        return told.cell._replace(reasons=tuple(sorted(reasons)))

    def _met(self, source: View, appliance: Address) -> Met:
        key = (source.point.home, appliance)
        found = self._strangers.get(key)
        if found is None:
            version = source.version
            found = met(self.network, source.point, version, self.tags, appliance)
            self._strangers[key] = found
        return found

    # By an Azure Firewall

    def by_any(self, source: View, target: View) -> Cell:
        """Give the cell of two subnets between which any appliances may stand."""
        return self._engine(source, target)

    def by_firewall(
        self, source: View, out: Diagram[Outcome], way: Way, target: View, firewall: Passage
    ) -> Cell:
        """Give the cell of two subnets between which all packets go to an Azure Firewall."""
        ends = source, firewall.view
        straight, rewritten = (target.lets_in(each.addresses) for each in ends)
        found = None
        if straight is not None and rewritten is not None:
            filters = Filters(out, straight, rewritten)
            if not any(map(self._is_mixed, filters)):
                found = self._firewalled.cell(source, target, filters, way, firewall)
                found = found or self._chained.cell(source, target, out, way, firewall)
        return found or self._engine(source, target)

    def beyond_firewall(
        self,
        source: View,
        out: Diagram[Outcome],
        way: Way,
        target: View,
        passage: Passage,
    ) -> Cell | None:
        """Give the cell of a target whose network the firewall's does not lead to.

        None: what stops packets first has to be asked about. It is the way of the source unless
        fewer things stop packets at the firewall: whoever filters or replies there lets them pass.
        """
        firewall = passage.view
        if self._any_leads(firewall, target, target.point.home, firewall.vnet):
            return None
        onward = [route for way in firewall.ways_to(target.addresses) for route in way.possible]
        if any(route.hop is Hop.APPLIANCE for route in onward):
            return None
        if self._any_leads(target, firewall, firewall.point.home, target.vnet):
            return None
        if self._any_leads(target, source, source.point.home, target.vnet):
            return None
        replies = (*target.ways_to(source.addresses), *target.ways_to(firewall.addresses))
        if any(leads_by(each, passage.address) is not False for each in replies):
            return None
        entering = [target.lets_in(each.addresses) for each in (source, firewall)]
        if any(each is None or self._is_mixed(each) for each in (out, *entering)):
            return None
        here, there = (self._let(out, each) for each in entering if each is not None)
        return None if there and not here else self.stopped(source, out, way)

    def _let(self, out: Diagram[Outcome], into: Diagram[Outcome]) -> bool:
        """Whether the packet that gets furthest through a pair of filters passes the second."""
        at = self._shown(self._passing(out), self._passing(into))
        return not isinstance(into.at(at), Stop)

    def _any_leads(self, here: View, other: View, home: str, vnet: VirtualNetwork | None) -> bool:
        ways = here.ways_to(other.addresses)
        return any(self._into(way, home, vnet) is not False for way in ways)

    def _into(self, way: Way, home: str, vnet: VirtualNetwork | None) -> bool | None:
        return leads_into(self.network, way, home, vnet)

    # Sets

    def _straight_sets(
        self, out: Diagram[Outcome], into: Diagram[Outcome], ways: tuple[bool | None, ...]
    ) -> _Told:
        """What passes both filters, where packets and replies go these ways."""
        key = (out, into, ways)
        found = self._told.get(key)
        if found is None:
            total = self._passing(out) & self._passing(into)
            if False in ways:
                total = Bounds.nothing(out.space)
            elif None in ways:
                total = total.doubtful()
            found = self._told[key] = self._said(total)
        return found

    def _doubtful_sets(
        self, out: Diagram[Outcome], into: Diagram[Outcome], rewritten: Outcomes
    ) -> _Told:
        """What may pass both filters, when something between may put its address in place."""
        key = (out, into, rewritten)
        found = self._told.get(key)
        if found is None:
            total = self._passing(out) & self._either(into, rewritten)
            found = self._told[key] = self._said(total.doubtful())
        return found

    def _either(self, into: Diagram[Outcome], rewritten: Outcomes) -> Bounds:
        """What may get in as it is or rewritten, and what does in any case."""
        first, *others = map(self._passing, (into, *rewritten))
        may, must = first.may, first.must
        for each in others:
            may, must = may | each.may, must & each.must
        return Bounds(may, must)

    def _said(self, total: Bounds) -> _Told:
        space = total.may.space
        assert isinstance(space, FlowSpace)
        parts = list(parts_of(space, total.within(self._asked(space)), self.protocols, self.ports))
        tried: list[Packet] = []
        for verdict, protocol, ports, named in parts:
            if verdict is Verdict.UNKNOWN:
                these = tuple(named) if protocol == "*" else (protocol,)
                held = asked_for(space, these, ports) & total.may
                packet = some_packet(held)
                assert packet is not None
                tried += [packet, *packets_besides(held & total.unsure, packet)]
        return _Told(cell_in((v, p, ports) for v, p, ports, _ in parts), tuple(tried))

    def _asked(self, space: FlowSpace) -> PacketSet:
        return asked_for(space, self.protocols, self.ports)

    def _passing(self, outcome: Diagram[Outcome]) -> Bounds:
        found = self._may.get(outcome)
        if found is None:
            space = outcome.space
            must = space.map(outcome, lambda value: value == PASS)
            may = space.map(outcome, lambda value: value in (PASS, PERHAPS))
            found = self._may[outcome] = Bounds(may, must)
        return found

    def _is_mixed(self, outcome: Diagram[Outcome]) -> bool:
        """Whether packets that are asked about depend on which address somebody has."""
        found = self._mixed.get(outcome)
        if found is None:
            space = outcome.space
            assert isinstance(space, FlowSpace)
            mixed = space.map(outcome, lambda value: value == MIXED)
            found = self._mixed[outcome] = not (mixed & self._asked(space)).is_empty
        return found

    def _why(
        self,
        source: View,
        out: Diagram[Outcome],
        into: Diagram[Outcome],
        target: View,
        packet: Packet,
    ) -> set[Reason]:
        at = coordinates(packet)
        found: set[Reason] = set()
        for here, other, outcome, direction in (
            (source, target, out, Direction.OUTBOUND),
            (target, source, into, Direction.INBOUND),
        ):
            if outcome.at(at) == PERHAPS:
                found.update(why(self.network, here, direction, other.host, packet, self.tags))
        return found


def _any(answers: Iterable[bool | None]) -> bool | None:
    found = set(answers)
    return True if True in found else None if None in found else False


def _doubts_of(way: Way) -> set[Reason]:
    doubts = way.possible[0].doubts if way.possible else ()
    return {*way.reasons, *doubts}
