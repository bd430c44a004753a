from __future__ import annotations

from typing import Any

import pytest

from auditor.testing import Answer, ask, estate

from ...networks import peer, vnet, vnet_id

ID = "PER-007"
Json = dict[str, Any]


def judge(side: Json, *space: str) -> Answer:
    far = [vnet("b", *space)] if space else []
    return ask(ID, estate(vnet("a", "10.0.0.0/16", peers=[side]), *far))


@pytest.mark.parametrize(
    ("space", "broken"),
    [
        (("10.1.0.0/16",), 0),
        (("10.1.128.0/17", "10.1.0.0/17"), 0),
        (("10.1.0.0/16", "10.2.0.0/16"), 1),
        (("10.1.0.0/17",), 1),
    ],
)
def test_r_18_the_recorded_space_is_compared_as_a_set(space: tuple[str, ...], broken: int) -> None:
    answer = judge(peer("b", "10.1.0.0/16"), *space)
    assert len(answer.broken) == broken
    assert answer.kept == 1 - broken


def test_a_finding_says_what_is_not_routed() -> None:
    (finding,) = judge(peer("b", "10.1.0.0/16", "10.3.0.0/16"), "10.1.0.0/16", "10.2.0.0/16").broken
    assert finding.message == (
        "peering to-b of a is out of step with b: it does not route 10.2.0.0/16; "
        "it still routes 10.3.0.0/16"
    )
    assert finding.related == (vnet_id("b"),)
    assert finding.remedy == (
        "az network vnet peering sync --resource-group rg --vnet-name a --name to-b"
    )
    assert finding.evidence[0].value == "10.1.0.0/16, 10.3.0.0/16"


@pytest.mark.parametrize(("level", "broken"), [("FullyInSync", 0), ("RemoteNotInSync", 1)])
def test_the_sync_level_counts(level: str, broken: int) -> None:
    side = peer("b", "10.1.0.0/16", peeringSyncLevel=level)
    assert len(judge(side, "10.1.0.0/16").broken) == broken
    assert len(judge(side).broken) == broken


def test_an_absent_network_is_known_by_its_last_space() -> None:
    last = {"addressPrefixes": ["10.1.0.0/16", "10.2.0.0/16"]}
    side = peer("b", "10.1.0.0/16", remoteVirtualNetworkAddressSpace=last)
    assert "does not route 10.2.0.0/16" in judge(side).broken[0].message


def test_nothing_told_is_unknown() -> None:
    assert len(judge(peer("b")).unknown) == 1
    assert len(judge(peer("b", "10.1.0.0/16")).unknown) == 1
    sides = [vnet("a", "10.0.0.0/16", peers=[peer("b", "10.1.0.0/16", state=None)])]
    sides.append(vnet("b", "10.1.0.0/16", peers=[peer("a", "10.0.0.0/16")]))
    assert len(ask(ID, estate(*sides)).unknown) == 1


def test_r_19_a_subnet_peering_is_judged_by_its_level_alone() -> None:
    part: Json = {"peerCompleteVnets": False}
    assert judge(
        peer("b", "10.1.0.0/24", peeringSyncLevel="FullyInSync", **part), "10.1.0.0/16"
    ).kept
    (finding,) = judge(peer("b", "10.1.0.0/24", peeringSyncLevel="LocalNotInSync", **part)).broken
    assert finding.evidence[0].pointer.endswith("/peeringSyncLevel")
    assert judge(peer("b", "10.1.0.0/24", **part), "10.1.0.0/16").unknown


@pytest.mark.parametrize("state", ["Initiated", "Disconnected"])
def test_a_peering_that_is_not_connected_is_no_subject(state: str) -> None:
    answer = judge(peer("b", "10.1.0.0/16", state=state), "10.2.0.0/16")
    assert (answer.broken, answer.unknown, answer.kept) == ([], [], 0)


def test_r_14_a_peering_without_its_other_side_is_not_judged() -> None:
    answer = judge(peer("b", "10.9.0.0/16", state=None), "10.1.0.0/16")
    assert (answer.broken, answer.unknown) == ([], [])
