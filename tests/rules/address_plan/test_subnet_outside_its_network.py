from __future__ import annotations

import pytest

from auditor.testing import ask, estate, resource

from ...mending import follow
from ...networks import SUBNET, VNET, peer, subnet_id, vnet, vnet_id

ID = "ADR-004"


@pytest.mark.parametrize(
    ("prefix", "broken"),
    [
        ("10.0.0.0/16", 0),
        ("10.0.255.0/24", 0),
        ("10.1.0.0/24", 1),
        ("10.0.0.0/15", 1),
        ("fd00::/64", 1),
        ("fd00:1::/64", 0),
    ],
)
def test_each_side_of_the_boundary(prefix: str, broken: int) -> None:
    answer = ask(ID, estate(vnet("a", "10.0.0.0/16", "fd00:1::/48", subnets={"s": prefix})))
    assert len(answer.broken) == broken


def test_a_finding_names_the_space_and_what_to_add() -> None:
    (finding,) = ask(ID, estate(vnet("a", "10.0.0.0/16", subnets={"s": "10.1.0.0/24"}))).broken
    assert finding.subject == subnet_id("a", "s")
    assert finding.related == (vnet_id("a"),)
    assert finding.message == "10.1.0.0/24 of subnet s is not inside 10.0.0.0/16 of a"
    assert finding.remedy.endswith("--name a --address-prefixes 10.0.0.0/16 10.1.0.0/24")
    assert finding.evidence[0].pointer == "/properties/subnets/0/properties/addressPrefix"


def test_two_halves_of_the_space_hold_a_subnet_across_them() -> None:
    network = estate(vnet("a", "10.0.0.0/25", "10.0.0.128/25", subnets={"s": "10.0.0.0/24"}))
    assert ask(ID, network).broken == []


def test_each_prefix_is_judged() -> None:
    plural = {"addressPrefixes": ["10.0.0.0/24", "10.1.0.0/24"]}
    answer = ask(ID, estate(vnet("a", "10.0.0.0/16", subnets={"s": plural})))
    assert [finding.key for finding in answer.broken] == ["10.1.0.0/24"]


def test_a_subnet_whose_network_is_absent_is_unknown() -> None:
    network = estate(resource(SUBNET, "gone/s", {"addressPrefix": "10.0.0.0/24"}))
    answer = ask(ID, network)
    assert (answer.broken, answer.kept) == ([], 0)
    assert vnet_id("gone") in answer.unknown[0].missing


def test_a_subnet_that_arrived_alone_is_judged_by_its_network() -> None:
    network = estate(
        vnet("a", "10.0.0.0/16"), resource(SUBNET, "a/s", {"addressPrefix": "10.0.9.0/24"})
    )
    assert ask(ID, network).broken == []
    network = estate(
        vnet("a", "10.0.0.0/16"), resource(SUBNET, "a/s", {"addressPrefix": "11.9.0.0/24"})
    )
    (finding,) = ask(ID, network).broken
    assert finding.evidence[0].pointer == "/properties/addressPrefix"


@pytest.mark.parametrize("space", [{}, {"addressSpace": {}}])
def test_a_network_that_does_not_tell_its_space_is_unknown(space: dict[str, object]) -> None:
    network = estate(
        resource(
            VNET,
            "a",
            {**space, "subnets": [{"name": "s", "properties": {"addressPrefix": "10.0.0.0/24"}}]},
        )
    )
    assert len(ask(ID, network).unknown) == 1


def test_a_subnet_without_a_prefix_is_unknown() -> None:
    assert len(ask(ID, estate(vnet("a", "10.0.0.0/16", subnets={"s": {}}))).unknown) == 1


def test_the_remedy_gives_an_address_space_without_overlaps() -> None:
    network = estate(vnet("a", "10.0.0.0/25", "10.9.0.0/16", subnets={"s": "10.0.0.0/24"}))
    (finding,) = ask("ADR-004", network).broken
    assert finding.remedy.endswith("--name a --address-prefixes 10.9.0.0/16 10.0.0.0/24")


def test_peers_are_told_of_the_new_space() -> None:
    """R-15: they route what they recorded, and the finding of PER-007 would follow."""
    resources = [
        vnet("a", "10.0.0.0/16", subnets={"s": "10.1.0.0/24"}, peers=[peer("hub")]),
        vnet(
            "hub", "10.9.0.0/16", peers=[peer("a", "10.0.0.0/16"), peer("gone", state="Initiated")]
        ),
    ]
    (finding,) = ask(ID, estate(*resources)).broken
    assert finding.remedy.endswith(
        " && az network vnet peering sync --resource-group rg --vnet-name hub --name to-a"
    )
    follow(resources, finding.remedy)
    assert ask("PER-007", estate(*resources)).broken == []
