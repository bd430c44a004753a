"""Instances of uniform scale sets as appliances: each is a machine with its own cards (E-2b)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.testing import arm_id, ask, estate, resource

from ...exposed import deny, nsg, rule
from ...networks import nic, subnet_id, vnet
from ...reaching import asked, lb_rule
from ...routing import route, steered, table

SET = "Microsoft.Compute/virtualMachineScaleSets"
CARDS = f"{SET}/virtualMachines/networkInterfaces"
POOL = arm_id("Microsoft.Network/loadBalancers/backendAddressPools", "ilb", "pool")


def model(*cards: str, forwards: bool | None = True) -> Any:
    """Scale set `nva`, whose two instances have a card by each of these names, behind `ilb`."""
    inner = {"subnet": {"id": subnet_id("hub", "nva")}}
    behind = {**inner, "loadBalancerBackendAddressPools": [{"id": POOL}]}
    settings = {
        "ipConfigurations": [{"name": "primary", "properties": behind}],
        **({} if forwards is None else {"enableIPForwarding": forwards}),
    }
    nics = [{"name": each, "properties": settings} for each in cards]
    profile = {"networkProfile": {"networkInterfaceConfigurations": nics}}
    told = {"orchestrationMode": "Uniform", "virtualMachineProfile": profile}
    return resource(SET, "nva", told, sku={"name": "Standard_D2s_v5", "capacity": 2})


def instance(number: int, address: str, card: str = "card") -> Any:
    own = nic(card, address, ("hub", "nva"), enableIPForwarding=True)
    machine = arm_id(f"{SET}/virtualMachines", "nva", str(number))
    own["properties"]["virtualMachine"] = {"id": machine}
    return {**own, "id": arm_id(CARDS, "nva", str(number), card), "type": CARDS}


def network(*more: Any, hop: str = "10.0.9.4", own: Any = ()) -> Network:
    """Machine `web` sends what is for `base` to an address in the subnet of the scale set."""
    return estate(
        vnet(
            "hub",
            "10.0.0.0/16",
            subnets={
                "app": steered("10.0.1.0/24"),
                "data": {
                    "addressPrefix": "10.0.2.0/24",
                    "networkSecurityGroup": {
                        "id": arm_id("Microsoft.Network/networkSecurityGroups", "nsg")
                    },
                },
                "nva": steered("10.0.9.0/24", "own"),
            },
        ),
        table("rt", route("10.0.2.0/24", "VirtualAppliance", hop)),
        table("own", *own),
        nic("web", "10.0.1.4", ("hub", "app"), vm="vm-web"),
        nic("base", "10.0.2.4", ("hub", "data"), vm="vm-base"),
        *more,
    )


def test_R_5_where_an_instance_sends_packets_on_is_told() -> None:
    """RTE-006 said that its scale set is no VirtualMachine."""
    here = network(model("card"), instance(0, "10.0.9.4"), instance(1, "10.0.9.5"), nsg())
    answer = ask("RTE-006", here)
    assert not answer.broken
    assert not answer.unknown


def test_R_5_an_instance_whose_routes_lead_back_to_it() -> None:
    back = route("10.0.2.0/24", "VirtualAppliance", "10.0.9.4")
    here = network(
        model("card"), instance(0, "10.0.9.4"), instance(1, "10.0.9.5"), nsg(), own=[back]
    )
    (finding,) = ask("RTE-006", here).broken
    assert finding.subject == arm_id(CARDS, "nva", "0", "card")


def test_R_5_cards_of_an_instance_that_are_not_listed_may_lead_elsewhere() -> None:
    back = route("10.0.2.0/24", "VirtualAppliance", "10.0.9.4")
    here = network(model("card", "inner"), instance(0, "10.0.9.4"), nsg(), own=[back])
    answer = ask("RTE-006", here)
    assert not answer.broken
    assert answer.unknown


def test_R_11_an_instance_forwards_with_its_own_address_and_not_with_another_instance_s() -> None:
    """The packet bears the address of `web` or of instance 0."""
    only = nsg(rule("one", 100, "10.0.9.5", "443"), deny("no", 200))
    here = network(model("card"), instance(0, "10.0.9.4"), instance(1, "10.0.9.5"), only)
    assert asked(here, "web", "base", 443).verdict == "blocked"
    both = nsg(rule("one", 100, "10.0.9.4", "443"), deny("no", 200))
    here = network(model("card"), instance(0, "10.0.9.4"), instance(1, "10.0.9.5"), both)
    assert asked(here, "web", "base", 443).verdict == "unknown"


@pytest.mark.parametrize(
    ("forwards", "verdict"), [(False, "blocked"), (True, "unknown"), (None, "unknown")]
)
def test_R_11_the_model_tells_whether_its_instances_forward(
    forwards: bool | None, verdict: str
) -> None:
    front = {"privateIPAddress": "10.0.9.10", "subnet": {"id": subnet_id("hub", "nva")}}
    settings = {
        "frontendIPConfigurations": [{"name": "front", "properties": front}],
        "backendAddressPools": [{"name": "pool", "properties": {}}],
        "loadBalancingRules": [lb_rule("ha", 0, 0, balancer="ilb", protocol="All")],
        "probes": [],
        "inboundNatRules": [],
        "outboundRules": [],
    }
    sku = {"name": "Standard", "tier": "Regional"}
    balancer = resource("Microsoft.Network/loadBalancers", "ilb", settings, sku=sku)
    here = network(model("card", forwards=forwards), balancer, nsg(), hop="10.0.9.10")
    assert asked(here, "web", "base", 443).verdict == verdict
