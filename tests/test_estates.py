"""Whole estates, end to end: what is found in each, and that nothing else is."""

from __future__ import annotations

import gzip
import io
import json
import random
import tomllib
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from auditor.cli import main

ROOT = Path(__file__).parents[1]
ESTATES = sorted(path.parent for path in (ROOT / "fixtures/estates").glob("*/expected.toml"))
BROKEN = ROOT / "fixtures/estates/docker-to-aks-broken"
AS_OF = "2026-11-23"

each_estate = pytest.mark.parametrize("estate", ESTATES, ids=lambda path: path.name)


@cache
def run(*paths: Path) -> tuple[int, str]:
    """Run the command line once for each input; give its status and what it printed."""
    printed = io.StringIO()
    with redirect_stdout(printed):
        status = main(["check", *map(str, paths), "--report", "json", "--as-of", AS_OF])
    return status, printed.getvalue()


def audit(*paths: Path) -> dict[str, Any]:
    status, text = run(*paths)
    assert status in (0, 1)
    report: dict[str, Any] = json.loads(text)
    return report


def brief(finding: dict[str, Any], known: list[str]) -> tuple[str, str, str]:
    """Name a finding as `expected.toml` does: by the end of its subject's id."""
    subject = finding["subject"]
    suffixes = [suffix for suffix in known if subject.endswith("/" + suffix)]
    return finding["rule"], max(suffixes, key=len, default=subject), finding["status"]


@each_estate
def test_what_is_found_is_what_should_be(estate: Path) -> None:
    expected = tomllib.loads((estate / "expected.toml").read_text(encoding="utf-8"))["finding"]
    known = [finding["subject"] for finding in expected]
    found = audit(estate)["findings"]

    assert {brief(finding, known) for finding in found} == {
        (finding["rule"], finding["subject"], finding["status"]) for finding in expected
    }


@each_estate
def test_severities_are_what_should_be(estate: Path) -> None:
    expected = tomllib.loads((estate / "expected.toml").read_text(encoding="utf-8"))["finding"]
    wanted = {(f["rule"], f["subject"]): f["severity"] for f in expected if "severity" in f}
    known = [subject for _, subject in wanted]
    told = {brief(f, known)[:2]: f["severity"] for f in audit(estate)["findings"]}

    assert {key: told.get(key) for key in wanted} == wanted


@each_estate
def test_only_the_broken_estate_fails(estate: Path) -> None:
    assert run(estate)[0] == int(estate.name.endswith("-broken"))


def test_the_order_of_files_changes_no_byte() -> None:
    files = sorted(BROKEN.glob("*.json"))
    shuffled = random.Random(7).sample(files, len(files))

    assert run(*files) == run(*shuffled)


@each_estate
def test_the_order_of_resources_changes_no_finding(estate: Path, tmp_path: Path) -> None:
    chance = random.Random(11)
    for file in sorted(estate.glob("*.json")):
        value = json.loads(file.read_text(encoding="utf-8"))["value"]
        text = json.dumps({"value": chance.sample(value, len(value))})
        (tmp_path / file.name).write_text(text, encoding="utf-8")
    before, after = audit(estate), audit(tmp_path)
    for report in (before, after):
        for finding in report["findings"]:
            finding.pop("location", None)

    assert before["findings"] == after["findings"]
    assert before["summary"] == after["summary"]


def resolve(value: Any, pointer: str) -> Any:
    """Follow an RFC 6901 pointer."""
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        value = value[int(name)] if isinstance(value, list) else value[name]
    return value


@each_estate
def test_evidence_can_be_looked_up(estate: Path) -> None:
    files = {str(path): path.read_text(encoding="utf-8") for path in estate.glob("*.json")}
    records = {
        record["id"].lower(): record
        for text in files.values()
        for record in json.loads(text)["value"]
    }
    for finding in audit(estate)["findings"]:
        for proof in finding["evidence"]:
            resolve(records[proof["resource"].lower()], proof["pointer"])
        place = finding["location"]
        assert 0 < place["line"] <= files[place["file"]].count("\n"), finding["rule"]
        resolve(json.loads(files[place["file"]]), place["pointer"])


def flattened(value: Any) -> Any:
    """Write what `az ... list` writes: `properties` raised into its owner, the group beside it."""
    if isinstance(value, list):
        return [flattened(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    raised = value.get("properties")
    if isinstance(raised, dict):
        value = raised | {k: inner for k, inner in value.items() if k != "properties"}
    flat = {k: flattened(inner) for k, inner in value.items()}
    if "/resourcegroups/" in str(flat.get("id", "")).lower():
        flat["resourceGroup"] = flat["id"].split("/")[4]
    return flat


def graph_row(record: dict[str, Any]) -> dict[str, Any]:
    """Write what Resource Graph returns: the type in lower case, the scope in columns."""
    parts = record["id"].split("/")
    columns = {"subscriptionId": parts[2], "resourceGroup": parts[4].lower()}
    return record | {"type": record["type"].lower()} | columns


Records = list[dict[str, Any]]
SHAPES: dict[str, Callable[[Records], bytes]] = {
    "rest.json": lambda rs: json.dumps({"value": rs}).encode(),
    "rest.json.gz": lambda rs: gzip.compress(json.dumps({"value": rs}).encode(), mtime=0),
    "lines.jsonl": lambda rs: "\n".join(map(json.dumps, rs)).encode(),
    "graph.json": lambda rs: json.dumps({"data": list(map(graph_row, rs))}).encode(),
    "flat.json": lambda rs: json.dumps(flattened(rs)).encode(),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_export_tells_the_same(shape: str, tmp_path: Path) -> None:
    files = [json.loads(p.read_text(encoding="utf-8")) for p in sorted(BROKEN.glob("*.json"))]
    export = tmp_path / shape
    export.write_bytes(SHAPES[shape]([record for file in files for record in file["value"]]))

    def told(path: Path) -> list[dict[str, Any]]:
        findings: list[dict[str, Any]] = audit(path)["findings"]
        for finding in findings:
            finding.pop("location", None)
        # That the az CLI loses something is itself told, about the file and not about Azure.
        return [finding for finding in findings if finding["subject"] != str(path)]

    assert told(export) == told(BROKEN)
