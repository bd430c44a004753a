"""The estates of fixtures/ are what an export is: whole, and consistent with themselves."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
ESTATES = sorted(path.parent for path in (ROOT / "fixtures/estates").glob("*/expected.toml"))

# Never part of an export of resources: built-in roles, and the machines of a uniform scale set.
NOT_EXPORTED = ("/roledefinitions/", "/virtualmachines/")


def records(estate: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for path in sorted(estate.glob("*.json")):
        found.extend(json.loads(path.read_text(encoding="utf-8"))["value"])
    return found


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)
    elif isinstance(value, str):
        yield value


def owned(value: Any) -> Iterator[str]:
    """Ids of things that are here: what only names a thing gives no `name` beside the id."""
    if isinstance(value, dict):
        if {"id", "name", "properties"} <= value.keys():
            yield value["id"]
        for inner in value.values():
            yield from owned(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from owned(inner)


def expected(estate: Path) -> dict[str, Any]:
    return tomllib.loads((estate / "expected.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("estate", ESTATES, ids=lambda path: path.name)
def test_ids_are_unique(estate: Path) -> None:
    ids = [record["id"].lower() for record in records(estate)]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("estate", ESTATES, ids=lambda path: path.name)
def test_every_named_id_is_there(estate: Path) -> None:
    everything = records(estate)
    here = {arm_id.lower() for record in everything for arm_id in owned(record)}
    absent = [suffix.lower() for suffix in expected(estate).get("absent", [])]
    named = {text.lower() for text in strings(everything) if text.startswith("/subscriptions/")}
    lost = {
        arm_id
        for arm_id in named - here
        if "/providers/" in arm_id
        if "/virtualmachinescalesets/" not in arm_id or NOT_EXPORTED[1] not in arm_id
        if NOT_EXPORTED[0] not in arm_id
        if arm_id not in absent and not arm_id.endswith(tuple(absent))
    }
    assert not lost


@pytest.mark.parametrize("estate", ESTATES, ids=lambda path: path.name)
def test_expectations_are_about_this_estate(estate: Path) -> None:
    spelled = {arm_id for record in records(estate) for arm_id in owned(record)}
    spelled |= {text for text in strings(records(estate)) if text.startswith("/subscriptions/")}
    for finding in expected(estate).get("finding", []):
        assert set(finding) - {"severity"} == {"rule", "subject", "status", "because"}
        matches = {arm_id for arm_id in spelled if arm_id.endswith("/" + finding["subject"])}
        assert len({arm_id.lower() for arm_id in matches}) == 1, finding["subject"]


def test_the_json_is_as_drawn() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fixtures.estates.drawing", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
