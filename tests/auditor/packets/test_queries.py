"""Counting, printing, choosing and reshaping sets, packet by packet."""

from __future__ import annotations

import random
from itertools import combinations, pairwise, product
from typing import TYPE_CHECKING

import pytest

from auditor.packets.boxes import alone, boxes
from auditor.packets.compile import allowed, union_of
from auditor.packets.diagram import PacketSet, Space, flow_space
from auditor.packets.measure import breadths, count, sections, values, values_where
from auditor.packets.reshape import exchanged, fixed, forgotten, restricted
from auditor.packets.witness import flow_tastes, witness

if TYPE_CHECKING:
    from tests.auditor.packets.conftest import Tiny


@pytest.fixture
def some(tiny: Tiny) -> list[PacketSet]:
    """Sets of one tiny space, the empty and the full among them."""
    chance, space = random.Random(31), tiny.space()
    return [space.empty, space.all, *(allowed(space, tiny.policy(chance)) for _ in range(100))]


def test_the_count_is_that_of_the_packets(tiny: Tiny, some: list[PacketSet]) -> None:
    for packets in some:
        assert count(packets) == sum(packets.at(packet) for packet in tiny.every)


def test_counts_are_exact_beyond_any_float() -> None:
    space = flow_space(128)
    flows = 2 ** (128 + 128 + 8 + 16 + 16)
    assert count(space.all) == flows
    assert count(space.all - space.packets(space.box(own=[(7, 7)], protocol=[(6, 6)]))) == (
        flows - 2 ** (128 + 16 + 16)
    )


def test_boxes_are_disjoint_and_together_the_set(tiny: Tiny, some: list[PacketSet]) -> None:
    for packets in some:
        found = list(boxes(packets))
        held = [tiny.held(box) for box in found]
        assert sum(map(len, held)) == len(set().union(*held)) == count(packets)
        assert union_of(packets.space, found) is packets


def test_boxes_do_not_depend_on_how_the_set_came_about(tiny: Tiny) -> None:
    chance = random.Random(32)
    for _ in range(50):
        parts = [tiny.box(chance) for _ in range(5)]
        one, other = tiny.space(), tiny.space()
        for part in reversed(parts):
            other.packets(part)
        assert list(boxes(union_of(one, parts))) == list(boxes(union_of(other, parts[::-1])))


def test_ranges_with_the_same_sequel_are_printed_together() -> None:
    space = flow_space(32)
    web = space.box(destination_port=[(80, 80), (443, 443)], protocol=[(6, 6)], own=[(9, 12)])
    assert list(boxes(space.packets(web))) == [web]


def test_values_are_those_that_occur(tiny: Tiny, some: list[PacketSet]) -> None:
    for packets in some:
        for place, dimension in enumerate(tiny.dimensions):
            occurring = {packet[place] for packet in tiny.every if packets.at(packet)}
            found = values(packets, dimension.name)
            assert {v for low, high in found for v in range(low, high + 1)} == occurring


def test_values_where_others_are_given_are_those_that_occur_with_them(
    tiny: Tiny, some: list[PacketSet]
) -> None:
    chance = random.Random(33)
    for packets in some:
        for place in range(len(tiny.dimensions)):
            others = [other for other in range(len(tiny.dimensions)) if other != place]
            given = chance.sample(others, chance.randint(0, 3))
            where = {other: chance.randrange(tiny.dimensions[other].size) for other in given}
            occurring = {
                packet[place]
                for packet in tiny.every
                if packets.at(packet) and all(packet[k] == v for k, v in where.items())
            }
            found = values_where(packets, place, where)
            assert {v for low, high in found for v in range(low, high + 1)} == occurring


def test_what_is_alone_is_one_value_and_what_follows_it(tiny: Tiny, some: list[PacketSet]) -> None:
    told = set()
    for packets in some:
        for value in range(tiny.dimensions[0].size):
            one = restricted(packets, own=[(value, value)])
            rest = fixed(packets, "own", value)
            assert alone(one) == (None if rest.is_empty else (value, rest))
            told.add(rest.is_empty)
        firsts = values(packets, "own")
        several = sum(high - low + 1 for low, high in firsts) > 1
        assert (alone(packets) is None) == (several or not firsts)
    assert told == {True, False}


def test_fixing_forgetting_and_exchanging(tiny: Tiny, some: list[PacketSet]) -> None:
    for packets in some:
        for place, dimension in enumerate(tiny.dimensions):
            name, every = dimension.name, range(dimension.size)
            parts = [fixed(packets, name, value) for value in every]
            gone = forgotten(packets, name)
            for packet in tiny.every:
                at = [packets.at((*packet[:place], v, *packet[place + 1 :])) for v in every]
                assert [part.at(packet) for part in parts] == at
                assert gone.at(packet) == any(at)
        turned = exchanged(packets, "own")
        assert all(turned.at((p[1], p[0], *p[2:])) == packets.at(p) for p in tiny.every)
        assert exchanged(turned, "own") is packets


def test_restricting_keeps_the_packets_with_these_values(tiny: Tiny, some: list[PacketSet]) -> None:
    for packets in some:
        part = restricted(packets, own=[(1, 2)], source_port=[(0, 0)])
        for packet in tiny.every:
            inside = 1 <= packet[0] <= 2 and packet[4] == 0
            assert part.at(packet) == (inside and packets.at(packet))


def test_only_neighbours_of_one_size_are_exchanged() -> None:
    space = flow_space(32)
    for name in ("peer", "source_port"):
        with pytest.raises(ValueError, match="not followed"):
            exchanged(space.all, name)
    with pytest.raises(ValueError, match="no value"):
        fixed(space.all, "protocol", 256)


def test_a_witness_is_in_the_set_and_none_is_in_the_empty_one(some: list[PacketSet]) -> None:
    for packets in some:
        packet = witness(packets)
        assert packet is None if packets.is_empty else packet is not None and packets.at(packet)


def ipv4(text: str) -> int:
    parts = [int(part) for part in text.split(".")]
    return sum(part << shift for part, shift in zip(parts, (24, 16, 8, 0), strict=True))


def chosen(space: Space, packets: PacketSet) -> tuple[int, ...]:
    packet = witness(packets, flow_tastes(32 if space.dimensions[0].size == 2**32 else 128))
    assert packet is not None
    assert packets.at(packet)
    return packet


def test_a_witness_has_the_lowest_values_that_a_taste_leaves(
    tiny: Tiny, some: list[PacketSet]
) -> None:
    for packets, (place, dimension) in product(some, enumerate(tiny.dimensions)):
        held = [packet for packet in tiny.every if packets.at(packet)]
        if held:
            highest = max(packet[place] for packet in held)
            packet = witness(packets, {dimension.name: lambda free: free[-1][1]})
            assert packet == min(p for p in held if p[place] == highest)


def test_a_free_witness_is_https_between_documentation_addresses() -> None:
    space = flow_space(32)
    assert chosen(space, space.all) == (
        ipv4("203.0.113.10"),
        ipv4("203.0.113.10"),
        6,
        443,
        49152,
    )
    wide = flow_space(128)
    example = (0x20010DB8 << 96) + 10
    assert chosen(wide, wide.all)[:2] == (example, example)


@pytest.mark.parametrize(
    ("sides", "expected"),
    [
        ({"destination_port": [(20, 25)]}, {"destination_port": 22}),
        ({"destination_port": [(8000, 8100)]}, {"destination_port": 8000}),
        ({"destination_port": [(0, 0)]}, {"destination_port": 0}),
        ({"protocol": [(17, 17)], "destination_port": [(50, 60)]}, {"destination_port": 53}),
        ({"protocol": [(1, 1), (50, 51)]}, {"protocol": 1}),
        ({"protocol": [(50, 51)]}, {"protocol": 50}),
        ({"source_port": [(1, 2000)]}, {"source_port": 1024}),
        ({"own": [(ipv4("10.0.1.0"), ipv4("10.0.1.255"))]}, {"own": ipv4("10.0.1.4")}),
        ({"own": [(ipv4("10.0.1.7"), ipv4("10.0.1.7"))]}, {"own": ipv4("10.0.1.7")}),
        (
            {"peer": [(ipv4("198.51.100.40"), ipv4("198.51.101.0"))]},
            {"peer": ipv4("198.51.100.40")},
        ),
        ({"peer": [(0, ipv4("9.255.255.255"))]}, {"peer": 4}),
    ],
)
def test_a_witness_is_what_a_person_would_choose(
    sides: dict[str, list[tuple[int, int]]], expected: dict[str, int]
) -> None:
    space = flow_space(32)
    packet = chosen(space, space.packets(space.box(**sides)))
    names = [dimension.name for dimension in space.dimensions]
    assert dict(zip(names, packet, strict=True)) | expected == dict(zip(names, packet, strict=True))


def test_a_later_wish_gives_way_to_an_earlier_one() -> None:
    """HTTPS is open to one address only, so that address it is, documentation or not."""
    space = flow_space(32)
    office = ipv4("10.9.8.7")
    https = space.box(destination_port=[(443, 443)], peer=[(office, office)])
    high = space.box(destination_port=[(9000, 9999)])
    packet = chosen(space, union_of(space, [https, high]))
    assert (packet[1], packet[3]) == (office, 443)


def test_breadths_count_what_occurs_with_each_value(tiny: Tiny, some: list[PacketSet]) -> None:
    names = [dimension.name for dimension in tiny.dimensions]
    for packets, (place, later) in product(some[:40], combinations(range(len(names)), 2)):
        size = tiny.dimensions[place].size
        for among in {((0, size - 1),), ((size - 1, size - 1),), ()}:
            expected = {
                value: len(
                    {
                        p[place]
                        for p in tiny.every
                        if packets.at(p)
                        and p[later] == value
                        and any(low <= p[place] <= high for low, high in among)
                    }
                )
                for value in range(tiny.dimensions[later].size)
            }
            found = list(breadths(packets, names[place], names[later], among))
            told = {n: number for (low, high), number in found for n in range(low, high + 1)}
            assert told == {value: number for value, number in expected.items() if number}
            together = pairwise(found)
            assert all(a[0][1] + 1 < b[0][0] or a[1] != b[1] for a, b in together)


def test_breadths_are_asked_of_an_earlier_dimension(tiny: Tiny) -> None:
    with pytest.raises(ValueError, match="own does not come after peer"):
        breadths(tiny.space().all, "peer", "own", ((0, 3),))


def test_sections_cut_a_dimension_where_it_matters(tiny: Tiny, some: list[PacketSet]) -> None:
    for packets in some:
        for place, dimension in enumerate(packets.space.dimensions):
            found = list(sections(packets, dimension.name))
            numbers = [n for low, high in found for n in range(low, high + 1)]
            assert numbers == list(range(dimension.size))
            for low, high in found:
                alike = {
                    frozenset(
                        (*p[:place], *p[place + 1 :])
                        for p in tiny.every
                        if p[place] == value and packets.at(p)
                    )
                    for value in range(low, high + 1)
                }
                assert len(alike) == 1
