from __future__ import annotations

import pytest

from auditor.testing import ask, estate

from ...networks import peer, vnet, vnet_id

ID = "PER-001"


@pytest.mark.parametrize(
    ("state", "broken"),
    [("Connected", 0), ("connected", 0), ("Initiated", 1), ("Disconnected", 1), ("Odd", 1)],
)
def test_r_14_only_connected_carries_routes(state: str, broken: int) -> None:
    answer = ask(ID, estate(vnet("hub", "10.0.0.0/16", peers=[peer("spoke", state=state)])))
    assert len(answer.broken) == broken
    assert answer.kept == 1 - broken


def test_an_initiated_peering_wants_its_other_side() -> None:
    network = estate(vnet("hub", "10.0.0.0/16", peers=[peer("spoke", state="Initiated")]))
    (finding,) = ask(ID, network).broken
    assert finding.subject == f"{vnet_id('hub')}/virtualNetworkPeerings/to-spoke"
    assert finding.related == (vnet_id("spoke"),)
    assert finding.message == "peering to-spoke of hub with spoke is Initiated"
    assert "peering create --resource-group rg --vnet-name spoke --name to-hub" in finding.remedy
    assert finding.evidence[0].value == "Initiated"


def test_a_disconnected_peering_is_made_anew() -> None:
    network = estate(vnet("hub", "10.0.0.0/16", peers=[peer("spoke", state="Disconnected")]))
    (finding,) = ask(ID, network).broken
    assert "peering delete --resource-group rg --vnet-name hub --name to-spoke" in finding.remedy


def test_R_20_what_a_peering_recorded_of_an_absent_network_counts() -> None:
    stale = peer("spoke", "10.0.4.0/22", state="Disconnected")
    (finding,) = ask(ID, estate(vnet("hub", "10.0.0.0/16", peers=[stale]))).broken
    assert finding.remedy.startswith("renumber hub or spoke first: Azure joins no networks that")


def test_a_peering_without_a_state_is_unknown() -> None:
    answer = ask(ID, estate(vnet("hub", "10.0.0.0/16", peers=[peer("spoke", state=None)])))
    assert (answer.kept, len(answer.unknown)) == (0, 1)


def test_r_14_a_peering_without_its_other_side_is_not_connected_whatever_it_tells() -> None:
    network = estate(
        vnet("hub", "10.0.0.0/16", peers=[peer("spoke", state=None)]), vnet("spoke", "10.1.0.0/16")
    )
    (finding,) = ask(ID, network).broken
    assert finding.message == (
        "peering to-spoke of hub with spoke is not connected: it has no other side"
    )
    assert finding.evidence[0].value == vnet_id("spoke")
    assert ask(ID, network, beside=("PER-002",)).broken == []


def test_azures_own_peering_with_a_virtual_hub_is_no_subject() -> None:
    network = estate(vnet("spoke", "10.0.0.0/16", peers=[peer("HV_hub", state="Initiated")]))
    answer = ask(ID, network)
    assert (answer.broken, answer.unknown, answer.kept) == ([], [], 0)
