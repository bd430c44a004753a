"""Files that lie beside exports and hold no resource of Azure: named, and nothing hides in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from auditor.network.build import build
from auditor.reach.intents import judgements
from auditor.snapshot.document import Snapshot
from auditor.snapshot.load import load
from auditor.testing import ask

from ...exposed import deny, nic, nsg, rule, subnet, vnet
from ..reach.test_intents import intent
from .reading import GROUP, kinds, read
from .reading import vnet as network

PACKAGE = {"name": "shop", "version": "1.0.0", "dependencies": {"left-pad": "^1.3.0"}}


def beside(folder: Path, other: Any) -> Snapshot:
    (folder / "a.json").write_text(json.dumps([network()]))
    text = other if isinstance(other, str) else json.dumps(other)
    (folder / "other.json").write_text(text)
    return load([str(folder)], keep_going=True)


@pytest.mark.parametrize(
    "other",
    [
        PACKAGE,
        {"compilerOptions": {"strict": True}, "include": ["src"]},
        {"schema": "auditor.report/1", "findings": [{"subject": f"{GROUP}/providers/x/y/z"}]},
        {"$schema": "https://x/sarif-2.1.0.json", "runs": []},
        {"$schema": "https://x/deploymentParameters.json#", "parameters": {}},
        {"changeNumber": 1, "cloud": "Public", "values": [{"name": "Storage"}]},
        {"clusters": [], "contexts": [], "users": []},
        {"accessToken": "ey.secret", "expiresOn": "x"},
        f"{json.dumps(PACKAGE)}\n{json.dumps(PACKAGE)}",
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}},
    ],
    ids=str,
)
def test_what_holds_no_resource_at_all_is_foreign(tmp_path: Path, other: Any) -> None:
    assert kinds(beside(tmp_path, other)) == ["foreign"]


@pytest.mark.parametrize(
    "other",
    [
        {"name": "vm", "vm": f"{GROUP}/providers/Microsoft.Compute/virtualMachines/vm"},
        {"name": "vm", "type": "Microsoft.Compute/virtualMachines"},
        {"name": "vm", "ip": "10.0.0.4"},
        {"name": "spoke", "prefixes": ["10.1.0.0/16"]},
        {"name": "vm", "resourceGroup": "rg"},
        {"name": "vm", "location": "westeurope"},
        {"name": "vm", "provisioningState": "Succeeded"},
        {"vm": {"azurerm_linux_virtual_machine": {"name": "vm"}}},
        {"accessToken": "x", "id": f"{GROUP}/providers/Microsoft.Compute/virtualMachines/vm"},
        {"apiVersion": "v1", "name": "web"},
        {"schema": "auditor.snapshot/2", "resources": []},
        {"version": 4, "lineage": "x", "serial": 1, "terraform_version": "1"},
        {"value": [{"name": "vm"}]},
        [{"name": "vm"}],
        {"properties": {}},
        {},
        f"{json.dumps(PACKAGE)}\n{json.dumps([{'name': 'vm'}])}",
    ],
    ids=str,
)
def test_what_may_have_been_one_is_not(tmp_path: Path, other: Any) -> None:
    assert "unsupported" in kinds(beside(tmp_path, other))


def test_a_damaged_one_may_have_been_an_export(tmp_path: Path) -> None:
    assert kinds(beside(tmp_path, json.dumps(PACKAGE)[:-3])) == ["damaged"]


def judged(folder: Path, other: Any = None) -> str:
    folder.mkdir()
    data = subnet("data", "10.0.1.0/24", nsg="nsg")
    parts = [
        nsg(rule("web", 100, "10.0.0.0/24"), deny("no", 200)),
        nic("web"),
        nic("db", subnet="data", address="10.0.1.4"),
        vnet(subnet(), data),
    ]
    (folder / "a.json").write_text(json.dumps(parts))
    if other is not None:
        (folder / "package.json").write_text(json.dumps(other))
    intents = (intent("only", to=["name:db", "internet"]),)
    [found] = judgements(build(load([str(folder)]), intents=intents).network)
    return found.outcome.value


def test_an_intent_is_judged_beside_what_is_foreign(tmp_path: Path) -> None:
    settled = judged(tmp_path / "alone")

    assert settled != "unknown"
    assert judged(tmp_path / "foreign", PACKAGE) == settled
    assert judged(tmp_path / "told", {**PACKAGE, "address": "10.0.0.9"}) == "unknown"


def test_it_is_named_as_passed_over(tmp_path: Path) -> None:
    [finding] = ask("GOV-006", build(beside(tmp_path, PACKAGE), keep_going=True).network).broken

    assert finding.severity is not None
    assert finding.severity.word == "low"
    assert "holds what is no resource of Azure: an object with the keys name" in finding.message


def test_secrets_of_an_export_hide_no_resource() -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}}

    assert kinds(read(f"{json.dumps(network())}\n{json.dumps(secret)}".encode())) == ["foreign"]
