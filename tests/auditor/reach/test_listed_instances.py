"""Uniform scale sets whose instances are all in the input: these stand for it (E-2b)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.commands.reaching import distinct_names
from auditor.errors import UsageError
from auditor.network.graph import Network
from auditor.reach.selected import ends_of, pairs
from auditor.reach.wording import name_of
from auditor.resources.interfaces import NetworkInterface
from auditor.selector import parse_selector
from auditor.testing import arm_id, ask, estate

from ...exposed import SCALE_SET, subnet, vnet
from ...reaching import asked, lb, ref, scale_set
from .test_scale_sets import listed_instance

EVERY = parse_selector("*/virtualMachineScaleSets/vmss*")
"""The scale set, and the NICs of its instances."""


def listed_whole(*addresses: str, behind: Any = None) -> Network:
    """Scale set `vmss` with these instances, all listed, which alone are in a pool."""
    pool = {"loadBalancerBackendAddressPools": behind} if behind else {}
    model = scale_set(sku={"capacity": len(addresses)})
    profile = model["properties"]["virtualMachineProfile"]["networkProfile"]
    own = profile["networkInterfaceConfigurations"][0]["properties"]["ipConfigurations"][0]
    own["properties"].pop("loadBalancerBackendAddressPools", None)
    listed = [
        listed_instance(str(number), address, configuration=pool)
        for number, address in enumerate(addresses)
    ]
    for number, each in enumerate(listed):
        machine = arm_id(f"{SCALE_SET}/virtualMachines", "vmss", str(number))
        each["properties"]["virtualMachine"] = {"id": machine}
    private = lb(public=False, members=())
    return estate(model, *listed, private, vnet(subnet(ipConfigurations=[])))


def test_E_2b_the_model_adds_nobody_to_its_instances_where_all_are_listed() -> None:
    """It was asked as well, and tells no more of them."""
    points = ends_of(listed_whole("10.0.0.6", "10.0.0.7"), EVERY).points
    assert [str(point.addresses.smallest()) for point in points] == ["10.0.0.6", "10.0.0.7"]
    partly = estate(
        scale_set(sku={"capacity": 3}), listed_instance("0", "10.0.0.6"),
        vnet(subnet(ipConfigurations=[])),
    )  # fmt: skip
    assert len(ends_of(partly, EVERY).points) == 2


def test_P_10_the_one_instance_of_a_scale_set_asks_nobody_of_it() -> None:
    only = ends_of(listed_whole("10.0.0.6"), EVERY)
    with pytest.raises(UsageError, match="both ends are one"):
        pairs(only, only)


def test_R_35_an_instance_in_a_pool_leaves_as_it_does_and_not_as_its_model() -> None:
    """The model, changed since, had default outbound access."""
    pool = [ref("Microsoft.Network/loadBalancers/backendAddressPools", "lb", "pool")]
    here = listed_whole("10.0.0.6", behind=pool)
    [instance] = ends_of(here, EVERY).points
    assert asked(here, instance, "52.10.0.7").verdict == "blocked"


def test_R_35_an_instance_without_a_way_out_is_told_by_name() -> None:
    """It was not told whether `0` gets out: its machine is no VM."""
    pool = [ref("Microsoft.Network/loadBalancers/backendAddressPools", "lb", "pool")]
    (finding,) = ask("NAT-002", listed_whole("10.0.0.6", behind=pool)).broken
    assert finding.message.startswith("vmss/0 in subnet app of vnet has no way to the internet")


def test_an_instance_is_called_by_its_scale_set() -> None:
    """Its NIC has the name of all others: both were `rg/model/primary`."""
    points = ends_of(listed_whole("10.0.0.6", "10.0.0.7"), EVERY).points
    assert [name_of(point) for point in points] == ["vmss/0/model", "vmss/1/model"]
    assert [*distinct_names(points).values()] == ["vmss/0/model/primary", "vmss/1/model/primary"]


def test_hops_and_reasons_call_an_instance_by_its_scale_set() -> None:
    here = listed_whole("10.0.0.6", "10.0.0.7")
    assert sorted(nic.label for nic in here.all(NetworkInterface)) == [
        "vmss/0/model",
        "vmss/1/model",
    ]
