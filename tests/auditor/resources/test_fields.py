from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from auditor import registry
from auditor.resources.base import TYPES, Node, Wire
from auditor.resources.fields import Field, decoder, fields
from auditor.resources.hybrid import ClientPoolConfiguration
from auditor.resources.security import SecurityRule, SecurityRuleProperties


@pytest.mark.parametrize("cls", sorted(set(TYPES.values()), key=str))
def test_every_type_is_found(cls: type[Node]) -> None:
    assert not [field for field in fields(cls) if isinstance(field.type, str)]
    told = [Field(each.name, each.encode_name, each.type) for each in msgspec.structs.fields(cls)]
    assert [*fields(cls)] == told


def below(cls: type[Wire]) -> Iterator[type[Wire]]:
    for each in cls.__subclasses__():
        yield each
        yield from below(each)


def test_no_class_leaves_its_types_as_text() -> None:
    registry.rules()
    hints = [
        (cls, hint) for cls in below(Wire) for hint in vars(cls).get("__annotations__", {}).values()
    ]
    assert [(cls, hint) for cls, hint in hints if isinstance(hint, str)] == []


def test_the_type_of_a_class_inside_the_class_is_found() -> None:
    (settings,) = (f for f in fields(ClientPoolConfiguration) if f.name == "properties")
    assert settings.type is ClientPoolConfiguration.Settings


def test_numbers_are_read_from_strings_too() -> None:
    rule = decoder(SecurityRule).decode(b'{"properties": {"priority": "100"}}')
    assert isinstance(rule.properties, SecurityRuleProperties)
    assert rule.properties.priority == 100
