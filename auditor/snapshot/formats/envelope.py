"""What tells one shape of a JSON text from another: the keys at its top."""

from typing import TypeAlias

import msgspec
from msgspec import UNSET, Raw, UnsetType

Parts: TypeAlias = list[Raw] | dict[str, Raw] | str | int | float | bool | None
"""Any JSON value, opened one level deep: what is inside stays undecoded."""


class Envelope(msgspec.Struct, frozen=True):
    """The keys at the top of an object that tell one shape from another; all others are skipped."""

    id: Parts | UnsetType = UNSET
    type: Parts | UnsetType = UNSET
    name: Parts | UnsetType = UNSET
    properties: Raw | UnsetType = UNSET
    resource_id: Parts | UnsetType = msgspec.field(name="ResourceId", default=UNSET)
    resource_type: Parts | UnsetType = msgspec.field(name="ResourceType", default=UNSET)
    value: Parts | UnsetType = UNSET
    next_link: Parts | UnsetType = msgspec.field(name="nextLink", default=UNSET)
    data: Parts | UnsetType = UNSET
    error: Parts | UnsetType = UNSET
    schema: Parts | UnsetType = UNSET
    json_schema: Parts | UnsetType = msgspec.field(name="$schema", default=UNSET)
    content_version: Parts | UnsetType = msgspec.field(name="contentVersion", default=UNSET)
    resources: Parts | UnsetType = UNSET
    predicted_resources: Parts | UnsetType = msgspec.field(name="predictedResources", default=UNSET)
    changes: Parts | UnsetType = UNSET
    status: Parts | UnsetType = UNSET
    api_version: Parts | UnsetType = msgspec.field(name="apiVersion", default=UNSET)
    kind: Parts | UnsetType = UNSET
    metadata: Parts | UnsetType = UNSET
    items: Parts | UnsetType = UNSET
    kubernetes: Parts | UnsetType = UNSET
    kubernetes_lists: Raw | UnsetType = UNSET
    effective: Parts | UnsetType = UNSET
    planned_values: Parts | UnsetType = UNSET
    values: Parts | UnsetType = UNSET
    format_version: Parts | UnsetType = UNSET
    terraform_version: Parts | UnsetType = UNSET


read_envelope = msgspec.json.Decoder(Envelope).decode
