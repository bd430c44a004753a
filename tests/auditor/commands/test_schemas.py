"""What commands write as JSON keeps to the schemas that `auditor schema` prints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from auditor import __version__
from auditor.schema import DOCUMENTS

from ...command import Command
from .test_reach_commands import HTTPS, estate, written

ESTATES = Path(__file__).parents[3] / "fixtures" / "estates"
BROKEN = str(ESTATES / "docker-to-aks-broken")
FIXED = str(ESTATES / "docker-to-aks")


def held_to_schema(auditor: Command, document: str, *words: str) -> Any:
    """The JSON of a command, valid by the schema of its document."""
    schema = json.loads(auditor("schema", document).out)
    told = json.loads(auditor(*words, "--report", "json").out)
    jsonschema.validate(told, schema, cls=jsonschema.Draft202012Validator)
    return told


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_schema_is_one_and_names_its_document(auditor: Command, document: str) -> None:
    schema = json.loads(auditor("schema", document).out)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["title"] == schema["properties"]["schema"]["const"] == f"auditor.{document}/1"


def test_without_a_name_it_is_that_of_the_report(auditor: Command) -> None:
    assert auditor("schema").out == auditor("schema", "report").out
    assert auditor("schema", "reech").status == 2


@pytest.mark.parametrize(
    "words",
    [
        ["--from", "internet"],
        ["--from", "type:virtualNetworks/subnets", "--to", "type:virtualNetworks/subnets"],
        ["--from", "type:virtualNetworks/subnets", "--to", "internet"],
        ["--from", "172.16.0.0/16", "--to", "8.8.8.8", "--port", "22"],
        ["--from", "name:agw-shop", "--to", "*"],
    ],
)
@pytest.mark.parametrize("path", [BROKEN, FIXED])
def test_reach(auditor: Command, path: str, words: list[str]) -> None:
    told = held_to_schema(auditor, "reach", "reach", path, *words)
    assert told["version"] == __version__
    assert told["answers"]


@pytest.mark.parametrize("path", [BROKEN, FIXED, str(ESTATES / "hub-and-spoke")])
def test_the_matrix(auditor: Command, path: str) -> None:
    told = held_to_schema(auditor, "matrix", "reach", path, "--matrix")
    assert told["version"] == __version__
    assert told["blocks"]


def test_the_difference(auditor: Command) -> None:
    day = ("--as-of", "2026-11-23")
    told = held_to_schema(auditor, "diff", "diff", FIXED, BROKEN, *day)
    assert told["version"] == __version__
    assert told["paths"]
    old, new = (written(auditor.folder, *each, name=f"{number}.json")
                for number, each in enumerate((estate(), estate(HTTPS))))  # fmt: skip
    assert held_to_schema(auditor, "diff", "diff", old, new, *day)["failed"]
