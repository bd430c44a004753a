from __future__ import annotations

from typing import Any

import pytest

from auditor.testing import arm_id, ask, estate

from ...exposed import (
    BALANCER,
    PIP,
    balancer,
    forwards,
    front,
    nic,
    nsg,
    outbound,
    pip,
    ref,
    rule,
    subnet,
    vnet,
)


@pytest.mark.parametrize("disabled", [True, False])
def test_a_rule_that_takes_machines_out_as_well_is_not_deleted_first(disabled: bool) -> None:
    web = forwards("web", 443, disableOutboundSnat=disabled)
    network = estate(balancer(loadBalancingRules=[web]), pip("pip", front()))
    (finding,) = ask("EXP-006", network).broken
    assert ("give the machines another way out" in finding.remedy) is not disabled


def test_every_rule_that_forwards_is_deleted() -> None:
    rules = [forwards(f"web-{port}", port) for port in range(8001, 8011)]
    network = estate(balancer(loadBalancingRules=rules), pip("pip", front()))
    (finding,) = ask("EXP-006", network).broken
    assert finding.remedy.count("az network lb rule delete") == 10


def test_a_frontend_that_forwards() -> None:
    rules = [forwards("web", 443), forwards("plain", 80)]
    network = estate(balancer(loadBalancingRules=rules), pip("pip", front()))

    (finding,) = ask("EXP-006", network).broken

    assert finding.subject == front()
    assert finding.message.startswith(
        "lb forwards TCP 443, TCP 80 from the internet at 20.50.1.2 (pip); open from the internet: "
    )
    assert "az network lb rule delete --resource-group rg --lb-name lb --name web" in finding.remedy
    assert finding.evidence[0].pointer == (
        "/properties/loadBalancingRules/0/properties/frontendIPConfiguration/id"
    )
    assert finding.related == (arm_id(PIP, "pip"),)


def test_what_gets_through_is_told_or_what_stops_it() -> None:
    def behind(*rules: Any) -> str:
        network = estate(
            balancer(loadBalancingRules=[forwards("web", 443, 8443)]),
            pip("pip", front()),
            nic("nic-web"),
            nsg(*rules),
            vnet(subnet(nsg="nsg")),
        )
        (finding,) = ask("EXP-006", network).broken
        return finding.message.partition("open from the internet: ")[2]

    assert behind(rule("web", 100, "*", "8443")) == "TCP 443 from anywhere"
    assert behind(rule("us", 100, "52.1.2.0/24", "8443")) == "TCP 443 from some addresses"
    assert behind() == (
        "nothing, since defaultSecurityRules/DenyAllInBound of nsg at app denies it"
    )


def test_nat_rules_and_pools_forward_too() -> None:
    pool = forwards("pool", backend=22, frontendPortRangeStart=5000, frontendPortRangeEnd=5010)
    network = estate(balancer(inboundNatPools=[pool], inboundNatRules=[forwards("ssh", 2222, 22)]))

    (finding,) = ask("EXP-006", network).broken

    assert "TCP 2222, TCP 5000-5010" in finding.message
    assert "lb inbound-nat-rule delete" in finding.remedy


def test_E_7_outbound_rules_alone_and_no_rules_are_kept() -> None:
    assert ask("EXP-006", estate(balancer(outboundRules=[outbound()]))).kept == 1
    assert ask("EXP-006", estate(balancer())).kept == 1


def test_private_frontends_are_no_subjects() -> None:
    answer = ask("EXP-006", estate(balancer(public=None, loadBalancingRules=[forwards()])))

    assert (answer.kept, answer.broken) == (0, [])


def test_it_speaks_for_the_general_rule() -> None:
    network = estate(balancer(loadBalancingRules=[forwards()]), pip("pip", front()))

    assert ask("EXP-001", network, beside=["EXP-006"]).broken == []


def test_load_balancers_are_approved_by_name() -> None:
    network = estate(balancer(loadBalancingRules=[forwards()]))

    assert ask("EXP-006", network, allow=("*/loadBalancers/LB",)).kept == 1
    assert ask("EXP-006", network, allow=("*/publicIPAddresses/pip",)).kept == 1


def test_a_rule_of_which_only_the_id_came_is_unknown_unless_another_forwards() -> None:
    bare = {"id": arm_id("Microsoft.Network/loadBalancers/inboundNatRules", "lb", "ssh")}

    assert len(ask("EXP-006", estate(balancer(inboundNatRules=[bare]))).unknown) == 1
    known = balancer(inboundNatRules=[bare], loadBalancingRules=[forwards()])
    assert len(ask("EXP-006", estate(known)).broken) == 1


def test_the_id_of_the_frontend_in_capitals_is_the_same() -> None:
    rule = forwards(frontendIPConfiguration={"id": front().upper()})

    assert len(ask("EXP-006", estate(balancer(loadBalancingRules=[rule]))).broken) == 1


@pytest.mark.parametrize("kind", ["loadBalancingRules", "inboundNatRules", "inboundNatPools"])
def test_a_rule_that_only_the_frontend_tells_of_is_unknown(kind: str) -> None:
    lb = balancer()
    frontend = lb["properties"]["frontendIPConfigurations"][0]
    frontend["properties"][kind] = [ref(arm_id(f"{BALANCER}/{kind}", "lb", "web"))]

    (unknown,) = ask("EXP-006", estate(lb)).unknown

    assert unknown.missing.endswith(f"/{kind}/web is not in the snapshot")


def test_E_7_outbound_rules_that_are_not_listed_bring_nothing_in() -> None:
    lb = balancer()
    lb["sku"] = {"name": "Standard"}
    del lb["properties"]["outboundRules"]

    assert ask("EXP-006", estate(lb)).kept == 1


def test_a_rule_that_the_frontend_tells_of_in_capitals_is_the_same() -> None:
    lb = balancer(outboundRules=[outbound()])
    frontend = lb["properties"]["frontendIPConfigurations"][0]
    frontend["properties"]["outboundRules"] = [
        ref(arm_id(f"{BALANCER}/outboundRules", "lb", "OUT").replace("/lb/", "/LB/"))
    ]

    answer = ask("EXP-006", estate(lb))

    assert (answer.kept, answer.broken, answer.unknown) == (1, [], [])


@pytest.mark.parametrize("frontend", [None, {}])
def test_a_rule_that_names_no_frontend_is_unknown(frontend: object) -> None:
    stray = forwards(frontendIPConfiguration=frontend)

    assert len(ask("EXP-006", estate(balancer(loadBalancingRules=[stray]))).unknown) == 1


def test_a_user_of_a_frontend_that_is_not_told_hides_no_rule_of_any_balancer() -> None:
    one = balancer(loadBalancingRules=[forwards("web", 443)])
    used = one["properties"]["frontendIPConfigurations"][0]["properties"]
    used["loadBalancingRules"] = [ref(arm_id(f"{BALANCER}/loadBalancingRules", "lb", "web"))]
    hole = "/properties/frontendIPConfigurations/0/properties/loadBalancingRules/0/id"
    network = estate(one, pip("pip", front()), unresolved=((hole, "a parameter"),))

    assert len(ask("EXP-006", network).broken) == 1
