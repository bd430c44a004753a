"""What is read of every element of a list at once."""

import msgspec
from msgspec import UNSET, Raw, UnsetType


class Header(msgspec.Struct, frozen=True, gc=False):
    """The keys that make a resource of an element; the rest is skipped."""

    id: str | None = None
    type: str | None = None
    properties: Raw | UnsetType = UNSET
    resources: Raw | UnsetType = UNSET
    resource_group: Raw | UnsetType = msgspec.field(name="resourceGroup", default=UNSET)
    resource_id: Raw | UnsetType = msgspec.field(name="ResourceId", default=UNSET)
    api_version: str | None = msgspec.field(name="apiVersion", default=None)


read_header = msgspec.json.Decoder(Header).decode
