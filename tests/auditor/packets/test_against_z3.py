"""The compiled policy and the first match as Z3 understands it allow the same packets.

Z3 gets the rules as a nest of if-then-else over bit vectors, the engine's answer as a graph of
comparisons, and is asked for a packet on which the two differ.
"""

from __future__ import annotations

import random

import pytest
import z3  # type: ignore[import-untyped]  # it has neither stubs nor a marker

from auditor.packets.compile import allowed
from auditor.packets.diagram import PacketSet, Space, flow_space
from auditor.packets.rule import Rule, exact
from auditor.packets.space import Box

WIDTHS = (32, 32, 8, 16, 16)
FIELDS = [z3.BitVec(f"field{i}", width) for i, width in enumerate(WIDTHS)]


def policy(space: Space, count: int, seed: int) -> list[Rule[int]]:
    """Rules such as people write: prefixes, few protocols, single ports and port ranges."""
    chance = random.Random(seed)

    def prefix(base: int, length: int) -> tuple[int, int]:
        size = 1 << (32 - chance.randint(length, 32))
        low = (base | chance.getrandbits(32 - length)) // size * size
        return low, low + size - 1

    def box() -> Box:
        low = chance.randrange(65000)
        own, peer = [prefix(10 << 24, 16)], chance.choice([[prefix(0, 4)], [prefix(10 << 24, 8)]])
        # One side at least is named: a rule from anywhere to anywhere would end the policy early.
        return space.box(
            own=None if (free := chance.random()) < 0.15 else own,
            peer=None if free > 0.8 else peer,
            protocol=chance.choice([None, [(6, 6)], [(6, 6)], [(17, 17)]]),
            destination_port=chance.choice(
                [None, [(22, 22), (443, 443)], [(low, low)], [(low, low + 500)]]
            ),
        )

    return [exact(i, chance.random() < 0.6, box()) for i in range(count)]


def in_box(space: Space, box: Box) -> z3.BoolRef:
    """The condition for a packet to be in the box."""
    sides = [
        z3.Or(*(z3.And(z3.UGE(field, low), z3.ULE(field, high)) for low, high in side))
        for field, side, whole in zip(FIELDS, box, space.box(), strict=True)
        if side != whole
    ]
    return z3.And(*sides)


def first_match(space: Space, rules: list[Rule[int]]) -> z3.BoolRef:
    verdict = z3.BoolVal(False)
    for rule in reversed(rules):
        verdict = z3.If(in_box(space, rule.may), z3.BoolVal(rule.allow), verdict)
    return verdict


def as_compiled(packets: PacketSet) -> z3.BoolRef:
    """The condition that a diagram stands for; what its nodes share is shared in it."""
    known: dict[PacketSet, z3.BoolRef] = {}

    def condition(node: PacketSet) -> z3.BoolRef:
        if node.is_leaf:
            return z3.BoolVal(node.value)
        if node not in known:
            result = condition(node.children[-1])
            for cut, child in zip(reversed(node.cuts), reversed(node.children[:-1]), strict=True):
                result = z3.If(z3.ULT(FIELDS[node.level], cut), condition(child), result)
            known[node] = result
        return known[node]

    return condition(packets)


def differing_packet(space: Space, rules: list[Rule[int]], claimed: list[Rule[int]]) -> object:
    solver = z3.SolverFor("QF_BV")
    solver.add(first_match(space, rules) != as_compiled(allowed(space, claimed)))
    return solver.model() if solver.check() == z3.sat else None


@pytest.mark.parametrize(("count", "seed"), [(20, 1), (20, 2), (100, 3), (300, 4)])
def test_z3_finds_no_packet_that_is_treated_differently(count: int, seed: int) -> None:
    space = flow_space(32)
    rules = policy(space, count, seed)
    assert differing_packet(space, rules, rules) is None


@pytest.mark.parametrize("count", [20, 100])
def test_z3_finds_the_packet_that_a_changed_rule_treats_differently(count: int) -> None:
    space = flow_space(32)
    rules = policy(space, count, 5)
    changed = [exact(0, not rules[0].allow, rules[0].may), *rules[1:]]
    assert (differing_packet(space, rules, changed) is None) == (
        allowed(space, rules) is allowed(space, changed)
    )
    assert allowed(space, rules) is not allowed(space, changed)
