"""Short names of ids: what a reader sees instead of an ARM id."""

from __future__ import annotations

from importlib import import_module

import pytest

Names = import_module("auditor.reports._names").Names
VNET = "providers/Microsoft.Network/virtualNetworks/vnet-app"


@pytest.mark.parametrize(
    ("group", "shown"),
    [
        ("{resource-group:azuredeploy.json}", "azuredeploy.json"),
        ("{resource-group:-}", "resource group of standard input"),
        ("{RESOURCE-GROUP:Azuredeploy.json}", "Azuredeploy.json"),
        ("rg-app", "rg-app"),
        ("{resource-group}", "{resource-group}"),
    ],
)
def test_a_template_without_a_group_is_named_by_its_file(group: str, shown: str) -> None:
    arm_id = f"/subscriptions/{{subscription}}/resourceGroups/{group}/{VNET}"

    assert Names([arm_id]).short(arm_id) == f"{shown} › virtualNetworks/vnet-app"


def test_a_group_called_like_the_file_of_a_template_keeps_a_name_of_its_own() -> None:
    written = f"/subscriptions/{{subscription}}/resourceGroups/{{resource-group:app.json}}/{VNET}"
    live = f"/subscriptions/0000/resourceGroups/app.json/{VNET}"
    names = Names([written, live])

    assert names.short(written) == (
        "{subscription} › app.json › Microsoft.Network/virtualNetworks/vnet-app"
    )
    assert names.short(live) == "0000 › app.json › Microsoft.Network/virtualNetworks/vnet-app"


def test_an_id_within_a_sentence_is_shortened_as_well() -> None:
    written = f"/subscriptions/{{subscription}}/resourceGroups/{{resource-group:app.json}}/{VNET}"

    assert Names([written]).shorten(f"{written} is alone") == (
        "app.json › virtualNetworks/vnet-app is alone"
    )
