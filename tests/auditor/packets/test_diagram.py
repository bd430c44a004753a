"""The laws of sets, with `is` for equality."""

from __future__ import annotations

from itertools import pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.packets.diagram import PacketSet, Space, flow_space
from auditor.packets.space import Box, Dimension, Packet

SPACE = Space([Dimension("a", 4), Dimension("b", 3), Dimension("c", 4)])
EVERY: list[Packet] = list(product(range(4), range(3), range(4)))
WIDE = flow_space(128)


def sides(size: int) -> st.SearchStrategy[list[tuple[int, int]] | None]:
    value = st.integers(0, size - 1)
    pair = st.tuples(value, value).map(lambda two: (min(two), max(two)))
    return st.none() | st.lists(pair, max_size=2)


def sets_of(space: Space) -> st.SearchStrategy[PacketSet]:
    given_sides = {dimension.name: sides(dimension.size) for dimension in space.dimensions}
    box = st.fixed_dictionaries(given_sides).map(lambda some: space.packets(space.box(**some)))
    return st.recursive(
        box,
        lambda some: (
            st.tuples(some, some).map(lambda two: two[0] | two[1])
            | st.tuples(some, some).map(lambda two: two[0] - two[1])
        ),
        max_leaves=5,
    )


small = sets_of(SPACE)
wide = sets_of(WIDE)


def members(some: PacketSet) -> set[Packet]:
    return {packet for packet in EVERY if some.at(packet)}


@settings(max_examples=100)
@given(small, small)
def test_operations_do_what_they_do_to_sets_of_packets(a: PacketSet, b: PacketSet) -> None:
    assert members(a | b) == members(a) | members(b)
    assert members(a & b) == members(a) & members(b)
    assert members(a - b) == members(a) - members(b)
    assert members(a ^ b) == members(a) ^ members(b)
    assert members(~a) == set(EVERY) - members(a)
    assert (a <= b) == (members(a) <= members(b))
    assert (a >= b) == (members(a) >= members(b))
    assert (a is b) == (members(a) == members(b))
    assert a.is_empty == (not members(a))


def laws(space: Space, a: PacketSet, b: PacketSet, c: PacketSet) -> None:
    assert a | b is b | a
    assert a & b is b & a
    assert (a | b) | c is a | (b | c)
    assert (a & b) & c is a & (b & c)
    assert a & (b | c) is (a & b) | (a & c)
    assert a | (b & c) is (a | b) & (a | c)
    assert ~(a | b) is ~a & ~b
    assert ~(a & b) is ~a | ~b
    assert a | (a & b) is a
    assert a & (a | b) is a
    assert ~~a is a
    assert a - b is a & ~b
    assert (a - b) | (a & b) is a
    assert ((a - b) & b).is_empty
    assert (a - b) - c is a - (b | c)
    assert a ^ b is (a | b) - (a & b)
    assert a | ~a is space.all
    assert a & ~a is space.empty
    assert a | space.empty is a
    assert a & space.all is a
    assert a - a is space.empty
    assert (a <= b) == ((a | b) is b)


@settings(max_examples=100)
@given(small, small, small)
def test_laws_in_a_small_space(a: PacketSet, b: PacketSet, c: PacketSet) -> None:
    laws(SPACE, a, b, c)


@settings(max_examples=40)
@given(wide, wide, wide)
def test_laws_among_ipv6_flows(a: PacketSet, b: PacketSet, c: PacketSet) -> None:
    laws(WIDE, a, b, c)


@settings(max_examples=30)
@given(wide, wide)
def test_forgetting_results_changes_no_diagram(a: PacketSet, b: PacketSet) -> None:
    before = a | b, a & b, a - b, ~a
    WIDE.forget()
    assert (a | b, a & b, a - b, ~a) == before


@settings(max_examples=30)
@given(wide)
def test_a_node_asks_only_what_matters(a: PacketSet) -> None:
    pending = [a]
    while pending:
        node = pending.pop()
        assert len(node.children) != 1
        assert len(node.cuts) == max(len(node.children) - 1, 0)
        assert list(node.cuts) == sorted(set(node.cuts))
        assert all(x is not y for x, y in pairwise(node.children))
        assert all(child.level > node.level for child in node.children)
        pending += node.children


def test_a_box_is_the_intersection_of_its_sides() -> None:
    box = WIDE.box(own=[(5, 9)], protocol=[(6, 6), (17, 17)], source_port=[(0, 0), (65535, 65535)])
    one_by_one = (
        WIDE.packets(WIDE.box(own=[(5, 9)]))
        & WIDE.packets(WIDE.box(protocol=[(6, 6), (17, 17)]))
        & WIDE.packets(WIDE.box(source_port=[(0, 0), (65535, 65535)]))
    )
    assert WIDE.packets(box) is one_by_one


def test_the_unrestricted_box_is_all_and_a_box_without_a_side_is_empty() -> None:
    assert WIDE.packets(WIDE.box()) is WIDE.all
    assert WIDE.packets(WIDE.box(peer=[])) is WIDE.empty
    assert WIDE.packets(WIDE.box(peer=None)) is WIDE.all


def test_functions_are_mapped_and_combined_value_by_value() -> None:
    a = SPACE.packets(SPACE.box(a=[(0, 1)]))
    b = SPACE.packets(SPACE.box(b=[(2, 2)]))
    named = SPACE.map(a, lambda value: "in" if value else "out")
    both = SPACE.combine(named, b, lambda name, value: (name, value))
    assert all(both.at(p) == (named.at(p), b.at(p)) for p in EVERY)
    assert SPACE.map(both, lambda pair: pair[0] == "in") is a
    assert SPACE.map(both, lambda pair: pair[1]) is b


def test_true_and_one_are_different_leaves() -> None:
    one = SPACE.leaf(1)
    assert one.value == 1
    assert SPACE.leaf(True) is SPACE.all
    assert SPACE.leaf(True) is not one


def test_sets_of_different_spaces_do_not_mix() -> None:
    with pytest.raises(ValueError, match="different spaces"):
        flow_space(32).all | flow_space(32).all


def test_a_set_is_not_asked_for_its_truth() -> None:
    with pytest.raises(TypeError, match="is_empty"):
        bool(SPACE.all)


def test_a_space_needs_dimensions_of_different_names() -> None:
    with pytest.raises(ValueError, match="name of its own"):
        Space([Dimension("a", 2), Dimension("a", 2)])
    with pytest.raises(ValueError, match="needs dimensions"):
        Space([])
    with pytest.raises(ValueError, match="at least one value"):
        Space([Dimension("a", 0)])


def test_an_unknown_dimension_is_refused() -> None:
    with pytest.raises(KeyError):
        SPACE.box(colour=[(1, 1)])


@pytest.mark.parametrize("wrong", [(2, 1), (0, 4), (-1, 0)])
def test_a_range_outside_its_dimension_is_refused(wrong: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="not a range"):
        SPACE.box(a=[wrong])


def test_many_ranges_are_no_deep_recursion() -> None:
    space = flow_space(32)
    odd = space.packets(space.box(own=[(i, i) for i in range(1, 100_001, 2)]))
    even = space.packets(space.box(own=[(i, i) for i in range(0, 100_000, 2)]))
    first: Box = space.box(own=[(0, 99_999)])
    assert odd | even is space.packets(first)
