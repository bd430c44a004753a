"""Rules that do nothing, against trying every packet."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

from auditor.packets import cover, search
from auditor.packets.cover import Heirs, redundant, shadowed, superfluous
from auditor.packets.diagram import flow_space
from auditor.packets.rule import Rule, exact
from auditor.packets.space import Packet

if TYPE_CHECKING:
    from tests.auditor.packets.conftest import Tiny


@pytest.fixture(params=["few rules", "many rules"])
def _both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also the way that is taken from some number of rules on only, and where no glance tells."""
    if request.param == "many rules":
        monkeypatch.setattr(cover._Table, "plainly_needed", lambda *_: False)
        monkeypatch.setattr(search, "_FEW", 0)
        monkeypatch.setattr(search, "_PATIENCE", 1)


def without(rules: Sequence[Rule[int]], i: int) -> list[Rule[int]]:
    return [*rules[:i], *rules[i + 1 :]]


@pytest.mark.usefixtures("_both_ways")
def test_shadowed_and_redundant_are_what_trying_every_packet_finds(tiny: Tiny) -> None:
    chance = random.Random(21)
    named = 0
    for _ in range(400):
        rules, default, space = tiny.policy(chance, 9), chance.random() < 0.4, tiny.space()
        deciders = {rule.label for rule in tiny.deciders(rules).values()}
        verdicts = tiny.verdicts(rules, default)
        idle = {i for i in deciders if tiny.verdicts(without(rules, i), default) == verdicts}
        found = superfluous(space, rules, default)
        assert set(found.shadowed) == set(range(len(rules))) - deciders
        assert set(found.redundant) == idle
        named += len(found.shadowed) + len(found.redundant)
    assert named > 300


@pytest.mark.usefixtures("_both_ways")
def test_a_shadow_is_cast_by_the_named_rules_and_by_no_fewer(tiny: Tiny) -> None:
    chance = random.Random(22)
    together = 0
    for _ in range(300):
        rules = tiny.policy(chance, 12)
        for i, by in shadowed(tiny.space(), rules).items():
            mine = tiny.held(rules[i].may)
            casters = {j: tiny.held(rules[j].may) & mine for j in by}
            assert all(j < i for j in by)
            assert set().union(*casters.values()) == mine
            for j in by:
                assert set().union(*(casters[k] for k in by if k != j)) != mine
            together += len(by) > 1
    assert together > 20


def test_the_named_later_rules_take_over(tiny: Tiny) -> None:
    """With the other rules of the same decision gone, the rule is still redundant."""
    chance = random.Random(23)
    for _ in range(300):
        rules, space, default = tiny.policy(chance, 9), tiny.space(), chance.random() < 0.5
        for i, by in redundant(space, rules, default).items():
            assert all(j > i and rules[j].allow == rules[i].allow for j in by)
            kept = [
                rule
                for j, rule in enumerate(rules)
                if j <= i or j in by or rule.allow != rules[i].allow
            ]
            assert i in redundant(space, kept, default)


@pytest.mark.usefixtures("_both_ways")
def test_with_two_bounds_only_what_holds_for_every_choice_is_named(tiny: Tiny) -> None:
    """For each packet alone a rule of two bounds matches or not: all choices are tried."""
    chance = random.Random(24)
    named = [0, 0]
    for _ in range(250):
        rules, default = tiny.vague_policy(chance, 6), chance.random() < 0.4
        found = superfluous(tiny.space(), rules, default)
        decides, matters = set(), set()
        held = [(tiny.held(rule.must), tiny.held(rule.may)) for rule in rules]
        for packet in tiny.every:
            for matching in choices(held, packet):
                if matching:
                    decides.add(matching[0])
                    after = [rules[j].allow for j in matching[1:]] or [default]
                    if after[0] != rules[matching[0]].allow:
                        matters.add(matching[0])
        possible = {i for i, rule in enumerate(rules) if not rule.is_empty}
        assert set(found.shadowed) == possible - decides
        assert set(found.redundant) == decides - matters
        named[0] += len(found.shadowed)
        named[1] += len(found.redundant)
    assert min(named) > 20


def choices(held: Sequence[tuple[set[Packet], set[Packet]]], packet: Packet) -> list[list[int]]:
    """Every list of rules that may be those that match the packet."""
    lists: list[list[int]] = [[]]
    for i, (must, may) in enumerate(held):
        if packet in must:
            lists = [[*some, i] for some in lists]
        elif packet in may:
            lists += [[*some, i] for some in lists]
    return lists


def test_a_glance_tells_of_many_rules_that_they_are_needed(tiny: Tiny) -> None:
    chance = random.Random(25)
    plain = needed = 0
    for _ in range(200):
        rules = [rule for rule in tiny.policy(chance, 9) if not rule.is_empty]
        found = superfluous(tiny.space(), rules)
        table = cover._Table(tiny.space(), rules, default=False)
        sure = {i for i, rule in enumerate(rules) if table.plainly_needed(i, rule.may)}
        assert not sure & (found.shadowed.keys() | found.redundant.keys())
        plain += len(sure)
        needed += len(rules) - len(found.shadowed) - len(found.redundant)
    assert plain > needed / 2


def test_of_the_first_rules_nothing_is_said_where_nobody_asks(tiny: Tiny) -> None:
    whole = tiny.space().box()
    rules = [exact(i, False, whole) for i in range(3)]
    assert superfluous(tiny.space(), rules, skip=2) == cover.Superfluous({2: (0,)}, {})


@pytest.mark.usefixtures("_both_ways")
def test_who_comes_after_a_rule_that_is_gone_is_what_trying_every_packet_finds(tiny: Tiny) -> None:
    chance = random.Random(26)
    seen: list[bool] = []
    for _ in range(200):
        rules = [rule for rule in tiny.policy(chance, 9) if not rule.is_empty]
        heirs = Heirs(tiny.space(), rules)
        for i, rule in enumerate(rules):
            others = [j for j in range(len(rules)) if j != i]
            some = {j for j in others if chance.random() < 0.3}
            gone = {j for j in others if j not in some and chance.random() < 0.3}
            left = [rules[j] for j in others if j not in gone]
            deciders = tiny.deciders(left)
            after = {deciders[p].label for p in tiny.held(rule.may) if p in deciders}
            may = any(rules[j].label in after for j in some)
            assert heirs.may_be_among(i, some, gone) is may
            seen.append(may)
    assert 200 < sum(seen) < len(seen) - 200


def test_a_rule_is_shadowed_by_two_halves_together() -> None:
    space = flow_space(32)
    low = exact("low", True, space.box(destination_port=[(0, 999)]))
    high = exact("high", False, space.box(destination_port=[(1000, 65535)]))
    ssh = exact("ssh", True, space.box(destination_port=[(22, 22)]))
    both = exact("both", True, space.box(destination_port=[(900, 1100)]))
    assert shadowed(space, [low, high, ssh, both]) == {2: (0,), 3: (0, 1)}


def test_a_rule_that_sticks_out_by_one_port_is_not_shadowed() -> None:
    space = flow_space(32)
    low = exact("low", True, space.box(destination_port=[(0, 999)]))
    high = exact("high", False, space.box(destination_port=[(1001, 65535)]))
    both = exact("both", True, space.box(destination_port=[(900, 1100)]))
    assert shadowed(space, [low, high, both]) == {}


def test_an_uncertain_earlier_rule_shadows_nothing() -> None:
    space = flow_space(32)
    tag = Rule("tag", False, space.box(), space.box(peer=[]))
    ssh = exact("ssh", True, space.box(destination_port=[(22, 22)]))
    assert shadowed(space, [tag, ssh]) == {}
    assert shadowed(space, [ssh, tag, ssh]) == {2: (0,)}


def test_a_rule_for_the_other_address_family_is_not_named() -> None:
    space = flow_space(32)
    rules = [exact("any", True, space.box()), exact("v6", True, space.box(peer=[]))]
    assert superfluous(space, rules).shadowed == {}


def test_a_last_deny_is_redundant_only_where_the_default_denies() -> None:
    space = flow_space(32)
    rules = [exact("last", False, space.box())]
    assert redundant(space, rules, default=False) == {0: ()}
    assert redundant(space, rules, default=True) == {}


def test_an_explicit_rule_is_named_before_the_default() -> None:
    space = flow_space(32)
    ssh = space.box(destination_port=[(22, 22)])
    rules = [exact("no ssh", False, ssh), exact("nothing", False, space.box())]
    assert redundant(space, rules) == {0: (1,), 1: ()}


def test_a_deny_before_a_wider_allow_is_needed() -> None:
    space = flow_space(32)
    ssh = space.box(destination_port=[(22, 22)])
    rules = [exact("no ssh", False, ssh), exact("all", True, space.box())]
    assert redundant(space, rules) == {}
