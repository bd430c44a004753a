"""A peering that only one of the two networks lists carries nothing, whatever its state says."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.testing import ask, estate

from ...networks import nic, peer, vnet
from ...reaching import asked
from ...routing import endpoint

A, B = "10.0.0.0/16", "10.1.0.0/16"

Json = dict[str, Any]


def joined(*theirs: Json, state: str | None = "Connected") -> Network:
    """Network a says that it is peered with b, which says what it says."""
    return estate(
        vnet("a", A, subnets={"app": "10.0.0.0/24"}, peers=[peer("b", B, state=state)]),
        vnet("b", B, subnets={"x": "10.1.0.0/24"}, peers=list(theirs)),
        nic("web", "10.0.0.4", ("a", "app")),
        nic("db", "10.1.0.4", ("b", "x")),
    )


def verdict(network: Network, source: str, target: str) -> str:
    return asked(network, source, target).verdict


@pytest.mark.parametrize("state", ["Connected", "Initiated", "Disconnected", None])
@pytest.mark.parametrize("theirs", [(), (peer("z", "10.9.0.0/16"),)])
def test_R_14_without_its_other_side_it_carries_nothing(
    theirs: tuple[Json, ...], state: str | None
) -> None:
    network = joined(*theirs, state=state)
    assert verdict(network, "web", "db") == verdict(network, "db", "web") == "blocked"
    assert len(ask("PER-002", network).broken) == 1


def test_R_14_with_its_other_side_it_does() -> None:
    network = joined(peer("a", A))
    assert verdict(network, "web", "db") == verdict(network, "db", "web") == "reachable"
    assert ask("PER-002", network).broken == []


def twice(remote: str = A, **differs: Any) -> tuple[Json, Json]:
    """Two peerings with network a, which tell the same but for this; Azure makes one (R-19)."""
    return peer("a", A), {**peer("a", remote, **differs), "name": "again"}


OTHER = [
    twice(state="Disconnected"),
    twice(allowForwardedTraffic=True),
    twice("10.9.0.0/16"),
]


@pytest.mark.parametrize("sides", OTHER)
@pytest.mark.parametrize("turned", [False, True])
def test_R_19_two_peerings_that_contradict_each_other_decide_nothing(
    sides: tuple[Json, Json], turned: bool
) -> None:
    network = joined(*(reversed(sides) if turned else sides))
    assert verdict(network, "web", "db") == verdict(network, "db", "web") == "unknown"
    found = asked(network, "db", "web").one.reasons
    assert "which peering of b with a counts: again and to-a differ" in {r.detail for r in found}


def test_R_19_two_peerings_that_tell_the_same_are_as_good_as_one() -> None:
    network = joined(*twice(provisioningState="Updating"))
    assert verdict(network, "web", "db") == verdict(network, "db", "web") == "reachable"


def test_R_19_two_peerings_of_which_neither_is_connected_carry_nothing() -> None:
    one, other = twice(state="Initiated")
    one["properties"]["peeringState"] = "Disconnected"
    network = joined(one, other)
    assert verdict(network, "web", "db") == verdict(network, "db", "web") == "blocked"


def test_R_19_a_peering_of_a_network_with_itself_carries_nothing_and_takes_nothing() -> None:
    """Azure makes none; one of other subnets leaves the private endpoints where they are."""
    odd = peer("a", "10.9.0.0/24", peerCompleteVnets=False, localSubnetNames=["other"])
    network = estate(
        vnet("a", A, subnets={"app": "10.0.0.0/24", "pe": "10.0.1.0/24"}, peers=[odd]),
        nic("web", "10.0.0.4", ("a", "app")),
        nic("db", "10.0.1.4", ("a", "pe")),
        endpoint("door", "10.0.1.9", ("a", "pe")),
    )
    assert verdict(network, "web", "door") == verdict(network, "web", "db") == "reachable"
