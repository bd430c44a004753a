"""Terraform plans of several modules: references and associations that lead through them."""

from __future__ import annotations

from typing import Any

import pytest

from .planned import by_name, one, plan
from .reading import read

BASE = "/subscriptions/{subscription}/resourceGroups/g/providers/Microsoft.Network"
NSG = "azurerm_network_security_group"

SUBNET_LINK = "azurerm_subnet_network_security_group_association"
OPEN = {"subnet_id": True, "network_security_group_id": True}


def modular(configuration: dict[str, Any], *, link: str, group: str, subnet: str) -> Any:
    """What the subnet `app` has for a group, in a plan with this configuration."""
    found = plan(
        one("azurerm_virtual_network.hub", address_space=["10.0.0.0/16"]),
        one(group, name="web"),
        one(subnet, name="app", virtual_network_name="hub", address_prefixes=["10.0.0.0/24"]),
        one(link, OPEN),
        configuration={"root_module": configuration},
    )
    return by_name(read(found))["app"]["properties"].get("networkSecurityGroup")


def written(address: str, **references: str) -> dict[str, Any]:
    """A resource of the configuration, and what each attribute refers to."""
    return {
        "address": address,
        "expressions": {key: {"references": [text]} for key, text in references.items()},
    }


def test_a_reference_is_followed_through_outputs_and_variables_of_modules() -> None:
    outputs = {
        "id": {"expression": {"references": ["azurerm_subnet.app.id", "azurerm_subnet.app"]}}
    }
    net = {"module": {"resources": [written("azurerm_subnet.app")], "outputs": outputs}}
    guard = {
        "expressions": {"where": {"references": ["module.net.id", "module.net"]}},
        "module": {
            "resources": [
                written("azurerm_network_security_group.web"),
                written(
                    f"{SUBNET_LINK}.x",
                    subnet_id="var.where",
                    network_security_group_id="azurerm_network_security_group.web",
                ),
            ]
        },
    }

    group = modular(
        {"module_calls": {"net": net, "guard": guard}},
        link=f"module.guard[0].{SUBNET_LINK}.x",
        group="module.guard[0].azurerm_network_security_group.web",
        subnet="module.net.azurerm_subnet.app",
    )

    assert group == {"id": f"{BASE}/networkSecurityGroups/web"}


@pytest.mark.parametrize(
    ("which", "told"), [('["app"]', True), ('["gone"]', False), ("[0]", False), ("", False)]
)
def test_one_of_the_map_that_a_module_gives_is_told_by_its_key(which: str, told: bool) -> None:
    subnets = [f'module.net.azurerm_subnet.all["{name}"]' for name in ("app", "db")]
    outputs = {"ids": {"expression": {"references": ["azurerm_subnet.all"]}}}
    net = {"module": {"resources": [written("azurerm_subnet.all")], "outputs": outputs}}
    texts = [f"module.net.ids{which}", "module.net.ids", "module.net"]
    link = {"address": f"{SUBNET_LINK}.x", "expressions": {"subnet_id": {"references": texts}}}
    group: dict[str, Any] = written(
        f"{SUBNET_LINK}.x", network_security_group_id="azurerm_network_security_group.web"
    )
    link["expressions"] |= group["expressions"]
    prefixes = ["10.0.0.0/24"]
    made = plan(
        one("azurerm_virtual_network.hub", address_space=["10.0.0.0/16"]),
        one("azurerm_network_security_group.web"),
        *(
            one(each, name=each[-5:-2], virtual_network_name="hub", address_prefixes=prefixes)
            for each in subnets
        ),
        one(f"{SUBNET_LINK}.x", OPEN),
        configuration={"root_module": {"module_calls": {"net": net}, "resources": [link]}},
    )
    found = by_name(read(made))["app"]["properties"].get("networkSecurityGroup")
    assert found == ({"id": f"{BASE}/networkSecurityGroups/web"} if told else None)


@pytest.mark.parametrize(
    "references",
    [["each.value"], ["var.where"], ["module.net.gone", "module.net"], ["local.where"], [3]],
)
def test_an_association_that_cannot_be_placed_leaves_the_group_of_every_subnet_open(
    references: list[Any],
) -> None:
    """In the subnet's own record and where its network lists it."""
    link = one(f"{SUBNET_LINK}.x", OPEN, {"subnet_id": references})
    subnet = one("azurerm_subnet.app", virtual_network_name="hub", address_prefixes=["10.0.0.0/24"])
    hub = one("azurerm_virtual_network.hub", {"subnet": True}, address_space=["10.0.0.0/16"])

    snapshot = read(plan(hub, subnet, link))

    open_places = {pointer for record in snapshot.records for pointer, _ in record.unresolved}
    assert {
        "/properties/networkSecurityGroup",
        "/properties/subnets/0/properties/networkSecurityGroup",
    } <= open_places


def test_an_association_that_cannot_be_placed_changes_no_subnet_that_has_its_group() -> None:
    refs = {
        "subnet_id": ["azurerm_subnet.app.id", "azurerm_subnet.app"],
        "network_security_group_id": [f"{NSG}.web.id", f"{NSG}.web"],
    }
    snapshot = read(
        plan(
            one(f"{NSG}.web"),
            one("azurerm_subnet.app", virtual_network_name="hub"),
            one("azurerm_subnet.other", virtual_network_name="hub"),
            one(f"{SUBNET_LINK}.x", OPEN, refs),
            one(f"{SUBNET_LINK}.y", OPEN, {"subnet_id": ["each.value"]}),
        )
    )

    made = by_name(snapshot)
    group = {"id": f"{BASE}/networkSecurityGroups/web"}
    assert made["app"]["properties"]["networkSecurityGroup"] == group
    assert "networkSecurityGroup" not in made["other"]["properties"]
    assert ["/properties/networkSecurityGroup"] in [
        [pointer for pointer, _ in record.unresolved] for record in snapshot.records
    ]
