"""Resource Graph answers: rows as objects and as a table, and whether they are whole."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditor.errors import InputError
from auditor.snapshot.document import Dialect

from .reading import VNET, bodies, kinds, read, vnet


def row(name: str = "hub", **more: Any) -> dict[str, Any]:
    added = {"tenantId": "t", "subscriptionId": "s", "resourceGroup": "g", "sku": None}
    return {**vnet(name), "type": "microsoft.network/virtualnetworks", **added, **more}


def test_rows_are_arm_with_the_type_as_the_id_spells_it() -> None:
    snapshot = read({"data": [row()], "count": 1, "total_records": 1, "skip_token": None})

    (record,) = snapshot.records
    assert record.dialect is Dialect.ARM
    assert record.type == "Microsoft.Network/virtualNetworks"
    assert record.pointer == "/data/0"
    assert snapshot.sources[0].shape == "Resource Graph"
    assert snapshot.gaps == ()


def test_a_table_becomes_objects() -> None:
    names = ["id", "type", "name", "properties"]
    table = {
        "columns": [{"name": name, "type": "string"} for name in names],
        "rows": [[row(each)[name] for name in names] for each in ("b", "a")],
    }

    snapshot = read({"totalRecords": 2, "count": 2, "data": table, "resultTruncated": "false"})

    assert [body["name"] for body in bodies(snapshot)] == ["a", "b"]
    assert [record.pointer for record in snapshot.records] == ["/data/rows/1", "/data/rows/0"]
    text = bytes(snapshot.sources[0].text)
    assert text[snapshot.records[0].start :].startswith(b'["/subscriptions/s')
    assert snapshot.gaps == ()


@pytest.mark.parametrize(
    "signs",
    [
        {"count": 1, "total_records": 7},
        {"count": 1, "totalRecords": 7},
        {"skip_token": "x"},
        {"$skipToken": "x", "totalRecords": 386},
        {"resultTruncated": "true", "totalRecords": 1},
        {"totalRecords": "many"},
    ],
)
def test_an_answer_that_is_not_whole_says_so(signs: dict[str, Any]) -> None:
    assert kinds(read({"data": [row()], **signs})) == ["partial"]


@pytest.mark.parametrize(("rows", "gaps"), [(99, []), (100, ["partial"]), (101, [])])
def test_a_full_page_without_a_total_is_suspect(rows: int, gaps: list[str]) -> None:
    data = [row(f"v{number}") for number in range(rows)]

    assert kinds(read({"data": data, "count": rows})) == gaps
    assert kinds(read({"data": data, "count": rows, "total_records": rows})) == []
    assert kinds(read(data)) == gaps


def test_rows_without_properties_are_an_inventory() -> None:
    bare = {key: value for key, value in row(extra=1).items() if key != "properties"}

    snapshot = read({"data": [bare], "totalRecords": 1})

    assert [pointer for pointer, _ in snapshot.records[0].unresolved] == ["/properties"]


def test_projected_rows_are_refused() -> None:
    with pytest.raises(InputError, match="projections or sums"):
        read({"data": [{"location": "x", "count_": 3}], "count": 1, "totalRecords": 1})


def test_a_spoilt_table_is_refused() -> None:
    with pytest.raises(InputError, match="table"):
        read({"data": {"columns": [1], "rows": [[VNET]]}})


def test_the_row_of_a_resource_that_rest_tells_too_is_no_conflict() -> None:
    snapshot = read(
        b"\n".join(
            json.dumps(one).encode() for one in (vnet(), {"data": [row()], "totalRecords": 1})
        )
    )

    assert len(snapshot.records) == 1
    assert "conflict" not in kinds(snapshot)
