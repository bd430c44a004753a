"""The shape of ARM REST answers: envelopes, ids, parts of resources, back references."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any, TypeAlias
from uuid import UUID

Json: TypeAlias = dict[str, Any]

NETWORK = "Microsoft.Network"
COMPUTE = "Microsoft.Compute"


@dataclass(frozen=True, slots=True)
class Scope:
    """Where resources live: subscription, resource group, region."""

    subscription: str
    group: str
    location: str

    def id(self, kind: str, name: str) -> str:
        """Give the id of a resource of this group; `kind` is `Provider/type`."""
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.group}"
            f"/providers/{kind}/{name}"
        )

    def beside(self, group: str) -> Scope:
        """Give another resource group of the same subscription and region."""
        return Scope(self.subscription, group, self.location)


def ref(arm_id: str) -> Json:
    """Refer to something, as ARM does."""
    return {"id": arm_id}


class Estate:
    """Resources under construction, by id, in the order they were made."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.resources: dict[str, Json] = {}

    def guid(self) -> str:
        """Give the next identifier; always the same ones for the same seed."""
        return str(UUID(int=self.rng.getrandbits(128), version=4))

    def add(self, scope: Scope, kind: str, name: str, properties: Json, /, **envelope: Any) -> str:
        """Make a resource and give its id; `envelope` holds what stands beside `properties`."""
        arm_id = scope.id(kind, name)
        body: Json = {"name": name, "id": arm_id, "type": kind}
        if kind.startswith(NETWORK):
            body["etag"] = f'W/"{self.guid()}"'
        body["location"] = scope.location
        body["tags"] = {"environment": "production", "workload": scope.group}
        body |= envelope
        body["properties"] = {
            "provisioningState": "Succeeded",
            "resourceGuid": self.guid(),
            **properties,
        }
        self.resources[arm_id] = body
        return arm_id

    def child(self, parent: str, kind: str, name: str, properties: Json, /, **envelope: Any) -> str:
        """Make a resource below another one, as lists of children answer it."""
        arm_id = f"{parent}/{kind}/{name}"
        above = self.resources[parent]["type"] if parent in self.resources else NETWORK
        self.resources[arm_id] = {
            "name": name,
            "id": arm_id,
            "type": f"{above}/{kind}",
            **envelope,
            "properties": {"provisioningState": "Succeeded", **properties},
        }
        return arm_id

    def diagnostics(self, target: str, workspace: str, *categories: str) -> str:
        """Make the diagnostic setting of a resource (an extension resource, G-1)."""
        arm_id = f"{target}/providers/Microsoft.Insights/diagnosticSettings/to-workspace"
        logs = [
            {
                "category": category,
                "categoryGroup": None,
                "enabled": True,
                "retentionPolicy": {"enabled": False, "days": 0},
            }
            for category in categories
        ]
        self.resources[arm_id] = {
            "id": arm_id,
            "type": "Microsoft.Insights/diagnosticSettings",
            "name": "to-workspace",
            "location": None,
            "kind": None,
            "tags": None,
            "identity": None,
            "properties": {
                "storageAccountId": None,
                "serviceBusRuleId": None,
                "workspaceId": workspace,
                "eventHubAuthorizationRuleId": None,
                "eventHubName": None,
                "metrics": [{"category": "AllMetrics", "enabled": True, "timeGrain": None}],
                "logs": logs,
                "logAnalyticsDestinationType": "Dedicated",
            },
        }
        return arm_id

    def properties(self, arm_id: str) -> Json:
        """Give the properties of a resource, to change them."""
        found: Json = self.resources[arm_id]["properties"]
        return found

    def back_reference(self, arm_id: str, key: str, source: str) -> None:
        """Add a reference to a list that a resource keeps of those that refer to it."""
        self.properties(arm_id).setdefault(key, []).append(ref(source))


def part(parent: str, kind: str, name: str, properties: Json) -> Json:
    """Make a part that has an id of its own inside a resource."""
    provider_type = parent.partition("/providers/")[2].split("/")
    return {
        "name": name,
        "id": f"{parent}/{kind}/{name}",
        "etag": 'W/"00000000-0000-4000-8000-000000000000"',
        "type": "/".join((*provider_type[:2], kind)),
        "properties": {"provisioningState": "Succeeded", **properties},
    }


def part_id(parent: str, kind: str, name: str) -> str:
    """Give the id of such a part."""
    return f"{parent}/{kind}/{name}"
