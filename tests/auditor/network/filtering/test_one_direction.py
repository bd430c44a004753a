"""What is not told of the rules of one direction leaves the other as it is (N-5)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.testing import estate

from ....exposed import deny, nic, nsg, rule, subnet, vnet
from ....reaching import asked


@pytest.mark.parametrize("doubt", ["no priority", "a tie"])
def test_N_5_rules_that_arrive_say_nothing_of_packets_that_leave(doubt: str) -> None:
    bad: list[Any] = [rule("bad", 100, ports="443"), deny("worse", 100)]
    if doubt == "no priority":
        bad = [rule("bad", 100, ports="443")]
        del bad[0]["properties"]["priority"]
    network = estate(
        nsg(*bad, deny("no", 200)),
        nic("web", nsg="nsg"),
        nic("db", address="10.0.0.5"),
        vnet(subnet()),
    )

    assert asked(network, "web", "db", 443).verdict == "reachable"
    assert asked(network, "db", "web", 443).verdict == "unknown"
