"""Which packets each rule of one security group decides, in two bounds (11.2).

A rule surely decides what it must match and no earlier rule may; it may decide what it may match
and no earlier rule must.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from operator import eq, le
from typing import TypeAlias

from auditor.addresses import Version
from auditor.intervals import covers
from auditor.network.effective_rules import EffectiveRules
from auditor.network.graph import Network, question
from auditor.network.layers import EffectiveRule, Layer
from auditor.network.terms import Term, Terms
from auditor.packets.compile import first_match
from auditor.packets.diagram import Diagram
from auditor.packets.space import Box, Packet
from auditor.reach.bounds import Bounds
from auditor.reach.filtering import Key, box_of
from auditor.reach.space import FlowSpace, space_of

_NOBODY = 1 << 30
"""The place of no term; greater than any."""

_Test: TypeAlias = Callable[[Term], bool]


class Decided:
    """The rules of one layer, and what each of them decides."""

    def __init__(self, space: FlowSpace, terms: Terms, port: int | None = None) -> None:
        """Compile the first layer of some terms; with `port`, for TCP to that port alone."""
        self._terms = tuple([each for each in terms.layers[0] if _speaks_of(each, port)])
        self._space = space
        self._boxes = [box_of(space, term, {}, terms.rules.inbound) for term in self._terms]
        self._surely = self._first(lambda term: not term.conditions)
        self._perhaps = self._first(lambda _: True)
        self._known: dict[int, Bounds] = {}

    def _first(self, counts: _Test) -> Diagram[int]:
        """The place of the first term that counts."""
        places = [place for place, term in enumerate(self._terms) if counts(term)]
        boxes: list[Box] = [self._boxes[place] for place in places]
        return first_match(self._space, boxes, places, _NOBODY)

    def by(self, number: int) -> Bounds:
        """Give what a rule decides, by its number in the layer."""
        found = self._known.get(number)
        if found is None:
            found = self._known[number] = self._bounds(number)
        return found

    def _bounds(self, number: int) -> Bounds:
        space = self._space
        may = must = space.empty
        for place, term in enumerate(self._terms):
            if term.label == number:
                left = space.map(self._surely, partial(le, place))
                may |= space.packets(self._boxes[place]) & left
                if not term.conditions:
                    must |= space.map(self._perhaps, partial(eq, place))
        return Bounds(may, must)

    def at(self, packet: Packet) -> int | None:
        """Give the number of the rule that surely decides a packet; None when none does."""
        place = self._perhaps.at(packet)
        if place == _NOBODY or self._terms[place].conditions:
            return None
        label = self._terms[place].label
        return label if label >= 0 else None


def _speaks_of(term: Term, port: int | None) -> bool:
    return port is None or (
        covers(term.destination_ports, port, port) and covers(term.protocols, _TCP, _TCP)
    )


_TCP = 6


def decided(
    network: Network, rules: EffectiveRules, version: Version, port: int | None = None
) -> Decided:
    """Give what the rules of a single layer decide, once for all places with the same meaning.

    With `port`: of TCP to that port, and nothing of other packets, which is less to compile.
    """
    key = (Key(network, rules, rules.surroundings.nic), version, port)
    known = network.ask(_known)
    found = known.get(key)
    if found is None:
        found = known[key] = Decided(space_of(network, version), Terms(rules), port)
    return found


@question
def _known(network: Network) -> dict[tuple[Key, Version, int | None], Decided]:
    return {}


def decider(
    network: Network,
    rules: EffectiveRules,
    packet: Packet,
    version: Version,
    port: int | None = None,
) -> EffectiveRule | None:
    """Give the rule of a single layer that surely decides a packet; `port` as for `decided`."""
    layer: Layer = rules.layers[0]
    number = decided(network, rules, version, port).at(packet)
    return None if number is None else layer.rules[number]
