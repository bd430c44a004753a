"""Whatever the snapshot does not tell, the rest is drawn, and what is not told is a doubt."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from auditor.picture import picture
from auditor.testing import arm_id, estate, resource

from ...everything import everything
from ...networks import nic, subnet_id, vnet
from .sketch import inside, line, sketch, spot

WHOLE = everything()


def pointers(value: Any, path: str = "") -> Iterator[str]:
    """Every place below `properties`."""
    pairs: Any = ()
    if isinstance(value, dict):
        pairs = value.items()
    elif isinstance(value, list):
        pairs = enumerate(value[:2])
    for key, inner in pairs:
        here = f"{path}/{key}"
        if path or key == "properties":
            yield here
            yield from pointers(inner, here)


PLACES = sorted({place for each in WHOLE for place in pointers(each)})


@pytest.mark.parametrize("start", range(0, len(PLACES), 40))
def test_a_hole_anywhere_hides_nothing_else(start: int) -> None:
    whole = {each.id for each in picture(estate(*WHOLE)).spots if not each.missing}
    tops = {each["id"].lower() for each in WHOLE}
    for place in PLACES[start : start + 40]:
        drawn = picture(estate(*WHOLE, unresolved=((place, "an expression"),)))
        lost = whole - {each.id for each in drawn.spots}

        assert {each for each in lost if each.lower() in tops} == set(), place


def test_a_group_whose_id_is_not_told_is_not_no_group() -> None:
    web = {"addressPrefix": "10.0.1.0/24", "networkSecurityGroup": {"id": "[x]"}}
    place = "/properties/subnets/0/properties/networkSecurityGroup/id"
    network = vnet("app", "10.0.0.0/16", subnets={"web": web})
    drawn = sketch(network, unresolved=((place, "an expression"),))

    assert "no NSG" not in spot(drawn, "web").facts
    assert spot(drawn, "web").doubts == ("not told: where a reference leads whose id is not told",)


def test_a_machine_whose_subnet_is_not_told_is_drawn_outside_with_a_doubt() -> None:
    machine = nic("lost", "10.0.1.4", ("app", "web"))
    del machine["properties"]["ipConfigurations"][0]["properties"]["subnet"]
    drawn = sketch(machine)

    assert spot(drawn, "lost").parent == ""
    assert "not told: its subnet" in spot(drawn, "lost").doubts


def test_a_private_link_whose_state_is_not_told_is_neither_up_nor_down() -> None:
    target = arm_id("Microsoft.Storage/storageAccounts", "store")
    endpoint = resource(
        "Microsoft.Network/privateEndpoints",
        "pe",
        {
            "subnet": {"id": subnet_id("app", "web")},
            "privateLinkServiceConnections": [
                {"name": "c", "properties": {"privateLinkServiceId": target}}
            ],
        },
    )
    drawn = sketch(vnet("app", "10.0.0.0/16", subnets={"web": "10.0.1.0/24"}), endpoint)

    assert inside(drawn, "web") == ["pe"]
    assert line(drawn, "pe", "store").doubts == ("not told: whether it is approved",)
    assert not line(drawn, "pe", "store").down
