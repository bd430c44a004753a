from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.testing import arm_id, ask, estate

from ...exposed import NIC, balancer, deny, forwards, nic, nsg, pip, rule, subnet, vnet

SSH = rule("ssh", 100, "*", "22")
WEB = rule("web", 110, "*", "443")


def machine(*rules: Any) -> Network:
    return estate(nsg(*rules), nic("nic-jump", public="pip"), pip("pip"), vnet(subnet(nsg="nsg")))


@pytest.mark.parametrize("port", ["22", "23", "3389", "5985", "5986"])
def test_each_management_port(port: str) -> None:
    (finding,) = ask("EXP-005", machine(rule("in", 100, "Internet", port))).broken

    assert finding.subject == arm_id(NIC, "nic-jump")
    assert (
        f"the management port of nic-jump by pip: TCP {port} (tcp 203.0.113.10" in finding.message
    )


@pytest.mark.parametrize("port", ["21", "24", "3388", "3390", "5984", "5987", "443"])
def test_their_neighbours_are_no_management_ports(port: str) -> None:
    assert ask("EXP-005", machine(rule("in", 100, "Internet", port))).kept == 1


@pytest.mark.parametrize(("port", "broken"), [("22", 0), ("5985", 0), ("3389", 1)])
def test_over_udp_only_rdp_is_for_management(port: str, broken: int) -> None:
    over_udp = rule("in", 100, "Internet", port, protocol="Udp")
    assert len(ask("EXP-005", machine(over_udp)).broken) == broken


def test_every_protocol_names_udp_for_rdp_alone() -> None:
    (finding,) = ask("EXP-005", machine(rule("in", 100, "Internet", "*", protocol="*"))).broken
    assert "by pip: TCP 22-23, 3389, 5985-5986 and UDP 3389 (" in finding.message


def test_the_remedy_keeps_what_else_the_rule_opens() -> None:
    (finding,) = ask("EXP-005", machine(rule("mix", 100, "*", ["22", "443"]))).broken

    assert "it opens 443 too: limit it to the rest" in finding.remedy
    assert finding.remedy.endswith("--name mix --destination-port-ranges 443")


def test_the_remedy_closes_a_rule_for_management_ports_alone() -> None:
    (finding,) = ask("EXP-005", machine(rule("mix", 100, "*", ["22", "3389"]))).broken

    assert finding.remedy.endswith("--name mix --access Deny")


def test_a_denial_before_it_keeps_it() -> None:
    assert ask("EXP-005", machine(deny("no", 90, "Internet"), SSH)).kept == 1


def test_administrators_alone_are_kept() -> None:
    assert ask("EXP-005", machine(rule("us", 100, ["198.51.100.0/24", "52.1.2.3"], "22"))).kept == 1


def test_E_18_the_port_at_the_machine_counts_whatever_it_is_called_outside() -> None:
    network = estate(
        nsg(SSH),
        nic("nic-web"),
        pip("pip"),
        balancer(loadBalancingRules=[forwards("ssh", 2222, 22)]),
        vnet(subnet(nsg="nsg")),
    )

    (finding,) = ask("EXP-005", network).broken

    assert "TCP 2222 (tcp 203.0.113.10 to 20.50.1.2:2222 -> 10.0.0.4:22)" in finding.message


def test_a_port_called_22_outside_alone_is_none() -> None:
    network = estate(
        nsg(WEB),
        nic("nic-web"),
        pip("pip"),
        balancer(loadBalancingRules=[forwards("web", 22, 443)]),
        vnet(subnet(nsg="nsg")),
    )

    assert ask("EXP-005", network).kept == 1
    assert len(ask("EXP-004", network).broken) == 1


def test_it_speaks_for_the_general_rule_where_nothing_else_is_open() -> None:
    assert ask("EXP-004", machine(SSH), beside=["EXP-005"]).broken == []
    assert len(ask("EXP-004", machine(SSH, WEB), beside=["EXP-005"]).broken) == 1


def test_another_entrance_keeps_its_own_finding() -> None:
    network = estate(
        nsg(SSH, WEB),
        nic("nic-web", public="own"),
        pip("own", address="20.50.1.3"),
        pip("pip"),
        balancer(loadBalancingRules=[forwards("ssh", 2222, 22)]),
        vnet(subnet(nsg="nsg")),
    )

    (left,) = ask("EXP-004", network, beside=["EXP-005"]).broken

    assert left.key.endswith("/own")


def test_further_ports_and_approvals() -> None:
    admin = machine(rule("admin", 100, "*", "8443"))

    assert ask("EXP-005", admin).kept == 1
    assert len(ask("EXP-005", admin, ports=("8443",)).broken) == 1
    assert ask("EXP-005", machine(SSH), allow=("*/publicIPAddresses/PIP",)).kept == 1


def test_what_is_in_doubt_is_unknown() -> None:
    answer = ask("EXP-005", machine(deny("cloud", 90, "AzureCloud", "22"), SSH))

    assert answer.broken == []
    (unknown,) = answer.unknown
    assert unknown.missing.startswith(
        "whether the internet reaches the management port of nic-jump by pip: TCP 22: "
    )


@pytest.mark.parametrize("hidden", ["card", "list"])
def test_E_1_an_address_whose_owner_is_not_told_may_lead_to_any_machine(hidden: str) -> None:
    """Both rules were silent."""
    card = nic("web", public="pip")
    named = f"{card['id']}/ipConfigurations/primary"
    if hidden == "list":
        del card["properties"]["ipConfigurations"]
    there = [] if hidden == "card" else [card]
    network = estate(*there, pip("pip", named), vnet(subnet()))

    (unknown,) = ask("EXP-005", network).unknown

    assert unknown.missing == f"who answers at pip: {named} is not in the snapshot"
    assert unknown.remedy.endswith(f"az resource show --ids {card['id']}")
    assert len(ask("EXP-004", network).unknown) == 1
    assert ask("EXP-004", network, beside=["EXP-005"]).unknown == []
    assert ask("EXP-005", network, allow=("*/pip",)).unknown == []
