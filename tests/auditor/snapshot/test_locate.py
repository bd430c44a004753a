"""Locate against a naive oracle: a JSON writer that remembers where it put every value."""

from __future__ import annotations

import json
from typing import Any
from unittest.mock import Mock

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.snapshot import locate as module
from auditor.snapshot.document import Dialect, Lines, Record, Source
from auditor.snapshot.locate import Locator, locate

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.text(alphabet='a"\\{}[],:é\n😀/~', max_size=6)
)
KEYS = st.text(alphabet='abAB"\\{]~/é', max_size=3)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


class Writer:
    """Writes JSON with newlines strewn in, and notes the line of each value by its pointer."""

    def __init__(self, ascii_only: bool) -> None:
        self.text = "\n [ "
        self.lines: dict[str, int] = {}
        self._ascii = ascii_only

    def write(self, value: Any, pointer: str = "") -> None:
        self.lines[pointer] = self.text.count("\n") + 1
        if isinstance(value, dict):
            self._many(
                "{}",
                [
                    (k, v, json.dumps(k, ensure_ascii=self._ascii) + " :\n")
                    for k, v in value.items()
                ],
                pointer,
            )
        elif isinstance(value, list):
            self._many("[]", [(str(i), v, "") for i, v in enumerate(value)], pointer)
        else:
            self.text += json.dumps(value, ensure_ascii=self._ascii)

    def _many(self, pair: str, parts: list[tuple[str, Any, str]], pointer: str) -> None:
        self.text += pair[0] + "\n"
        for number, (step, value, lead) in enumerate(parts):
            self.text += ("\t,\n" if number else "") + lead
            escaped = step.replace("~", "~0").replace("/", "~1")
            self.write(value, f"{pointer}/{escaped}")
        self.text += "\n" + pair[1]


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=4), st.booleans(), st.booleans())
def test_every_value_is_found_on_its_line(
    value: dict[str, Any], ascii_only: bool, rewritten: bool
) -> None:
    writer = Writer(ascii_only)
    start = len(writer.text)
    writer.write(value)
    text = (writer.text + ", 1]\n").encode()
    body = b"{}" if rewritten else writer.text[start:].encode()
    source = Source(name="x.json", shape="test", text=memoryview(text))
    record = Record(id="/x", type="T", body=body, source=0, start=start, pointer="/0")

    for pointer, line in writer.lines.items():
        assert locate(source, record, pointer) == (line, "/0" + pointer)


def test_a_long_list_is_opened_once_for_all_places_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    long = [{"name": f"rule-{number}", "text": "x" * 100} for number in range(200)]
    text = json.dumps({"a": {"rules": long}}, indent=0).encode()
    source = Source(name="x.json", shape="test", text=text)
    record = Record(id="/x", type="T", body=text, source=0, start=0, pointer="")
    pointers = [f"/a/rules/{number}/{key}" for number in range(200) for key in ("name", "text")]
    places = [locate(source, record, pointer) for pointer in pointers]
    opens = Mock(side_effect=module._array_parts)
    monkeypatch.setattr(module, "_array_parts", opens)
    locator = Locator(source, record)

    assert [locator.locate(pointer) for pointer in pointers] == places
    assert opens.call_count == 1


def place(text: bytes, pointer: str, dialect: Dialect = Dialect.ARM) -> tuple[int, str]:
    source = Source(name="x.json", shape="test", text=text)
    record = Record(id="/x", type="T", body=text, source=0, start=0, pointer="", dialect=dialect)
    return locate(source, record, pointer)


def test_a_flattened_resource_has_no_properties_to_step_into() -> None:
    text = b'{"subnets":\n[{"name": "a",\n"addressPrefix": "10.0.0.0/24"}]}'

    found = place(text, "/properties/subnets/0/properties/addressPrefix", Dialect.FLAT)

    assert found == (3, "/subnets/0/addressPrefix")


def test_keys_match_without_case_and_are_told_as_spelled() -> None:
    assert place(b'{"Properties":\n{"vnetSubnetId": 1}}', "/properties/vnetSubnetID") == (
        2,
        "/Properties/vnetSubnetId",
    )


def test_the_spelling_asked_for_wins_over_another_case() -> None:
    assert place(b'{"A": 1,\n"a": 2,\n"A": 3}', "/a") == (2, "/a")


def test_a_doubled_key_means_its_last_value() -> None:
    assert place(b'{"a": {"b": 1},\n"a": {"b":\n2}}', "/a/b") == (3, "/a/b")


@pytest.mark.parametrize("pointer", ["/a/x/y", "/a/1", "/a/-", "/a/99999999999999999999"])
def test_what_is_absent_is_located_at_its_ancestor(pointer: str) -> None:
    assert place(b'{"z": 0,\n"a": [1]}', pointer) == (2, "/a")


def test_an_empty_body_locates_the_record() -> None:
    source = Source(name="x.json", shape="test", text=b'[\n{"a": 1}]')
    record = Record(id="/x", type="T", body=msgspec.Raw(b"{}"), source=0, start=2, pointer="/0")

    assert locate(source, record, "/b") == (2, "/0")


@pytest.mark.parametrize("width", [0, 3, 4_000, 100_000])
def test_lines_are_counted_whether_long_or_short(width: int) -> None:
    text = (b" " * width + b"\n") * 70
    lines = Lines(text)
    found = [lines.at(number * (width + 1)) for number in range(71)]
    assert found == list(range(1, 72))
    assert lines.at(len(text) - 1) == 70
