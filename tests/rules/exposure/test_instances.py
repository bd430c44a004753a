"""Instances of scale sets whose machines the input lists: what is true of all is told once."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.testing import arm_id, ask, estate, resource

from ...exposed import SCALE_SET, deny, nsg, pip, rule, subnet, vnet
from ...reaching import app_gateway, lb, lb_rule, ref

CARDS = f"{SCALE_SET}/virtualMachines/networkInterfaces"
POOL = ref("Microsoft.Network/loadBalancers/backendAddressPools", "lb", "pool")
WHOLE = arm_id(SCALE_SET, "set")


def machines(*rules: Any, port: int = 8443, behind: Any = (), more: Any = ()) -> Network:
    """Scale set `set` with two listed instances behind public load balancer `lb`."""
    joins = {"subnet": ref("Microsoft.Network/virtualNetworks/subnets", "vnet", "app"),
             "loadBalancerBackendAddressPools": [POOL],
             "applicationGatewayBackendAddressPools": [*behind]}  # fmt: skip
    inner = {"ipConfigurations": [{"name": "primary", "properties": joins}]}
    profile = {"networkInterfaceConfigurations": [{"name": "card", "properties": inner}]}
    told = {"orchestrationMode": "Uniform", "virtualMachineProfile": {"networkProfile": profile}}
    listed = [
        resource(CARDS, f"set/{number}/card", {
            "ipConfigurations": [
                {"name": "primary", "properties": {**joins, "privateIPAddress": address}}
            ],
        })
        for number, address in ((0, "10.0.0.4"), (1, "10.0.0.5"))
    ]  # fmt: skip
    return estate(
        resource(SCALE_SET, "set", told, sku={"name": "Standard_D2s_v5", "capacity": 2}),
        *listed,
        nsg(*rules),
        pip("pip"),
        lb(lb_rule(back=port), members=()),
        vnet(subnet(nsg="nsg", ipConfigurations=[]), subnet("gw", "10.0.1.0/26")),
        *more,
    )


@pytest.mark.parametrize(("port", "told"), [(8443, "EXP-004"), (22, "EXP-005")])
def test_E_2b_what_opens_all_instances_alike_is_told_of_the_scale_set(port: int, told: str) -> None:
    """It was told of the scale set and of each instance."""
    here = machines(rule("web", 100, "Internet", str(port)), port=port)
    beside = ["EXP-004", "EXP-005"]
    (finding,) = ask(told, here, beside=beside).broken
    assert finding.subject == WHOLE
    assert [f.subject for f in ask("EXP-004", here, beside=beside).broken] == (
        [WHOLE] if told == "EXP-004" else []
    )


def test_E_2b_an_instance_that_is_open_by_itself_is_told() -> None:
    one = rule("one", 100, "Internet", "8443", destinationAddressPrefix="10.0.0.5")
    answer = ask("EXP-004", machines(one, deny("no", 200)))
    assert [finding.subject for finding in answer.broken] == [arm_id(CARDS, "set", "1", "card")]


def test_E_2b_a_backend_around_its_gateway_is_told_of_the_scale_set() -> None:
    pool = ref("Microsoft.Network/applicationGateways/backendAddressPools", "agw", "pool")
    here = machines(
        rule("web", 100, "Internet", "8443"),
        behind=[pool],
        more=[app_gateway(members=()), pip("own", address="20.50.1.9")],
    )
    (finding,) = ask("EXP-008", here).broken
    assert finding.subject == WHOLE
    assert ask("EXP-004", here, beside=["EXP-008"]).broken == []
