"""Terraform plans written short: resources, what is unknown of them, what they refer to."""

from __future__ import annotations

from typing import Any

from auditor.snapshot.document import Snapshot

from .reading import bodies


def one(address: str, unknown: Any = None, refs: Any = None, **values: Any) -> dict[str, Any]:
    """Describe one planned resource; `refs` maps attributes to what they refer to."""
    return {
        "address": address,
        "values": {"name": address.rpartition(".")[2], "resource_group_name": "g", **values},
        "unknown": {"id": True, **(unknown or {})},
        "expressions": {key: {"references": to} for key, to in (refs or {}).items()},
    }


def plan(*resources: dict[str, Any], actions: str = "create", **more: Any) -> dict[str, Any]:
    def typed(each: dict[str, Any]) -> dict[str, Any]:
        kind = each["address"].split(".")[-2]
        return {"address": each["address"], "mode": "managed", "type": kind}

    return {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "planned_values": {
            "root_module": {
                "resources": [{**typed(each), "values": each["values"]} for each in resources]
            }
        },
        "resource_changes": [
            {
                **typed(each),
                "change": {"actions": [actions], "after_unknown": each["unknown"]},
            }
            for each in resources
        ],
        "configuration": {
            "root_module": {
                "resources": [
                    {**typed(each), "expressions": each["expressions"]} for each in resources
                ]
            }
        },
        **more,
    }


def by_name(snapshot: Snapshot) -> dict[str, Any]:
    return {body["name"]: body for body in bodies(snapshot)}
