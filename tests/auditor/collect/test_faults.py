"""What the snapshot says when Azure misbehaves: never a green answer for what was not read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from ...command import Command
from ...snapping import ESTATES, Live, living
from ...standin import Estate, Fault, StandIn
from ...standin.faults import denied, page_of_a_proxy, pointing_to, throttled

HUB = "0d9e4b62-3a17-4f85-b0c6-5e8f12a7c930"
ORDERS = "4c7a91e8-b250-4d3f-96a1-d83b0e5f6c27"
GROUPS = f"/subscriptions/{ORDERS}/providers/Microsoft.Network/networkSecurityGroups"
GROUP = f"/subscriptions/{ORDERS}/resourceGroups/rg-orders"
AS_OF = ("--as-of", "2026-11-23")
ASKED = GROUPS.lower() + r"\?"


@pytest.fixture
def live(auditor: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    estate = Estate.of_path(ESTATES / "hub-and-spoke")
    with living(estate, auditor, monkeypatch, page_size=1) as made:
        yield made


@dataclass(frozen=True)
class Case:
    """A fault of one list, how the list ends, and how many of its two elements are read."""

    fault: Callable[[], Fault]
    kind: str = ""
    detail: str = ""
    read: int = 2
    waits: list[float] = field(default_factory=list)


SECOND = ASKED + ".*skiptoken"
CASES = {
    "throttled once": Case(lambda: throttled(ASKED, wait="7"), waits=[7.0]),
    "throttled on page two": Case(lambda: throttled(SECOND, wait="7"), waits=[7.0]),
    "throttled until a date": Case(lambda: throttled(ASKED, wait="Wed, 21 Oct 2015 07:28:00 GMT")),
    "throttled for nobody knows how long": Case(lambda: throttled(ASKED, wait="a while")),
    "throttled for ever": Case(lambda: throttled(ASKED, times=None), "failed", "429", 0),
    "500 twice": Case(lambda: Fault(ASKED, times=2, status=500)),
    "503 twice": Case(lambda: Fault(ASKED, times=2, status=503)),
    "500 for ever": Case(lambda: Fault(ASKED, times=None, status=500), "failed", "500", 0),
    "503 for ever": Case(lambda: Fault(ASKED, times=None, status=503), "failed", "503", 0),
    "503 for ever on page two": Case(
        lambda: Fault(SECOND, times=None, status=503), "partial", "page 2 is missing", 1
    ),
    "403": Case(lambda: denied(ASKED), "denied", "Reader", 0),
    "403 on page two": Case(lambda: denied(SECOND), "partial", "page 2 is missing", 1),
    "404": Case(lambda: Fault(ASKED, times=None, status=404), "failed", "404", 0),
    "400": Case(lambda: Fault(ASKED, times=None, status=400), "failed", "400", 0),
    "dropped once": Case(lambda: Fault(ASKED, drop=True)),
    "dropped for ever": Case(lambda: Fault(ASKED, times=None, drop=True), "failed", "", 0),
    "cut off once": Case(lambda: Fault(ASKED, truncate=True)),
    "cut off for ever": Case(lambda: Fault(ASKED, times=None, truncate=True), "failed", "", 0),
    "half a JSON text": Case(lambda: Fault(ASKED, times=None, halve=True), "failed", "JSON", 0),
    "HTML": Case(lambda: page_of_a_proxy(ASKED), "failed", "proxy", 0),
    "HTML on page two": Case(lambda: page_of_a_proxy(SECOND), "partial", "proxy", 1),
    "no value": Case(
        lambda: Fault(ASKED, times=None, status=200, body=b"{}"), "failed", "`value`", 0
    ),
    "value is null": Case(
        lambda: Fault(ASKED, times=None, status=200, body=b'{"value":null}'), "failed", "", 0
    ),
    "a byte order mark": Case(
        lambda: Fault(ASKED, times=None, status=200, body=b'\xef\xbb\xbf{"value":[]}'), read=0
    ),
    "an empty body": Case(
        lambda: Fault(ASKED, times=None, status=200, body=b""), "failed", "JSON", 0
    ),
    "204": Case(lambda: Fault(ASKED, times=None, status=204, body=b""), "failed", "204", 0),
    "a redirect": Case(
        lambda: Fault(ASKED, times=None, status=302, headers={"Location": "https://example.org/"}),
        "failed",
        "302",
        0,
    ),
    "nextLink to itself": Case(
        lambda: Fault(ASKED, times=None, edit=lambda page: {**page, "nextLink": LINK}),
        "partial",
        "read before",
        1,
    ),
    "nextLink to another scheme": Case(
        lambda: pointing_to(ASKED, lambda link: link.replace("https:", "http:")),
        "partial",
        "leads elsewhere",
        1,
    ),
    "nextLink to nowhere": Case(
        lambda: pointing_to(ASKED, lambda _: "nonsense"), "partial", "leads elsewhere", 1
    ),
    "an element without an id": Case(
        lambda: Fault(
            SECOND, times=None, edit=lambda page: {**page, "value": [{"name": "x"}, 7, None]}
        ),
        "partial",
        "",
        1,
    ),
}
LINK = "set when a stand-in runs"


def findings(live: Live) -> list[Any]:
    found: list[Any] = live.check(*AS_OF).report["findings"]
    return found


@pytest.mark.parametrize("name", CASES)
def test_a_faulty_list(live: Live, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = CASES[name]
    monkeypatch.setitem(globals(), "LINK", f"{live.azure.base}{GROUPS}?api-version=2024-05-01")
    live.azure.faults.append(case.fault())

    ran = live("--subscription", ORDERS)

    assert ran.status == 0
    assert live.gaps == ([(case.kind, GROUPS)] if case.kind else [])
    assert len([key for key in live.resources if "/networksecuritygroups/" in key]) == case.read
    if case.waits:
        assert live.waits == case.waits
    if case.kind:
        [gap] = live.document["gaps"]
        assert case.detail in gap["detail"]
        assert f"not read ({case.kind}): {GROUPS}" in ran.err
        assert_told(findings(live), case.kind)


def assert_told(found: list[Any], kind: str) -> None:
    """GOV-006 tells the gap and what is missing for it; a rule that needs that answers unknown."""
    told = {one["subject"]: one["status"] for one in found if one["rule"] == "GOV-006"}
    assert told[GROUPS] == "broken"
    assert told[f"{GROUP}/providers/Microsoft.Network/networkSecurityGroups/nsg-endpoints"]
    if kind != "partial":
        assert "NSG-012" in {one["rule"] for one in found if one["status"] == "unknown"}


def test_a_faulty_list_makes_no_rule_speak_that_was_silent(live: Live) -> None:
    live()
    before = {(one["rule"], one["subject"]) for one in findings(live) if one["status"] == "broken"}
    live.azure.faults.append(denied("networkSecurityGroups"))
    live()

    now = [one for one in findings(live) if one["status"] == "broken" and one["rule"] != "GOV-006"]

    assert {(one["rule"], one["subject"]) for one in now} <= before


CHILDREN = {
    "flowLogs": "OBS-002",
    "privateDnsZoneGroups": "",  # the records of the zones tell
    "ruleCollectionGroups": "",
    "virtualNetworkLinks": "",
    "ALL": "",
    "diagnosticSettings": "OBS-006",
    "dataCollectionRuleAssociations": "OBS-006",
}


@pytest.mark.parametrize("child", CHILDREN)
def test_a_refused_list_of_children_breaks_nothing(live: Live, child: str) -> None:
    live.azure.azure.page_size = 100
    live()
    before = {(one["rule"], one["subject"]) for one in findings(live) if one["status"] == "broken"}
    live.azure.faults.append(denied(rf"/{child}\?"))

    live()

    now = findings(live)
    broken = {(one["rule"], one["subject"]) for one in now if one["status"] == "broken"}
    assert {one for one in broken if one[0] != "GOV-006"} <= before
    assert len([one for one in broken if one[0] == "GOV-006"]) >= len(live.gaps) > 0
    if CHILDREN[child]:
        assert CHILDREN[child] in {one["rule"] for one in now if one["status"] == "unknown"}


def test_a_refused_subscription_is_one_gap(live: Live) -> None:
    live.azure.azure.denied.add(ORDERS)

    assert live("--subscription", ORDERS, "--subscription", HUB).status == 0

    assert live.gaps == [("denied", f"/subscriptions/{ORDERS}")]
    told = [one for one in findings(live) if one["subject"] == f"/subscriptions/{ORDERS}"]
    assert [one["rule"] for one in told if one["status"] == "broken"] == ["GOV-006"]
    unknown = {one["rule"] for one in told if one["status"] == "unknown"}
    assert {"EXP-009", "PE-006"} <= unknown  # nobody knows what there is to judge


def test_a_subscription_that_is_not_seen_is_not_in_the_scope(live: Live) -> None:
    live.azure.azure.denied.add(ORDERS)

    live()

    assert live.gaps == []
    assert f"/subscriptions/{ORDERS}" not in live.document["scope"]


def test_nothing_that_can_be_read_is_no_snapshot(live: Live) -> None:
    live.azure.azure.denied.update(live.azure.estate.subscriptions)

    ran = live()

    assert ran.status == 3
    assert not live.output.exists()
    assert "no snapshot was taken" in ran.err


def test_a_timeout_is_a_failure_after_retries(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    from azure.core.pipeline.transport import RequestsTransport

    was = RequestsTransport.__init__

    def impatient(self: Any, **settings: Any) -> None:
        was(self, **{**settings, "read_timeout": 0.3})

    monkeypatch.setattr(RequestsTransport, "__init__", impatient)
    live.azure.faults.append(Fault(ASKED, times=None, delay=0.6))

    live("--subscription", ORDERS)

    assert live.gaps == [("failed", GROUPS)]
    assert "no answer in time" in live.document["gaps"][0]["detail"]


def test_the_next_page_on_another_host_is_never_sent_the_token(live: Live) -> None:
    with StandIn() as elsewhere:
        there = elsewhere.base
        live.azure.faults.append(pointing_to(ASKED, lambda _: f"{there}/subscriptions?x=1"))

        live()

        assert elsewhere.calls == []
    assert live.gaps == [("partial", GROUPS)]
    assert "leads elsewhere" in live.document["gaps"][0]["detail"]


@pytest.mark.parametrize(
    "trick",
    [
        "https://{host}@evil.example/subscriptions",
        "https://{host}.evil.example/subscriptions",
        "https://evil.example/?{host}",
        "https://evil.example#{host}",
        "//{host}@evil.example/x",
        "https:\\\\evil.example\\{host}",
        "https://{host}:444/subscriptions",
        "https://user:pass@{host}/subscriptions",
        "file:///etc/passwd",
        "javascript:alert(1)",
        " https://evil.example/",
        "https://{host}\r\n.evil.example/",
    ],
)
def test_addresses_that_only_look_like_azure_are_not_asked(
    live: Live, trick: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from azure.core.pipeline.transport import RequestsTransport

    asked: list[str] = []
    was = RequestsTransport.send

    def send(self: Any, request: Any, **options: Any) -> Any:
        asked.append(request.url)
        return was(self, request, **options)

    monkeypatch.setattr(RequestsTransport, "send", send)
    host = live.azure.base.removeprefix("https://")
    live.azure.faults.append(pointing_to(ASKED, lambda _: trick.replace("{host}", host)))

    live("--subscription", ORDERS)

    assert {url.partition("?")[0].startswith(f"{live.azure.base}/") for url in asked} == {True}
    assert [kind for kind, _ in live.gaps] == ["partial"]


def test_a_resource_on_two_pages_is_kept_once(live: Live) -> None:
    first = live.azure.estate.listed(GROUPS.lower())[0].decoded()
    live.azure.faults.append(
        Fault(SECOND, edit=lambda page: {**page, "value": [first, *page["value"]]})
    )

    live("--subscription", ORDERS)

    ids = [one["id"].lower() for one in live.document["resources"]]
    assert len(ids) == len(set(ids))
    assert live.gaps == []


def test_what_vanishes_between_pages_is_just_gone(live: Live) -> None:
    first = live.azure.estate.listed(GROUPS.lower())[1]
    live.azure.faults.append(Fault(ASKED, then=lambda: live.azure.estate.forget(first.id)))

    live("--subscription", ORDERS)

    assert first.key not in live.resources
    assert live.gaps == []


def test_a_parent_that_vanishes_takes_its_children_along(live: Live) -> None:
    """Listed, and gone when its children are asked for: no gap, and not in the snapshot."""
    [policy] = [one for one in live.azure.estate.by_key if one.endswith("/afwp-hub")]
    below = [key for key in live.azure.estate.by_key if key.startswith(policy)]

    def forget() -> None:
        for key in below:
            live.azure.estate.forget(key)

    live.azure.faults.append(Fault(r"/providers/Microsoft.Network/firewallPolicies\?", then=forget))

    live("--subscription", HUB)

    assert not [key for key in live.resources if key.startswith(policy)]
    assert live.gaps == []


def test_a_list_of_children_that_azure_does_not_know_of_a_parent_that_is_there_is_a_gap(
    live: Live,
) -> None:
    live.azure.faults.append(Fault("ruleCollectionGroups", times=None, status=404))

    live("--subscription", HUB)

    assert [kind for kind, _ in live.gaps] == ["failed"]
    assert live.gaps[0][1].lower().endswith("/afwp-hub/rulecollectiongroups")


def test_a_namespace_that_is_not_registered_holds_nothing(live: Live) -> None:
    live.azure.azure.unregistered |= {"microsoft.cdn", "microsoft.dbformysql"}

    live()

    assert live.gaps == []


def test_a_token_that_is_refused_is_told_in_two_lines(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = {**live.azure.environment(), "AZURE_CLIENT_SECRET": "hunter2-hunter2"}
    monkeypatch.setattr(live.azure, "environment", lambda: variables)

    ran = live("--credential", "environment")

    assert ran.status == 3
    assert "hunter2" not in ran.err
    assert len(ran.err.strip().splitlines()) <= 4
    assert "AZURE_CLIENT_" in ran.err


def test_nothing_secret_is_written_or_said(live: Live) -> None:
    live.azure.faults.append(denied("networkSecurityGroups"))

    ran = live()

    content = live.output.read_text()
    for call in ("Bearer", ".unsigned", "not-a-secret-but-long-enough"):
        assert call not in content
        assert call not in ran.err + ran.out
