"""Ports as NSG rules write them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.ports import EVERY_PORT, PortError, PortSet, parse_ports

RANGES = st.lists(st.tuples(st.integers(0, 65535), st.integers(0, 65535)).map(sorted))
SETS = RANGES.map(lambda pairs: parse_ports(*(f"{low}-{high}" for low, high in pairs)))
few = settings(max_examples=60, deadline=None)


def test_n_9b_a_port_a_range_and_a_star() -> None:
    assert parse_ports("22").intervals == ((22, 22),)
    assert parse_ports("500-1000").intervals == ((500, 1000),)
    assert parse_ports("*") == EVERY_PORT
    assert parse_ports("0-65535") == EVERY_PORT
    assert parse_ports("443", "80-81", "82").intervals == ((80, 82), (443, 443))
    assert parse_ports(" 22 ", "80 - 81").intervals == ((22, 22), (80, 81))
    assert not parse_ports()


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "-", "22-", "-22", "22-21", "65536", "0-65536", "-1", "22,80", "22-80-90", "0x16",
        "\u0662\u0662", "\xb2", "2 2", "ssh", "+22", "2_2", "000022", "9" * 100_000, "*-22",
        "\x1b[31m22", " " * 40 + "22",
    ],
    ids=lambda text: ascii(text)[:30],
)  # fmt: skip
def test_n_9b_everything_else_is_refused(text: str) -> None:
    with pytest.raises(PortError):
        parse_ports("443", text)


def test_both_sides_of_the_ends() -> None:
    ports = parse_ports("22-80")

    assert [port in ports for port in (21, 22, 80, 81)] == [False, True, True, False]
    assert 65535 in EVERY_PORT
    assert 65536 not in EVERY_PORT


def test_an_error_says_what_is_wrong_in_one_safe_line() -> None:
    with pytest.raises(PortError) as backwards:
        parse_ports("80-22")
    with pytest.raises(PortError) as hostile:
        parse_ports("22\n::error::\x1b[2J" + "x" * 500)

    assert str(backwards.value) == '"80-22" is a range of ports written backwards'
    assert str(hostile.value).startswith('"22\\n::error::\\x1b[2Jxxx')
    assert str(hostile.value).endswith('x…" is neither a port (0 to 65535) nor a range of ports')
    assert str(hostile.value).isprintable()


@few
@given(SETS, SETS)
def test_laws(left: PortSet, right: PortSet) -> None:
    assert ~~left == left
    assert ~(left | right) == ~left & ~right
    assert left - right == left & ~right
    assert (left - right) | (left & right) == left
    assert left & right <= left <= left | right
    assert (left <= right) == (left | right == right) == (right >= left)
    assert (left | right).size == left.size + right.size - (left & right).size
    assert bool(left) == (left.size > 0)
    assert hash(left | right) == hash(right | left)


@few
@given(SETS)
def test_text_reads_back(ports: PortSet) -> None:
    assert parse_ports(*(text for text in str(ports).split(", ") if text)) == ports
    assert PortSet.of(7) == parse_ports("7")
    assert PortSet.of(7, 9) == parse_ports("7-9")
