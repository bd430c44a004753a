"""Many subscriptions by Resource Graph: the same findings as by lists, and nothing passed over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from msgspec import Raw

from auditor.collect.graph_pages import Quota, resource_of
from auditor.collect.rights import Permission

from ...command import Command
from ...snapping import ESTATES, Live, living
from ...standin import Estate, Fault
from ...standin.graph import VERSION

GRAPH = "/providers/microsoft.resourcegraph/resources"
AS_OF = ("--as-of", "2026-11-23")


@pytest.fixture
def live(auditor: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    estate = Estate.of_path(ESTATES / "hub-and-spoke")
    with living(estate, auditor, monkeypatch, page_size=7) as made:
        yield made


def findings(live: Live) -> list[Any]:
    report = live.check(*AS_OF).report["findings"]
    return [{key: one[key] for key in one if key != "location"} for one in report]


def without_versions(live: Live) -> dict[str, Any]:
    """What was read, but for what Resource Graph does not know of a resource."""
    unknown = ("apiVersion", "etag")
    return {
        key: {name: value for name, value in body.items() if name not in unknown}
        | {"type": body["type"].lower()}
        for key, body in live.resources.items()
    }


@pytest.mark.parametrize(
    "estate", ["hub-and-spoke", "docker-to-aks", "docker-to-aks-broken", "clean-company"]
)
def test_both_sweeps_give_the_same(
    auditor: Command, monkeypatch: pytest.MonkeyPatch, estate: str
) -> None:
    with living(Estate.of_path(ESTATES / estate), auditor, monkeypatch) as live:
        assert live("--sweep", "arm").status == 0
        by_lists, told = without_versions(live), findings(live)
        calls = len(live.azure.calls)

        assert live("--sweep", "graph").status == 0

        assert without_versions(live) == by_lists
        assert findings(live) == told
        assert len(live.azure.calls) - calls < calls
        assert live.gaps == []


def test_every_record_tells_its_api_version_in_front(live: Live) -> None:
    """Resource Graph's own, where a row is of Resource Graph."""
    live("--sweep", "graph")

    told = {one["type"]: one["apiVersion"] for one in live.document["resources"]}

    assert told["Microsoft.Network/networkSecurityGroups"] == VERSION
    assert told["Microsoft.Network/virtualNetworks"] != VERSION
    assert told["Microsoft.Network/firewallPolicies/ruleCollectionGroups"] != VERSION
    assert {next(iter(one)) for one in live.document["resources"]} == {"apiVersion"}


@pytest.mark.parametrize("instead", [{}, {"apiVersion": None}, {"apiVersion": ""}])
def test_where_resource_graph_does_not_tell_the_version_lists_do(
    live: Live, instead: dict[str, Any]
) -> None:
    live("--sweep", "arm")
    expected = live.resources
    live.azure.faults.append(
        Fault(
            "ResourceGraph",
            times=None,
            edit=lambda page: {
                **page,
                "data": [
                    {k: v for k, v in row.items() if k != "apiVersion"} | instead
                    for row in page["data"]
                ],
            },
        )
    )

    live("--sweep", "graph")

    assert live.resources == expected
    assert live.gaps == []


def test_where_some_rows_tell_no_version_only_their_lists_are_read(live: Live) -> None:
    def edit(page: dict[str, Any]) -> dict[str, Any]:
        nics = "microsoft.network/networkinterfaces"
        return {
            **page,
            "data": [
                row | {"apiVersion": None} if row["type"].lower() == nics else row
                for row in page["data"]
            ],
        }

    live.azure.faults.append(Fault("ResourceGraph", times=None, edit=edit))

    live("--sweep", "graph")

    listed = {path.rpartition("/providers/")[2] for path in live.azure.count()}
    assert "microsoft.network/networkinterfaces" in listed
    assert "microsoft.network/networksecuritygroups" not in listed
    assert all(one["apiVersion"] for one in live.document["resources"])


def test_a_few_subscriptions_are_read_by_lists(live: Live) -> None:
    live()

    assert GRAPH not in live.azure.count()


def test_many_subscriptions_are_read_by_resource_graph(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(60):
        live.azure.estate.add_subscription(f"00000000-0000-4000-8000-{number:012}")
    monkeypatch.setattr("auditor.collect.graph.BATCH", 40)

    live()

    assert live.azure.count()[GRAPH] == 4
    assert len(live.document["scope"]) == 63
    assert live.gaps == []


def test_named_resource_groups_are_read_by_lists(live: Live) -> None:
    live("--sweep", "graph", "--resource-group", "rg-hub")

    assert GRAPH not in live.azure.count()


def test_a_subscription_that_does_not_answer_is_one_gap(live: Live) -> None:
    denied = next(iter(live.azure.estate.subscriptions))
    live.azure.azure.denied.add(denied)
    named = [f"--subscription={one}" for one in live.azure.estate.subscriptions]

    assert live("--sweep", "graph", *named).status == 0

    assert live.gaps == [("denied", f"/subscriptions/{denied}")]
    assert denied not in {key.split("/")[2] for key in live.resources}


def test_a_subscription_of_which_only_a_part_is_read_is_listed(live: Live) -> None:
    """Resource Graph gives the part and says no word of the rest."""
    part = next(iter(live.azure.estate.subscriptions))
    live.azure.faults.append(Fault(f"/subscriptions/{part}/providers", times=None, status=403))

    live("--sweep", "graph")

    assert ("denied", f"/subscriptions/{part}/providers/Microsoft.Network/virtualNetworks") in (
        live.gaps
    )
    assert all(subject.startswith(f"/subscriptions/{part}/") for _, subject in live.gaps)


def test_a_type_that_the_role_leaves_out_is_a_gap(live: Live) -> None:
    """Resource Graph is silent about it."""
    live.azure.azure.unreadable.add("microsoft.network/azurefirewalls")

    live("--sweep", "graph")

    subject = "providers/Microsoft.Network/azureFirewalls"
    assert live.gaps == [("denied", f"{one}/{subject}") for one in live.document["scope"]]


def denial(*actions: str) -> dict[str, Any]:
    """A deny assignment, as Azure tells it."""
    return {"id": "/x", "properties": {"permissions": [{"actions": actions, "notActions": []}]}}


def test_a_deny_assignment_of_something_else_is_none_here(live: Live) -> None:
    page = {"value": [denial("*/write", "*/delete"), {"id": "/y", "properties": {}}]}
    live.azure.faults.append(Fault("/denyAssignments", times=None, edit=lambda _: page))

    live("--sweep", "graph")

    listed = {path.rpartition("/providers/")[2] for path in live.azure.count()}
    assert "microsoft.network/virtualnetworks" in listed
    assert "microsoft.network/networkinterfaces" not in listed


@pytest.mark.parametrize(
    "fault",
    [
        Fault("/permissions", times=None, status=403),
        Fault("/permissions", times=None, status=500),
        Fault("/permissions", times=None, status=200, body=b"<html>"),
        Fault("/permissions", times=None, edit=lambda page: {**page, "nextLink": "/x"}),
        Fault("/permissions", times=None, edit=lambda page: {"value": []}),
        Fault("/denyAssignments", times=None, status=403),
        Fault("/denyAssignments", times=None, status=200, body=b"{}"),
        Fault("/denyAssignments", times=None, edit=lambda page: {**page, "nextLink": "/x"}),
        Fault("/denyAssignments", times=None, edit=lambda page: {"value": [denial("*/read")]}),
    ],
)
def test_where_the_rights_are_not_told_everything_is_listed(live: Live, fault: Fault) -> None:
    live("--sweep", "arm")
    expected = without_versions(live)
    live.azure.faults.append(fault)

    live("--sweep", "graph")

    assert without_versions(live) == expected
    assert live.gaps == []


@pytest.mark.parametrize(
    ("actions", "left_out", "granted"),
    [
        (("*",), (), True),
        (("*/READ",), (), True),
        (("Microsoft.Network/*",), (), True),
        (("Microsoft.Network/*/read",), (), True),
        (("Microsoft.Network/azureFirewalls/read",), (), True),
        (("Microsoft.Compute/*",), (), False),
        (("Microsoft.Network/azureFirewalls",), (), False),
        (("*",), ("microsoft.network/*",), False),
        ((), (), False),
    ],
)
def test_what_a_role_grants(
    actions: tuple[str, ...], left_out: tuple[str, ...], granted: bool
) -> None:
    role = Permission(actions, left_out)

    assert role.grants("Microsoft.Network/azureFirewalls/read") is granted


@pytest.mark.parametrize(
    "fault",
    [
        Fault("ResourceGraph", times=None, status=403),
        Fault("ResourceGraph", times=None, status=500),
        Fault("ResourceGraph", times=None, status=200, body=b"<html>"),
        Fault("ResourceGraph", times=None, status=200, body=b"{}"),
        Fault("ResourceGraph", times=None, halve=True),
        Fault("ResourceGraph", times=None, edit=lambda page: {**page, "$skipToken": "0"}),
        Fault("ResourceGraph", times=None, edit=lambda page: {**page, "data": page["data"][:1]}),
        Fault("ResourceGraph", times=None, edit=lambda p: {**p, "data": p["data"][:-1] * 2}),
        Fault("ResourceGraph", times=None, edit=lambda page: {**page, "resultTruncated": "true"}),
        Fault("ResourceGraph", times=None, edit=lambda page: {**page, "data": [{"name": "x"}]}),
        Fault("ResourceGraph", times=None, after=1, status=503),
        Fault("ResourceGraph", times=None, after=2, status=503),
    ],
)
def test_what_resource_graph_does_not_give_whole_is_listed(live: Live, fault: Fault) -> None:
    live("--sweep", "arm")
    expected = without_versions(live)
    live.azure.faults.append(fault)

    with pytest.MonkeyPatch.context() as small:
        small.setattr("auditor.collect.graph_pages.MOST_ROWS", 20)
        assert live("--sweep", "graph").status == 0

    assert without_versions(live) == expected
    assert live.gaps == []


def test_an_answer_that_is_too_large_is_asked_for_in_smaller_pages(live: Live) -> None:
    live("--sweep", "arm")
    expected = without_versions(live)
    live.azure.azure.most_bytes = 20_000

    live("--sweep", "graph")

    assert live.gaps == []
    assert without_versions(live) == expected
    statuses = [call.status for call in live.azure.calls if call.path == GRAPH]
    assert statuses.count(400) >= 6  # 1,000 rows at first, halved until they fit
    assert statuses.count(200) >= 6
    assert statuses[-1] == 200


def test_throttled_questions_are_asked_again(live: Live) -> None:
    live.azure.faults.append(
        Fault("ResourceGraph", times=2, status=429, headers={"Retry-After": "3"})
    )

    live("--sweep", "graph")

    assert live.gaps == []
    assert live.waits == [3.0, 3.0]


def test_the_quota_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    now, slept = [100.0], list[float]()
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr("time.sleep", slept.append)
    quota = Quota()

    for left, after in (("3", "00:00:05"), ("0", "00:00:04"), ("nonsense", ""), ("0", "soon")):
        quota.told({"x-ms-user-quota-remaining": left, "x-ms-user-quota-resets-after": after})
    quota.wait()
    now[0] += 5
    quota.wait()

    assert slept == [4.0]


def test_a_row_becomes_the_resource_that_it_tells_of() -> None:
    arm_id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/natGateways/n"
    row = {
        "id": arm_id,
        "type": "microsoft.network/natgateways",
        "tenantId": "t",
        "subscriptionId": "s",
        "resourceGroup": "g",
        "kind": "",
        "location": "westeurope",
        "managedBy": "",
        "sku": None,
        "tags": {"kind": ""},
        "properties": {"fromTheFuture": None},
    }

    made = resource_of({name: Raw(msgspec.json.encode(row[name])) for name in row}, arm_id)

    assert msgspec.json.decode(msgspec.json.encode(made)) == {
        "id": arm_id,
        "type": "Microsoft.Network/natGateways",
        "location": "westeurope",
        "tags": {"kind": ""},
        "properties": {"fromTheFuture": None},
    }
