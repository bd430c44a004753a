"""Values that Azure would not write, and what becomes of them."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.errors import InputError, Undetermined
from auditor.network.build import build
from auditor.resources.security import SecurityRule
from auditor.testing import NOW, estate, resource, snapshot


def rule(**properties: Any) -> dict[str, Any]:
    rules = [{"name": "odd", "properties": properties}]
    return resource("Microsoft.Network/networkSecurityGroups", "nsg", {"securityRules": rules})


def test_a_port_that_is_none_is_refused_with_its_place() -> None:
    with pytest.raises(InputError) as refused:
        estate(rule(destinationPortRange="http"))
    assert "destinationPortRange" in refused.value.where


@pytest.mark.parametrize(
    "source", ["[parameters('source')]", "Internet, VirtualNetwork", "internet;*", "a b"]
)
def test_a_source_that_is_neither_address_nor_tag_is_refused(source: str) -> None:
    with pytest.raises(InputError, match="neither an address nor a service tag"):
        estate(rule(sourceAddressPrefix=source))


@pytest.mark.parametrize("source", ["AzureFrontDoor.Backend", " Sql.WestEurope ", "789", "M365_x"])
def test_the_word_for_a_service_tag_is_accepted(source: str) -> None:
    estate(rule(sourceAddressPrefix=source))


def test_with_keep_going_it_is_left_unset_and_told() -> None:
    built = build(snapshot(rule(destinationPortRange="http")), keep_going=True, as_of=NOW)
    (odd,) = built.network.all(SecurityRule)
    with pytest.raises(Undetermined):
        _ = odd.properties.destination_port_range
    assert [gap.kind for gap in built.network.gaps] == ["damaged"]


@pytest.mark.parametrize(
    "listed",
    [
        {"destinationPortRanges": ["22", ""]},
        {"sourceAddressPrefixes": [""], "sourceAddressPrefix": "10.0.0.0/8"},
    ],
)
def test_an_empty_text_in_a_list_is_a_value_that_is_lost(listed: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="an empty text stands in a list") as refused:
        estate(rule(**listed))
    assert refused.value.where.endswith(("destinationPortRanges/1", "sourceAddressPrefixes/0"))

    built = build(snapshot(rule(**listed)), keep_going=True, as_of=NOW)
    (odd,) = built.network.all(SecurityRule)
    with pytest.raises(Undetermined):
        _ = odd.properties.destination_port_ranges, odd.properties.source_address_prefixes


def test_an_empty_prefix_in_an_address_space_is_no_address_space() -> None:
    space = {"addressSpace": {"addressPrefixes": ["", "10.0.0.0/16"]}}
    with pytest.raises(InputError, match="an empty text stands in a list"):
        estate(resource("Microsoft.Network/virtualNetworks", "v", space))


def test_an_empty_text_is_how_azure_writes_a_single_field_that_is_not_used() -> None:
    (odd,) = estate(rule(sourceAddressPrefix="", sourcePortRange="")).all(SecurityRule)
    assert (odd.properties.source_address_prefix, odd.properties.source_port_range) == ("", "")
