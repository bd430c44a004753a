"""az CLI: `properties` merged upwards at every level, `resourceGroup` added.

`az resource list` looks alike and has no settings at all; the difference is whether anything
beside the envelope is there.
"""

from __future__ import annotations

import msgspec
from msgspec import Raw

from auditor.snapshot.formats.document import null

_ENVELOPE = frozenset(
    {
        "changedtime",
        "createdtime",
        "etag",
        "extendedlocation",
        "id",
        "identity",
        "kind",
        "location",
        "managedby",
        "name",
        "plan",
        "properties",
        "provisioningstate",
        "resourcegroup",
        "sku",
        "systemdata",
        "tags",
        "type",
        "zones",
    }
)
_KEYS = msgspec.json.Decoder(dict[str, Raw])


def is_flat(tells_group: bool, raw: Raw) -> bool:
    """Tell flattened settings from an inventory entry, for a resource without `properties`.

    It has `resourceGroup` beside its settings, unless it lies in no group (a role assignment on a
    subscription). `provisioningState` alone is no setting: `az resource list` gives that too.
    """
    if not tells_group:
        return False
    keys = _KEYS.decode(raw)
    return any(key.lower() not in _ENVELOPE and not null(value) for key, value in keys.items())
