"""docs/export.py, against answers of our own in the place of az."""

from __future__ import annotations

import json
import runpy
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
ARM = "https://management.azure.com"
SCOPE = "/subscriptions/11111111-1111-1111-1111-111111111111"
ZONE = f"{SCOPE}/resourceGroups/rg/providers/Microsoft.Network/privateDnsZones/shop.internal"


@pytest.fixture
def export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run the script with the given answers by path; a text is an error of az."""
    program = runpy.run_path(str(ROOT / "docs/export.py"))
    answers: dict[str, Any] = {}

    def az(*words: str) -> subprocess.CompletedProcess[str]:
        path = words[words.index("--url") + 1].removeprefix(ARM)
        found = answers.get(path.partition("?")[0] + ("#2" if "page=2" in path else ""))
        if isinstance(found, str):
            return subprocess.CompletedProcess(words, 1, "", f"ERROR: {found}\n")
        return subprocess.CompletedProcess(words, 0, json.dumps(found or {"value": []}), "")

    def run(given: dict[str, Any]) -> dict[str, Any]:
        answers.update(given)
        written = tmp_path / "snapshot.json"
        monkeypatch.setattr("sys.argv", ["export.py", SCOPE.rpartition("/")[2], str(written)])
        assert program["main"]() == 0
        found: dict[str, Any] = json.loads(written.read_text())
        return found

    monkeypatch.setitem(program["export"].__globals__, "az", az)
    return run


def listed(kind: str) -> str:
    return f"{SCOPE}/providers/Microsoft.Network/{kind}"


def test_every_page_is_fetched(export: Any) -> None:
    where = listed("virtualNetworks")
    first = {"value": [{"id": "/one"}], "nextLink": f"{ARM}{where}?api-version=1&page=2"}
    snapshot = export({where: first, f"{where}#2": {"value": [{"id": "/two"}]}})

    assert [each["id"] for each in snapshot["resources"]] == ["/one", "/two"]
    assert snapshot["gaps"] == []


@pytest.mark.parametrize(
    "link", [f"{ARM}/elsewhere?page=1", "https://evil.example/subscriptions", ""]
)
def test_a_next_link_is_followed_only_on_the_same_host_and_once(export: Any, link: str) -> None:
    where = listed("virtualNetworks")
    pages = {where: {"value": [{"id": "/one"}], "nextLink": link}}
    if link.startswith(ARM):
        pages["/elsewhere"] = {"value": [], "nextLink": link}

    gaps = export(pages)["gaps"]

    assert [gap["kind"] for gap in gaps] == (["partial"] if link else [])


def test_what_is_refused_becomes_a_gap_and_what_does_not_exist_does_not(export: Any) -> None:
    snapshot = export(
        {
            listed("networkInterfaces"): "(AuthorizationFailed) no right to read",
            listed("loadBalancers"): "(MissingSubscriptionRegistration) not registered",
        }
    )

    assert [(gap["kind"], gap["subject"]) for gap in snapshot["gaps"]] == [
        ("denied", listed("networkInterfaces"))
    ]


def test_children_and_groups_are_asked_for(export: Any) -> None:
    gateway = f"{SCOPE}/resourceGroups/rg/providers/Microsoft.Network/virtualNetworkGateways"
    snapshot = export(
        {
            listed("privateDnsZones"): {"value": [{"id": ZONE}]},
            f"{ZONE}/virtualNetworkLinks": {"value": [{"id": f"{ZONE}/virtualNetworkLinks/app"}]},
            f"{SCOPE}/resourceGroups": {"value": [{"id": f"{SCOPE}/resourceGroups/rg"}]},
            gateway: {"value": [{"id": f"{gateway}/vpn"}]},
        }
    )

    assert [each["id"].rpartition("/")[2] for each in snapshot["resources"]] == [
        "shop.internal",
        "vpn",
        "app",
    ]


def test_the_audit_reads_it_and_says_what_was_refused(
    export: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from auditor.cli import main

    zone = {"id": ZONE, "name": "shop.internal", "type": "Microsoft.Network/privateDnsZones"}
    export(
        {
            listed("privateDnsZones"): {
                "value": [{**zone, "location": "global", "properties": {}}]
            },
            listed("networkInterfaces"): "(AuthorizationFailed) no right to read",
        }
    )

    status = main(["check", str(tmp_path / "snapshot.json"), "--report", "json"])

    findings = json.loads(capsys.readouterr().out)["findings"]
    assert status == 1
    assert [(f["rule"], f["subject"]) for f in findings if f["status"] == "broken"] == [
        ("GOV-006", listed("networkInterfaces"))
    ]
    unknown = {f["rule"] for f in findings if f["status"] == "unknown"}
    assert {"NAT-001", "NSG-011"} <= unknown  # they judge where NICs are
