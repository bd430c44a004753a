"""The packet that stands for a set: one of it, and the same whatever was asked before."""

from __future__ import annotations

import pytest

from auditor.addresses import AddressSet, PortSet
from auditor.reach.samples import coordinates, some_packet
from auditor.reach.space import FlowSpace

FROM = AddressSet.from_text(["52.10.0.0/16", "203.0.113.0/24"])
ENDS = ("20.0.0.4", "20.0.0.5", "203.0.113.10")


@pytest.mark.parametrize("order", [ENDS, ENDS[::-1]], ids=["himself last", "himself first"])
def test_packets_to_other_addresses_are_chosen_alike(order: tuple[str, ...]) -> None:
    space = FlowSpace(4)
    for end in order:
        to = AddressSet.from_text([end])
        packets = space.having(source=FROM, destination=to, destination_ports=PortSet.of(8080))
        found = some_packet(packets)
        assert found is not None
        assert packets.at(coordinates(found))
        source = "203.0.113.10" if end != "203.0.113.10" else "203.0.113.11"
        assert (str(found.source), str(found.destination)) == (source, end)
        assert (found.protocol, found.destination_port) == ("tcp", 8080)


def test_nobody_to_himself_where_there_is_nothing_else() -> None:
    space = FlowSpace(4)
    one = AddressSet.from_text(["20.0.0.4"])
    found = some_packet(space.having(source=one, destination=one))
    assert found is not None
    assert found.source == found.destination


def test_an_empty_set_has_none() -> None:
    assert some_packet(FlowSpace(4).empty) is None
