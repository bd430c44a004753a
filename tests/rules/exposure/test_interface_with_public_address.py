from __future__ import annotations

from typing import Any

import pytest

from auditor.testing import arm_id, ask, estate

from ...exposed import NIC, PIP, deny, nic, nsg, pip, rule, subnet, vnet


def test_a_nic_without_a_public_address_is_kept() -> None:
    assert ask("EXP-002", estate(nic("nic-web"), vnet(subnet()))).kept == 1


def test_the_nic_tells_it() -> None:
    network = estate(nic("nic-web", public="pip"), pip("pip"), vnet(subnet()))

    (finding,) = ask("EXP-002", network).broken

    assert finding.subject == arm_id(NIC, "nic-web")
    assert finding.covers == (("EXP-001", arm_id(PIP, "pip")),)
    assert finding.remedy.endswith(
        "az network nic ip-config update --resource-group rg --nic-name nic-web --name primary "
        "--remove publicIPAddress"
    )
    assert finding.evidence[0].pointer == (
        "/properties/ipConfigurations/0/properties/publicIPAddress/id"
    )


def test_E_1_the_address_alone_tells_it() -> None:
    owner = arm_id(f"{NIC}/ipConfigurations", "nic-web", "primary")

    (finding,) = ask("EXP-002", estate(nic("nic-web"), pip("pip", owner), vnet(subnet()))).broken

    assert finding.evidence[0].resource == arm_id(PIP, "pip")


def test_an_address_that_is_missing_does_not_hide_the_fault() -> None:
    assert ask("EXP-002", estate(nic("nic-web", public="gone"))).names == ["nic-web"]


def test_it_speaks_for_the_general_rule() -> None:
    network = estate(nic("nic-web", public="pip"), pip("pip"), vnet(subnet()))

    assert ask("EXP-001", network).broken != []
    assert ask("EXP-001", network, beside=["EXP-002"]).broken == []


def test_appliances_are_approved_by_name() -> None:
    network = estate(nic("nic-nva-1", public="pip"), pip("pip"))

    assert ask("EXP-002", network, allow=("*/networkInterfaces/nic-nva-*",)).kept == 1


SSH = rule("ssh", 100, ports="22")
WEB = rule("web", 110, ports="443")
PARTNER = rule("partner", 120, "52.1.2.0/24", "8443")


@pytest.mark.parametrize(
    ("on_subnet", "on_nic", "sku", "words"),
    [
        (
            None,
            None,
            "Standard",
            "nothing, since pip is Standard, and without a",
        ),
        (None, None, "Basic", "open from the internet: every port from anywhere"),
        ([SSH], None, "Standard", "open from the internet: TCP 22 from anywhere"),
        (None, [SSH], "Standard", "open from the internet: TCP 22 from anywhere"),
        ([SSH, WEB], [WEB], "Standard", "open from the internet: TCP 443 from anywhere"),
        ([SSH], [WEB], "Standard", "open from the internet: nothing"),
        ([PARTNER], None, "Basic", "open from the internet: TCP 8443 from some addresses"),
        ([SSH, PARTNER], None, "Basic", "TCP 22 from anywhere, TCP 8443 from some addresses"),
        ([deny("no", 90), SSH], None, "Standard", "open from the internet: nothing"),
        ([], None, "Basic", "open from the internet: nothing"),
    ],
)
def test_N_11_both_groups_decide_what_is_open(
    on_subnet: list[Any] | None, on_nic: list[Any] | None, sku: str, words: str
) -> None:
    groups = [
        nsg(*rules, name=name)
        for name, rules in (("outer", on_subnet), ("inner", on_nic))
        if rules is not None
    ]
    network = estate(
        nic("nic-web", public="pip", nsg="inner" if on_nic is not None else None),
        pip("pip", sku={"name": sku}),
        vnet(subnet(nsg="outer" if on_subnet is not None else None)),
        *groups,
    )

    (finding,) = ask("EXP-002", network).broken

    assert words in finding.message
    assert finding.severity is None


def test_a_rule_for_another_machine_opens_nothing_here() -> None:
    other = rule("other", 100, ports="22", destinationAddressPrefix="10.0.0.5")
    network = estate(
        nic("nic-web", public="pip", nsg="nsg"), pip("pip"), vnet(subnet()), nsg(other)
    )

    assert (
        ask("EXP-002", network)
        .broken[0]
        .message.endswith(
            "open from the internet: nothing, since defaultSecurityRules/DenyAllInBound of nsg at "
            "nic-web denies it"
        )
    )


def test_what_is_open_may_be_unknown_while_the_fault_is_not() -> None:
    without_group = estate(nic("nic-web", public="pip", nsg="gone"), pip("pip"), vnet(subnet()))
    assert "perhaps every port" in ask("EXP-002", without_group).broken[0].message

    without_sku = estate(nic("nic-web", public="pip"), pip("pip", sku=None), vnet(subnet()))
    assert "perhaps every port" in ask("EXP-002", without_sku).broken[0].message


def test_a_packet_that_gets_through_is_told() -> None:
    network = estate(nic("nic-web", public="pip"), pip("pip"), vnet(subnet(nsg="nsg")), nsg(SSH))

    (finding,) = ask("EXP-002", network).broken

    assert finding.witness is not None
    assert finding.witness["destinationPort"] == 22
    assert [hop.reason for hop in finding.hops] == ["public-address", "nsg-inbound", "return-route"]


def test_every_ip_configuration_counts() -> None:
    two = nic("nic-web", public="pip")
    second = {"publicIPAddress": {"id": arm_id(PIP, "pip-2")}}
    two["properties"]["ipConfigurations"].append({"name": "second", "properties": second})

    findings = ask("EXP-002", estate(two)).broken
    assert [finding.key for finding in findings] == ["primary", "second"]


@pytest.mark.parametrize("nat", [True, False])
def test_a_machine_that_leaves_by_its_address_is_given_another_way_first(nat: bool) -> None:
    way: dict[str, Any] = (
        {"natGateway": {"id": arm_id("Microsoft.Network/natGateways", "nat")}} if nat else {}
    )
    network = estate(nic("nic-web", public="pip"), pip("pip"), vnet(subnet(**way)))
    (finding,) = ask("EXP-002", network).broken
    another = "give it another way out (a NAT gateway at app) if it needs the internet, then detach"
    assert (another in finding.remedy) is not nat
