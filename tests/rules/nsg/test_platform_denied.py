"""NSG-012: denials that come before what Azure must be let in for."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.testing import Answer, arm_id, ask, estate, resource

from ...exposed import BALANCER, NSG, SUBNET, deny, nic, nsg, rule, subnet, vnet
from ...reaching import lb, lb_probe, lb_rule, ref
from ..gateways import gateway

DENY = deny("no", 4096)
MANAGER = rule("manager", 110, "GatewayManager", "443")
PROBES = rule("probes", 120, "AzureLoadBalancer", "443")


def bastion(*rules: Any) -> Answer:
    """Ask about a Bastion subnet whose group has these rules."""
    return ask("NSG-012", estate(nsg(*rules), vnet(subnet("AzureBastionSubnet", nsg="nsg"))))


def test_N_43_what_Bastion_needs_may_come_first() -> None:
    assert bastion(MANAGER, PROBES, DENY).kept == 1


def test_N_43_a_denial_before_it_is_told_with_all_it_denies() -> None:
    (finding,) = bastion(DENY).broken

    assert finding.message == (
        "no of nsg keeps GatewayManager on port 443 and AzureLoadBalancer on port 443 out of "
        "AzureBastionSubnet, where Azure must reach Bastion"
    )
    assert finding.key == "no"
    assert "--priority 4095" in finding.remedy
    assert "--priority 4094" in finding.remedy


@pytest.mark.parametrize(("priority", "broken"), [(119, 1), (121, 0)])
def test_the_order_of_rules_decides(priority: int, broken: int) -> None:
    answer = bastion(MANAGER, PROBES, deny("no", priority))
    assert len(answer.broken) == broken


def test_two_denials_are_told_each() -> None:
    answer = bastion(
        deny("manager", 100, "GatewayManager", "443"),
        deny("probes", 101, "AzureLoadBalancer", "*"),
    )
    assert sorted(finding.key for finding in answer.broken) == ["manager", "probes"]


def test_N_10_default_rules_deny_nothing_early() -> None:
    assert bastion().kept == 1
    assert bastion(rule("web", 100, "Internet", "443")).kept == 1
    assert bastion(deny("other", 100, "*", "22")).kept == 1, "the default rule denies the manager"


def test_who_may_be_the_manager_is_unknown() -> None:
    answer = bastion(deny("no", 100, "20.0.0.0/8", "*"), MANAGER, PROBES)
    assert ([u.key for u in answer.unknown], answer.broken) == (["untold"], [])


def test_N_46_the_subnet_of_an_API_server() -> None:
    profile = {"enableVnetIntegration": True, "subnetId": arm_id(SUBNET, "vnet", "app")}
    cluster = resource(
        "Microsoft.ContainerService/managedClusters", "aks", {"apiServerAccessProfile": profile}
    )

    def judged(*rules: Any) -> Answer:
        return ask("NSG-012", estate(cluster, nsg(*rules), vnet(subnet(nsg="nsg"))))

    (finding,) = judged(DENY).broken
    assert "AzureLoadBalancer on port 9988" in finding.message
    assert "the API server of aks" in finding.message
    assert judged(rule("in", 100, "AzureLoadBalancer", "9988"), DENY).kept == 1


def balanced(*rules: Any, own: str | None = None, other: Any = ()) -> Any:
    probe = ref(f"{BALANCER}/probes", "lb", "probe")
    return estate(
        nic("web", nsg=own),
        lb(lb_rule(probe=probe), public=False, probes=[lb_probe(8080)]),
        nsg(*rules),
        *([nsg(*other, name=own)] if own else []),
        vnet(subnet(nsg="nsg")),
    )


def test_N_15_probes_of_machines_in_the_subnet() -> None:
    (finding,) = ask("NSG-012", balanced(DENY)).broken

    assert "AzureLoadBalancer on port 8080" in finding.message
    assert finding.message.endswith("where Azure must reach lb")
    assert ask("NSG-012", balanced(rule("in", 100, "AzureLoadBalancer"), DENY)).kept == 1


def test_the_group_of_a_machine_is_not_the_subnets() -> None:
    assert ask("NSG-012", balanced(own="own", other=[DENY])).kept == 1


def test_the_special_rule_speaks() -> None:
    network = balanced(DENY)
    answer = ask("LB-004", network, beside=["NSG-012"])
    assert [finding.covers for finding in answer.broken] == [
        (("NSG-012", arm_id(SUBNET, "vnet", "app")),)
    ]


def test_A_10_gateways_are_told_when_their_own_rule_is_not_asked() -> None:
    home = arm_id(SUBNET, "vnet", "app")
    network = estate(gateway(subnet=home), nsg(DENY), vnet(subnet(nsg="nsg")))

    (finding,) = ask("NSG-012", network).broken

    assert "GatewayManager on port 65200-65535" in finding.message
    assert finding.message.endswith("where Azure must reach agw-shop")
    lacking = estate(gateway(subnet=home), nsg(), vnet(subnet(nsg="nsg")))
    assert ask("NSG-012", lacking).kept == 1, "GW-022 tells what is lacking"
    covers = [pair for finding in ask("GW-022", network).broken for pair in finding.covers]
    assert set(covers) == {("NSG-012", home)}


def test_subnets_without_such_guests_are_not_judged() -> None:
    answer = ask("NSG-012", estate(nic("web"), nsg(DENY), vnet(subnet(nsg="nsg"))))
    assert (answer.kept, answer.broken) == (0, [])


def test_no_group_is_kept_and_one_that_is_not_here_unknown() -> None:
    assert ask("NSG-012", estate(vnet(subnet("AzureBastionSubnet")))).kept == 1
    answer = ask("NSG-012", estate(vnet(subnet("AzureBastionSubnet", nsg="nsg"))))
    assert arm_id(NSG, "nsg") in answer.unknown[0].missing


def test_rules_that_tie_are_unknown() -> None:
    answer = bastion(MANAGER, PROBES, deny("no", 110))
    assert (len(answer.unknown), answer.broken) == (1, [])
