"""What two tellings of one resource say differently, in a sentence."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.snapshot.differences import differences

NAMED = [{"name": "a", "properties": {"priority": 100}}, {"name": "b", "properties": {}}]
TURNED = [{"name": "B", "properties": {}}, {"name": "a", "properties": {"priority": 200}}]


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ({"a": 1}, {"a": 2}, "/a is 1, not 2"),
        ({"a": "x"}, {}, '/a is "x", not not there'),
        ({"a": {"b": True}}, {"A": {"B": False}}, "/a/b is true, not false"),
        ({"rules": NAMED}, {"rules": TURNED}, "/rules/0/properties/priority is 100, not 200"),
        ({"a": [1, 2]}, {"a": [1]}, "/a/1 is 2, not not there"),
        ({"a": "x" * 90}, {"a": 1}, '/a is "' + "x" * 39 + '…", not 1'),
        ({"a/b": 1}, {"a/b": 2}, "/a~1b is 1, not 2"),
        ({"a": [], "etag": "1"}, {"etag": "2"}, "in what is not shown"),
        (
            {"name": "n", "properties": {"x": 1}},
            {"name": "n", "x": 2},
            "/properties/x is 1, not 2",
        ),
    ],
)
def test_each_is_named_with_both_values(one: Any, other: Any, said: str) -> None:
    assert differences(one, other) == said.replace("not not there", "and not there")


def test_of_many_some_are_named() -> None:
    told: Any = [dict.fromkeys(map(str, range(9)), value) for value in (1, 2)]
    assert differences(*told).endswith("/2 is 1, not 2 and 6 more")


def test_no_secret_is_shown() -> None:
    one: Any = {"sharedKey": "1-hidden", "n": "1"}
    other: Any = {"sharedKey": "2-hidden", "n": "2"}
    assert differences(one, other) == '/n is "1", not "2"'
    assert differences({"sharedKey": "a"}, {"sharedKey": "b"}) == "in what is not shown"


def test_what_is_nested_too_deeply_is_said_to_be() -> None:
    deep: Any = 1
    for _ in range(100_000):
        deep = [deep]
    assert "nested too deeply" in differences(deep, 1)
