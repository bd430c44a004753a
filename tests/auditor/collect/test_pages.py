"""Lists are followed with care, and never taken for whole when they are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from auditor.collect import pages
from auditor.collect.desk import Workplace
from auditor.collect.outcome import Outcome, State
from auditor.collect.pages import Gone, supported, take_list
from auditor.snapshot.transport import Answer, Unanswered

from .table import ENDPOINT, Table, desk, page, refusal

PATH = "/subscriptions/s/providers/Microsoft.Network/routeTables"
ONE = {"id": f"{PATH}/one"}
TWO = {"id": f"{PATH}/two"}


def take(folder: Path, first: Any, **more: Any) -> tuple[Outcome, Workplace]:
    table = Table({PATH: first, **{f"{PATH}?page={k[1:]}": v for k, v in more.items()}})
    at = desk(table, folder)
    try:
        return take_list(at, f"{PATH}?api-version=2024-05-01", version="2024-05-01"), at
    finally:
        at.spool.close()


def link(number: int, host: str = ENDPOINT) -> str:
    return f"{host}{PATH}?page={number}"


def names(at: Workplace) -> list[str]:
    return [entry.id.rpartition("/")[2] for entry in at.entries]


def test_every_page_is_read(tmp_path: Path) -> None:
    outcome, at = take(tmp_path, page(ONE, link=link(2)), p2=page(TWO))

    assert outcome.state is State.COMPLETE
    assert names(at) == ["one", "two"]


@pytest.mark.parametrize("key", ["nextLink", "@nextLink", "@odata.nextLink"])
@pytest.mark.parametrize("spelled", [link(2), f"{PATH}?page=2", "?page=2"])
def test_a_next_page_is_found_however_it_is_told(tmp_path: Path, key: str, spelled: str) -> None:
    first = Answer(200, msgspec.json.encode({"value": [ONE], key: spelled}))
    outcome, at = take(tmp_path, first, p2=page(TWO))

    assert (outcome.state, names(at)) == (State.COMPLETE, ["one", "two"])


@pytest.mark.parametrize("empty", [page(), page(link="")])
def test_an_empty_list_is_a_true_answer(tmp_path: Path, empty: Answer) -> None:
    assert take(tmp_path, empty)[0].state is State.COMPLETE


def test_an_empty_page_in_the_middle_is_passed(tmp_path: Path) -> None:
    outcome, at = take(tmp_path, page(link=link(2)), p2=page(TWO))

    assert (outcome.state, names(at)) == (State.COMPLETE, ["two"])


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"{}", "no `value`"),
        (b'{"value":{}}', "no sound JSON list"),
        (b'{"value":null}', "no sound JSON list"),
        (b'{"value":[],"nextLink":7}', "no sound JSON list"),
        (b'{"value":[{"id":"/x"', "no sound JSON list"),
        (b"", "no sound JSON list"),
        (b"<!DOCTYPE html><p>sign in", "proxy"),
    ],
)
def test_what_is_no_list_has_failed(tmp_path: Path, body: bytes, why: str) -> None:
    outcome, _ = take(tmp_path, Answer(200, body))

    assert outcome.state is State.FAILED
    assert why in outcome.detail


@pytest.mark.parametrize(
    ("status", "code", "state"),
    [
        (401, "InvalidAuthenticationToken", State.DENIED),
        (403, "AuthorizationFailed", State.DENIED),
        (409, "MissingSubscriptionRegistration", State.NOT_REGISTERED),
        (400, "SubscriptionNotRegistered", State.NOT_REGISTERED),
        (409, "MissingRegistrationForResourceProvider", State.NOT_REGISTERED),
        (404, "Subscription Not Registered", State.NOT_REGISTERED),
        (404, "InvalidResourceNamespace", State.NOT_REGISTERED),
        (429, "TooManyRequests", State.FAILED),
        (500, "", State.FAILED),
        (302, "", State.FAILED),
    ],
)
def test_how_a_list_ends_by_its_first_answer(
    tmp_path: Path, status: int, code: str, state: State
) -> None:
    assert take(tmp_path, refusal(status, code))[0].state is state


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": None, "details": [{"code": "MissingSubscriptionRegistration"}]}},
        {"code": "MissingSubscriptionRegistration", "message": "The subscription ..."},
    ],
)
def test_an_error_is_understood_however_it_is_told(tmp_path: Path, body: Any) -> None:
    answer = Answer(409, msgspec.json.encode(body))

    assert take(tmp_path, answer)[0].state is State.NOT_REGISTERED


def test_who_is_not_known_is_told_to_sign_in_to_the_right_tenant(tmp_path: Path) -> None:
    outcome, _ = take(tmp_path, refusal(401, "InvalidAuthenticationTokenTenant"))

    assert "--tenant" in outcome.detail


@pytest.mark.parametrize(
    "second",
    [refusal(500), refusal(403), refusal(404), Answer(200, b"<html>"), Unanswered("no connection")],
    ids=["error", "denied", "gone", "html", "no answer"],
)
def test_a_later_page_that_is_missing_leaves_a_part(tmp_path: Path, second: Any) -> None:
    outcome, at = take(tmp_path, page(ONE, link=link(2)), p2=second)

    assert outcome.state is State.PARTIAL
    assert "page 2 is missing" in outcome.detail
    assert names(at) == ["one"]


def test_a_next_page_that_was_read_before_ends_the_list(tmp_path: Path) -> None:
    outcome, _ = take(tmp_path, page(ONE, link=link(2)), p2=page(TWO, link=link(2)))

    assert outcome == Outcome(State.PARTIAL, "page 3 is missing: its address was read before")


@pytest.mark.parametrize("host", ["https://evil.example", "http://arm.example", "//evil.example"])
def test_a_next_page_elsewhere_is_not_asked(tmp_path: Path, host: str) -> None:
    outcome, _ = take(tmp_path, page(ONE, link=link(2, host)))

    assert outcome == Outcome(State.PARTIAL, "page 2 is missing: its address leads elsewhere")


def test_pages_without_end_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MOST_PAGES", 3)
    more = {f"p{n}": page(TWO, link=link(n + 1)) for n in range(2, 9)}

    assert take(tmp_path, page(ONE, link=link(2)), **more)[0].state is State.PARTIAL


def test_a_path_that_azure_does_not_know_is_gone(tmp_path: Path) -> None:
    with pytest.raises(Gone, match="404"):
        take(tmp_path, refusal(404, "ResourceNotFound"))


def test_an_element_without_an_id_makes_the_list_a_part(tmp_path: Path) -> None:
    first = page(ONE, {"name": "x"}, 7, link=link(2))
    outcome, at = take(tmp_path, first, p2=page(TWO))

    assert outcome.state is State.PARTIAL
    assert "no resources" in outcome.detail
    assert names(at) == ["one", "two"]


@pytest.mark.parametrize("more", [{"type": None}, {"type": 7}, {"name": None, "tags": None}])
def test_what_a_resource_leaves_null_does_not_make_it_none(tmp_path: Path, more: Any) -> None:
    outcome, at = take(tmp_path, page({**ONE, **more}))

    assert (outcome.state, names(at)) == (State.COMPLETE, ["one"])
    assert at.entries[0].type == "microsoft.network/routetables"


@pytest.mark.parametrize(
    ("told", "taken"),
    [
        ("2020-01-01, 2023-09-01, 2025-01-01, 2026-01-01-preview", "2023-09-01"),
        ("2025-01-01,2026-01-01", "2025-01-01"),
        ("2019-01-01-preview", "2019-01-01-preview"),
        ("", None),
    ],
)
def test_an_older_cloud_tells_which_version_it_knows(told: str, taken: str | None) -> None:
    message = f"No version '2024-05-01' for the type. The supported api-versions are '{told}'."
    answer = refusal(400, "NoRegisteredProviderFound", message)

    assert supported(answer, "2024-05-01") == taken


def test_the_version_that_a_cloud_knows_is_asked_for_and_told(tmp_path: Path) -> None:
    message = "The supported api-versions are '2023-09-01'."
    table = Table(
        {
            f"{PATH}?api-version=2024-05-01": refusal(400, "NoRegisteredProviderFound", message),
            f"{PATH}?api-version=2023-09-01": page(ONE),
        }
    )
    at = desk(table, tmp_path)
    outcome = take_list(at, f"{PATH}?api-version=2024-05-01", version="2024-05-01")

    assert outcome.state is State.COMPLETE
    assert at.spool.read(at.entries[0]).startswith(b'{"apiVersion":"2023-09-01","id":')
    at.spool.close()
