"""A space so small that every packet can be tried, and a first match written without the engine."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import product

import pytest

from auditor.packets.diagram import Space
from auditor.packets.rule import Rule, exact
from auditor.packets.space import Box, Dimension, Packet


class Tiny:
    """192 packets of five fields, random rules on them, and naive answers."""

    def __init__(self) -> None:
        sizes = {"own": 4, "peer": 4, "protocol": 2, "destination_port": 3, "source_port": 2}
        self.dimensions = [Dimension(name, size) for name, size in sizes.items()]
        self.every = list(product(*(range(size) for size in sizes.values())))

    def space(self) -> Space:
        return Space(self.dimensions)

    def box(self, chance: random.Random, free: float = 0.35) -> Box:
        """A random box; `free` is the share of dimensions that are not restricted."""
        sides = {
            dimension.name: [
                self._range(chance, dimension.size) for _ in range(chance.choice((1, 1, 2)))
            ]
            for dimension in self.dimensions
            if chance.random() >= free
        }
        return self.space().box(**sides)

    def _range(self, chance: random.Random, size: int) -> tuple[int, int]:
        low, high = sorted((chance.randrange(size), chance.randrange(size)))
        return low, high

    def policy(self, chance: random.Random, most: int = 7) -> list[Rule[int]]:
        """Exact rules, labelled by their place."""
        count = chance.randint(0, most)
        return [exact(i, chance.random() < 0.5, self.box(chance)) for i in range(count)]

    def vague_policy(self, chance: random.Random, most: int = 5) -> list[Rule[int]]:
        """Rules of which some have two bounds, labelled by their place."""
        return [self._vague(i, chance) for i in range(chance.randint(0, most))]

    def _vague(self, label: int, chance: random.Random) -> Rule[int]:
        may = self.box(chance)
        must = may
        if chance.random() < 0.6:
            place = chance.randrange(5)
            kept = tuple(pair for pair in may[place] if chance.random() < 0.5)
            must = (*may[:place], kept, *may[place + 1 :])
        return Rule(label, chance.random() < 0.5, may, must)

    @staticmethod
    def held(box: Box) -> set[Packet]:
        """Every packet of a box, one by one."""
        return set(
            product(*([v for low, high in side for v in range(low, high + 1)] for side in box))
        )

    def deciders(self, rules: Sequence[Rule[int]]) -> dict[Packet, Rule[int]]:
        """The rule that decides each packet: each writes over the later ones."""
        found: dict[Packet, Rule[int]] = {}
        for rule in reversed(rules):
            found.update(dict.fromkeys(self.held(rule.may), rule))
        return found

    def verdicts(self, rules: Sequence[Rule[int]], default: bool) -> dict[Packet, bool]:
        """What each packet meets with."""
        decided = {packet: rule.allow for packet, rule in self.deciders(rules).items()}
        return dict.fromkeys(self.every, default) | decided


@pytest.fixture(scope="session")
def tiny() -> Tiny:
    return Tiny()
