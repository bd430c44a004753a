"""Packets for the very appliance that a route names: it has to forward nothing (R-11)."""

from __future__ import annotations

import pytest

from auditor.network.graph import Network
from auditor.testing import estate

from ...networks import nic, peer, vnet
from ...reaching import asked
from ...routing import route, steered, table

HUB = "10.1.0.0/16"


def steering(*, forwards: bool, prefix: str = HUB, peered: bool = True) -> Network:
    """NIC web in a; nva and other in the peered hub, to which a routes by nva."""
    there = [peer("hub", HUB)] if peered else []
    back = [peer("a", "10.0.0.0/16")] if peered else []
    return estate(
        vnet("a", "10.0.0.0/16", subnets={"app": steered("10.0.0.0/24")}, peers=there),
        vnet("hub", HUB, subnets={"edge": "10.1.0.0/24"}, peers=back),
        table("rt", route(prefix, "VirtualAppliance", "10.1.0.4", name="by-nva")),
        nic("web", "10.0.0.4", ("a", "app")),
        nic("nva", "10.1.0.4", ("hub", "edge"), enableIPForwarding=forwards),
        nic("other", "10.1.0.5", ("hub", "edge")),
    )


@pytest.mark.parametrize("forwards", [True, False])
def test_R_11_the_appliance_itself_is_reached_whether_or_not_it_forwards(forwards: bool) -> None:
    found = asked(steering(forwards=forwards), "web", "nva")
    assert found.verdict == "reachable"
    assert found.step("route").says == (
        "route by-nva (10.1.0.0/16) sends it to VirtualAppliance 10.1.0.4, whom it is for"
    )


@pytest.mark.parametrize("forwards", [True, False])
def test_R_11_replies_to_the_appliance_itself_get_back(forwards: bool) -> None:
    assert asked(steering(forwards=forwards), "nva", "web").verdict == "reachable"


@pytest.mark.parametrize(("forwards", "verdict"), [(True, "unknown"), (False, "blocked")])
def test_R_11_what_is_for_others_has_to_be_forwarded(forwards: bool, verdict: str) -> None:
    assert asked(steering(forwards=forwards), "web", "other").verdict == verdict
    assert asked(steering(forwards=forwards), "other", "web").verdict == verdict


def test_R_11_an_appliance_that_is_nowhere_near_gets_nothing() -> None:
    found = asked(steering(forwards=True, peered=False), "web", "nva")
    assert (found.verdict, found.stops[0]) == ("blocked", "route")
