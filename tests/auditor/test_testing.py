from __future__ import annotations

import pytest

from auditor.finding import Finding
from auditor.network.graph import whole
from auditor.registry import rules
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.rule import Network, Outcomes, Rule, Severity
from auditor.snapshot.locate import locate
from auditor.testing import NOW, arm_id, ask, estate, resource, snapshot

VNET = "Microsoft.Network/virtualNetworks"


def made(check: object) -> Rule[Network]:
    return Rule(
        id="TST-001",
        name="t",
        title="T.",
        page="T.",
        severity=Severity.LOW,
        since="0.1.0",
        subjects=whole,
        check=check,  # type: ignore[arg-type]
    )


def breaks(_: Network, __: Network) -> Outcomes:
    yield Finding("/a/b", "wrong", "mend")


def fails(_: Network, __: Network) -> Outcomes:
    raise KeyError("x")
    yield


def test_ids_and_resources() -> None:
    made = resource(f"{VNET}/subnets", "hub/app", {"addressPrefix": "10.0.0.0/24"}, group="net")

    assert made["id"] == arm_id(f"{VNET}/subnets", "hub", "app", group="net")
    assert made["name"] == "app"


def test_an_estate_is_a_network_judged_at_a_fixed_moment() -> None:
    network = estate(resource(VNET, "hub"))

    assert network.as_of == NOW
    assert [each.name for each in network.all(VirtualNetwork)] == ["hub"]
    assert network.all(Subnet) == ()


def test_records_stand_where_they_say() -> None:
    made = snapshot(resource(VNET, "a"), resource(VNET, "b"))

    for record in made.records:
        _, pointer = locate(made.sources[0], record, "/name")
        assert pointer == f"{record.pointer}/name"
        text = bytes(made.sources[0].text)
        assert text[record.start :].startswith(bytes(record.body))


def test_a_rule_is_asked_by_id_or_as_it_is() -> None:
    network = estate(resource(VNET, "hub"))
    known = next(iter(rules()))

    assert ask(known, network) == ask(rules()[known], network)
    assert ask(made(breaks), network).names == ["b"]


def test_a_rule_that_fails_fails_the_test() -> None:
    with pytest.raises(AssertionError, match="KeyError"):
        ask(made(fails), estate(resource(VNET, "hub")))
