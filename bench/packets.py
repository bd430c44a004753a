"""The packet algebra: `python -m bench.packets` prints CPU seconds and ratios.

Rules are drawn from fixed seeds. `written` are such as people write, with prefixes inside one
network and ports of services, none of them from anywhere to anywhere. `uniform` are boxes of ranges
drawn at random, which overlap far more than any real policy.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import z3  # type: ignore[import-untyped]  # it has neither stubs nor a marker

from auditor.packets.compare import allows_no_more
from auditor.packets.compile import compile_rules
from auditor.packets.cover import superfluous
from auditor.packets.diagram import flow_space
from auditor.packets.rule import Rule, exact
from auditor.packets.space import Box, Shape, flow_dimensions

T = TypeVar("T")
Rules = list[Rule[int]]

SHAPE = Shape(flow_dimensions(32))
WHOLE = SHAPE.box()
INSIDE = [(10 << 24, (11 << 24) - 1)]


def cpu(work: Callable[[], T], repeat: int = 1) -> tuple[float, T]:
    """The least CPU seconds of some runs, and the last result."""
    best = float("inf")
    for _ in range(repeat):
        start = time.process_time()
        result = work()
        best = min(best, time.process_time() - start)
    return best, result


def _prefix(chance: random.Random, base: int, shortest: int) -> tuple[int, int]:
    size = 1 << (32 - chance.randint(shortest, 32))
    low = (base | chance.getrandbits(32 - shortest)) // size * size
    return low, low + size - 1


def _written(chance: random.Random) -> Box:
    low = chance.randrange(65000)
    own = [_prefix(chance, 10 << 24, 16)]
    peer = [_prefix(chance, *chance.choice([(0, 4), (10 << 24, 8)]))]
    free = chance.random()
    return SHAPE.box(
        own=None if free < 0.3 else own,
        peer=None if free > 0.7 else peer,
        protocol=chance.choice([None, [(6, 6)], [(6, 6)], [(6, 6)], [(17, 17)]]),
        destination_port=chance.choice(
            [None, [(22, 22)], [(80, 80), (443, 443)], [(low, low)], [(low, low + 500)]]
        ),
    )


def _uniform(chance: random.Random) -> Box:
    def side(size: int) -> list[tuple[int, int]]:
        low, high = sorted((chance.randrange(size), chance.randrange(size)))
        return [(low, high)]

    return SHAPE.box(
        own=side(1 << 32),
        peer=side(1 << 32),
        protocol=chance.choice([None, [(6, 6)], [(17, 17)]]),
        destination_port=side(1 << 16),
    )


def written(count: int, seed: int = 1) -> Rules:
    """Rules such as people write, and Azure's three last ones."""
    chance = random.Random(seed)
    rules = [exact(i, chance.random() < 0.6, _written(chance)) for i in range(count)]
    return [
        *rules,
        exact(count, True, SHAPE.box(own=INSIDE, peer=INSIDE)),
        exact(count + 1, True, SHAPE.box(peer=[(2822734096, 2822734096)])),
        exact(count + 2, False, WHOLE),
    ]


def uniform(count: int, seed: int = 1) -> Rules:
    """Ranges drawn at random."""
    chance = random.Random(seed)
    return [exact(i, chance.random() < 0.5, _uniform(chance)) for i in range(count)]


def bench_compile() -> None:
    """One policy, compiled with labels in a space of its own."""
    for kind, make in (("written", written), ("uniform", uniform)):
        for count in (10, 30, 100, 1000):
            rules = make(count)
            seconds, policy = cpu(lambda: compile_rules(flow_space(32), rules), _repeat(count))  # noqa: B023
            print(
                f"compile      {kind} {count:5} rules {_time(seconds)}  {len(policy.space)} nodes"
            )


def bench_superfluous() -> None:
    """Shadowed and redundant rules of one policy, each explained."""
    for kind, make in (("written", written), ("uniform", uniform)):
        for count in (10, 30, 100, 1000):
            rules = make(count)
            seconds, found = cpu(lambda: superfluous(SHAPE, rules), _repeat(count))  # noqa: B023
            print(
                f"superfluous  {kind} {count:5} rules {_time(seconds)}"
                f"  {len(found.shadowed)} shadowed, {len(found.redundant)} redundant"
            )


def no_more_than(count: int) -> Iterator[tuple[str, float, float, float]]:
    """Whether one policy allows no more than another: the engine, and z3 on the same question.

    The question in words; the seconds of the engine, and of z3 to state and to solve it.
    """
    for kind, make in (("written", written), ("uniform", uniform)):
        base = make(count if kind == "written" else count // 5)
        for name, other in _others(base).items():
            ours, mine = cpu(lambda: allows_no_more(SHAPE, base, other), 3)  # noqa: B023
            stating, solver = cpu(lambda: _question(base, other))  # noqa: B023
            solving, answer = cpu(lambda: solver.check() == z3.unsat)  # noqa: B023
            if mine != answer:
                raise AssertionError(f"{name}: the engine says {mine}, z3 says {answer}")
            what = f"{kind} {len(base):5} rules, {name:22} {'yes' if mine else 'no ':3}"
            yield what, ours, stating, solving


def bench_no_more_than(count: int = 1000) -> None:
    """DESIGN 7, P8: at most half of z3's time, with the same answers."""
    for what, ours, stating, solving in no_more_than(count):
        print(
            f"no more than {what}"
            f" {_time(ours)}  z3 {stating:.3f} s to state + {solving:.3f} s to solve"
            f"  ratio {ours / (stating + solving):.3f}, to solving alone {ours / solving:.3f}"
        )


def _others(base: Rules) -> dict[str, Rules]:
    """What a policy becomes: opened in places, written anew, and each with a bit missing."""
    chance = random.Random(100)
    opened = list(base)
    for i in range(20):
        opened.insert(chance.randrange(len(opened)), exact(-1 - i, True, _written(chance)))
    anew = [half for rule in base for half in _halves(chance, rule)]
    bit = tuple(((side[0][0], side[0][0]),) for side in next(r.may for r in base if r.allow))
    hole = exact(-99, False, bit)
    last = max(i for i, rule in enumerate(anew) if rule.allow)
    return {
        "opened": opened,
        "opened but for a flow": [hole, *opened],
        "written anew": anew,
        "anew but for a rule": anew[:last] + anew[last + 1 :],
    }


def _halves(chance: random.Random, rule: Rule[int]) -> Rules:
    """Two rules that are one, side by side in some dimension, the upper half first."""
    place = chance.choice((0, 1, 3))
    low, high = rule.may[place][0]
    rest = rule.may[place][1:]
    if low == high:
        return [rule]
    middle = (low + high) // 2
    sides = (((middle + 1, high), *rest), ((low, middle),))
    boxes = ((*rule.may[:place], side, *rule.may[place + 1 :]) for side in sides)
    return [exact(rule.label, rule.allow, box) for box in boxes]


def _question(narrow: Sequence[Rule[int]], wide: Sequence[Rule[int]]) -> z3.Solver:
    solver = z3.SolverFor("QF_BV")
    solver.add(_formula(narrow), z3.Not(_formula(wide)))
    return solver


def _formula(rules: Sequence[Rule[int]]) -> z3.BoolRef:
    fields = [z3.BitVec(f"f{i}", width) for i, width in enumerate((32, 32, 8, 16, 16))]
    verdict = z3.BoolVal(False)
    for rule in reversed(rules):
        sides = [
            z3.Or(*(z3.And(z3.UGE(field, low), z3.ULE(field, high)) for low, high in side))
            for field, side, whole in zip(fields, rule.may, WHOLE, strict=True)
            if side != whole
        ]
        verdict = z3.If(z3.And(*sides), z3.BoolVal(rule.allow), verdict)
    return verdict


def _repeat(count: int) -> int:
    return 20 if count < 100 else 3


def _time(seconds: float) -> str:
    return f"{seconds * 1000:8.2f} ms" if seconds < 0.1 else f"{seconds:8.3f} s "


if __name__ == "__main__":
    bench_compile()
    bench_superfluous()
    bench_no_more_than()
