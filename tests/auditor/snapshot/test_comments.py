"""Comments, which Azure takes in templates and parameter files, and in nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditor.errors import InputError
from auditor.snapshot.comments import without_comments
from auditor.snapshot.load import load

from .reading import bodies, read, vnet
from .templates import SCHEMA, resource, template

VALUES = SCHEMA.replace("Template", "Parameters")


def test_a_template_with_comments_is_read_and_its_lines_are_those_of_the_file() -> None:
    text = json.dumps(template(resource(), resource("spoke", tags={"a": "b // c", "d": "/* e */"})))
    first, second = text.split(', {"type"')
    written = f'// of\n{first} /* "not\n[ this ]" */,\n// nor "this\n{{"type"{second} // end'

    snapshot = read(written.encode())

    assert [record.id.rpartition("/")[2] for record in snapshot.records] == ["hub", "spoke"]
    assert bodies(snapshot)[1]["tags"] == {"a": "b // c", "d": "/* e */"}
    assert written.encode()[snapshot.records[1].start :].startswith(b'{"type"')


def test_a_parameter_file_with_comments_gives_its_values(tmp_path: Path) -> None:
    declared = {"x": {"type": "string"}}
    made = template(resource(properties={"x": "[parameters('x')]"}), parameters=declared)
    (tmp_path / "main.json").write_text(json.dumps(made))
    told = json.dumps({"$schema": VALUES, "parameters": {"x": {"value": "given"}}})
    (tmp_path / "main.parameters.json").write_text(told.replace("{", "{ // why\n", 1))

    (body,) = bodies(load([str(tmp_path)]))
    assert body["properties"]["x"] == "given"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(json.dumps(vnet()) + "// no", id="an_export"),
        pytest.param(json.dumps(template(resource())) + "/* no end", id="a_comment_without_end"),
        pytest.param(json.dumps(template(resource())) + "/ no", id="half_a_comment"),
    ],
)
def test_what_is_no_comment_of_a_template_is_damage(text: str) -> None:
    with pytest.raises(InputError):
        read(text.encode())


def test_an_escaped_quote_ends_no_text() -> None:
    text = json.dumps(template(resource(tags={"a": 'b" // c', "d": "\\"}))).encode()
    assert without_comments(text) == text
