from __future__ import annotations

from typing import Any

import pytest

from auditor.finding import Severity
from auditor.testing import arm_id, ask, estate, resource

from ...exposed import (
    FRONTEND,
    NIC,
    PIP,
    SCALE_SET,
    balancer,
    forwards,
    front,
    nic,
    outbound,
    pip,
    ref,
    subnet,
    vnet,
)  # fmt: skip

NETWORK = "Microsoft.Network"
LB_FRONT = front()


def owned(type_: str, *names: str) -> str:
    return arm_id(type_, *names)


def test_an_address_of_nobody_is_no_exposure() -> None:
    answer = ask("EXP-001", estate(pip("pip")))

    assert (answer.kept, answer.broken, answer.unknown) == (1, [], [])


def test_a_machines_address_is_not_approved() -> None:
    owner = owned(f"{NIC}/ipConfigurations", "nic-web", "primary")

    (finding,) = ask("EXP-001", estate(pip("pip", owner))).broken

    assert finding.subject == arm_id(PIP, "pip")
    assert finding.message == (
        "20.50.1.2 (pip) belongs to the network interface nic-web, which is no approved gateway"
    )
    assert finding.severity is None
    assert finding.related == (arm_id(NIC, "nic-web"),)
    assert finding.evidence[0].pointer == "/properties/ipConfiguration/id"
    assert "ip-config update --resource-group rg --nic-name nic-web --name primary" in (
        finding.remedy
    )


def test_E_1_the_owner_alone_may_tell() -> None:
    (finding,) = ask("EXP-001", estate(pip("pip"), nic("nic-web", public="PIP"))).broken

    assert finding.evidence[0].resource == arm_id(NIC, "nic-web")
    assert finding.evidence[0].pointer.endswith("/publicIPAddress/id")


def test_both_sides_are_one_owner() -> None:
    owner = owned(f"{NIC}/ipConfigurations", "nic-web", "primary").upper()

    assert len(ask("EXP-001", estate(pip("pip", owner), nic("nic-web", public="pip"))).broken) == 1


@pytest.mark.parametrize(
    ("kind", "part"),
    [
        ("applicationGateways", "frontendIPConfigurations"),
        ("azureFirewalls", "azureFirewallIpConfigurations"),
        ("virtualHubs", "ipConfigurations"),
    ],
)
def test_gateways_and_platform_services_are_approved(kind: str, part: str) -> None:
    network = estate(pip("pip", owned(f"{NETWORK}/{kind}/{part}", "x", "y")))

    assert ask("EXP-001", network).kept == 1


def test_a_service_that_authenticates_wants_a_decision() -> None:
    owner = owned(f"{NETWORK}/bastionHosts/bastionHostIpConfigurations", "bas-hub", "y")

    (finding,) = ask("EXP-001", estate(pip("pip", owner))).broken

    assert finding.severity is Severity.MEDIUM
    assert "to allow of [params.EXP-001]" in finding.remedy
    assert ask("EXP-001", estate(pip("pip", owner)), allow=("*/bastionhosts/bas-*",)).kept == 1


@pytest.mark.parametrize(("kind", "broken"), [("Vpn", 1), ("ExpressRoute", 0)])
def test_a_vpn_is_an_entrance_and_express_route_is_none(kind: str, broken: int) -> None:
    type_ = f"{NETWORK}/virtualNetworkGateways"
    vgw = resource(type_, "vgw", {"gatewayType": kind})
    network = estate(pip("pip", owned(f"{type_}/ipConfigurations", "vgw", "one")), vgw)

    assert len(ask("EXP-001", network).broken) == broken


def test_a_gateway_that_is_missing_may_be_either() -> None:
    owner = owned(f"{NETWORK}/virtualNetworkGateways/ipConfigurations", "vgw", "one")

    (unknown,) = ask("EXP-001", estate(pip("pip", owner))).unknown
    assert "virtualNetworkGateways/vgw is not in the snapshot" in unknown.missing


def test_R_31_a_nat_gateway_lets_nothing_in() -> None:
    gateway = ref(arm_id(f"{NETWORK}/natGateways", "nat"))
    from_address = pip("pip", settings={"natGateway": gateway})
    from_gateway = resource(
        f"{NETWORK}/natGateways", "nat", {"publicIpAddresses": [ref(arm_id(PIP, "pip"))]}
    )

    assert ask("EXP-001", estate(from_address)).kept == 1
    assert ask("EXP-001", estate(pip("pip"), from_gateway)).kept == 1


@pytest.mark.parametrize(
    ("rules", "broken"),
    [
        ({}, 0),
        ({"outboundRules": [outbound()]}, 0),
        ({"loadBalancingRules": [forwards()]}, 1),
        ({"outboundRules": [outbound()], "inboundNatRules": [forwards("ssh", 22)]}, 1),
    ],
)
def test_E_7_a_frontend_answers_only_if_inbound_rules_use_it(
    rules: dict[str, Any], broken: int
) -> None:
    answer = ask("EXP-001", estate(pip("pip", LB_FRONT), balancer(**rules)))

    assert len(answer.broken) == broken
    assert answer.unknown == []


def test_a_load_balancer_that_is_missing_is_unknown() -> None:
    answer = ask("EXP-001", estate(pip("pip", LB_FRONT)))

    assert answer.broken == []
    assert answer.unknown[0].missing == f"{arm_id(FRONTEND, 'lb', 'front')} is not in the snapshot"


def test_a_rule_of_which_only_the_id_came_makes_it_unknown() -> None:
    bare = {"id": arm_id("Microsoft.Network/loadBalancers/loadBalancingRules", "lb", "web")}

    answer = ask("EXP-001", estate(pip("pip", LB_FRONT), balancer(loadBalancingRules=[bare])))

    assert (answer.kept, answer.broken, len(answer.unknown)) == (0, [], 1)


def test_an_instance_of_a_scale_set_names_the_scale_set() -> None:
    owner = arm_id(SCALE_SET, "vmss") + (
        "/virtualMachines/3/networkInterfaces/n/ipConfigurations/c/publicIPAddresses/p"
    )

    (finding,) = ask("EXP-001", estate(pip("pip", owner))).broken

    assert "belongs to the scale set vmss" in finding.message


@pytest.mark.parametrize(
    "pattern",
    ["Microsoft.Network/NetworkInterfaces", "*/networkInterfaces/nic-*", "*/publicIPAddresses/pip"],
)
def test_approved_owners_and_addresses(pattern: str) -> None:
    network = estate(pip("pip"), nic("nic-web", public="pip"))

    assert ask("EXP-001", network, allow=(pattern,)).kept == 1


def test_an_attachment_that_is_not_told_is_unknown() -> None:
    network = estate(
        pip("pip"), unresolved=(("/properties/ipConfiguration", "known after deployment"),)
    )

    answer = ask("EXP-001", network)
    assert (answer.kept, answer.broken, len(answer.unknown)) == (0, [], 1)


def test_the_order_of_resources_does_not_matter() -> None:
    parts = [pip("pip"), nic("nic-web", public="pip"), vnet(subnet())]

    assert ask("EXP-001", estate(*parts)) == ask("EXP-001", estate(*reversed(parts)))
