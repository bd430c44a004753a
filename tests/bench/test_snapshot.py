"""The measuring of snapshots measures what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import snapshot
from bench.generate import write


def test_landing_zones_share_subscriptions(tmp_path: Path) -> None:
    write(1_000, tmp_path, every=0)
    file = tmp_path / "estate.json"
    before = file.read_bytes()

    snapshot._gather(file, 2)

    text = file.read_bytes()
    found = set(snapshot._SUBSCRIPTION.findall(text))
    assert len(found) == 2
    assert text.count(b"\n") == before.count(b"\n")


def test_a_sweep_of_a_small_tenant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("azure.mgmt.network")
    write(300, tmp_path)
    file = tmp_path / "estate.json"

    rows = {row.name: row for row in snapshot.rows(file, "graph", snapshot.findings(file))}

    assert rows["graph: answers that were errors"].value == 0
    assert rows["graph: findings that are not those of the estate"].value == 0
    assert rows["graph: resources read"].value > 150
    assert rows["graph: questions to Resource Graph"].value == 2
