"""Evidence of a packet's way, read from the resources that decide it."""

from __future__ import annotations

from unittest.mock import Mock

import msgspec
import pytest

from auditor.network.graph import Network
from auditor.reach import quoting
from auditor.reach.answer import Answer
from auditor.reach.quoting import quoted
from auditor.testing import estate

from ...exposed import nic, nsg, rule, subnet, vnet
from ...reaching import asked


def between() -> tuple[Network, Answer]:
    """Machines a and b in two subnets behind a group each."""
    out = rule("out", 100, direction="Outbound")
    network = estate(
        nsg(out, name="one"),
        nsg(rule("in", 100), name="two"),
        vnet(subnet(nsg="one"), subnet("db", "10.0.1.0/24", nsg="two")),
        nic("a"),
        nic("b", address="10.0.1.4", subnet="db"),
    )
    return network, asked(network, "a", "b").one


@pytest.mark.parametrize(("kept", "reads"), [(8, 3), (1, 6)])
def test_a_resource_is_read_once_for_all_that_is_quoted_of_it(
    monkeypatch: pytest.MonkeyPatch, kept: int, reads: int
) -> None:
    network, answer = between()
    network.known.clear()
    decode = Mock(side_effect=msgspec.json.decode)
    monkeypatch.setattr(msgspec.json, "decode", decode)
    monkeypatch.setattr(quoting, "_KEPT", kept)

    every = [quoted(network, answer.hops) for _ in range(2)]

    assert every[0] == every[1]
    assert sorted(each.pointer for each in every[0]) == [
        "/properties/addressSpace/addressPrefixes/0",
        "/properties/securityRules/0",
        "/properties/securityRules/0",
    ]
    assert decode.call_count == reads
