from __future__ import annotations

from typing import Any

import pytest

from auditor.testing import Answer, arm_id, ask, estate, resource

from ...networks import gateway, internal_balancer, nic, subnet_id, vnet

ID = "ADR-017"
Json = dict[str, Any]
ENDPOINT = {"id": arm_id("Microsoft.Network/privateEndpoints", "pe")}


def judge(name: str, *resources: Json, service: str = "", listed: tuple[str, ...] = ()) -> Answer:
    subnet: Json = {"addressPrefix": "10.0.0.0/26", "ipConfigurations": [{"id": i} for i in listed]}
    if service:
        subnet["delegations"] = [{"name": "d", "properties": {"serviceName": service}}]
    return ask(ID, estate(vnet("a", "10.0.0.0/16", subnets={name: subnet}), *resources))


def part(kind: str, name: str, subnet: str, key: str = "ipConfigurations") -> Json:
    inside = {"name": "c", "properties": {"subnet": {"id": subnet_id("a", subnet)}}}
    return resource(kind, name, {key: [inside]})


FIREWALL = "Microsoft.Network/azureFirewalls"
BASTION = "Microsoft.Network/bastionHosts"


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("GatewaySubnet", gateway("gw", "a")),
        ("AzureFirewallSubnet", part(FIREWALL, "fw", "AzureFirewallSubnet")),
        ("AzureBastionSubnet", part(BASTION, "bas", "AzureBastionSubnet")),
    ],
)
def test_d_9_a_reserved_subnet_is_for_its_service_only(name: str, owner: Json) -> None:
    assert judge(name, owner).kept == 1
    (finding,) = judge(name, owner, nic("jump", "10.0.0.4", ("a", name), vm="jump")).broken
    assert finding.subject == subnet_id("a", name)
    assert finding.message == f"NIC jump lives in {name} of a"
    assert finding.related == (arm_id("Microsoft.Network/networkInterfaces", "jump"),)
    assert finding.remedy == "move NIC jump to a subnet of its own"


def test_what_only_the_subnet_lists_counts() -> None:
    lost = arm_id("Microsoft.Network/networkInterfaces/ipConfigurations", "jump", "primary")
    (finding,) = judge("GatewaySubnet", listed=(lost.upper(),)).broken
    assert finding.evidence[0].pointer == "/properties/subnets/0/properties/ipConfigurations/0/id"


def test_a_resource_told_by_both_sides_is_named_once() -> None:
    lost = arm_id("Microsoft.Network/networkInterfaces/ipConfigurations", "jump", "primary")
    here = nic("jump", "10.0.0.4", ("a", "GatewaySubnet"), vm="jump")
    assert len(judge("GatewaySubnet", here, listed=(lost,)).broken) == 1


def test_the_platforms_own_instances_are_not_foreign() -> None:
    platform = (
        "/subscriptions/99999999-0000-0000-0000-000000000000/resourceGroups/armrg/providers/"
        "Microsoft.Compute/virtualMachineScaleSets/gw/virtualMachines/0/networkInterfaces/n/"
        "ipConfigurations/c"
    )
    assert judge("GatewaySubnet", gateway("gw", "a"), listed=(platform,)).kept == 1


def test_a_plain_subnet_is_no_subject() -> None:
    answer = judge("app", nic("web", "10.0.0.4", ("a", "app"), vm="web"))
    assert (answer.broken, answer.unknown, answer.kept) == ([], [], 0)


MYSQL = "Microsoft.DBforMySQL/flexibleServers"


def test_d_11_a_delegated_subnet_is_for_its_service_only() -> None:
    at = ("a", "db")
    assert judge("db", service=MYSQL).kept == 1
    assert len(judge("db", nic("web", "10.0.0.4", at, vm="web"), service=MYSQL).broken) == 1
    assert len(judge("db", internal_balancer("lb", "10.0.0.5", at), service=MYSQL).broken) == 1


def test_a_private_endpoint_in_a_delegated_subnet_is_azures_to_allow() -> None:
    own = nic("pe-nic", "10.0.0.4", ("a", "db"), privateEndpoint=ENDPOINT)
    assert judge("db", own, service=MYSQL).kept == 1
    assert (
        len(
            judge(
                "GatewaySubnet", nic("n", None, ("a", "GatewaySubnet"), privateEndpoint=ENDPOINT)
            ).broken
        )
        == 1
    )


def test_a_nic_of_nobody_and_one_that_is_absent_are_unknown() -> None:
    assert len(judge("db", nic("n", "10.0.0.4", ("a", "db")), service=MYSQL).unknown) == 1
    lost = arm_id("Microsoft.Network/networkInterfaces/ipConfigurations", "lost", "primary")
    assert "lost" in judge("db", service=MYSQL, listed=(lost,)).unknown[0].missing


def test_a_service_with_nics_of_its_own_is_unknown() -> None:
    service = "Microsoft.Databricks/workspaces"
    answer = judge("db", nic("worker", "10.0.0.4", ("a", "db"), vm="w"), service=service)
    assert (len(answer.broken), len(answer.unknown)) == (0, 1)
    assert service in answer.unknown[0].missing
    assert answer.unknown[0].remedy.startswith("no export tells it")
    bastion = part(BASTION, "bas", "db")
    assert len(judge("db", bastion, service=service).broken) == 1


def test_a_gateway_in_a_subnet_delegated_to_gateways_is_at_home() -> None:
    agw = part("Microsoft.Network/applicationGateways", "agw", "g", "gatewayIPConfigurations")
    assert judge("g", agw, service="Microsoft.Network/applicationGateways").kept == 1
    assert len(judge("g", agw, service=MYSQL).broken) == 1


AKS = "Microsoft.ContainerService/managedClusters"


@pytest.mark.parametrize(
    ("name", "group", "given", "kept"),
    [
        ("kube-apiserver", "MC_aks", "api", 1),
        ("kube-apiserver", "mc_AKS", "api", 1),
        ("kube-apiserver", "other", "api", 0),
        ("kube-apiserver", "MC_aks", "another", 0),
        ("kubernetes-internal", "MC_aks", "api", 0),
    ],
)
def test_k_13_the_load_balancer_of_an_api_server_is_at_home_in_its_subnet(
    name: str, group: str, given: str, kept: int
) -> None:
    access = {"enableVnetIntegration": True, "subnetId": subnet_id("a", given)}
    settings = {"nodeResourceGroup": "MC_aks", "apiServerAccessProfile": access}
    balancer = internal_balancer(name, "10.0.0.5", ("a", "api"))
    balancer["id"] = balancer["id"].replace("/resourceGroups/rg/", f"/resourceGroups/{group}/")

    answer = judge("api", resource(AKS, "aks", settings), balancer, service=AKS)

    assert (answer.kept, len(answer.unknown)) == (kept, 1 - kept)
