"""Parts that two inputs tell: on their own, and inside the record of their owner."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from auditor import ids
from auditor.errors import Undetermined
from auditor.network.build import build
from auditor.network.contested import contested
from auditor.network.graph import Network
from auditor.resources.interfaces import NetworkInterface
from auditor.resources.security import NetworkSecurityGroup
from auditor.resources.virtual_networks import Subnet
from auditor.snapshot.load import load

from ...clusters import cluster, pool
from ...exposed import nic, nsg, rule, subnet, vnet

OLD, NEW = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
RULE = "Microsoft.Network/networkSecurityGroups/securityRules"


def rule_of(access: str, name: str = "web") -> Any:
    return rule(name, 100, "*", "443", access=access)


def alone(told: Any, owner: Any, collection: str) -> Any:
    return {**told, "id": f"{owner['id']}/{collection}/{told['name']}",
            "type": f"{owner['type']}/{collection}"}  # fmt: skip


def joined(folder: Path, *inputs: tuple[str | None, list[Any]]) -> Network:
    """The network of several files; those with a time are snapshots."""
    for number, (taken, resources) in enumerate(inputs):
        told: Any = {"value": resources}
        if taken is not None:
            told = {"schema": "auditor.snapshot/1", "taken_at": taken, "resources": resources}
        (folder / f"{number}.json").write_text(json.dumps(told))
    return build(load([str(folder)])).network


def group(rule_inside: Any) -> Any:
    found = nsg(rule_inside)
    inside = found["properties"]["securityRules"][0]
    inside["id"] = f"{found['id']}/securityRules/{inside['name']}"
    return found


def accesses(network: Network) -> list[str]:
    [found] = network.all(NetworkSecurityGroup)
    return [str(each.properties.access) for each in found.rules]


@pytest.mark.parametrize(
    ("inside", "own", "access", "is_open"),
    [
        (None, None, "Deny", True),
        (OLD, OLD, "Deny", True),
        (NEW, OLD, "Allow", False),
        (OLD, NEW, "Deny", False),
        (OLD, None, "Allow", False),
    ],
)
def test_the_newer_telling_of_a_rule_counts(
    tmp_path: Path, inside: str | None, own: str | None, access: str, is_open: bool
) -> None:
    whole = group(rule_of("Allow"))
    part = alone(rule_of("Deny"), whole, "securityRules")
    network = joined(tmp_path, (inside, [whole]), (own, [part]))
    assert accesses(network) == [access]
    [gap] = network.gaps
    assert (gap.kind, gap.subject, gap.settled) == ("conflict", part["id"], not is_open)
    assert contested(network) == ({part["id"].lower()} if is_open else set())


def pools(whole: Any, **own: Any) -> Any:
    """The pool of a cluster as `az aks nodepool list` tells it."""
    [inside] = whole["properties"]["agentPoolProfiles"]
    named = {"id": f"{whole['id']}/agentPools/{inside['name']}",
             "type": "Microsoft.ContainerService/managedClusters/agentPools"}  # fmt: skip
    return {**inside, **named, "typePropertiesType": inside.get("type"), **own}


def test_a_pool_that_its_cluster_tells_otherwise_is_told(tmp_path: Path) -> None:
    """A cluster writes its pools without ids."""
    whole = cluster("shop", pool(maxCount=400))
    part = pools(whole, maxCount=10)
    gaps = joined(tmp_path, (None, [whole]), (None, [part])).gaps
    assert [each.subject for each in gaps if each.kind == "conflict"] == [part["id"]]

    gaps = joined(tmp_path, (None, [whole]), (None, [pools(whole)])).gaps
    assert not [each for each in gaps if each.kind == "conflict"]


def test_two_that_are_alike_are_no_conflict_and_the_group_tells_the_place(tmp_path: Path) -> None:
    whole = group(rule_of("Allow"))
    part = alone(rule_of("Allow"), whole, "securityRules")
    flat = {key: part[key] for key in ("id", "name", "type")} | part["properties"]
    for twin in (part, {**flat, "resourceGroup": "rg"}):
        network = joined(tmp_path, (None, [whole]), (None, [twin]))
        assert not [gap for gap in network.gaps if gap.kind == "conflict"]
        [found] = network.all(NetworkSecurityGroup)
        [only] = found.rules
        assert (only.root, only.pointer) == (found, "/properties/securityRules/0")


@pytest.mark.parametrize(
    ("inside", "own", "names"),
    [(None, None, ["web", "late"]), (OLD, NEW, ["web", "late"]), (NEW, OLD, ["web"])],
)
def test_what_a_newer_group_does_not_tell_of_is_gone(
    tmp_path: Path, inside: str | None, own: str | None, names: list[str]
) -> None:
    whole = group(rule_of("Allow"))
    part = alone(rule_of("Deny", "late"), whole, "securityRules")
    network = joined(tmp_path, (inside, [whole]), (own, [part]))
    [found] = network.all(NetworkSecurityGroup)
    assert [each.label for each in found.rules] == names
    told = [gap.subject for gap in network.gaps if gap.kind == "conflict"]
    assert told == ([part["id"]] if len(names) == 1 else [])


@pytest.mark.parametrize(("inside", "own", "prefix"), [(NEW, OLD, "0"), (OLD, NEW, "9")])
def test_the_newer_telling_of_a_subnet_counts(
    tmp_path: Path, inside: str, own: str, prefix: str
) -> None:
    whole = vnet(subnet("app", "10.0.0.0/24"))
    part = alone(subnet("app", "10.0.9.0/24"), whole, "subnets")
    network = joined(tmp_path, (inside, [whole]), (own, [part]))
    [found] = network.all(Subnet)
    assert [str(each) for each in found.prefixes] == [f"10.0.{prefix}.0/24"]
    assert [gap.kind for gap in network.gaps] == ["conflict"]


def linked(name: str | None) -> Any:
    held: Any = {"networkSecurityGroup": {"id": nsg(name=name)["id"]}} if name else {}
    return subnet("app", "10.0.0.0/24", **held)


@pytest.mark.parametrize(("inside", "own"), [("nsg", None), (None, "nsg"), ("nsg", "other")])
def test_the_group_of_a_subnet_is_not_told_where_two_as_good_contradict_each_other(
    tmp_path: Path, inside: str | None, own: str | None
) -> None:
    part = alone(linked(own), vnet(), "subnets")
    network = joined(tmp_path, (None, [vnet(linked(inside))]), (None, [part]))
    [found] = network.all(Subnet)
    with pytest.raises(Undetermined, match="networkSecurityGroup"):
        _ = found.properties.network_security_group
    assert [str(each) for each in found.prefixes] == ["10.0.0.0/24"]


@pytest.mark.parametrize(("inside", "own", "name"), [(OLD, NEW, None), (NEW, OLD, "nsg")])
def test_a_newer_telling_may_be_of_less(
    tmp_path: Path, inside: str, own: str, name: str | None
) -> None:
    part = alone(linked(None), vnet(), "subnets")
    network = joined(tmp_path, (inside, [vnet(linked("nsg"))]), (own, [part]))
    [found] = network.all(Subnet)
    ref = found.properties.network_security_group
    assert (ids.name(ref.id or "") if ref else None) == name


@pytest.mark.parametrize("flat", [False, True])
def test_the_group_of_a_nic_is_not_told_where_two_as_good_contradict_each_other(
    tmp_path: Path, flat: bool
) -> None:
    def told(one: Any) -> Any:
        short = {"resourceGroup": "rg", **one, **one["properties"]}
        return {key: short[key] for key in short if key != "properties"} if flat else one

    pair = [told(nic("web")), told(nic("web", nsg="nsg"))]
    for first, second in (pair, pair[::-1]):
        network = joined(tmp_path, (None, [first]), (None, [second]))
        [found] = network.all(NetworkInterface)
        with pytest.raises(Undetermined, match="networkSecurityGroup"):
            _ = found.properties.network_security_group
