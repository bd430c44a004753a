"""Pages of one list: those that are all here, and what those that are not leave open."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from auditor.engine import judge
from auditor.finding import Unknown
from auditor.network.build import build
from auditor.registry import rules
from auditor.snapshot.document import Gap, Snapshot
from auditor.snapshot.load import load

from .reading import kinds, read, vnet

HOME = "/subscriptions/s"
NETWORKS = f"{HOME}/providers/microsoft.network/virtualnetworks"
LINK = (
    "https://management.azure.com/subscriptions/s/providers/Microsoft.Network/networkInterfaces"
    "?api-version=2024-05-01&$skiptoken=dG9rZW4"
)

VNETS = {"value": [vnet()]}


def row(name: str, kind: str = "virtualNetworks") -> dict[str, Any]:
    made = vnet(name)
    made["id"] = made["id"].replace("virtualNetworks", kind)
    return {**made, "type": f"microsoft.network/{kind.lower()}", "tenantId": "t"}


def answer(*names: str, total: int, token: str | None = None) -> dict[str, Any]:
    """Give a page of Resource Graph, as az prints it."""
    rows = [row(each) for each in names]
    return {"count": len(rows), "data": rows, "skip_token": token, "total_records": total}


def folder(tmp_path: Path, *pages: Any) -> Snapshot:
    for number, page in enumerate(pages):
        (tmp_path / f"page-{number}.json").write_text(json.dumps(page))
    return load([str(tmp_path)])


def gap(snapshot: Snapshot) -> Gap:
    (found,) = (each for each in snapshot.gaps if each.kind != "lossy")
    return found


def test_pages_that_make_up_the_total_are_whole(tmp_path: Path) -> None:
    pages = (answer("a", "b", total=3, token="x"), answer("c", total=3))

    assert folder(tmp_path, *pages).gaps == ()
    assert read(list(pages)).gaps == ()
    assert read(b"\n".join(json.dumps(page).encode() for page in pages)).gaps == ()


def test_another_answer_of_as_many_rows_is_no_page_of_theirs(tmp_path: Path) -> None:
    pages = (answer("a", "b", total=3, token="x"), answer("c", total=3))
    whole = answer("d", "e", "f", total=3)

    assert folder(tmp_path, *pages, whole).gaps == ()


@pytest.mark.parametrize(
    "pages",
    [
        (answer("a", "b", total=4, token="x"), answer("c", total=4)),
        (answer("a", "b", total=3, token="x"), answer("b", total=3)),
        (answer("a", "b", total=3, token="x"), answer("c", total=3, token="y")),
        (answer("a", "b", total=3), answer("c", total=3)),
        (answer("a", "b", total=3, token="x"), answer("c", total=1)),
    ],
    ids=["one too few", "a row twice", "no last page", "two last pages", "of another query"],
)
def test_pages_that_do_not_make_up_the_total_say_so(tmp_path: Path, pages: Any) -> None:
    assert "partial" in kinds(folder(tmp_path, *pages))


def test_a_page_of_one_type_leaves_the_list_of_that_type_open() -> None:
    assert gap(read(answer("a", total=2))).hides == (NETWORKS,)


def test_a_page_of_several_types_leaves_the_subscription_open() -> None:
    page = answer("a", total=3)
    page["data"].append(row("n", "networkInterfaces"))

    assert gap(read(page)).hides == (HOME,)


def test_a_next_link_names_the_list_that_is_open() -> None:
    found = gap(read({**VNETS, "nextLink": LINK}))

    assert found.subject == "-"
    assert found.hides == (f"{HOME}/providers/Microsoft.Network/networkInterfaces",)


@pytest.mark.parametrize("link", ["https://management.azure.com/x", "https://[", 7, {"a": 1}])
def test_a_next_link_to_elsewhere_leaves_open_what_the_page_holds(link: Any) -> None:
    assert gap(read({**VNETS, "nextLink": link})).hides == (NETWORKS,)


def test_a_list_of_parts_is_open_below_every_parent() -> None:
    subnet = {**vnet(), "id": f"{vnet()['id']}/subnets/a", "name": "a"}

    found = gap(read({"value": [subnet], "nextLink": "https://management.azure.com/x"}))

    assert found.hides == (f"{NETWORKS}/-/subnets",)


def test_beside_its_last_page_a_page_is_only_perhaps_one_of_more(tmp_path: Path) -> None:
    snapshot = folder(tmp_path, {**VNETS, "nextLink": LINK}, {"value": [vnet("spoke")]})

    (told,) = snapshot.gaps
    assert told.kind == "lossy"
    assert "all pages between" in told.detail


def test_the_last_page_of_another_list_ends_none(tmp_path: Path) -> None:
    nics = {"value": [row("n", "networkInterfaces")]}

    assert kinds(folder(tmp_path, {**VNETS, "nextLink": LINK}, nics)) == ["partial"]


def test_a_refusal_names_the_list_that_was_asked_for(tmp_path: Path) -> None:
    message = (
        "The client 'c' does not have authorization to perform action "
        "'Microsoft.Network/privateEndpoints/read' over scope '/subscriptions/s' or the scope is "
        "invalid."
    )
    refusal = {"error": {"code": "AuthorizationFailed", "message": message}}

    found = gap(folder(tmp_path, VNETS, refusal))

    assert (found.kind, found.hides) == (
        "denied",
        (f"{HOME}/providers/Microsoft.Network/privateEndpoints",),
    )


@pytest.mark.parametrize("message", [None, "", "over scope '/subscriptions/s'", 7])
def test_a_refusal_of_something_untold_hides_no_list(tmp_path: Path, message: Any) -> None:
    refusal = {"error": {"code": "AuthorizationFailed", "message": message}}

    assert gap(folder(tmp_path, VNETS, refusal)).hides == ()


def test_rules_cannot_tell_what_is_on_the_pages_that_are_not_here(tmp_path: Path) -> None:
    snapshot = folder(tmp_path, {"value": [vnet()], "nextLink": LINK.replace("?", "/?")})

    (run,) = judge(build(snapshot).network, [rules()["NSG-011"]])

    (unknown,) = run.outcomes
    assert isinstance(unknown, Unknown)
    assert "page-0.json, which was not read whole" in unknown.missing
