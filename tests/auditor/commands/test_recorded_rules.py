"""Effective rules as Azure documents them, held against what is told of the same rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from auditor.addresses import AddressSet

from ...command import Command
from ...exposed import nic, nsg, subnet, vnet

CORPUS = Path(__file__).parents[4] / "shared" / "corpus"
ANSWERS = "**/*EffectiveNSGList*.json"
SAME = ("protocol", "sourcePortRange", "destinationPortRange", "access", "priority", "direction")

Json = dict[str, Any]


def written(rule: Json) -> Json:
    """A group's own rule, as it must have been for Azure to tell this one."""
    keys = (*SAME, "sourceAddressPrefix", "destinationAddressPrefix")
    return {"name": rule["name"].partition("/")[2], "properties": {key: rule[key] for key in keys}}


def test_recorded_rules_are_told_as_azure_tells_them(auditor: Command) -> None:
    """The recordings hold no network: any will do whose group has their rules."""
    for file in sorted(CORPUS.glob(ANSWERS)):
        recorded = [
            r for e in json.loads(file.read_text())["value"] for r in e["effectiveSecurityRules"]
        ]
        own = [written(rule) for rule in recorded if rule["name"].startswith("securityRules/")]
        what = {"value": [nsg(*own), nic("web"), vnet(subnet(nsg="nsg"))]}
        ran = auditor("effective-rules", "-", "--nic", "web", "--report", "json", stdin=what)
        told = {r["name"]: r for e in ran.report["value"] for r in e["effectiveSecurityRules"]}
        for rule in recorded:
            ours = told[rule["name"]]
            assert {key: ours[key] for key in SAME} == {key: rule[key] for key in SAME}
            expanded = "expandedDestinationAddressPrefix"
            if expanded in rule:
                assert AddressSet.from_text(rule[expanded]) <= AddressSet.from_text(ours[expanded])
