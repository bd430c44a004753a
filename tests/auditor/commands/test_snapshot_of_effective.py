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


ACCOUNT = "/subscriptions/s/providers/Microsoft.Network/locations/x/operations/1?api-version=2"
GOES_ON = b'{"status": "InProgress"}'
TOLD = b'{"status": "Succeeded", "properties": {"output": {"value": [{"a": 1}]}}}'


@pytest.mark.parametrize("header", ["Azure-AsyncOperation", "Operation-Location"])
def test_an_account_of_the_question_is_followed_to_its_end(
    take: Take, azure: StandIn, header: str
) -> None:
    headers = {header: azure.base + ACCOUNT, "Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}
    azure.faults += [
        Fault("nic-web-1/effective", times=None, status=202, headers=headers, body=b""),
        Fault("/operations/1", times=3, status=200, headers={"Retry-After": "0"}, body=GOES_ON),
        Fault("/operations/1", times=None, status=200, body=TOLD),
    ]

    _, snapshot = take("--effective", "--resource-group", "rg-orders")

    assert about(snapshot) == []
    assert [each["value"] for each in snapshot["effective"]] == [[{"a": 1}], [{"a": 1}]]


def test_a_question_that_azure_gives_up_is_a_gap(take: Take, azure: StandIn) -> None:
    headers = {"Azure-AsyncOperation": azure.base + ACCOUNT, "Retry-After": "0"}
    azure.faults += [
        Fault("nic-web-1/effective", times=None, status=202, headers=headers),
        Fault("/operations/1", times=None, status=200, body=b'{"status": "Failed"}'),
    ]

    _, snapshot = take("--effective", "--resource-group", "rg-orders")

    assert {gap["kind"] for gap in about(snapshot)} == {"failed"}
    assert all("gave the question up" in gap["detail"] for gap in about(snapshot))


def test_an_older_cloud_is_asked_in_the_version_that_it_knows(take: Take, azure: StandIn) -> None:
    message = "The supported api-versions are '2023-09-01'."
    body = {"error": {"code": "NoRegisteredProviderFound", "message": message}}
    refused = f"/effective.*api-version={effective.VERSION}"
    azure.faults.append(Fault(refused, times=None, status=400, body=json.dumps(body).encode()))

    _, snapshot = take("--effective", "--resource-group", "rg-orders")

    assert about(snapshot) == []
    assert {each["apiVersion"] for each in snapshot["effective"]} == {"2023-09-01"}


@pytest.mark.parametrize("fault", [{"drop": True}, {"truncate": True}, {"status": 502}])
def test_a_question_that_is_not_answered_is_asked_again(
    take: Take, azure: StandIn, fault: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    from azure.core.pipeline.transport import RequestsTransport

    monkeypatch.setattr(RequestsTransport, "sleep", lambda *_: None)
    azure.faults.append(Fault("nic-web-1/effective", **fault))

    _, snapshot = take("--effective", "--resource-group", "rg-orders")

    assert about(snapshot) == []


def test_an_answer_that_takes_for_ever_is_given_up(
    take: Take, azure: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    azure.azure.patience = 10_000
    monkeypatch.setattr(effective, "PATIENCE", 0.1)

    _, snapshot = take("--effective", "--resource-group", "rg-orders")

    assert {gap["detail"].partition(": ")[2] for gap in about(snapshot)} == {"no answer within 0 s"}
