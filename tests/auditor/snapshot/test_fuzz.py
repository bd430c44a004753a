"""Whatever JSON, and whatever happened to an export: a Snapshot or an InputError, nothing else."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.errors import InputError
from auditor.snapshot.document import Snapshot
from auditor.snapshot.locate import locate

from .reading import VNET, read, vnet

KEYS = st.sampled_from(
    [
        *("id", "name", "type", "properties", "value", "nextLink", "data", "columns", "rows"),
        *("schema", "$schema", "contentVersion", "resources", "Resources", "ResourceId"),
        *("ResourceType", "apiVersion", "kind", "items", "metadata", "error", "changes"),
        *("changeType", "before", "after", "predictedResources", "planned_values", "values"),
        *("root_module", "child_modules", "format_version", "resource_changes", "address"),
        *("mode", "count", "skip_token", "totalRecords", "tenantId", "subscriptionId", "gaps"),
        *("resourceGroup", "parameters", "variables", "copy", "condition", "scope", "template"),
        *("", "etag"),
    ]
)
TEXTS = st.sampled_from(
    [
        *(VNET, "/subscriptions/s", "/", "", "x", "auditor.snapshot/1", "List", "Secret", "v1"),
        *("https://x/deploymentTemplate.json#", "[parameters('x')]", "[concat('a", "[]", "[[x]"),
        *("Microsoft.Network/virtualNetworks", "subnets", "a/b", "\x00", "\U0001f600"),
        *("azurerm_network_security_group", "azapi_resource", "managed", "Delete"),
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=25,
)


def survives(data: bytes) -> None:
    try:
        snapshot = read(data, keep_going=False)
    except InputError as error:
        told = [error.what, error.where, error.advice]
    else:
        told = ["loaded"]
        consistent(snapshot)
    assert all(told)


def consistent(snapshot: Snapshot) -> None:
    assert snapshot.records
    for record in snapshot.records:
        source = snapshot.sources[record.source]
        json.loads(bytes(record.body))
        assert 0 <= record.start < len(source.text)
        line, pointer = locate(source, record, "/properties/addressSpace/addressPrefixes/0")
        assert line >= 1
        assert pointer.startswith(record.pointer)


@settings(max_examples=300, deadline=None)
@given(VALUES)
def test_any_json(value: Any) -> None:
    survives(json.dumps(value).encode())


EXPORTS: list[Any] = [
    vnet(),
    {"value": [vnet("a"), vnet("b")], "nextLink": None},
    [{"id": VNET, "name": "hub", "resourceGroup": "g", "addressSpace": {}, "type": "T/t"}],
    {"data": [{**vnet(), "tenantId": "t", "subscriptionId": "s"}], "count": 1},
    {"data": {"columns": [{"name": "id"}, {"name": "type"}], "rows": [[VNET, "T/t"]]}},
    [{"ResourceId": VNET, "ResourceType": "T/t", "Properties": {}, "resources": [vnet()]}],
    {
        "schema": "auditor.snapshot/1",
        "taken_at": "2026-01-01",
        "scope": ["s"],
        "gaps": [{"kind": "denied", "subject": "s", "detail": "d"}],
        "resources": [vnet()],
    },
    {
        "$schema": "https://x/deploymentTemplate.json#",
        "parameters": {"p": {"type": "string", "defaultValue": "x"}},
        "variables": {"v": "[concat('a', parameters('p'))]", "copy": []},
        "resources": [
            {
                "type": "Microsoft.Network/virtualNetworks",
                "name": "[variables('v')]",
                "condition": "[equals('a', 'a')]",
                "copy": {"name": "c", "count": 2},
                "properties": {"copy": [{"name": "l", "count": 2, "input": "[copyIndex('l')]"}]},
                "resources": [{"type": "subnets", "name": "s", "properties": {}}],
            },
            {
                "type": "Microsoft.Resources/deployments",
                "name": "d",
                "resourceGroup": "r",
                "properties": {
                    "parameters": {"q": {"value": 1}},
                    "template": {"resources": [{"type": "Microsoft.A/b", "name": "n"}]},
                },
            },
        ],
    },
    {"changes": [{"resourceId": VNET, "changeType": "Modify", "before": vnet(), "after": vnet()}]},
    {"predictedResources": [vnet()]},
    {
        "format_version": "1.2",
        "planned_values": {
            "root_module": {
                "resources": [
                    {
                        "address": f"azurerm_{kind}.x",
                        "mode": "managed",
                        "type": f"azurerm_{kind}",
                        "values": {
                            "name": "x",
                            "resource_group_name": "g",
                            "virtual_network_name": "x",
                            "network_security_group_name": "x",
                            "subnet_id": VNET + "/subnets/x",
                            "security_rule": [{"name": "r", "priority": 1}],
                            "subnet": [{"name": "s", "address_prefix": "10.0.0.0/24"}],
                            "ip_configuration": [{"name": "i"}],
                            "address_space": ["10.0.0.0/8"],
                        },
                    }
                    for kind in (
                        "virtual_network",
                        "subnet",
                        "network_security_group",
                        "network_security_rule",
                        "network_interface",
                        "subnet_route_table_association",
                    )
                ]
            }
        },
        "resource_changes": [
            {
                "address": "azurerm_subnet.x",
                "change": {"actions": ["create"], "after_unknown": {"id": True, "subnet": [True]}},
            }
        ],
        "configuration": {
            "root_module": {
                "resources": [
                    {
                        "address": "azurerm_subnet.x",
                        "expressions": {"name": {"references": ["azurerm_virtual_network.x.id"]}},
                    }
                ]
            }
        },
    },
    [{"value": [vnet()]}, {"kind": "List", "apiVersion": "v1", "items": [{"kind": "Secret"}]}],
]
ODD: list[Any] = [None, True, 0, -1, 1e300, "", "[x(]", "/", [], {}, [[]], [None], {"": {}}]


def places(value: Any) -> list[tuple[Any, Any]]:
    """List every place in a tree, as container and key."""
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        item = waiting.pop()
        keys = list(item) if isinstance(item, dict) else range(len(item))
        for key in keys:
            found.append((item, key))
            if isinstance(item[key], (dict, list)):
                waiting.append(item[key])
    return found


def mutated(export: Any, source: random.Random) -> Any:
    """Delete, replace, rename or double something, one to three times."""
    value = copy.deepcopy(export)
    for _ in range(source.randint(1, 3)):
        spots = places(value)
        if not spots:
            return value
        container, key = source.choice(spots)
        action = source.randrange(4)
        if action == 0:
            del container[key]
        elif action == 1:
            container[key] = copy.deepcopy(source.choice(ODD))
        elif action == 2 and isinstance(container, dict):
            container[str(key).swapcase()] = container.pop(key)
        else:
            other = source.choice(spots)
            container[key] = copy.deepcopy(other[0])
    return value


def test_mutated_exports() -> None:
    source = random.Random(20261123)
    for number in range(2_200):
        value = mutated(EXPORTS[number % len(EXPORTS)], source)
        survives(json.dumps(value).encode())


def test_spoilt_bytes() -> None:
    source = random.Random(4711)
    for number in range(1_500):
        data = bytearray(json.dumps(EXPORTS[number % len(EXPORTS)], indent=1).encode())
        for _ in range(source.randint(1, 4)):
            at = source.randrange(len(data))
            data[at : at + source.randint(0, 3)] = source.choice(
                [b"", b'"', b"\\", b"}", b"[", b",", b"\xff", b"\0", b"\n", b"1", b"null"]
            )
        survives(bytes(data))
