"""The same resources in any order and any files give the same report, but for places in files."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from .command import Command

ESTATES = sorted(Path(__file__).parents[1].glob("fixtures/estates/*/"))
HOLDING = [folder for folder in ESTATES if any(folder.glob("*.json"))]
CHUNK = 40


def resources(folder: Path) -> list[Any]:
    found: list[Any] = []
    for path in sorted(folder.glob("*.json")):
        told = json.loads(path.read_text(encoding="utf-8"))
        found += told["value"] if isinstance(told, dict) and "value" in told else [told]
    return found


def written(auditor: Command, name: str, found: list[Any], **how: Any) -> str:
    for number in range(0, len(found), CHUNK):
        text = json.dumps({"value": found[number : number + CHUNK]}, **how)
        auditor.write(f"{name}/{number}.json", text)
    return name


def reported(auditor: Command, folder: str) -> str:
    ran = auditor("check", folder, "--report", "json", "--as-of", "2026-11-23")
    report = ran.report
    assert report["audit"].pop("sources")
    for finding in report["findings"]:
        finding.pop("location")
        if finding["rule"] == "GOV-006":  # tells where in the files
            finding.pop("message")
    return json.dumps(report, indent=1)


@pytest.mark.parametrize("folder", HOLDING, ids=lambda folder: folder.name)
def test_order_and_layout_do_not_show(folder: Path, auditor: Command) -> None:
    found = resources(folder)
    as_is = reported(auditor, written(auditor, "as-is", found))

    random.Random(20261123).shuffle(found)
    shuffled = reported(auditor, written(auditor, "shuffled", found, indent=3, sort_keys=True))

    assert shuffled == as_is
