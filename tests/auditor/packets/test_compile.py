"""What is compiled is the first match, packet by packet."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from auditor.packets.compile import allowed, allows, bounds, compile_rules, decided_by, union_of
from auditor.packets.diagram import flow_space
from auditor.packets.rule import Decision, Rule, exact

if TYPE_CHECKING:
    from tests.auditor.packets.conftest import Tiny


def test_every_packet_of_3000_random_policies_gets_the_first_match(tiny: Tiny) -> None:
    chance = random.Random(11)
    for _ in range(3000):
        rules, default = tiny.policy(chance), chance.random() < 0.3
        policy = compile_rules(tiny.space(), rules, default)
        deciders = tiny.deciders(rules)
        for packet in tiny.every:
            rule = deciders.get(packet)
            expected = Decision(rule.label, rule.allow) if rule else Decision(None, default)
            assert policy.at(packet) == expected


def test_long_policies_get_the_first_match(tiny: Tiny) -> None:
    """So many rules that the compiler finds out beforehand which hides which."""
    chance = random.Random(12)
    for _ in range(60):
        rules = [exact(i, chance.random() < 0.5, tiny.box(chance, 0.2)) for i in range(60)]
        policy = compile_rules(tiny.space(), rules)
        deciders = tiny.deciders(rules)
        for packet in tiny.every:
            rule = deciders.get(packet)
            assert policy.at(packet).label == (rule.label if rule else None)


def test_without_labels_the_same_packets_are_allowed(tiny: Tiny) -> None:
    chance = random.Random(13)
    for _ in range(300):
        rules, default = tiny.policy(chance, 12), chance.random() < 0.5
        space = tiny.space()
        assert allowed(space, rules, default) is allows(compile_rules(space, rules, default))


def test_the_deciding_rules_share_the_packets_out(tiny: Tiny) -> None:
    chance = random.Random(14)
    space = tiny.space()
    rules = tiny.policy(chance, 9)
    policy = compile_rules(space, rules)
    seen = space.empty
    for label in [None, *range(len(rules))]:
        mine = decided_by(policy, label)
        assert (mine & seen).is_empty
        seen |= mine
    assert seen is space.all


def test_two_bounds_follow_the_running_remainder(tiny: Tiny) -> None:
    """The algorithm as AZ 11.2 writes it down: what is left, minus each rule."""
    chance = random.Random(15)
    for _ in range(300):
        rules, space = tiny.vague_policy(chance, 8), tiny.space()
        may = must = space.empty
        may_left = must_left = space.all
        for rule in rules:
            most, least = space.packets(rule.may), space.packets(rule.must)
            if rule.allow:
                may |= may_left & most
                must |= must_left & least
            may_left -= least
            must_left -= least if rule.allow else most
        assert bounds(space, rules) == (may, must)


def test_whatever_the_rules_really_match_lies_between_the_bounds(tiny: Tiny) -> None:
    chance = random.Random(16)
    for _ in range(150):
        rules, space, default = tiny.vague_policy(chance), tiny.space(), chance.random() < 0.5
        may, must = bounds(space, rules, default)
        assert must <= may
        for _ in range(8):
            real = [
                exact(rule.label, rule.allow, chance.choice((rule.may, rule.must)))
                for rule in rules
            ]
            between = allowed(space, real, default)
            assert must <= between
            assert between <= may


def test_each_bound_is_reached(tiny: Tiny) -> None:
    """No tighter bounds exist: one choice allows all of `may`, another nothing but `must`."""
    chance = random.Random(17)
    for _ in range(100):
        rules, space = tiny.vague_policy(chance), tiny.space()
        may, must = bounds(space, rules)
        kind = [exact(r.label, r.allow, r.may if r.allow else r.must) for r in rules]
        strict = [exact(r.label, r.allow, r.must if r.allow else r.may) for r in rules]
        assert (allowed(space, kind), allowed(space, strict)) == (may, must)


def test_a_policy_of_vague_rules_has_no_one_diagram() -> None:
    space = flow_space(32)
    vague = Rule("tag", True, space.box(), space.box(peer=[]))
    with pytest.raises(ValueError, match="bounds"):
        compile_rules(space, [vague])
    with pytest.raises(ValueError, match="bounds"):
        allowed(space, [vague])


def test_changing_any_one_rule_is_noticed(tiny: Tiny) -> None:
    """A decision flipped or a range moved gives another diagram exactly if a packet notices."""
    chance = random.Random(18)
    noticed = 0
    for _ in range(300):
        rules, space = tiny.policy(chance, 6), tiny.space()
        before = compile_rules(space, rules)
        for i, rule in enumerate(rules):
            box = rule.may if chance.random() < 0.5 else tiny.box(chance)
            allow = rule.allow if box is not rule.may else not rule.allow
            mutant = [*rules[:i], exact(rule.label, allow, box), *rules[i + 1 :]]
            after = compile_rules(space, mutant)
            differs = any(after.at(packet) != before.at(packet) for packet in tiny.every)
            assert (after is not before) == differs
            noticed += differs
    assert noticed > 300


def test_the_union_of_boxes_is_that_of_their_sets(tiny: Tiny) -> None:
    chance = random.Random(19)
    for _ in range(100):
        space, boxes = tiny.space(), [tiny.box(chance) for _ in range(chance.randint(0, 30))]
        expected = space.empty
        for box in boxes:
            expected |= space.packets(box)
        assert union_of(space, boxes) is expected


def test_no_rules_leave_the_default() -> None:
    space = flow_space(128)
    assert compile_rules(space, [], True).value == Decision(None, True)
    assert allowed(space, []).is_empty


def test_ranges_of_one_rule_may_overlap() -> None:
    space = flow_space(32)
    merged = space.box(destination_port=[(20, 30), (25, 40), (41, 41), (25, 26)])
    assert merged == space.box(destination_port=[(20, 41)])
