"""Terraform plans that change what is there: what is new is of the same subscription."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from .planned import one, plan
from .reading import read

Json = dict[str, Any]
NSG = "azurerm_network_security_group"
HERE = "/subscriptions/11111111-1111-1111-1111-111111111111"
GROUP = "/resourceGroups/g/providers/Microsoft.Network/networkSecurityGroups"
RULE: Json = {
    "priority": 100,
    "direction": "Inbound",
    "access": "Deny",
    "protocol": "*",
    "network_security_group_name": "web",
}


def changed(*providers: str, subscription: str = "", others: tuple[str, ...] = ()) -> Any:
    """A group that is there, and a rule that the plan adds to it; the last makes the others."""
    ids = [f"{HERE}{GROUP}/web", *others]
    there = [one(f"{NSG}.g{n}", name=each[-3:], id=each) for n, each in enumerate(ids)]
    made = plan(*there, one("azurerm_network_security_rule.no", **RULE))
    written = {"subscription_id": {"constant_value": subscription}} if subscription else {}
    made["configuration"]["provider_config"] = {
        name: {"name": "azurerm", "expressions": written} for name in providers
    }
    for each in made["configuration"]["root_module"]["resources"]:
        other = each["address"] in [f"{NSG}.g{n}" for n in range(1, len(ids))]
        each["provider_config_key"] = providers[-1 if other else 0] if providers else None
    return read(made)


ELSEWHERE = HERE.replace("1", "2")


@pytest.mark.parametrize(
    ("providers", "more"),
    [
        (("azurerm",), {}),
        (("azurerm",), {"others": (f"{HERE}{GROUP}/app",)}),
        (("azurerm",), {"subscription": HERE[15:], "others": (f"{ELSEWHERE}{GROUP}/app",)}),
        (("azurerm", "azurerm.hub"), {}),
        (("azurerm", "azurerm.hub"), {"others": (f"{ELSEWHERE}{GROUP}/web",)}),
    ],
)
def test_a_rule_for_a_group_that_is_there_is_in_it(providers: tuple[str, ...], more: Json) -> None:
    """The group was told without it, as one that denies nothing."""
    snapshot = changed(*providers, **more)
    groups = {one.id: one for one in snapshot.records if "/securityRules/" not in one.id}
    assert not any(one.unresolved for one in groups.values())
    bodies = {at: msgspec.json.decode(bytes(one.body))["properties"] for at, one in groups.items()}
    names = {at: [rule["name"] for rule in one["securityRules"]] for at, one in bodies.items()}
    assert names.pop(f"{HERE}{GROUP}/web") == ["no"]
    assert all(each == [] for each in names.values())


@pytest.mark.parametrize("providers", [("azurerm",), ()])
def test_where_the_subscription_is_not_told_it_may_be_in_it(providers: tuple[str, ...]) -> None:
    """Two subscriptions have a group of that name."""
    snapshot = changed(*providers, others=(f"{ELSEWHERE}{GROUP}/web",))
    untold = [[pointer for pointer, _ in one.unresolved] for one in snapshot.records]
    assert untold.count(["/properties/securityRules"]) == 2
