"""One object that gives a key twice, with two values: nobody can tell which is meant."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditor.errors import InputError
from auditor.snapshot import doubled
from auditor.snapshot.load import load

from .reading import VNET, read, vnet

RULE = """{"id": "ID",
 "name": "web", "properties": {"securityRules": [{"name": "a", "properties": {
  "access": "Deny",
  "priority": 100,
  "access": "Allow"}}]}}"""


def group(text: str = RULE) -> bytes:
    return text.replace("ID", VNET.replace("virtualNetworks", "networkSecurityGroups")).encode()


def refused(data: bytes) -> InputError:
    with pytest.raises(InputError) as caught:
        read(data)
    return caught.value


def test_a_key_with_two_values_is_refused_with_its_place() -> None:
    error = refused(group())

    assert error.what == 'the key "access" is given twice in one object, with different values'
    assert error.where == "-:5: /properties/securityRules/0/properties/access"
    assert "keep the one" in error.advice


def test_a_key_that_says_the_same_twice_contradicts_nothing() -> None:
    assert len(read(group(RULE.replace("Allow", "Deny"))).records) == 1


def test_one_key_in_two_objects_is_not_doubled() -> None:
    assert len(read([vnet("a"), vnet("b")]).records) == 2


@pytest.mark.parametrize(
    "text",
    [
        '{"value": [%s, {"id": "x"}], "note": 1, "note": "1"}',
        '{"value": [%s], "tags": {"a": [1, {"b": true, "b": 1}]}}',
        '{"value": [%s], "a~/b": {"c": 9999999999999999999999, "c": 9999999999999999999998}}',
        '{"value": [%s], "a": {"b": {}, "b": {"x": 1}}}',
        '{"value": [%s], "a": {"b": {"x": 1}, "\\u0062": {"x": 2}}}',
    ],
)
def test_it_is_found_wherever_it_stands(text: str) -> None:
    sound = json.dumps(vnet())

    assert "given twice" in refused((text % sound).encode()).what


def test_a_line_of_json_lines_is_named() -> None:
    lines = [json.dumps(vnet("a")).encode(), group().replace(b"\n", b"")]

    assert refused(b"\n".join(lines)).where.startswith("-:2: /properties/securityRules/0")


def test_with_keep_going_the_file_or_the_line_is_a_gap(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(group())
    lines = [json.dumps(vnet("a")).encode(), group().replace(b"\n", b"")]
    (tmp_path / "b.json").write_bytes(b"\n".join(lines))

    snapshot = load([str(tmp_path)], keep_going=True)

    assert [record.id for record in snapshot.records] == [vnet("a")["id"]]
    assert [(gap.kind, gap.where.rpartition("/")[2][:8]) for gap in snapshot.gaps] == [
        ("damaged", "access"),
        ("damaged", "b.json:2"),
    ]


def test_what_is_no_export_is_passed_over_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(vnet()))
    (tmp_path / "package.json").write_text('{"version": 1, "version": 2}')

    assert [gap.kind for gap in load([str(tmp_path)]).gaps] == ["foreign"]


def test_a_long_text_is_not_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/exports.md says so: it would cost more than to read it."""
    monkeypatch.setattr(doubled, "LOOKED_THROUGH", len(group()) - 1)
    assert len(read(group()).records) == 1

    monkeypatch.setattr(doubled, "LOOKED_THROUGH", len(group()))
    assert "given twice" in refused(group()).what


@pytest.mark.parametrize("lists", [("a", "b"), ("a", ""), ("", "a"), ("aa", "a")])
def test_a_list_that_is_given_twice_is_told_in_texts_of_any_length(
    lists: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doubled, "LOOKED_THROUGH", 0)
    one, two = ([vnet(name) for name in names] for names in lists)
    text = f'{{"value": {json.dumps(one)}, "value": {json.dumps(two)}}}'

    error = refused(text.encode())

    assert (error.where, error.what[:21]) == ("-:1: /value", 'the key "value" is gi')


def test_a_list_that_says_the_same_twice_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doubled, "LOOKED_THROUGH", 0)
    text = f'{{"value": {json.dumps([vnet()])}, "value": {json.dumps([vnet()])}}}'

    assert len(read(text.encode()).records) == 1


SPELLED = """{"id": "ID",
 "name": "web", "properties": {"securityRules": [{"name": "a", "properties": {
  "access": "Deny",
  "priority": 100,
  "Access": "Allow"}}]}}"""


def test_keys_that_differ_only_in_case_are_one_to_azure() -> None:
    error = refused(group(SPELLED))

    assert error.what == (
        'the keys "access" and "Access" of one object are one to Azure, which heeds no letter '
        "case, and have different values"
    )
    assert error.where == "-:5: /properties/securityRules/0/properties/Access"
    assert "keep the one" in error.advice
    assert len(read(group(SPELLED.replace("Allow", "Deny"))).records) == 1


@pytest.mark.parametrize("more", ['"Properties": {}', '"ID": "x"', '"LOCATION": "x"'])
def test_of_a_resource_too(more: str) -> None:
    text = json.dumps({**vnet(), "location": "westeurope"})

    assert "are one to Azure" in refused(f"{text[:-1]}, {more}}}".encode()).what


def test_rows_of_resource_graph_are_no_names_that_anybody_chooses() -> None:
    text = json.dumps(vnet())

    assert "are one to Azure" in refused(f'{{"data": [{text[:-1]}, "ID": "x"}}]}}'.encode()).what


def test_a_list_spelled_in_two_ways() -> None:
    text = f'{{"value": [{json.dumps(vnet())}], "Value": []}}'

    assert "are one to Azure" in refused(text.encode()).what


@pytest.mark.parametrize(
    "text",
    [
        '{"value": [%s], "tags": {"env": "a", "Env": "b"}}',
        '{"value": [%s], "a": {"apiVersion": "v1", "kind": "Pod", "metadata": {"A": 1, "a": 2}}}',
        '{"value": [%s], "more": {"labels": {"App": "a", "app": "b"}, "data": {"X": 1, "x": 2}}}',
    ],
)
def test_names_that_anybody_chooses_are_told_apart(text: str) -> None:
    assert len(read((text % json.dumps(vnet())).encode()).records) == 1


def test_a_terraform_plan_tells_them_apart() -> None:
    plan = {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "values": {"root_module": {"resources": []}},
        "variables": {"Name": {"value": 1}, "name": {"value": 2}},
    }
    with pytest.raises(InputError) as caught:
        read(plan)  # it declares nothing that is read
    assert "are one to Azure" not in caught.value.what
