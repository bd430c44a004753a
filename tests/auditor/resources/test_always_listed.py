"""A list that Azure writes in every answer, and that is not there, is not told: never empty."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.errors import Undetermined
from auditor.network.build import build
from auditor.network.untold import untold_parts
from auditor.resources.base import TYPES
from auditor.resources.virtual_networks import VirtualNetwork
from auditor.snapshot.always import ALWAYS_LISTED
from auditor.testing import arm_id, ask, estate, resource, snapshot

VNET = "Microsoft.Network/virtualNetworks"
TABLE = "Microsoft.Network/routeTables"
NSG = "Microsoft.Network/networkSecurityGroups"
PIP = "Microsoft.Network/publicIPAddresses"
BALANCER = "Microsoft.Network/loadBalancers"
LISTS = [(k, key) for k, keys in ALWAYS_LISTED.items() if k.count("/") == 1 for key in keys]
"""Lists of parts; what else is listed always is asked about by the rules that need it."""
DONE = {"provisioningState": "Succeeded"}


def whole(kind: str, **more: Any) -> dict[str, Any]:
    lists: dict[str, Any] = {key: [] for key in ALWAYS_LISTED[kind.lower()]}
    return resource(kind, "cut", {**DONE, **lists, **more})


@pytest.mark.parametrize(("kind", "key"), LISTS)
def test_what_is_absent_or_null_is_told_as_missing_and_what_is_empty_is_not(
    kind: str, key: str
) -> None:
    assert untold_parts(estate(whole(kind))) == ()
    absent = whole(kind)
    del absent["properties"][key]
    for cut in (absent, whole(kind, **{key: None})):
        [untold] = untold_parts(estate(cut))
        assert (untold.pointer, untold.node.name) == (f"/properties/{key}", "cut")


def test_a_child_that_came_on_its_own_makes_no_whole_list() -> None:
    child = resource(f"{VNET}/subnets", "cut/app", {"addressPrefix": "10.0.0.0/24"})
    network = estate(resource(VNET, "cut", DONE), child)
    [vnet] = network.all(VirtualNetwork)
    with pytest.raises(Undetermined):
        _ = vnet.subnets
    [vnet] = estate(whole(VNET), child).all(VirtualNetwork)
    assert [subnet.name for subnet in vnet.subnets] == ["app"]


@pytest.mark.parametrize(
    ("kind", "read", "said"),
    [
        (TABLE, "routes", "the routes of route table cut"),
        (NSG, "rules", f"the security rules of {arm_id(NSG, 'cut')}"),
        (VNET, "peerings", "the peerings of network cut"),
    ],
)
def test_it_is_said_whose_list_is_missing(kind: str, read: str, said: str) -> None:
    [node] = estate(resource(kind, "cut", DONE)).all(TYPES[kind.lower()])
    with pytest.raises(Undetermined) as lacks:
        getattr(node, read)
    assert (lacks.value.missing, lacks.value.resource) == (said, node.id)


def test_a_part_that_came_as_its_id_alone_is_named_by_whoever_asks() -> None:
    bare = {"id": arm_id(f"{VNET}/subnets", "hub", "bare")}
    lists = {"subnets": [bare], "virtualNetworkPeerings": []}
    hub = resource(VNET, "hub", {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, **lists})

    [unknown] = ask("ADR-005", estate(hub)).unknown

    assert (unknown.missing, unknown.related) == ("properties of bare", (bare["id"],))


def test_one_that_was_cut_short_leaves_others_whole() -> None:
    other = resource(VNET, "empty", whole(VNET)["properties"])
    network = build(snapshot(resource(VNET, "cut", DONE), other)).network
    assert {each.node.name for each in untold_parts(network)} == {"cut"}


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        ("RTE-002", TABLE),
        ("ADR-001", VNET),
        ("NSG-001", VNET),
        ("EXP-002", "Microsoft.Network/networkInterfaces"),
        ("EXP-006", "Microsoft.Network/loadBalancers"),
        ("GW-008", "Microsoft.Network/applicationGateways"),
        ("AKS-008", "Microsoft.ContainerService/managedClusters"),
    ],
)
def test_a_rule_about_the_parts_or_the_rule_about_the_input_says_so(rule: str, kind: str) -> None:
    network = estate(resource(kind, "cut", DONE))
    answers = [ask(rule, network), ask("GOV-006", network)]
    assert [answer.broken for answer in answers] == [[], []]
    assert [answer.kept for answer in answers] == [0, 0]
    assert answers[1].unknown


def test_a_balancer_whose_pools_and_rules_were_cut_off_serves_whom_nobody_knows() -> None:
    front = {"name": "front", "properties": {"publicIPAddress": {"id": arm_id(PIP, "pip")}}}
    cut = resource(BALANCER, "cut", {**DONE, "frontendIPConfigurations": [front]})
    network = estate(cut, resource(PIP, "pip", DONE))
    for rule in ("LB-001", "EXP-006"):
        answer = ask(rule, network)
        assert (answer.kept, answer.broken) == (0, [])
        assert answer.unknown
