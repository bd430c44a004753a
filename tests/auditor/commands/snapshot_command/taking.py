"""A stand-in of Azure for `auditor snapshot` to read, and what a run leaves."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from ....command import Command, Ran
from ....standin import StandIn

ROOT = Path(__file__).parents[4]
ESTATES = sorted(path.parent for path in (ROOT / "fixtures/estates").glob("*/expected.toml"))
SUBSCRIPTION = "6f1d0c52-8a3e-4b77-9c41-2e5b7a90d318"
OTHER = "99999999-0000-4000-8000-000000000000"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-shop"
NETWORK = f"{GROUP}/providers/Microsoft.Network"
LISTS = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Network"


def resource(kind: str, name: str, **properties: Any) -> dict[str, Any]:
    id = f"{NETWORK}/{kind}/{name}"
    return {"id": id, "name": name, "type": f"Microsoft.Network/{kind}", "properties": properties}


SMALL = [
    resource("routeTables", "rt-app", routes=[]),
    resource("routeTables", "rt-db", routes=[]),
    resource("networkSecurityGroups", "nsg-app", securityRules=[]),
]


def options(azure: StandIn) -> list[str]:
    return [
        *("snapshot", "--arm-endpoint", azure.base, "--authority", azure.base),
        *("--credential", "environment", "--sweep", "arm"),
    ]


def taken(auditor: Command, azure: StandIn, *more: str) -> tuple[Ran, dict[str, Any]]:
    """Take a snapshot that succeeds."""
    ran = auditor(*options(azure), "--output", "s.json", *more)
    assert ran.status == 0, ran.err
    found: dict[str, Any] = json.loads((auditor.folder / "s.json").read_bytes())
    return ran, found


def names(snapshot: dict[str, Any]) -> list[str]:
    return [each["id"].rpartition("/")[2] for each in snapshot["resources"]]


def gaps(snapshot: dict[str, Any]) -> list[tuple[str, str]]:
    return [(gap["kind"], gap["subject"].rpartition("/")[2]) for gap in snapshot["gaps"]]


def untimed(text: bytes) -> bytes:
    return re.sub(rb'"taken_at": "[^"]*"', b'"taken_at": ""', text)
