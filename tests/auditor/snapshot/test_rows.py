"""Lists with an element on each line are read by their lines, and as any other text is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditor.errors import InputError
from auditor.snapshot.document import Snapshot
from auditor.snapshot.formats import document
from auditor.snapshot.formats.rows import Rows, rows_of
from auditor.snapshot.load import load

from .reading import vnet

ONE, TWO, THREE = (json.dumps(vnet(name)) for name in "bac")
LIST = f'{{"value":[\n{ONE},\n{TWO},\n{THREE}\n]}}\n'
OWN = f"""{{
"schema": "auditor.snapshot/1",
"taken_at": "2026-11-29T10:00:00Z",
"scope": ["/subscriptions/s"],
"gaps": [{{"kind": "denied", "subject": "/subscriptions/t", "detail": "403"}}],
"resources": [
{ONE},
{TWO}
]
}}
"""
ARRAY = f"[\n{ONE},\n{TWO}\n]"
PAGE = f'{{"value":[\n{ONE}\n],"nextLink":"https://next"}}'

BY_LINES = {
    "a list": LIST,
    "a snapshot of our own": OWN,
    "an array": ARRAY,
    "a page": PAGE,
    "rows of Resource Graph": f'{{"count":2,"data":[\n{ONE},\n{TWO}\n],"totalRecords":3}}',
    "lines as Windows ends them": LIST.replace("\n", "\r\n"),
    "a byte order mark": "\ufeff" + LIST,
    "letters beyond ASCII": LIST.replace("10.0.0.0/16", "中 10"),
}
AS_A_WHOLE = {
    "two elements on a line": LIST.replace(",\n", ",", 1),
    "indented": LIST.replace("\n{", "\n  {"),
    "spaces at the end of lines": LIST.replace("}\n", "} \n"),
    "spaces before commas": LIST.replace("},\n", "} ,\n"),
    "an empty line": LIST.replace(",\n", ",\n\n", 1),
    "over many lines": json.dumps(json.loads(LIST), indent=1),
    "on one line": json.dumps(json.loads(LIST)),
    "a comma too many": LIST.replace("\n]", ",\n]"),
    "a comma too few": LIST.replace(",\n", "\n", 1),
    "no end": LIST.removesuffix("]}\n"),
    "another end": LIST.replace("]}", "}}"),
    "more behind it": LIST + "true",
    "a damaged element": LIST.replace('"properties"', "properties", 2),
    "an element that is no object": LIST.replace(TWO, '"{}"'),
    "an id that is no text": LIST.replace('"id": "', '"id": 5, "was": "', 1),
    "half a character": LIST.replace("virtualNetworks/a", "virtualNetworks/\\ud800"),
    "the same key again": LIST.replace("]}", '],"value":[]}'),
    "the same key before": LIST.replace('{"value"', '{"value":[],"value"'),
    "a list inside an object": f'{{"a":{LIST.strip()},"value":[{ONE}]}}',
    "a lone resource": ONE.replace('"properties"', '\n"properties"'),
    "an empty list": '{"value":[\n]}',
}


def rows(text: str) -> Rows | None:
    """The rows that are found when a text is read."""
    found: list[Rows | None] = []

    def kept(*given: Any) -> Rows | None:
        found.append(rows_of(*given))
        return found[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(document, "rows_of", kept)
        outcome(text)
    return next((each for each in found if each is not None), None)


def outcome(text: str) -> Snapshot | str:
    path = Path("export.json")
    path.write_text(text, newline="")
    try:
        return load([str(path)])
    except InputError as error:
        return f"{error} {error.advice}"


def told(found: Snapshot | str) -> Any:
    """What a snapshot tells, compared by value."""
    if isinstance(found, str):
        return found
    records = [(r.id, bytes(r.body), r.start, r.pointer, r.unresolved) for r in found.records]
    lines = [found.sources[0].line(record.start) for record in found.records]
    shapes = [source.shape for source in found.sources]
    return records, lines, shapes, found.gaps, found.scope, found.taken_at


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("text", BY_LINES.values(), ids=BY_LINES)
def test_an_element_on_each_line_is_read_by_lines(text: str) -> None:
    found = rows(text)

    assert found is not None
    assert [header.id for header in found.headers] == [
        json.loads(bytes(part))["id"] for part in found.parts
    ]


@pytest.mark.parametrize("text", AS_A_WHOLE.values(), ids=AS_A_WHOLE)
def test_any_other_text_is_read_as_a_whole(text: str) -> None:
    assert rows(text) is None


@pytest.mark.parametrize("text", [*BY_LINES.values(), *AS_A_WHOLE.values()])
def test_it_makes_no_difference_how_a_text_was_read(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_lines = told(outcome(text))
    never: Callable[..., None] = lambda *_: None  # noqa: E731
    monkeypatch.setattr(document, "rows_of", never)

    assert by_lines == told(outcome(text))


def test_much_text_beside_the_list_is_read_as_a_whole() -> None:
    assert rows(LIST.replace("]}", '],"more":"' + "x" * 70_000 + '"}')) is None
    assert rows(LIST.replace("{", '{"more":"' + "x" * 70_000 + '",', 1)) is None


@pytest.mark.parametrize(("padding", "expected"), [(2_000, 300), (20, None)])
def test_a_long_list_is_read_by_its_lines_where_they_are_long(
    padding: int, expected: int | None
) -> None:
    many = [{**vnet(f"n{number:05}"), "tags": {"a": "x" * padding}} for number in range(300)]
    text = ",\n".join(map(json.dumps, many))

    found = rows(f'{{"value":[\n{text}\n]}}')

    assert (found and len(found.parts)) == expected
