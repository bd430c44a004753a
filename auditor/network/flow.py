"""Network Watcher's question, IP flow verify: do the filters of a NIC let a flow through?

The flow is a new one: replies to it need no rule (N-13). Addresses are those the NIC sees, private
ones on its own side (P-3). The answer holds in every case that the snapshot leaves open; what is
not the same in all of them is unknown, with the reasons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from typing import TypeAlias

import msgspec

from auditor.addresses import EVERY_PORT, Address, PortSet
from auditor.errors import Undetermined
from auditor.network.effective_rules import Direction, effective_rules
from auditor.network.graph import Missing, Network, question
from auditor.network.group_members import addresses_of, configurations_of
from auditor.network.interfaces import Interface
from auditor.network.layers import Action, EffectiveRule, Layer
from auditor.network.reasons import Reason
from auditor.network.service_tags import NO_TAGS, ServiceTags
from auditor.network.symbols import PROTOCOL_NUMBERS
from auditor.network.terms import (
    MAYBE_ALLOWED,
    MAYBE_DENIED,
    MAYBE_FINAL,
    PLATFORM_TRAFFIC,
    Term,
    Terms,
)
from auditor.packets.boxes import boxes
from auditor.packets.compile import first_match
from auditor.packets.diagram import Diagram, PacketSet, Space, V
from auditor.packets.intervals import contains
from auditor.packets.reshape import forgotten
from auditor.packets.space import Box, Dimension
from auditor.resources.virtual_networks import Subnet


class Access(Enum):
    """What becomes of a flow. `MIXED`: some of the ports asked about are let through, some not."""

    ALLOW = "Allow"
    DENY = "Deny"
    UNKNOWN = "Unknown"
    MIXED = "Mixed"


class Flow(msgspec.Struct, frozen=True):
    """A new flow at a NIC: the NIC's address and ports, the other side's, and the protocol.

    `protocol` is a name of `auditor.network.filters.PROTOCOLS`. Without ports: any port.
    """

    direction: Direction
    local: Address
    remote: Address
    protocol: str
    local_ports: PortSet = EVERY_PORT
    remote_ports: PortSet = EVERY_PORT


class LayerAnswer(msgspec.Struct, frozen=True):
    """What one layer says. `rules` are those that may decide: one, when that is certain.

    No rule: nothing filters there, or only what does not concern the flow (`platform`: N-14).
    `passes` is None when it is not certain.
    """

    layer: Layer
    rules: tuple[EffectiveRule, ...]
    passes: bool | None
    platform: bool = False

    @property
    def rule(self) -> EffectiveRule | None:
        """The rule that decides; None when none does, or it is not certain which."""
        return self.rules[0] if len(self.rules) == 1 and self.passes is not None else None


class Verdict(msgspec.Struct, frozen=True):
    """The answer for some of the ports: local and remote ones, as sets of pairs.

    `rule` decides: the first that denies, or else the last that allows, in the order of the
    layers (N-11). None when nothing filters, or it is not certain which rule it is; then
    `possible` are those it may be. `reasons` tell what is not certain, of access or of rule.
    """

    ports: tuple[tuple[PortSet, PortSet], ...]
    access: Access
    rule: EffectiveRule | None
    possible: tuple[EffectiveRule, ...]
    layers: tuple[LayerAnswer, ...]
    reasons: tuple[Reason, ...]


class FlowAnswer(msgspec.Struct, frozen=True):
    """The answer: for all ports alike, or a verdict for each part of them, the lowest first."""

    flow: Flow
    verdicts: tuple[Verdict, ...]

    @property
    def access(self) -> Access:
        """Allow only if every port is allowed, Deny only if none is."""
        found = {verdict.access for verdict in self.verdicts}
        if len(found) == 1:
            return next(iter(found))
        return Access.MIXED if {Access.ALLOW, Access.DENY} <= found else Access.UNKNOWN

    @property
    def rule(self) -> EffectiveRule | None:
        """The rule that decides all ports; None when there is no such rule, or it is uncertain."""
        rules = {verdict.rule for verdict in self.verdicts}
        return next(iter(rules)) if len(rules) == 1 else None

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why something is not certain; sorted, each once."""
        return tuple(sorted({r for verdict in self.verdicts for r in verdict.reasons}))


def flow(
    network: Network,
    nic: Interface | None,
    direction: Direction,
    local: Address,
    remote: Address,
    protocol: str,
    *,
    local_ports: PortSet = EVERY_PORT,
    remote_ports: PortSet = EVERY_PORT,
    tags: ServiceTags = NO_TAGS,
    subnet: Subnet | Missing | None = None,
) -> FlowAnswer:
    """Tell whether the filters of a NIC let a new flow through, and which rule decides.

    `subnet` is the one of the local address, by default that of the NIC's ip configuration which
    has it. Without a NIC: what filters any machine of the subnet.

    ValueError: the protocol has no such name, or the two addresses are of two versions (P-12).
    """
    if protocol not in PROTOCOL_NUMBERS:
        raise ValueError(f"{protocol!r} is no protocol: one of {', '.join(PROTOCOL_NUMBERS)}")
    if local.version != remote.version:
        raise ValueError(f"{local} and {remote} are of two versions of IP")
    asked = Flow(direction, local, remote, protocol, local_ports, remote_ports)
    place = subnet if subnet is not None or nic is None else subnet_of(network, nic, local)
    terms = terms_at(network, nic, direction, place, tags).about(remote)
    return FlowAnswer(asked, tuple(_Question(terms, asked).verdicts()))


def terms_at(
    network: Network,
    nic: Interface | None,
    direction: Direction,
    place: Subnet | Missing | None,
    tags: ServiceTags,
) -> Terms:
    """Read the rules of a NIC once for many questions about it, those of a few NICs at a time."""
    known = network.ask(_known)
    nic_key = nic.key if nic is not None else ""
    key = (nic_key, direction, place.key if place is not None else "", tags)
    if key not in known:
        if len(known) >= _KEPT:
            known.clear()
        known[key] = Terms(effective_rules(network, nic, direction, place, tags))
    return known[key]


_KEPT = 64
"""The NICs and directions whose terms are kept at a time."""


@question
def _known(network: Network) -> dict[tuple[str, Direction, str, ServiceTags], Terms]:
    return {}


def subnet_of(network: Network, nic: Interface, local: Address) -> Subnet | Missing | None:
    """Give the subnet of a NIC's address: that of the ip configuration which has it, or may."""
    configurations = configurations_of(nic)
    for exactly in (True, False):
        for configuration in configurations:
            extent = addresses_of(network, configuration)
            if local in (extent.must if exactly else extent.may):
                try:
                    node = network.find(configuration.properties.subnet)
                except Undetermined:
                    continue
                if isinstance(node, Subnet | Missing):
                    return node
    return None


_Labels: TypeAlias = tuple[int, ...]
"""The label that decides at each layer."""


class _Question:
    """A flow among terms: what is left to vary are its ports and what is not told."""

    def __init__(self, terms: Terms, asked: Flow) -> None:
        self.asked = asked
        self.terms = terms
        self.layers = terms.rules.layers
        self.kept = [[t for t in layer if self._concerns(t)] for layer in terms.layers]
        named = sorted({c for layer in self.kept for t in layer for c, _ in t.conditions})
        self.names = {condition: f"? {condition}" for condition in named}
        self.space = Space(
            (
                Dimension("destination_port", 1 << 16),
                Dimension("source_port", 1 << 16),
                *(Dimension(name, 2) for name in self.names.values()),
            )
        )

    def _concerns(self, term: Term) -> bool:
        asked = self.asked
        numbers = PROTOCOL_NUMBERS[asked.protocol]
        number = numbers[0][0] if asked.local.version == 4 else numbers[-1][0]
        return (
            asked.local in term.own
            and asked.remote in term.peer
            and contains(term.protocols, number)
        )

    def verdicts(self) -> Iterator[Verdict]:
        decided = self._decided()
        asked = self.space.packets(self._box_of_ports())
        known = sorted(_leaves(decided))
        sets = {labels: self._somehow(decided, labels) for labels in known}
        cases = self.space.leaf(frozenset[_Labels]())
        for labels, ports in sets.items():
            cases = self.space.combine(cases, ports, _adding(labels))
        parts: list[tuple[Box, Verdict]] = []
        for case in _leaves(cases):
            region = self.space.map(cases, _equals(case)) & asked
            if not region.is_empty:
                where = tuple(box[:2] for box in boxes(region))
                parts.append((where[0], self._verdict(case, where, decided, region)))
        for _, verdict in sorted(parts, key=lambda part: part[0]):
            yield verdict

    def _decided(self) -> Diagram[_Labels]:
        decided: Diagram[_Labels] = self.space.leaf(())
        for layer in self.kept:
            found = first_match(
                self.space, [self._box(term) for term in layer], [t.label for t in layer], -1
            )
            decided = self.space.combine(decided, found, lambda labels, label: (*labels, label))
        return decided

    def _box(self, term: Term) -> Box:
        conditions = {self.names[name]: ((int(way), int(way)),) for name, way in term.conditions}
        return self.space.box(
            destination_port=term.destination_ports, source_port=term.source_ports, **conditions
        )

    def _box_of_ports(self) -> Box:
        asked = self.asked
        ports = (asked.local_ports.intervals, asked.remote_ports.intervals)
        destination, source = ports if self.terms.rules.inbound else ports[::-1]
        return self.space.box(destination_port=destination, source_port=source)

    def _somehow(self, decided: Diagram[_Labels], labels: _Labels) -> PacketSet:
        """The ports for which the layers decide so in some case."""
        found = self.space.map(decided, _equals(labels))
        for name in self.names.values():
            found = forgotten(found, name)
        return found

    def _verdict(
        self,
        case: frozenset[_Labels],
        where: tuple[Box, ...],
        decided: Diagram[_Labels],
        region: PacketSet,
    ) -> Verdict:
        every = sorted(case)
        passes = {self._passes(labels) for labels in every}
        access = (Access.ALLOW if True in passes else Access.DENY) if len(passes) == 1 else None
        deciders = list(dict.fromkeys(self._decider(labels) for labels in every))
        certain = len(deciders) == 1 and access is not None
        judged: Callable[[_Labels], object] = self._passes if access is None else self._decider
        return Verdict(
            ports=tuple(self._ports(box) for box in where),
            access=access or Access.UNKNOWN,
            rule=deciders[0] if certain else None,
            possible=tuple(rule for rule in deciders if rule is not None),
            layers=tuple(self._layer(number, every) for number in range(len(self.layers))),
            reasons=() if certain else self._reasons(self.space.map(decided, judged), region),
        )

    def _ports(self, box: Box) -> tuple[PortSet, PortSet]:
        destination, source = PortSet(box[0]), PortSet(box[1])
        return (destination, source) if self.terms.rules.inbound else (source, destination)

    def _passes(self, labels: _Labels) -> bool:
        for number, label in enumerate(labels):
            action = self._action(number, label)
            if action is not Action.ALLOW:
                return action is Action.FINAL
        return True

    def _action(self, number: int, label: int) -> Action:
        if label >= 0:
            return self.layers[number].rules[label].action
        return _UNTOLD.get(label, Action.ALLOW)

    def _decider(self, labels: _Labels) -> EffectiveRule | None:
        last = None
        for number, label in enumerate(labels):
            rule = self.layers[number].rules[label] if label >= 0 else None
            if self._action(number, label) is not Action.ALLOW:
                return rule
            last = rule or last
        return last

    def _layer(self, number: int, cases: list[_Labels]) -> LayerAnswer:
        labels = sorted({case[number] for case in cases})
        rules = self.layers[number].rules
        passes = {self._action(number, label) is not Action.DENY for label in labels}
        return LayerAnswer(
            self.layers[number],
            tuple(rules[label] for label in labels if label >= 0),
            passes.pop() if len(passes) == 1 and _MAYBE.isdisjoint(labels) else None,
            platform=labels == [PLATFORM_TRAFFIC],
        )

    def _reasons(self, judged: Diagram[object], region: PacketSet) -> tuple[Reason, ...]:
        """Why the outcome is not the same in all cases, at these ports."""
        inside = self.space.combine(
            judged, region, lambda value, here: value if here else _ELSEWHERE
        )
        levels = _levels(inside)
        asked = {"own": self.asked.local, "peer": self.asked.remote}
        found: set[Reason] = set()
        for place, condition in enumerate(self.names):
            if place + 2 in levels:
                address = asked.get(condition.partition(" ")[0])
                for doubt in self.terms.doubts[condition]:
                    if address is None or address in doubt.region:
                        found.add(doubt.reason)
        return tuple(sorted(found))


_ELSEWHERE = "elsewhere"

_UNTOLD = {MAYBE_DENIED: Action.DENY, MAYBE_FINAL: Action.FINAL}
_MAYBE = frozenset((MAYBE_ALLOWED, MAYBE_FINAL))


def _equals(value: V) -> Callable[[V], bool]:
    return lambda other: other == value


def _adding(
    labels: _Labels,
) -> Callable[[frozenset[_Labels], bool], frozenset[_Labels]]:
    def add(known: frozenset[_Labels], here: bool) -> frozenset[_Labels]:
        return known | {labels} if here else known

    return add


def _nodes(diagram: Diagram[V]) -> Iterator[Diagram[V]]:
    seen = {diagram}
    stack = [diagram]
    while stack:
        node = stack.pop()
        yield node
        new = [child for child in node.children if child not in seen]
        seen.update(new)
        stack += new


def _leaves(diagram: Diagram[V]) -> dict[V, None]:
    return dict.fromkeys(node.value for node in _nodes(diagram) if node.is_leaf)


def _levels(diagram: Diagram[V]) -> set[int]:
    return {node.level for node in _nodes(diagram) if not node.is_leaf}
