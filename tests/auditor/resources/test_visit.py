"""The functions written out for each class find what the walks find."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.errors import Undetermined
from auditor.network.graph import Network
from auditor.resources import visit, walk
from auditor.resources.base import Node, Resource, unset
from auditor.resources.interfaces import NetworkInterface
from auditor.resources.security import SecurityRule
from auditor.testing import estate, resource

from ...everything import everything

NSG = "Microsoft.Network/networkSecurityGroups"
FORMS = ("address", "address-or-tag", "cidr", "ports")


@pytest.fixture(scope="module")
def network() -> Network:
    return estate(*everything())


def targets(node: Node) -> list[tuple[str, str]]:
    found: visit.Targets = []
    visit.targets(node, found, set())
    return [(key, target) for key, target, _ in found]


def texts(node: Node) -> list[tuple[str, str]]:
    found: visit.Texts = []
    visit.texts(node, {form: {""} for form in FORMS}, found)
    return found


def the_same(node: Node) -> bool:
    return targets(node) == [
        (found.kind, found.target) for found in walk.references(node)
    ] and texts(node) == [(found.form, found.text) for found in walk.values(node)]


def test_every_class(network: Network) -> None:
    nodes = network.all(Node)
    assert len({type(node) for node in nodes}) > 50
    assert [node.id for node in nodes if not the_same(node)] == []


@pytest.mark.parametrize("field", ["subnet", "private_ip_address", "application_security_groups"])
def test_beside_unset_fields(field: str) -> None:
    settings: dict[str, Any] = {
        "subnet": {"id": "/subscriptions/s/x/subnets/a"},
        "publicIPAddress": {"id": "/subscriptions/s/x/publicIPAddresses/a"},
        "privateIPAddress": "10.0.0.4",
    }
    configurations = [{"name": "v4", "properties": settings}]
    nic = resource("Microsoft.Network/networkInterfaces", "a", {"ipConfigurations": configurations})
    (interface,) = estate(nic).all(NetworkInterface)
    (configuration,) = interface.ip_configurations
    unset(configuration.properties, field)
    assert the_same(configuration)


def test_what_finds_references_is_made_anew_for_many() -> None:
    nic = resource(
        "Microsoft.Network/networkInterfaces",
        "a",
        {"networkSecurityGroup": {"id": "/subscriptions/s/x/networkSecurityGroups/a"}},
    )
    (interface,) = estate(nic).all(NetworkInterface)
    settled: list[visit.Finder] = []
    told: list[list[str]] = []
    find = visit.finder(NetworkInterface, settled.append)
    assert find is not None
    while len(told) < 20:
        found: visit.Targets = []
        (settled[0] if settled else find)(interface, found, set())
        told.append([key for key, _, _ in found])
    assert settled
    assert told == [["networkSecurityGroup"]] * 20


def test_a_class_without_references() -> None:
    assert visit.finder(Resource, lambda find: None) is None


def test_without_settings() -> None:
    (interface,) = estate(resource("Microsoft.Network/networkInterfaces", "a")).all(
        NetworkInterface
    )
    unset(interface, "properties")
    assert (targets(interface), texts(interface)) == ([], [])


def test_what_is_known_is_not_collected(network: Network) -> None:
    known: dict[str, set[str]] = {form: {""} for form in FORMS}
    for node in network.all(Node):
        for form, text in texts(node):
            known[form].add(text)
    found: visit.Texts = []
    for node in network.all(Node):
        visit.texts(node, known, found)
    assert found == []


def group(*ports: str) -> dict[str, Any]:
    rules = [
        {
            "name": "web-in",
            "properties": {
                "priority": 100 + number,
                "access": "Allow",
                "direction": "Inbound",
                "protocol": "Tcp",
                "sourceAddressPrefix": "10.1.0.0/16",
                "destinationAddressPrefix": "*",
                "sourcePortRange": "*",
                "destinationPortRanges": [port],
            },
        }
        for number, port in enumerate(ports)
    ]
    return {"securityRules": rules}


def test_one_copy_of_each_word_is_kept() -> None:
    network = estate(resource(NSG, "a", group("8080")), resource(NSG, "b", group("8081")))
    one, other = network.all(SecurityRule)
    assert one.name is other.name
    assert one.properties.access is other.properties.access
    assert one.properties.source_address_prefix is other.properties.source_address_prefix
    ports = [rule.properties.destination_port_ranges or [""] for rule in (one, other)]
    assert ports == [["8080"], ["8081"]]
    a, b = network.all(Resource)
    assert a.type is b.type


def test_settings_that_say_the_same_are_kept_once() -> None:
    network = estate(resource(NSG, "a", group("8080")), resource(NSG, "b", group("8080", "8080")))
    one, same, later = network.all(SecurityRule)
    assert one.properties is same.properties
    assert one.properties is not later.properties
    assert (one.properties.priority, later.properties.priority) == (100, 101)


@pytest.mark.parametrize("first", ["bare", "empty"])
def test_settings_that_say_nothing_are_not_settings_that_never_came(first: str) -> None:
    rules: list[dict[str, Any]] = [{"name": "empty", "properties": {}}, {"name": "bare"}]
    rules.sort(key=lambda rule: rule["name"] != first)
    found = {
        rule.name: rule
        for rule in estate(resource(NSG, "n", {"securityRules": rules})).all(SecurityRule)
    }
    assert found["empty"].properties.priority is None
    with pytest.raises(Undetermined):
        _ = found["bare"].properties


def tagged(name: str, **tags: Any) -> dict[str, Any]:
    return resource(NSG, name) | {"tags": tags}


def test_tags_that_are_the_same_are_kept_once() -> None:
    same = {"environment": "test", "owner": "web"}
    network = estate(tagged("a", **same), tagged("b", **same), tagged("c", owner="web"))
    a, b, c = network.all(Resource)
    assert a.tags is b.tags
    assert a.tags is not None
    assert c.tags is not None
    assert a.tags["owner"] is c.tags["owner"]
    assert (a.tags, c.tags) == (same, {"owner": "web"})


@pytest.mark.parametrize("others", [(1, True), (0, False), (10**30, "1"), (None, [])])
def test_tags_that_python_might_take_for_the_same_stay_apart(others: tuple[Any, Any]) -> None:
    network = estate(*(tagged(f"n{i}", level=value) for i, value in enumerate(others)))
    found = [each.tags for each in network.all(Resource)]
    assert [repr(tags) for tags in found] == [repr({"level": value}) for value in others]
