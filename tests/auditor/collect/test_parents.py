"""Children are asked for where a parent may have some."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditor.collect import catalogue, parents


def asked(parent: str, body: Any) -> set[str]:
    kinds = catalogue.children(parent.lower())
    text = json.dumps(body).encode()
    return {kind.suffix for kind in kinds if parents.may_have(kind, text)}


@pytest.mark.parametrize(
    ("parent", "body", "there", "not_there"),
    [
        ("Microsoft.Cdn/profiles", {"sku": {"name": "Premium_AzureFrontDoor"}}, "originGroups", ""),
        ("Microsoft.Cdn/profiles", {"sku": {"name": "Standard_Microsoft"}}, "", "originGroups"),
        ("Microsoft.Network/virtualHubs", {"properties": {}}, "ipConfigurations", "routingIntent"),
        (
            "Microsoft.Network/virtualHubs",
            {"properties": {"virtualWan": {"id": "/w"}}},
            "routingIntent",
            "ipConfigurations",
        ),
        (
            "Microsoft.Compute/virtualMachineScaleSets",
            {"properties": {"orchestrationMode": "Flexible"}},
            "",
            "networkInterfaces",
        ),
        (
            "Microsoft.Compute/virtualMachineScaleSets",
            {"properties": {"orchestrationMode": "Uniform"}},
            "networkInterfaces",
            "",
        ),
        ("Microsoft.Compute/virtualMachineScaleSets", {}, "networkInterfaces", ""),
        (
            "Microsoft.Network/virtualNetworkGateways",
            {"properties": {"gatewayType": "ExpressRoute"}},
            "",
            "natRules",
        ),
        ("Microsoft.Network/virtualNetworkGateways", {"properties": 7}, "natRules", ""),
    ],
)
def test_a_parent_says_what_it_may_have(parent: str, body: Any, there: str, not_there: str) -> None:
    found = asked(parent, body)

    assert not there or there in found
    assert not not_there or not_there not in found


def test_what_extends_a_resource_is_asked_for_whatever_it_is() -> None:
    body = {"sku": {"name": "Standard_Microsoft"}}

    assert asked("Microsoft.Cdn/profiles", body) == {
        "providers/Microsoft.Insights/diagnosticSettings"
    }


def test_every_type_that_depends_has_children() -> None:
    assert all(catalogue.children(parent) for parent in parents.DEPENDS)
