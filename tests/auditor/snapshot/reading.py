"""What the tests of this folder share: a small virtual network and a way to read JSON."""

from __future__ import annotations

import io
import json
from typing import Any

import msgspec

from auditor.snapshot.document import Snapshot
from auditor.snapshot.load import load

GROUP = "/subscriptions/s/resourceGroups/g"
VNET = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/hub"


def vnet(name: str = "hub", **settings: Any) -> dict[str, Any]:
    """Give a virtual network in ARM REST form."""
    return {
        "id": VNET.replace("hub", name),
        "name": name,
        "type": "Microsoft.Network/virtualNetworks",
        "location": "westeurope",
        "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, **settings},
    }


def read(value: Any, *, keep_going: bool = False) -> Snapshot:
    """Load JSON (or bytes as they are) from standard input."""
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return load(["-"], stdin=io.BytesIO(text), keep_going=keep_going)


def bodies(snapshot: Snapshot) -> list[Any]:
    """Decode the body of every record."""
    return [msgspec.json.decode(bytes(record.body)) for record in snapshot.records]


def kinds(snapshot: Snapshot) -> list[str]:
    """Give the kinds of the gaps."""
    return [gap.kind for gap in snapshot.gaps]
