"""Security groups in every world: one for each answer to what is not told (11.2).

Two groups at one place live in the same world: what `VirtualNetwork` holds for the one, it holds
for the other.
"""

from __future__ import annotations

from functools import partial
from operator import eq

from auditor.addresses import Version
from auditor.network.effective_rules import EffectiveRules
from auditor.network.graph import Network, question
from auditor.network.layers import LayerKind
from auditor.network.terms import Terms
from auditor.packets.compile import first_match
from auditor.packets.diagram import Diagram, PacketSet
from auditor.packets.reshape import forgotten
from auditor.reach.filtering import Key, allows, box_of
from auditor.reach.space import CONDITIONS, FlowSpace, space_of

_NO_RULE = 1 << 30


class Worlds:
    """What each rule of some layers decides and what each layer passes, in every world."""

    def __init__(self, space: FlowSpace, terms: Terms, named: list[str]) -> None:
        """Compile all layers, with a dimension for each condition."""
        shared = dict(zip(named, CONDITIONS, strict=False))
        self._space = space
        self._labels: dict[LayerKind, Diagram[int]] = {}
        self._passing: dict[LayerKind, PacketSet] = {}
        for layer, found in zip(terms.rules.layers, terms.layers, strict=True):
            boxes = [box_of(space, term, shared, terms.rules.inbound) for term in found]
            labels = [term.label for term in found]
            passes = {term.label: allows(layer, term) for term in found} | {_NO_RULE: True}
            decided = first_match(space, boxes, labels, _NO_RULE)
            self._labels[layer.kind] = decided
            self._passing[layer.kind] = space.map(decided, passes.__getitem__)

    def always_passes_some(
        self, kind: LayerKind, number: int, other: LayerKind, here: PacketSet
    ) -> bool:
        """Whether the other layer lets some packet of a rule through, wherever the rule has any.

        `kind` is the layer of the rule, `number` its place there, `here` what packets count.
        """
        ours = self._space.map(self._labels[kind], partial(eq, number)) & here
        return (_worlds(ours) - _worlds(ours & self._passing[other])).is_empty


def worlds(network: Network, rules: EffectiveRules, version: Version) -> Worlds | None:
    """Give some layers in every world; None when there are too many to tell apart."""
    key = (Key(network, rules, rules.surroundings.nic), version)
    known = network.ask(_known)
    if key not in known:
        terms = Terms(rules)
        named = {c for layer in terms.layers for term in layer for c, _ in term.conditions}
        few = len(named) <= len(CONDITIONS)
        space = space_of(network, version)
        known[key] = Worlds(space, terms, sorted(named)) if few else None
    return known[key]


@question
def _known(network: Network) -> dict[tuple[Key, Version], Worlds | None]:
    return {}


def _worlds(packets: PacketSet) -> PacketSet:
    """In which worlds there is any packet."""
    for dimension in ("destination", "source", "protocol", "destination_port", "source_port"):
        packets = forgotten(packets, dimension)
    return packets
