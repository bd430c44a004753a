"""Records to decode, for tests."""

from __future__ import annotations

from typing import Any

import msgspec

from auditor.resources.decode import Damage, decode
from auditor.snapshot.document import Dialect, Record
from auditor.testing import arm_id, resource

NETWORK = "Microsoft.Network"
VNET = f"{NETWORK}/virtualNetworks"
AKS = "Microsoft.ContainerService/managedClusters"
DIALECTS = list(Dialect)


def record(body: dict[str, Any], dialect: Dialect = Dialect.ARM, *unresolved: str) -> Record:
    return Record(
        id=body.get("id", arm_id(VNET, "x")),
        type=body.get("type", VNET),
        body=msgspec.json.encode(body),
        source=0,
        start=0,
        pointer="",
        dialect=dialect,
        unresolved=tuple((pointer, "not given") for pointer in unresolved),
    )


def read(body: dict[str, Any], dialect: Dialect = Dialect.ARM, *unresolved: str) -> Any:
    damages: list[Damage] = []
    node = decode(record(body, dialect, *unresolved), damages)
    assert damages == []
    return node


def spoilt(body: dict[str, Any], dialect: Dialect = Dialect.ARM) -> tuple[Any, list[Damage]]:
    damages: list[Damage] = []
    return decode(record(body, dialect), damages), damages


def flat(body: dict[str, Any]) -> dict[str, Any]:
    """Merge `properties` upwards at every level, as az CLI does."""
    merged = {**body, **body.get("properties", {}), "resourceGroup": "rg"}
    merged.pop("properties", None)
    return {
        key: [flat(each) if isinstance(each, dict) else each for each in value]
        if isinstance(value, list)
        else value
        for key, value in merged.items()
    }


def network(**subnet: Any) -> dict[str, Any]:
    return resource(
        VNET,
        "hub",
        {
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
            "subnets": [{"name": "app", "properties": {"addressPrefix": "10.0.0.0/24", **subnet}}],
        },
    )
