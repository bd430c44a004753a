"""Every planted fault is found, and nothing else: precision and recall 1.0."""

from __future__ import annotations

import json
from pathlib import Path

from auditor.cli import main
from auditor.ids import fold
from bench.generate import AS_OF, CONFIG, write

Pair = tuple[str, str]

UNTOLD = {"DEP-010", "K8S-001", "K8S-004"}
"""Rules that cannot tell: the estates hold no Kubernetes objects."""


def _audit(resources: int, folder: Path, every: int) -> tuple[set[Pair], set[Pair], set[str]]:
    """Give the findings expected, those made (rule and folded subject), and who cannot tell."""
    truth = write(resources, folder, every=every)
    report = folder / "report.json"
    options = ["--config", str(CONFIG), "--as-of", AS_OF, "--report", f"json={report}"]
    status = main(["check", str(folder / "estate.json"), *options])
    assert status in (0, 1)
    found = json.loads(report.read_bytes())["findings"]
    broken = {(f["rule"], fold(f["subject"])) for f in found if f["status"] == "broken"}
    unknown = {f["rule"] for f in found if f["status"] == "unknown"}
    return {(e.rule, fold(e.subject)) for e in truth.findings}, broken, unknown


def test_a_clean_estate_stays_silent(tmp_path: Path) -> None:
    expected, found, unknown = _audit(1000, tmp_path, every=0)

    assert expected == set()
    assert found == set()
    assert unknown == UNTOLD


def test_every_fault_is_found_and_nothing_else(tmp_path: Path) -> None:
    expected, found, _ = _audit(5000, tmp_path, every=65)

    assert len({rule for rule, _ in expected}) > 50
    assert found - expected == set(), "false findings"
    assert expected - found == set(), "missed findings"
