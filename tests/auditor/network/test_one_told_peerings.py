"""A peering that one network calls Connected and that the other does not list: which holds?"""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.testing import ask, estate

from ...networks import nic, peer, vnet
from ...reaching import asked
from ...routing import hop, labels

A, B, C = "10.0.0.0/16", "10.1.0.0/16", "10.2.0.0/16"

Json = dict[str, Any]


def joined(*theirs: Json, state: str | None = "Connected") -> Network:
    """Network a says that it is peered with b, which says what it says."""
    return estate(
        vnet("a", A, subnets={"app": "10.0.0.0/24"}, peers=[peer("b", B, state=state)]),
        vnet("b", B, subnets={"x": "10.1.0.0/24"}, peers=list(theirs)),
        vnet("c", C, subnets={"y": "10.2.0.0/24"}),
        nic("web", "10.0.0.4", ("a", "app")),
        nic("db", "10.1.0.4", ("b", "x")),
        nic("far", "10.2.0.4", ("c", "y")),
    )


def verdict(network: Network, source: str, target: str) -> str:
    return asked(network, source, target).verdict


@pytest.mark.parametrize("theirs", [(), (peer("z", "10.9.0.0/16"),)])
def test_R_14_it_cannot_be_told_whether_it_carries_packets(theirs: tuple[Json, ...]) -> None:
    network = joined(*theirs)
    assert verdict(network, "web", "db") == verdict(network, "db", "web") == "unknown"
    for source, target in (("web", "db"), ("db", "web")):
        [reason] = set(asked(network, source, target).one.reasons)
        assert reason.label == "collection-gap"
        assert "peering to-b is Connected, and b does not list it" in reason.detail


def test_R_14_it_is_no_doubt_about_anybody_else() -> None:
    network = joined()
    assert verdict(network, "web", "far") == verdict(network, "db", "far") == "blocked"
    assert labels(hop(network, "8.8.8.8", "x", "b")) == set()
    assert labels(hop(network, "10.0.2.3", "x", "b")) == {"collection-gap"}


@pytest.mark.parametrize("state", ["Initiated", "Disconnected", None])
def test_R_14_what_is_not_connected_waits_for_its_other_side(state: str | None) -> None:
    network = joined(state=state)
    assert verdict(network, "web", "db") == verdict(network, "db", "web") == "blocked"


def test_R_14_where_both_list_it_there_is_no_doubt() -> None:
    network = joined(peer("a", A))
    assert verdict(network, "web", "db") == verdict(network, "db", "web") == "reachable"


def test_half_open_is_said_of_what_is_not_connected_only() -> None:
    told = ask("PER-002", joined())
    assert told.broken == []
    assert "Connected, and b does not list" in told.unknown[0].missing
    assert len(ask("PER-002", joined(state="Initiated")).broken) == 1
