"""NAT rules and pools that divide a range of ports among machines: each has one of them."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.testing import Answer, arm_id, ask, estate, resource

from ...exposed import NIC, SCALE_SET, deny, nic, nsg, pip, rule, subnet, vnet
from ...reaching import lb, lb_rule, ref, scale_set

BALANCER = "Microsoft.Network/loadBalancers"
CARDS = f"{SCALE_SET}/virtualMachines/networkInterfaces"
SSH = rule("ssh", 100, "*", "22")
WHOLE = arm_id(SCALE_SET, "vmss")


def ranged(*, low: int = 50000, high: int = 50119, **more: Any) -> dict[str, Any]:
    """A NAT pool, or with `more` a rule, that hands a range of ports on to port 22."""
    settings = {
        "frontendIPConfiguration": ref(f"{BALANCER}/frontendIPConfigurations", "lb", "front"),
        "protocol": "Tcp",
        "frontendPortRangeStart": low,
        "frontendPortRangeEnd": high,
        "backendPort": 22,
        "enableFloatingIP": False,
    }
    return {"name": "NAT", "properties": {**settings, **more}}


def of_pool(**more: Any) -> dict[str, Any]:
    """Such a rule for the members of the backend pool."""
    pool = ref(f"{BALANCER}/backendAddressPools", "lb", "pool")
    return ranged(frontendPort=0, backendAddressPool=pool, **more)


def instances(
    capacity: int | None, *rules: Any, beside: Any = (), kind: str = "pool", **more: Any
) -> Network:
    """A uniform scale set behind a NAT pool, or behind a NAT rule for its backend pool."""
    sku = {} if capacity is None else {"sku": {"name": "Standard_D2s_v5", "capacity": capacity}}
    made = scale_set(**sku)
    profile = made["properties"]["virtualMachineProfile"]["networkProfile"]
    [card] = profile["networkInterfaceConfigurations"]
    [configuration] = card["properties"]["ipConfigurations"]
    lists: dict[str, Any] = {"inboundNatRules": [of_pool()]}
    if kind == "pool":
        configuration["properties"]["loadBalancerInboundNatPools"] = [
            ref(f"{BALANCER}/inboundNatPools", "lb", "NAT")
        ]
        lists = {"inboundNatPools": [ranged()]}
    balancer = lb(members=(), **{**lists, **more})
    return estate(
        made, balancer, pip("pip"), nsg(*(rules or (SSH,))), vnet(subnet(nsg="nsg")), *beside
    )


def machines(*rules: Any, **more: Any) -> Network:
    """Two NICs behind a NAT rule for their backend pool."""
    balancer = lb(members=("a", "b"), inboundNatRules=[of_pool(**more)])
    nics = nic("a"), nic("b", address="10.0.0.5")
    return estate(*nics, balancer, pip("pip"), nsg(*(rules or (SSH,))), vnet(subnet(nsg="nsg")))


@pytest.mark.parametrize("kind", ["pool", "rule"])
def test_E_18_instances_behind_a_range_are_told(kind: str) -> None:
    """It could not be told, as nobody knows which port is whose."""
    (finding,) = ask("EXP-005", instances(2, kind=kind)).broken

    assert finding.subject == WHOLE
    assert finding.message == (
        "the internet reaches the management port of vmss by pip: TCP 50000-50119, one for each "
        "machine (as tcp 203.0.113.10 to 20.50.1.2:50000 -> 10.0.0.4:22, if that is its port)"
    )
    assert "--name ssh --access Deny" in finding.remedy
    assert finding.witness is None, "nobody knows which port to try"
    assert [hop.reason for hop in finding.hops][-2:] == ["nsg-inbound", "return-route"]


def test_E_18_the_general_rule_leaves_it_to_the_special_one() -> None:
    network = instances(2)
    assert len(ask("EXP-004", network).broken) == 1

    answer = ask("EXP-004", network, beside=["EXP-005"])

    assert (answer.broken, answer.unknown) == ([], [])


def test_E_18_machines_behind_a_range_are_told() -> None:
    assert ask("EXP-005", machines()).names == ["a", "b"]


def test_E_18_what_else_the_entrance_opens_hides_no_range() -> None:
    web = rule("web", 110, "*", "8080")
    network = instances(2, SSH, web, loadBalancingRules=[lb_rule(front=8080, back=8080)])

    assert len(ask("EXP-005", network).broken) == 1
    assert len(ask("EXP-004", network, beside=["EXP-005"]).broken) == 1


@pytest.mark.parametrize("capacity", [0, None])
def test_E_18_without_an_instance_that_is_told_nobody_need_have_a_port(
    capacity: int | None,
) -> None:
    (unknown,) = ask("EXP-005", instances(capacity)).unknown

    assert "nat-port" in unknown.missing
    assert "az network lb list-mapping" in unknown.remedy


def test_E_18_more_machines_than_ports_may_leave_one_without() -> None:
    assert _numbers(ask("EXP-005", machines(frontendPortRangeEnd=50000))) == (2, 0)
    assert _numbers(ask("EXP-005", machines(frontendPortRangeEnd=50001))) == (2, 0)
    three = instances(3, kind="rule", inboundNatRules=[of_pool(high=50001)])
    assert _numbers(ask("EXP-005", three)) == (0, 1)


def test_E_18_a_group_that_denies_keeps_the_range_closed() -> None:
    assert ask("EXP-005", instances(2, deny("no", 90, "Internet"), SSH)).kept == 1


def test_E_18_what_else_is_in_doubt_stays_unknown() -> None:
    cloud = deny("cloud", 90, "AzureCloud", "22")
    assert _numbers(ask("EXP-005", instances(2, cloud, SSH))) == (0, 1)


def listed(number: int, address: str, **more: Any) -> Any:
    """An instance of the scale set with its NIC."""
    home = ref("Microsoft.Network/virtualNetworks/subnets", "vnet", "app")
    settings = {"subnet": home, "privateIPAddress": address, **more}
    return resource(
        CARDS,
        f"vmss/{number}/model",
        {"ipConfigurations": [{"name": "primary", "properties": settings}]},
    )


def of_instance(number: int) -> dict[str, Any]:
    """The rule that Azure makes of the NAT pool for an instance."""
    card = arm_id(f"{CARDS}/ipConfigurations", "vmss", str(number), "model", "primary")
    made = ranged(frontendPort=50000 + number, backendIPConfiguration={"id": card})
    for key in ("frontendPortRangeStart", "frontendPortRangeEnd"):
        del made["properties"][key]
    return {**made, "name": f"NAT.{number}"}


def test_E_18_instances_with_rules_of_their_own_are_not_told_twice() -> None:
    both = [listed(0, "10.0.0.4"), listed(1, "10.0.0.5")]
    made = [of_instance(0), of_instance(1)]

    answer = ask("EXP-005", instances(2, beside=both, inboundNatRules=made))

    assert len(answer.broken) == 2
    assert WHOLE not in [finding.subject for finding in answer.broken]
    assert answer.unknown == []


def test_E_18_instances_of_one_pool_are_told_of_the_scale_set() -> None:
    pool = [ref(f"{BALANCER}/backendAddressPools", "lb", "pool")]
    both = [
        listed(number, f"10.0.0.{4 + number}", loadBalancerBackendAddressPools=pool)
        for number in range(2)
    ]

    answer = ask("EXP-005", instances(2, kind="rule", beside=both))

    assert [finding.subject for finding in answer.broken] == [WHOLE]
    assert answer.unknown == []


def _numbers(answer: Answer) -> tuple[int, int]:
    return len(answer.broken), len(answer.unknown)


def test_E_18_a_machine_that_is_approved_is_kept() -> None:
    assert ask("EXP-005", machines(), allow=(arm_id(NIC, "*"),)).broken == []
