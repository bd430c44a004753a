from __future__ import annotations

from typing import Any

import pytest

from auditor.testing import arm_id, ask, estate, resource

from ...exposed import BALANCER, POOL, SCALE_SET, balancer, forwards, front, nic, outbound, ref


def pool(**settings: Any) -> list[dict[str, Any]]:
    return [{"name": "pool", "properties": settings}]


EMPTY = pool()


def test_members_and_a_rule_are_enough() -> None:
    answer = ask("LB-001", estate(balancer(loadBalancingRules=[forwards()])))

    assert (answer.kept, answer.broken, answer.unknown) == (1, [], [])


def test_a_load_balancer_without_members() -> None:
    network = estate(balancer(loadBalancingRules=[forwards()], backendAddressPools=EMPTY))

    (finding,) = ask("LB-001", network).broken

    assert finding.subject == arm_id(BALANCER, "lb")
    assert finding.message == "load balancer lb serves nothing: its only pool has no member"
    assert [each.value for each in finding.evidence] == ["1 pool"]
    assert finding.remedy.endswith("az network lb delete --resource-group rg --name lb")


def test_a_load_balancer_without_pools() -> None:
    (finding,) = ask("LB-001", estate(balancer(backendAddressPools=[]))).broken

    assert finding.message.endswith("it has no backend pool")


def test_the_load_balancer_of_a_stopped_cluster_is_left_to_aks() -> None:
    lb = balancer(backendAddressPools=EMPTY)
    lb["id"] = lb["id"].replace("/rg/", "/MC_rg_shop_westeurope/")

    (finding,) = ask("LB-001", estate(lb)).broken

    assert finding.remedy.startswith("leave it to AKS: start the cluster")


@pytest.mark.parametrize(
    "entry",
    [
        {"ipAddress": "10.0.0.4"},
        {"networkInterfaceIPConfiguration": ref("/subscriptions/s/nic")},
        {"loadBalancerFrontendIPConfiguration": ref(front("regional"))},
    ],
)
def test_E_14_members_by_address_count(entry: dict[str, Any]) -> None:
    members = pool(loadBalancerBackendAddresses=[{"name": "m", "properties": entry}])
    network = estate(balancer(loadBalancingRules=[forwards()], backendAddressPools=members))

    assert ask("LB-001", network).broken == []


def test_E_14_nics_that_name_the_pool_count() -> None:
    membership = {"loadBalancerBackendAddressPools": [ref(arm_id(POOL, "LB", "pool"))]}
    lb = balancer(loadBalancingRules=[forwards()], backendAddressPools=EMPTY)

    assert ask("LB-001", estate(lb, nic("nic-web", configuration=membership))).broken == []


def test_E_14_scale_sets_that_name_the_pool_count() -> None:
    settings = {"loadBalancerBackendAddressPools": [ref(arm_id(POOL, "lb", "pool"))]}
    interface = {"ipConfigurations": [{"name": "c", "properties": settings}]}
    profile = {"networkInterfaceConfigurations": [{"name": "nic", "properties": interface}]}
    vmss = resource(SCALE_SET, "vmss", {"virtualMachineProfile": {"networkProfile": profile}})
    lb = balancer(loadBalancingRules=[forwards()], backendAddressPools=EMPTY)

    assert ask("LB-001", estate(lb, vmss)).broken == []


def test_a_nat_rule_with_a_machine_is_enough() -> None:
    rule = forwards("ssh", 22, backendIPConfiguration=ref("/subscriptions/s/nic/ipc"))
    del rule["properties"]["backendAddressPool"]
    network = estate(balancer(inboundNatRules=[rule], backendAddressPools=[]))

    assert ask("LB-001", network).broken == []


def test_a_frontend_that_no_rule_uses() -> None:
    (finding,) = ask("LB-001", estate(balancer())).broken

    assert finding.subject == front()
    assert finding.message == "frontend front of lb serves nothing: no rule uses it"
    assert "frontend-ip delete --resource-group rg --lb-name lb --name front" in finding.remedy


def test_an_outbound_rule_is_a_use() -> None:
    assert ask("LB-001", estate(balancer(outboundRules=[outbound()]))).broken == []


def test_a_frontend_whose_rules_lead_to_an_empty_pool() -> None:
    pools = [*balancer()["properties"]["backendAddressPools"], {"name": "old", "properties": {}}]
    rule = forwards(backendAddressPool=ref(arm_id(POOL, "lb", "old")))
    network = estate(balancer(loadBalancingRules=[rule], backendAddressPools=pools))

    (finding,) = ask("LB-001", network).broken

    assert finding.message.endswith("its rules lead to no machine")
    assert finding.remedy == (
        "delete its rules, and then it: "
        "az network lb rule delete --resource-group rg --lb-name lb --name web && "
        "az network lb frontend-ip delete --resource-group rg --lb-name lb --name front"
    )


def test_pools_that_are_not_told_are_unknown() -> None:
    bare = [{"id": arm_id(POOL, "lb", "pool")}]

    answer = ask("LB-001", estate(balancer(backendAddressPools=bare)))

    assert (answer.kept, answer.broken, len(answer.unknown)) == (0, [], 1)


def test_a_pool_that_is_missing_is_unknown_for_its_frontend() -> None:
    rule = forwards(backendAddressPool=ref(arm_id(POOL, "other", "pool")))

    (unknown,) = ask("LB-001", estate(balancer(loadBalancingRules=[rule]))).unknown
    assert unknown.subject == front()


LISTS = ("backendAddressPools", "loadBalancingRules", "inboundNatRules", "outboundRules")


@pytest.mark.parametrize("key", LISTS)
def test_a_list_that_is_not_there_may_hold_what_serves(key: str) -> None:
    """Azure writes all of them for a Standard load balancer, if only empty ones."""
    whole = balancer(backendAddressPools=[], inboundNatRules=[])
    if key in ("loadBalancingRules", "outboundRules"):
        whole = balancer()  # has members, and a frontend that no rule uses
    whole["sku"] = {"name": "Standard"}
    assert len(ask("LB-001", estate(whole)).broken) == 1
    del whole["properties"][key]

    answer = ask("LB-001", estate(whole))

    assert (answer.kept, answer.broken) == (0, [])
    assert len(answer.unknown) == 1


def test_a_basic_load_balancer_has_no_outbound_rules() -> None:
    basic = balancer()
    basic["sku"] = {"name": "Basic"}
    del basic["properties"]["outboundRules"]

    assert len(ask("LB-001", estate(basic)).broken) == 1


def test_outbound_rules_are_of_public_frontends() -> None:
    private = balancer()
    private["sku"] = {"name": "Standard"}
    [frontend] = private["properties"]["frontendIPConfigurations"]
    frontend["properties"] = {"privateIPAddress": "10.0.0.4"}
    del private["properties"]["outboundRules"]

    assert len(ask("LB-001", estate(private)).broken) == 1
