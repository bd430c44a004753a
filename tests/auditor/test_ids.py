from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import ids

GROUP = "/subscriptions/s/resourceGroups/g"
VNET = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/hub"


@pytest.mark.parametrize(
    "spelled",
    [
        VNET,
        VNET.upper(),
        VNET.replace("resourceGroups", "resourcegroups"),
        VNET.removeprefix("/"),
        VNET + "/",
        "//" + VNET.strip("/") + "//",
    ],
)
def test_spellings_of_one_id_are_equal_when_folded(spelled: str) -> None:
    assert ids.fold(spelled) == VNET.lower()


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=30))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert ids.fold(ids.fold(text)) == ids.fold(text)


@pytest.mark.parametrize(
    ("arm_id", "holder"),
    [
        (f"{VNET}/subnets/app", VNET),
        (f"{VNET}/providers/microsoft.insights/diagnosticSettings/logs", VNET),
        (f"{GROUP}/providers/microsoft.insights/diagnosticSettings/logs", None),
        (VNET, None),
        (GROUP, "/subscriptions/s"),
        ("/subscriptions/s", None),
        ("", None),
        ("/", None),
    ],
)
def test_the_holder_of_an_id(arm_id: str, holder: str | None) -> None:
    assert ids.parent(arm_id) == holder
    assert ids.parent(arm_id + "/") == holder


def test_a_part_of_a_part_is_held_by_the_part() -> None:
    pool = f"{GROUP}/providers/Microsoft.Network/loadBalancers/lb/backendAddressPools/p"

    assert ids.parent(f"{pool}/addresses/a") == pool


@pytest.mark.parametrize(
    ("arm_id", "kind"),
    [
        (VNET, "Microsoft.Network/virtualNetworks"),
        (f"{VNET}/subnets/app", "Microsoft.Network/virtualNetworks/subnets"),
        (f"{VNET}/PROVIDERS/A.B/c/d", "A.B/c"),
        (f"{VNET}/subnets", "Microsoft.Network/virtualNetworks/subnets"),
        (GROUP, None),
        (f"{GROUP}/providers/Microsoft.Network", None),
        ("", None),
    ],
)
def test_the_type_an_id_implies(arm_id: str, kind: str | None) -> None:
    assert ids.type_of(arm_id) == kind


def test_a_resource_may_be_called_providers() -> None:
    odd = VNET.replace("hub", "providers")

    assert ids.type_of(odd) == "Microsoft.Network/virtualNetworks"
    assert ids.type_of(f"{odd}/subnets/providers") == "Microsoft.Network/virtualNetworks/subnets"
    assert ids.parent(f"{odd}/subnets/providers") == odd
    assert ids.parent(VNET.replace("/g/", "/providers/")) is None


def test_a_group_may_be_called_like_a_kind() -> None:
    odd = VNET.replace("/g/", "/virtualNetworks/")

    assert ids.segment(odd, "virtualnetworks") == "hub"
    assert ids.resource_group(odd) == "virtualNetworks"


def test_names_are_given_as_spelled() -> None:
    spelled = "/SUBSCRIPTIONS/S-1/RESOURCEGROUPS/MC_Rg/providers/A/b/Name"

    assert ids.subscription(spelled) == "S-1"
    assert ids.resource_group(spelled) == "MC_Rg"
    assert ids.name(spelled + "/") == "Name"
    assert ids.segment(spelled, "zones") is None
    assert ids.resource_group("/subscriptions/s") is None
