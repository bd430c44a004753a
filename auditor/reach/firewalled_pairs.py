"""Pairs of subnets between which everything goes by one Azure Firewall, those alike as one.

Spokes of a hub are many, and what the firewall does between most of them is the same: pairs with
equal filters, between which the same rules decide and all routes lead to the firewall and back,
have one answer. It is asked about one of them. What differs is why something is not told: that
names the groups and routes of the two subnets, and is asked of each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from auditor.addresses import Address, PortSet
from auditor.intervals import overlap
from auditor.network.effective_rules import Direction
from auditor.network.firewalling import firewall_program
from auditor.network.flow import terms_at
from auditor.network.graph import Network
from auditor.network.reasons import Reason
from auditor.network.service_tags import ServiceTags
from auditor.packets.diagram import Diagram
from auditor.reach.addressees import aims
from auditor.reach.along import told_of
from auditor.reach.answer import Answer, private_answers
from auditor.reach.cell import Cell, cell_of
from auditor.reach.doubting import explained, packets_besides, unsure_on
from auditor.reach.filtering import Key
from auditor.reach.forwarding import whose_word
from auditor.reach.frame import Packet
from auditor.reach.into_networks import leads_into
from auditor.reach.leading import leads_by
from auditor.reach.named_by_rules import NamedByRules
from auditor.reach.outcomes import PERHAPS, Outcome
from auditor.reach.points import Kind, part_in_subnet
from auditor.reach.samples import coordinates
from auditor.reach.subnet_views import View, why
from auditor.reach.verdicts import Verdict, asked_for
from auditor.reach.ways import Way
from auditor.resources.firewalls import Firewall, FirewallIpConfiguration


class Filters(NamedTuple):
    """What the filters of a pair do, with the addresses of both settled.

    `out` is what those of the source do; `straight` and `rewritten` those of the target, with what
    bears the source's address or one of the firewall's.
    """

    out: Diagram[Outcome]
    straight: Diagram[Outcome]
    rewritten: Diagram[Outcome]


class Passage(NamedTuple):
    """A firewall that stands between: its ip configuration, its subnet, its address for routes."""

    configuration: FirewallIpConfiguration
    view: View
    address: Address


class _Ask(NamedTuple):
    """A filter that may stop a packet: of the source or the target, as it looks there."""

    direction: Direction
    packet: Packet
    rewritten: bool


class _Look(NamedTuple):
    """Why one packet of an answer is not told.

    `asks` are the filters that may stop it, `reasons` whatever else; `otherwise` is what is said
    when neither tells anything.
    """

    asks: tuple[_Ask, ...]
    reasons: tuple[Reason, ...]
    otherwise: tuple[Reason, ...]


class _Known(NamedTuple):
    cell: Cell
    looks: tuple[_Look, ...] | None


class FirewalledPairs:
    """The pairs of one matrix between which an Azure Firewall stands."""

    def __init__(
        self, network: Network, protocols: Sequence[str], ports: PortSet, tags: ServiceTags
    ) -> None:
        """Ask about these packets."""
        self.network = network
        self.protocols = tuple(protocols)
        self.ports = ports
        self.tags = tags
        self._known: dict[object, _Known] = {}
        self._rules: dict[object, NamedByRules | None] = {}
        self._ends: dict[object, object | None] = {}
        self._by: dict[tuple[int, Address], bool] = {}

    def cell(
        self, source: View, target: View, filters: Filters, way: Way, passage: Passage
    ) -> Cell | None:
        """Give the cell of a pair; None: its routes or rules are not as plain as that."""
        alike = self._alike(source, target, way, passage)
        if alike is None:
            return None
        key = (filters, alike)
        known = self._known.get(key)
        if known is None:
            found = self.asked(source, target)
            known = self._known[key] = _Known(cell_of(found), self._looks(found, filters))
            return known.cell
        if not known.looks:
            return None if known.looks is None else known.cell
        told = {reason for look in known.looks for reason in self._reasons(look, source, target)}
        return known.cell._replace(reasons=tuple(sorted(told)))

    def asked(self, source: View, target: View) -> list[Answer]:
        """Give the answers about one pair, for its version of IP."""
        found = private_answers(
            self.network,
            source.point,
            target.point,
            protocols=self.protocols,
            ports=self.ports,
            tags=self.tags,
        )
        return [answer for answer in found if answer.version == source.version]

    def told_by(self, passage: Passage, source: View, target: View) -> object | None:
        """Give what a firewall, one of several in a row, makes of a pair; None: not one thing."""
        rules = self.rules_between(passage, source, target)
        if rules is None:
            return None
        ends = (
            self._told_of(source, passage, Direction.OUTBOUND),
            self._told_of(target, passage, Direction.INBOUND),
        )
        return passage.configuration.key, rules, *ends

    def rules_between(self, passage: Passage, source: View, target: View) -> object | None:
        """Give what the rules of a firewall tell of packets between two subnets, if it is one."""
        rules = self._rules_of(passage, source)
        return rules.between(source.addresses, target.addresses) if rules is not None else None

    def told_apart(self, answers: Iterable[Answer]) -> bool:
        """Tell whether the filters at both ends leave nothing of some answers open."""
        for answer in answers:
            if answer.verdict is Verdict.UNKNOWN and answer.path is not None:
                for packet, _ in self._looked_at(answer):
                    steps = (
                        s for stage in answer.path.trail.stages for s in told_of(stage, packet)
                    )
                    if any(step.passes is None and step.code in _FILTERS for step in steps):
                        return False
        return True

    # What makes pairs alike

    def _alike(self, source: View, target: View, way: Way, passage: Passage) -> object | None:
        """Give what pairs have in common that are treated alike; None: nothing tells of this."""
        own = passage.view.addresses
        addresses = source.addresses, target.addresses
        if overlap(*addresses) or any(overlap(own, each) for each in addresses):
            return None
        ways = (way, *target.ways_to(source.addresses))
        if not all(self._goes_by(each, passage.address) for each in ways):
            return None
        ends = (
            self._end(source, passage, Direction.OUTBOUND),
            self._end(target, passage, Direction.INBOUND),
        )
        rules = self._rules_of(passage, source)
        named = rules.between(*addresses) if rules is not None else None
        if named is None or None in ends:
            return None
        return source.version, passage.configuration.key, passage.address, named, *ends

    def _goes_by(self, way: Way, appliance: Address) -> bool:
        key = id(way), appliance
        found = self._by.get(key)
        if found is None:
            found = self._by[key] = leads_by(way, appliance) is True
        return found

    def _rules_of(self, passage: Passage, source: View) -> NamedByRules | None:
        firewall = passage.configuration.root
        key = firewall.key, source.version
        if key not in self._rules:
            self._rules[key] = (
                NamedByRules(firewall_program(self.network, firewall, self.tags), source.version)
                if isinstance(firewall, Firewall)
                else None
            )
        return self._rules[key]

    def _end(self, end: View, passage: Passage, direction: Direction) -> object | None:
        """Give what the firewall makes of one end, whatever the other; None: it is not plain.

        Plain: it forwards to that network, which takes what is forwarded, and gets replies.
        """
        key = end.subnet.key, end.version, passage.configuration.key, direction
        if key not in self._ends:
            plain = self._is_plain(end, passage, direction)
            self._ends[key] = self._told_of(end, passage, direction) if plain else None
        return self._ends[key]

    def _is_plain(self, end: View, passage: Passage, direction: Direction) -> bool:
        here = part_in_subnet(self.network, Kind.FIREWALL, passage.configuration)
        if whose_word(self.network, here, end.point) is not None:
            return False
        firewall = passage.view
        if not self._all_lead(firewall, end, lambda _: False):
            return False
        if direction is Direction.OUTBOUND:
            return True
        return len(aims(self.network, end.point)) == 1 and self._all_lead(
            end, firewall, lambda way: self._goes_by(way, passage.address)
        )

    def _all_lead(self, here: View, there: View, also: Callable[[Way], bool]) -> bool:
        """Whether all ways lead into the network of an end, or are such as will do, too."""
        home = there.point.home
        return all(
            also(way) or leads_into(self.network, way, home, here.vnet) is True
            for way in here.ways_to(there.addresses)
        )

    def _told_of(self, end: View, passage: Passage, direction: Direction) -> object:
        rules = terms_at(self.network, None, direction, end.subnet, self.tags).rules
        several = Key(self.network, rules, None) if len(rules.layers) > 1 else len(rules.layers)
        if direction is Direction.OUTBOUND or not isinstance(passage.configuration.root, Firewall):
            return several
        kept = firewall_program(self.network, passage.configuration.root, self.tags).private_ranges
        to = end.point.addresses
        return several, to <= kept.must, to.overlaps(kept.may)

    # Why an answer is not told

    def _looks(self, answers: Iterable[Answer], filters: Filters) -> tuple[_Look, ...] | None:
        """Give why packets are not told; None: not of the filters apart."""
        found: list[_Look] = []
        for answer in answers:
            if answer.verdict is Verdict.UNKNOWN:
                for packet, otherwise in self._looked_at(answer):
                    look = _look(answer, packet, filters, otherwise)
                    if look is None:
                        return None
                    found.append(look)
        return tuple(dict.fromkeys(found))

    def _looked_at(self, answer: Answer) -> Iterator[tuple[Packet, tuple[Reason, ...]]]:
        """Give the packets whose reasons an answer tells, and those it has where there is none."""
        path, shown, bounds = answer.path, answer.witness, answer.bounds
        assert path is not None, "something may arrive by some path"
        assert shown is not None, "a part of an answer has packets"
        assert bounds is not None, "an answer that is judged tells them"
        frame, *others = path.trail.frames
        rewritten = frame.reasons or tuple(reason for other in others for reason in other.reasons)
        yield shown, explained(rewritten)
        protocols = self.protocols if answer.protocol == "*" else (answer.protocol,)
        asked = asked_for(path.trail.space, protocols, answer.ports)
        for packet in packets_besides(unsure_on(path, asked & bounds.may), shown):
            yield packet, rewritten

    def _reasons(self, look: _Look, source: View, target: View) -> set[Reason]:
        found = set(look.reasons)
        for ask in look.asks:
            here, there = source, target.host
            if ask.direction is Direction.INBOUND:
                here, there = target, ask.packet.source if ask.rewritten else source.host
            found.update(why(self.network, here, ask.direction, there, ask.packet, self.tags))
        return found or set(look.otherwise)


_FILTERS = frozenset({"nsg-outbound", "nsg-inbound", "admin-rule"})
"""Codes of hops that filters are."""


def _look(
    answer: Answer, packet: Packet, filters: Filters, otherwise: tuple[Reason, ...]
) -> _Look | None:
    asks: list[_Ask] = []
    reasons: set[Reason] = set()
    assert answer.path is not None
    for number, stage in enumerate(answer.path.trail.stages):
        unsure = [step for step in told_of(stage, packet) if step.passes is None]
        told = {reason for step in unsure for reason in step.reasons}
        if not any(step.code in _FILTERS for step in unsure):
            reasons |= told
            continue
        seen, rewritten = stage.frame.applied(packet), stage.frame.source is not None
        entering = filters.rewritten if rewritten else filters.straight
        outcome = entering if number else filters.out
        if outcome.at(coordinates(seen)) == PERHAPS:
            direction = Direction.INBOUND if number else Direction.OUTBOUND
            asks.append(_Ask(direction, seen, rewritten))
        elif told <= set(stage.frame.reasons):
            reasons |= told
        else:
            return None
    return _Look(tuple(asks), tuple(sorted(reasons)), otherwise)
