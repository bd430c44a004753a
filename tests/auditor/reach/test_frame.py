"""Sets of packets seen from before a rewriting."""

from __future__ import annotations

from auditor.addresses import AddressSet, PortSet, parse_address
from auditor.reach.bounds import Bounds
from auditor.reach.frame import SENT, Packet
from auditor.reach.space import FlowSpace

SPACE = FlowSpace(4)


def one(text: str) -> AddressSet:
    return AddressSet.from_text([text])


def to(text: str, ports: str = "443") -> Bounds:
    low, _, high = ports.partition("-")
    these = SPACE.having(
        destination=one(text), destination_ports=PortSet.of(int(low), int(high or low))
    )
    return Bounds.exactly(these)


def test_as_sent_nothing_changes() -> None:
    found = SENT.seen_from_before(SPACE, to("10.0.0.4"))
    assert found.may is found.must is to("10.0.0.4").may


def test_one_value_in_the_place_of_a_field() -> None:
    frame = SENT.rewritten(destination=one("10.0.0.4"))
    found = frame.seen_from_before(SPACE, to("10.0.0.4"))
    assert found.may is found.must is SPACE.having(destination_ports=PortSet.of(443))
    assert frame.seen_from_before(SPACE, to("10.0.0.5")).may.is_empty


def test_of_several_values_some_may_and_all_must() -> None:
    frame = SENT.rewritten(destination=one("10.0.0.4/30"))
    half = frame.seen_from_before(SPACE, to("10.0.0.4/31"))
    assert half.may is SPACE.having(destination_ports=PortSet.of(443))
    assert half.must.is_empty
    assert frame.seen_from_before(SPACE, to("10.0.0.0/24")).must is half.may


def test_several_fields_at_once() -> None:
    frame = SENT.rewritten(destination=one("10.0.0.4"), destination_port=PortSet.of(8443))
    assert frame.seen_from_before(SPACE, to("10.0.0.4", "8443")).must is SPACE.all
    assert frame.seen_from_before(SPACE, to("10.0.0.4", "443")).may.is_empty


def test_P_12_values_of_another_version_let_nothing_through() -> None:
    frame = SENT.rewritten(source=one("fd00::/64"))
    assert frame.seen_from_before(SPACE, to("10.0.0.4")).may.is_empty


def test_a_packet_behind_two_rewritings() -> None:
    frame = SENT.rewritten(destination=one("10.0.0.4")).rewritten(
        source=one("10.0.9.0/24"), source_port=PortSet.of(0, 65535)
    )
    packet = Packet(parse_address("1.0.0.4"), parse_address("20.1.1.1"), "tcp", 50000, 443)
    there = frame.applied(packet)
    assert (str(there.source), str(there.destination), there.destination_port) == (
        "10.0.9.4", "10.0.0.4", 443,
    )  # fmt: skip
    assert there.source_port == 50000


def test_a_packet_keeps_what_the_rewriting_allows() -> None:
    frame = SENT.rewritten(destination=one("20.1.1.0/24"), destination_port=PortSet.of(400, 500))
    packet = Packet(parse_address("1.0.0.4"), parse_address("20.1.1.1"), "tcp", 50000, 443)
    assert frame.applied(packet) == packet


def test_P_12_a_packet_gets_an_address_of_its_own_version() -> None:
    both = AddressSet.from_text(["20.0.0.0/8", "2603:1020::/32"])
    packet = Packet(parse_address("fd00::4"), parse_address("2603:1020::5"), "tcp", 50000, 443)
    assert str(SENT.rewritten(source=both).applied(packet).source) == "2603:1020::4"
    assert SENT.rewritten(source=one("20.0.0.0/8")).applied(packet) == packet
