"""`auditor snapshot --effective`: what Azure itself says of running NICs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from auditor.collect import effective
from auditor.snapshot.load import load

from ...command import Command, Ran
from ...standin import Estate, Fault, StandIn
from ...standin.faults import denied

pytest.importorskip("azure.identity")

Json = dict[str, Any]
ESTATE = Path(__file__).parents[3] / "fixtures/estates/hub-and-spoke"
NIC = (
    "/subscriptions/4c7a91e8-b250-4d3f-96a1-d83b0e5f6c27/resourceGroups/rg-orders"
    "/providers/Microsoft.Network/networkInterfaces/nic-web-1"
)
ROUTES: list[Json] = [
    {
        "source": "User",
        "state": "Active",
        "addressPrefix": ["0.0.0.0/0"],
        "nextHopType": "VirtualAppliance",
        "nextHopIpAddress": ["10.100.1.4"],
        "aFieldOfTomorrow": "kept",
    }
]
RULES: list[Json] = [{"networkSecurityGroup": {"id": "x"}, "effectiveSecurityRules": []}]


@pytest.fixture
def azure() -> Iterator[StandIn]:
    with StandIn(Estate.of_path(ESTATE)) as standin, standin.signed():
        standin.azure.patience = 2
        standin.azure.effective[NIC.lower(), "effectiveroutetable"] = ROUTES
        standin.azure.effective[NIC.lower(), "effectivenetworksecuritygroups"] = RULES
        yield standin


Take = Callable[..., tuple[Ran, Json]]


@pytest.fixture
def take(auditor: Command, azure: StandIn) -> Take:
    def taken(*arguments: str | Path) -> tuple[Ran, Json]:
        ran = auditor(
            *("snapshot", "--output", "taken.json", "--credential", "environment"),
            *("--arm-endpoint", azure.base, "--authority", azure.base, "--sweep", "arm"),
            *arguments,
        )
        path = auditor.folder / "taken.json"
        return ran, json.loads(path.read_text()) if path.exists() else {}

    return taken


def about(snapshot: Json) -> list[Json]:
    """The gaps that have to do with effective rules and routes."""
    return [gap for gap in snapshot["gaps"] if "/effective" in gap["subject"]]


def test_azures_answers_are_kept_as_they_came(auditor: Command, take: Take, azure: StandIn) -> None:
    ran, snapshot = take("--effective")

    assert ran.status == 0, ran.err
    assert snapshot["effective"] == [
        {
            "apiVersion": effective.VERSION,
            "id": f"{NIC}/effectiveNetworkSecurityGroups",
            "value": RULES,
        },
        {"apiVersion": effective.VERSION, "id": f"{NIC}/effectiveRouteTable", "value": ROUTES},
    ]
    assert about(snapshot) == [], "machines at rest have no answer, and none is missing"
    kept = load([str(auditor.folder / "taken.json")]).effective
    assert [(each.nic, each.question) for each in kept] == [
        (NIC, question) for question in effective.QUESTIONS
    ]


def test_nothing_is_asked_without_the_option(take: Take, azure: StandIn) -> None:
    _, snapshot = take()

    assert "effective" not in snapshot
    assert not [call for call in azure.calls if call.method == "POST"]


def test_only_nics_of_machines_are_asked_about(take: Take, azure: StandIn) -> None:
    take("--effective")

    asked = {call.path.rpartition("/")[0] for call in azure.calls if call.method == "POST"}
    attached = {
        key
        for key, one in azure.estate.by_key.items()
        if one.type.lower() == "microsoft.network/networkinterfaces"
        and one.decoded()["properties"].get("virtualMachine")
    }
    assert NIC.lower() in attached
    assert asked == attached


def test_a_role_that_lacks_the_action_is_a_gap_for_each_group(take: Take, azure: StandIn) -> None:
    azure.faults.append(denied("/effective"))

    ran, snapshot = take("--effective")

    assert ran.status == 0
    groups = {gap["subject"].split("/")[4] for gap in about(snapshot)}
    assert len(about(snapshot)) == 2 * len(groups)
    assert {gap["kind"] for gap in about(snapshot)} == {"denied"}
    assert "effectiveRouteTable/action, which the role Reader lacks" in ran.err


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Fault("/operationResults/", times=None, status=404), "no longer knows"),
        (Fault("nic-web-1/effective", times=None, status=202), "did not say where"),
        (
            Fault(
                "nic-web-1/effective",
                times=None,
                status=202,
                headers={"Location": "https://elsewhere.example/", "Retry-After": "0"},
            ),
            "another host",
        ),
        (Fault("nic-web-1/effective", times=None, status=200, body=b"<html>"), "no `value`"),
        (Fault("nic-web-1/effective", times=None, status=400, body=b"{}"), "400"),
        (
            Fault(
                "nic-web-1/effective",
                times=None,
                status=200,
                body=b'{"value": [], "nextLink": "https://more.example"}',
            ),
            "first page",
        ),
    ],
)
def test_an_answer_that_does_not_come_is_a_gap(
    take: Take, azure: StandIn, fault: Fault, told: str
) -> None:
    azure.faults.append(fault)

    _, snapshot = take("--effective", "--resource-group", "rg-orders")

    gaps = about(snapshot)
    assert {gap["kind"] for gap in gaps} == {"failed"}
    assert all("nic-web-1" in gap["detail"] and told in gap["detail"] for gap in gaps)
    assert len(gaps) == 2


def test_an_answer_that_takes_for_ever_is_given_up(
    take: Take, azure: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    azure.azure.patience = 10_000
    monkeypatch.setattr(effective, "PATIENCE", 0.1)

    _, snapshot = take("--effective", "--resource-group", "rg-orders")

    assert {gap["detail"].partition(": ")[2] for gap in about(snapshot)} == {"no answer within 0 s"}
