"""Values of the wrong type: each is told with its place, and reading it is undetermined."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from auditor.errors import Undetermined
from auditor.resources.decode import Damage, decode
from auditor.resources.virtual_networks import VirtualNetwork
from auditor.snapshot.document import Dialect, Record
from auditor.testing import arm_id, resource

from .decoding import DIALECTS, NETWORK, VNET, flat, network, record, spoilt


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("wrong", [True, 5, {}, {"a": 1}, "10.0.0.0/16"])
def test_a_value_of_the_wrong_type_is_damage_and_reading_it_is_undetermined(
    wrong: Any, dialect: Dialect
) -> None:
    body = network()
    body["properties"]["addressSpace"] = {"addressPrefixes": wrong}
    body = flat(body) if dialect is Dialect.FLAT else body

    found, (damage,) = spoilt(body, dialect)

    assert damage.pointer == "/properties/addressSpace/addressPrefixes"
    assert damage.reason.startswith("expected `array | null`, got")
    with pytest.raises(Undetermined, match="addressPrefixes"):
        _ = found.prefixes
    assert found.subnets[0].name == "app"


def test_every_damage_is_told() -> None:
    body = network(addressPrefix=[], natGateway=[])
    body["tags"] = "none"

    found, damages = spoilt(body)

    assert sorted(damage.pointer for damage in damages) == [
        "/properties/subnets/0/properties/addressPrefix",
        "/properties/subnets/0/properties/natGateway",
        "/tags",
    ]
    with pytest.raises(Undetermined, match="tags"):
        found.tag("x")


def test_a_list_with_a_wrong_element_is_undetermined_as_a_whole() -> None:
    body = network()
    body["properties"]["subnets"].append("app2")

    found, (damage,) = spoilt(body)

    assert damage.pointer == "/properties/subnets/1"
    with pytest.raises(Undetermined, match="subnets"):
        _ = found.subnets


@pytest.mark.parametrize("key", ["id", "name"])
def test_a_part_whose_identity_is_damaged_can_still_be_named(key: str) -> None:
    body = network()
    body["properties"]["subnets"][0][key] = {}

    found, (damage,) = spoilt(body)

    assert damage.pointer == f"/properties/subnets/0/{key}"
    assert isinstance(getattr(found.subnets[0], key), str)


def test_a_resource_whose_name_is_damaged_can_still_be_named() -> None:
    found, (damage,) = spoilt({**network(), "name": []})

    assert damage.pointer == "/name"
    assert found.name == ""


@pytest.mark.parametrize("body", [b"5", b"[]", b'"x"', b"null", b"true"])
def test_a_record_that_is_no_object_is_damage(body: bytes) -> None:
    damages: list[Damage] = []
    made = Record(
        id=arm_id(VNET, "x"),
        type=VNET,
        body=body,
        source=0,
        start=0,
        pointer="",
        dialect=Dialect.ARM,
    )

    assert decode(made, damages) is None
    assert [damage.pointer for damage in damages] == [""]


@pytest.mark.parametrize("number", ["1" + "0" * 5000, "1e400"])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_number_out_of_any_range_is_damage(number: str, dialect: Dialect) -> None:
    rules = [{"name": "ssh", "properties": {"priority": 4242}}]
    one = record(resource(f"{NETWORK}/networkSecurityGroups", "nsg", {"securityRules": rules}))
    text = bytes(one.body).replace(b"4242", number.encode())
    damages: list[Damage] = []

    node = decode(msgspec.structs.replace(one, body=text, dialect=dialect), damages)

    assert node is None
    assert [damage.reason for damage in damages] == ["holds a number that is out of any range"]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("key", ["subnets", "virtualNetworkPeerings"])
def test_a_null_in_a_list_is_damage(key: str, dialect: Dialect) -> None:
    node, damages = spoilt(resource(VNET, "v", {key: [None]}), dialect)

    assert [damage.pointer for damage in damages] == [f"/properties/{key}/0"]
    assert isinstance(node, VirtualNetwork)
    with pytest.raises(Undetermined):
        _ = node.properties.subnets, node.properties.virtual_network_peerings
