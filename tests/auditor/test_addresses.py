"""Prefixes and address sets: laws, other libraries as oracles, both sides of boundaries."""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Callable
from functools import reduce
from itertools import combinations
from operator import or_

import netaddr
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.addresses import (
    EVERY_V4,
    EVERY_V6,
    EVERYTHING,
    NOTHING,
    Address,
    AddressError,
    AddressSet,
    Prefix,
    address_or_none,
    overlap_count,
    overlapping,
    overlapping_groups,
    parse_address,
    parse_prefix,
    prefix_or_none,
)

few = settings(max_examples=80, deadline=None)

# Few addresses and many lengths, so that prefixes nest, touch and repeat.
V4 = st.builds(Prefix.of, st.just(4), st.integers(0, 255).map(lambda n: n << 24), st.integers(0, 9))
V6 = st.builds(Prefix.of, st.just(6), st.integers(0, 15).map(lambda n: n << 124), st.integers(0, 5))
ENDS = st.sampled_from([Prefix.of(4, 0, 32), Prefix.of(4, 2**32 - 1, 32), Prefix.of(6, 0, 128)])
PREFIXES = st.one_of(V4, V6, ENDS)
SETS = st.lists(PREFIXES, max_size=8).map(AddressSet.from_prefixes)


@few
@given(st.integers(0, 2**32 - 1), st.integers(0, 32))
def test_ipv4_text_is_read_and_written_as_netaddr_and_ipaddress_do(value: int, length: int) -> None:
    text = f"{netaddr.IPAddress(value)}/{length}"
    prefix = parse_prefix(text)
    oracle = netaddr.IPNetwork(text)

    assert (prefix.first, prefix.last, prefix.length) == (oracle.first, oracle.last, length)
    assert str(prefix) == str(oracle.cidr) == str(ipaddress.ip_network(text, strict=False))
    assert prefix.size == oracle.size
    assert parse_prefix(str(prefix)) == prefix


@few
@given(st.integers(0, 2**128 - 1), st.integers(0, 128), st.booleans())
def test_ipv6_text_is_read_and_written_as_ipaddress_does(
    value: int, length: int, long: bool
) -> None:
    value &= value >> 64 if long else 2**128 - 1
    address = ipaddress.IPv6Address(value)
    prefix = parse_prefix(f"{address.exploded if long else address}/{length}")
    oracle = ipaddress.IPv6Network((value, length), strict=False)

    assert (prefix.version, prefix.first) == (6, int(oracle.network_address))
    assert prefix.last == int(oracle.broadcast_address)
    assert parse_prefix(str(prefix)) == prefix
    assert parse_address(str(address)) == Address(6, value)
    assert str(Address(6, value)) == str(netaddr.IPAddress(value, 6))


@few
@given(st.text("0123456789./ :abf*-", max_size=20))
def test_whatever_is_read_is_what_netaddr_reads(text: str) -> None:
    try:
        prefix = parse_prefix(text)
    except AddressError:
        return
    oracle = netaddr.IPNetwork(text.strip())

    assert (prefix.version, prefix.first, prefix.last) == (
        oracle.version,
        oracle.first,
        oracle.last,
    )


def test_host_bits_are_cut_blanks_ignored_and_a_bare_address_is_one_address() -> None:
    assert str(parse_prefix("10.0.0.7/24")) == "10.0.0.0/24"
    assert str(parse_prefix(" 10.0.0.0/8\n")) == "10.0.0.0/8"
    assert str(parse_prefix("10.0.0.4")) == "10.0.0.4/32"
    assert str(parse_prefix("2001:DB8::4")) == "2001:db8::4/128"
    assert str(parse_prefix("2001:0db8::7/32")) == "2001:db8::/32"
    assert str(parse_prefix("0.0.0.0/0")) == "0.0.0.0/0"
    assert str(parse_prefix("::/0")) == "::/0"


REFUSED = [
    "", " ", "/", "/24", "10", "10.0", "10.0/16", "10.0.0", "10.0.0.0.0", "10.0.0.0/", "256.0.0.0",
    "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/24/24", "10.0.0.0/ 24", "10.0.0.0 /24",
    "10.0.0.0/255.255.255.0", "10.0.0.0/0.0.0.255", "010.0.0.0/8", "0x0a.0.0.0", "1e1.0.0.0",
    "10.0.0.-1", "10.0.0.+1", "10.0.0.1_0", "\uff110.0.0.0/8", "10.0.0.0/\u0668", "167772160",
    "10\u30020\u30020\u30020", "10.0.0.0\x00", "\ud800", "10.0.0.0-10.0.0.9", "10.0.0.0,10.0.0.1",
    "::/129", "::/ffff::", "::1%eth0", "fe80::1%1/64", ":::", "1::2::3", "2001:db8", "g::",
    "::ffff:10.0.0.256", "12345::", "[::1]", "VirtualNetwork", "Internet", "*", "null",
    "1." * 100_000, ":" * 100_000, " " * 200 + "10.0.0.0",
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: ascii(text)[:30])
def test_everything_else_is_refused_in_one_printable_sentence(text: str) -> None:
    with pytest.raises(AddressError) as refused:
        parse_prefix(text)

    message = str(refused.value)
    assert message.endswith(" is not a CIDR")
    assert message.isprintable()
    assert len(message) < 400


def test_the_sentence_names_the_text() -> None:
    with pytest.raises(AddressError, match=r'^"10.0.0.0/33" is not a CIDR$'):
        parse_prefix("10.0.0.0/33")
    with pytest.raises(AddressError, match=r'^"10.0.0.0/24" is not an address$'):
        parse_address("10.0.0.0/24")
    with pytest.raises(AddressError, match=r'^"10.0" is not an address$'):
        parse_address("10.0")


def test_an_address_prints_and_reads_back() -> None:
    for text in ("0.0.0.0", "10.0.0.4", "255.255.255.255", "::", "2001:db8::4"):
        assert str(parse_address(text)) == text
    assert parse_address("255.255.255.255") < parse_address("::")
    assert parse_prefix("10.0.0.0/8").address == parse_address("10.0.0.0")


def test_what_may_be_an_address_or_a_prefix() -> None:
    assert address_or_none("10.0.0.4") == parse_address("10.0.0.4")
    assert prefix_or_none("10.0.0.0/8") == parse_prefix("10.0.0.0/8")
    for text in (None, "", "shop.example.com"):
        assert address_or_none(text) is None
    for text in (None, "", "Storage.WestEurope"):
        assert prefix_or_none(text) is None
    assert address_or_none("10.0.0.0/8") is None


def test_prefixes_sort_by_version_first_address_and_width() -> None:
    texts = ["9.0.0.0/8", "10.0.0.0/8", "10.0.0.0/16", "10.0.0.0/32", "10.0.1.0/24", "::/0", "::/1"]
    shuffled = random.Random(7).sample(texts, len(texts))

    assert sorted(map(parse_prefix, shuffled)) == list(map(parse_prefix, texts))


@pytest.mark.parametrize(
    ("inner", "outer", "inside"),
    [
        ("10.0.0.0/24", "10.0.0.0/24", True),
        ("10.0.0.128/25", "10.0.0.0/24", True),
        ("10.0.1.0/25", "10.0.0.0/24", False),
        ("9.255.255.0/24", "10.0.0.0/8", False),
        ("10.0.0.0/8", "10.0.0.0/9", False),
        ("::/128", "0.0.0.0/0", False),
        ("0.0.0.0/32", "::/0", False),
    ],
)
def test_containment(inner: str, outer: str, inside: bool) -> None:
    assert (parse_prefix(inner) in parse_prefix(outer)) is inside
    assert (parse_prefix(inner) in AddressSet.from_text([outer])) is inside


def test_an_address_at_both_sides_of_the_ends() -> None:
    prefix = parse_prefix("10.0.1.0/24")
    texts = ("10.0.0.255", "10.0.1.0", "10.0.1.255", "10.0.2.0")
    expected = [False, True, True, False]

    assert [parse_address(text) in prefix for text in texts] == expected
    assert [parse_address(text).value in prefix for text in texts] == expected
    assert [parse_address(text) in AddressSet.from_prefixes([prefix]) for text in texts] == expected
    assert parse_address("::") not in parse_prefix("0.0.0.0/0")


@few
@given(PREFIXES, PREFIXES)
def test_overlap_is_a_shared_address(left: Prefix, right: Prefix) -> None:
    shared = AddressSet.from_prefixes([left]) & AddressSet.from_prefixes([right])

    assert left.overlaps(right) == right.overlaps(left) == bool(shared)
    assert left.overlaps(right) == (left in right or right in left)
    assert hash(left) == hash(parse_prefix(str(left)))


@few
@given(SETS, SETS, SETS)
def test_laws_of_sets(a: AddressSet, b: AddressSet, c: AddressSet) -> None:
    assert a | b == b | a
    assert a & b == b & a
    assert (a | b) | c == a | (b | c)
    assert (a & b) & c == a & (b & c)
    assert a & (b | c) == (a & b) | (a & c)
    assert a | (b & c) == (a | b) & (a | c)
    assert ~~a == a
    assert ~(a | b) == ~a & ~b
    assert a - b == a & ~b
    assert a | NOTHING == a == a & EVERYTHING
    assert a & ~a == NOTHING
    assert a | ~a == EVERYTHING
    assert a & b <= a <= a | b
    assert (a <= b) == (a | b == b) == (b >= a) == (not a - b)
    assert a.overlaps(b) == bool(a & b)
    assert hash(a | b) == hash(b | a)
    assert (a | b).size == a.size + b.size - (a & b).size
    assert bool(a) == (a.size > 0)


@few
@given(st.lists(SETS, max_size=5))
def test_the_union_of_many_sets_tells_whether_they_share_addresses(sets: list[AddressSet]) -> None:
    total, apart = AddressSet.union(sets)
    assert total == reduce(or_, sets, NOTHING)
    assert apart is not any(one.overlaps(other) for one, other in combinations(sets, 2))


@given(SETS)
def test_prefixes_are_the_fewest_and_make_the_set(a: AddressSet) -> None:
    prefixes = a.prefixes()
    v4 = [netaddr.IPNetwork(str(prefix)) for prefix in prefixes if prefix.version == 4]
    ranges = [
        (ipaddress.ip_address(low), ipaddress.ip_address(high)) for low, high in a.intervals(4)
    ]
    blocks = [
        block for low, high in ranges for block in ipaddress.summarize_address_range(low, high)
    ]

    assert AddressSet.from_prefixes(prefixes) == a
    assert list(prefixes) == sorted(prefixes)
    assert netaddr.cidr_merge(v4) == v4
    assert [str(prefix) for prefix in prefixes if prefix.version == 4] == [str(b) for b in blocks]
    assert all(prefix in a for prefix in prefixes)
    assert str(a) == (", ".join(map(str, prefixes)) or "nothing")


@few
@given(SETS)
def test_the_smallest_address_is_a_witness(a: AddressSet) -> None:
    smallest = a.smallest()

    assert (smallest is None) == (not a)
    if smallest is not None:
        assert smallest in a
        assert smallest == a.prefixes()[0].address


def test_halves_of_the_internet_are_the_internet() -> None:
    assert AddressSet.from_text(["0.0.0.0/1", "128.0.0.0/1"]) == EVERY_V4
    assert AddressSet.from_text(["::/1", "8000::/1"]) == EVERY_V6
    assert str(AddressSet.from_text(["0.0.0.0/1", "128.0.0.0/1"])) == "0.0.0.0/0"
    assert ~EVERY_V4 == EVERY_V6
    assert EVERYTHING.size == 2**32 + 2**128
    assert not AddressSet.from_text([])


def test_a_range_of_addresses() -> None:
    low, high = parse_address("10.0.0.1"), parse_address("10.0.0.4")

    assert str(AddressSet.from_range(low, high)) == "10.0.0.1/32, 10.0.0.2/31, 10.0.0.4/32"
    assert AddressSet.from_range(low, low).size == 1
    assert AddressSet.from_range(parse_address("::1"), parse_address("::2")).v6 == ((1, 2),)
    with pytest.raises(AddressError, match=r"10.0.0.4 to 10.0.0.1 is not a range"):
        AddressSet.from_range(high, low)
    with pytest.raises(AddressError):
        AddressSet.from_range(low, parse_address("::"))


Items = list[tuple[Prefix, int]]


@few
@given(st.lists(PREFIXES, max_size=25))
def test_the_sweep_finds_the_pairs_that_comparing_all_finds(prefixes: list[Prefix]) -> None:
    items: Items = [(prefix, number) for number, prefix in enumerate(prefixes)]
    pairs = list(overlapping(items))
    expected = {
        frozenset((left, right))
        for left, a in enumerate(prefixes)
        for right, b in enumerate(prefixes[:left])
        if a.overlaps(b)
    }

    assert {frozenset((left, right)) for (_, left), (_, right) in pairs} == expected
    assert len(pairs) == len(expected) == overlap_count(items)
    assert all(narrow in wide for (wide, _), (narrow, _) in pairs)
    rank = {item: place for place, item in enumerate(sorted(items))}
    order = [(rank[narrow], rank[wide]) for wide, narrow in pairs]
    assert order == sorted(order)


@few
@given(st.sets(PREFIXES, max_size=20), st.randoms(use_true_random=False))
def test_the_sweep_does_not_depend_on_the_order_of_distinct_prefixes(
    prefixes: set[Prefix], rng: random.Random
) -> None:
    items = [(prefix, str(prefix)) for prefix in sorted(prefixes)]
    shuffled = rng.sample(items, len(items))

    assert list(overlapping(shuffled)) == list(overlapping(items))


def test_ranges_that_only_touch_share_no_address() -> None:
    def pairs(*texts: str) -> list[tuple[str, str]]:
        found = overlapping([(parse_prefix(text), text) for text in texts])
        return [(wide, narrow) for (_, wide), (_, narrow) in found]

    assert pairs("10.0.0.0/24", "10.0.1.0/24") == []
    assert pairs("10.0.0.0/24", "10.0.0.255/32") == [("10.0.0.0/24", "10.0.0.255/32")]
    assert pairs("255.255.255.255", "::/0", "0.0.0.0/0") == [("0.0.0.0/0", "255.255.255.255")]
    assert pairs("10.0.0.0/8", "10.0.0.0/8") == [("10.0.0.0/8", "10.0.0.0/8")]
    assert pairs() == []


@few
@given(st.lists(st.lists(PREFIXES, max_size=6), max_size=6))
def test_groups_overlap_only_with_other_groups(groups: list[list[Prefix]]) -> None:
    found = list(overlapping_groups(enumerate(groups)))
    expected = {
        frozenset(((left, a), (right, b)))
        for left, some in enumerate(groups)
        for right, others in enumerate(groups[:left])
        for a in some
        for b in others
        if a.overlaps(b)
    }

    assert {frozenset(((g, a), (h, b))) for (a, g), (b, h) in found} == expected
    assert len(found) == len(expected)


def test_groups_of_one_name_are_still_two_groups() -> None:
    ten = parse_prefix("10.0.0.0/8")

    assert list(overlapping_groups([("a", [ten, ten]), ("a", [ten])])) == [((ten, "a"), (ten, "a"))]


@pytest.mark.parametrize("sweep", [overlapping, overlap_count], ids=["pairs", "count"])
def test_many_disjoint_prefixes_below_one_wide_one(sweep: Callable[[Items], object]) -> None:
    items = [(Prefix.of(4, number << 8, 24), number) for number in range(20_000)]
    found = sweep([*items, (Prefix.of(4, 0, 0), -1)])

    assert (found if isinstance(found, int) else len(list(found))) == 20_000  # type: ignore[call-overload]
