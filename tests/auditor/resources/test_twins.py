"""What is decoded by way of twins is what the structs themselves would have read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from auditor.resources.base import TYPES, Node, Wire
from auditor.resources.decode import Damage, decode
from auditor.resources.fields import decoder
from auditor.resources.security import NetworkSecurityGroup, SecurityRuleProperties
from auditor.resources.twins import texts_of, twin, whole_of
from auditor.resources.words import Words
from auditor.snapshot.always import ALWAYS_LISTED
from auditor.snapshot.document import Record
from auditor.testing import resource

from ...everything import everything

NSG = "Microsoft.Network/networkSecurityGroups"


def record(text: bytes, kind: str = NSG) -> Record:
    return Record("/subscriptions/s/x", kind, text, 0, 0, "")


def structs(value: Any) -> Iterator[Wire]:
    if isinstance(value, list):
        for item in value:
            yield from structs(item)
    if isinstance(value, Wire):
        yield value
        for name in value.__struct_fields__:
            yield from structs(getattr(value, name))


@pytest.mark.parametrize("body", everything(), ids=lambda body: str(body["id"]))
def test_every_resource_is_whole(body: dict[str, Any]) -> None:
    cls = TYPES.get(body["type"].lower())
    if cls is None or cls.lifted:
        return
    lists: dict[str, list[Any]] = {key: [] for key in ALWAYS_LISTED.get(body["type"].lower(), ())}
    whole = {**body, "properties": {**lists, **body.get("properties", {})}}
    text = msgspec.json.encode(whole)
    found = decode(record(text, body["type"]), [])
    assert [type(each) for each in structs(found) if whole_of(type(each))] == []
    assert repr(found) == repr(decoder(cls).decode(text))


def test_a_twin_has_the_fields_of_what_it_stands_for() -> None:
    for cls in set(TYPES.values()):
        assert set(twin(cls).__struct_encode_fields__) == set(cls.__struct_encode_fields__)


def test_a_twin_lacks_what_its_struct_lacks() -> None:
    for cls in set(TYPES.values()):
        made, whole = twin(cls)(), cls()
        for name in set(cls.__struct_fields__) - set(texts_of(cls)):
            assert getattr(made, name) is getattr(whole, name), (cls, name)


def group(*rules: str, tags: str = "{}") -> bytes:
    inside = ",".join(f'{{"name":"r{i}","properties":{rule}}}' for i, rule in enumerate(rules))
    return f'{{"tags":{tags},"properties":{{"securityRules":[{inside}]}}}}'.encode()


def test_settings_in_other_words_are_the_same_settings() -> None:
    text = group('{"priority":100,"access":"Deny"}', '{"access": "Deny", "priority": "100"}')
    (node,) = [decode(record(text), [])]
    assert isinstance(node, NetworkSecurityGroup)
    one, other = node.rules
    assert one.properties is other.properties
    assert one.properties.priority == 100


@pytest.mark.parametrize("tags", ["null", "{}"])
def test_tags_that_say_nothing(tags: str) -> None:
    node = decode(record(group(tags=tags)), [])
    assert isinstance(node, NetworkSecurityGroup)
    assert node.tags == (None if tags == "null" else {})


def test_a_text_of_the_wrong_type_is_damage_each_time() -> None:
    words = Words()
    for _ in range(2):
        damages: list[Damage] = []
        node = decode(record(group('{"priority":[],"access":"Deny"}')), damages, words)
        assert [damage.pointer for damage in damages] == [
            "/properties/securityRules/0/properties/priority"
        ]
        assert isinstance(node, Node)


def test_settings_that_never_came_are_the_hollow_ones() -> None:
    bare = b'{"properties":{"securityRules":[{"name":"a"},{"name":"b","properties":{}}]}}'
    node = decode(record(bare), [])
    assert isinstance(node, NetworkSecurityGroup)
    never, empty = (rule.properties for rule in node.rules)
    assert never is not empty
    assert isinstance(never, SecurityRuleProperties)


def test_resources_of_one_text_share_tags() -> None:
    words = Words()
    texts = [msgspec.json.encode(resource(NSG, name) | {"tags": {"a": "b"}}) for name in "xy"]
    one, other = (decode(record(text), [], words) for text in texts)
    assert isinstance(one, NetworkSecurityGroup)
    assert isinstance(other, NetworkSecurityGroup)
    assert one.tags is other.tags
