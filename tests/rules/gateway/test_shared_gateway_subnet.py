from __future__ import annotations

import re

import pytest

from auditor.testing import arm_id, ask, estate, resource

from ..gateways import AGW, HOME, VNET, gateway, home, told, vnet

NIC = resource(
    "Microsoft.Network/networkInterfaces",
    "nic-report",
    {"ipConfigurations": [{"name": "main", "properties": {"subnet": {"id": HOME}}}]},
)


def test_a_subnet_for_gateways_alone_is_kept() -> None:
    shown = [{"id": arm_id(f"{AGW}/frontendIPConfigurations", "agw-shop", "private")}]
    network = estate(home(ipConfigurations=shown), gateway(), gateway(name="agw-partners"))
    assert ask("GW-021", network).kept == 1


def test_another_resource_in_the_subnet_is_told() -> None:
    made = (home(), gateway(), NIC)

    (finding,) = ask("GW-021", estate(*made)).broken

    assert finding.subject == HOME
    assert "holds nic-report (networkInterfaces) beside it" in finding.message
    assert NIC["id"] in finding.related
    assert told(finding, *made)


def test_a_range_that_is_free_in_the_network_is_named() -> None:
    (finding,) = ask("GW-021", estate(home(), gateway(), NIC)).broken
    assert re.search(r"--name appgw --address-prefixes 10\.0\.\d+\.0/24$", finding.remedy)
    guarded = home(
        networkSecurityGroup={"id": arm_id("Microsoft.Network/networkSecurityGroups", "g")}
    )
    (finding,) = ask("GW-021", estate(guarded, gateway(), NIC)).broken
    assert finding.remedy.endswith("/networkSecurityGroups/g")
    full = home()
    full["properties"]["addressSpace"] = {"addressPrefixes": ["10.0.1.0/24"]}
    (finding,) = ask("GW-021", estate(full, gateway(), NIC)).broken
    assert finding.remedy.endswith("--address-prefixes '<a free range>'")


def test_what_the_subnet_lists_counts_even_when_it_is_not_here() -> None:
    pe = arm_id("Microsoft.Network/privateEndpoints", "pe-vault")
    nic = arm_id("Microsoft.Network/networkInterfaces/ipConfigurations", "nic-gone", "main")
    network = home(ipConfigurations=[{"id": nic}], privateEndpoints=[{"id": pe}])

    (finding,) = ask("GW-021", estate(network, gateway())).broken

    assert "nic-gone (networkInterfaces), pe-vault (privateEndpoints)" in finding.message
    assert told(finding, network)


def test_what_the_subnet_lists_in_capitals_is_named_too() -> None:
    nic = arm_id("Microsoft.Network/networkInterfaces/ipConfigurations", "nic-gone", "main").upper()

    (finding,) = ask("GW-021", estate(home(ipConfigurations=[{"id": nic}]), gateway())).broken

    assert "holds NIC-GONE (NETWORKINTERFACES) beside it" in finding.message


def test_both_sides_telling_of_one_resource_is_one() -> None:
    shown = [{"id": f"{NIC['id']}/ipConfigurations/main"}]
    (finding,) = ask("GW-021", estate(home(ipConfigurations=shown), gateway(), NIC)).broken
    assert finding.message.count("nic-report") == 1


def test_a_node_pool_counts() -> None:
    cluster = resource(
        "Microsoft.ContainerService/managedClusters",
        "aks-shop",
        {"agentPoolProfiles": [{"name": "system", "vnetSubnetID": HOME}]},
    )
    (finding,) = ask("GW-021", estate(home(), gateway(), cluster)).broken
    assert "aks-shop (managedClusters)" in finding.message


def test_both_generations_together_are_told() -> None:
    made = (home(), gateway(), gateway(name="agw-old", tier="Standard"))
    answer = ask("GW-021", estate(*made))
    assert [finding.key for finding in answer.broken] == ["generations"]
    assert told(answer.broken[0], *made)


@pytest.mark.parametrize(
    ("service", "kept"),
    [("Microsoft.Network/applicationGateways", True), ("Microsoft.Web/serverFarms", False)],
)
def test_a_foreign_delegation_is_told(service: str, kept: bool) -> None:
    delegations = [{"name": "d", "properties": {"serviceName": service}}]
    answer = ask("GW-021", estate(home(delegations=delegations), gateway()))
    assert (answer.broken == []) is kept


def test_the_gateway_subnet_of_vpn_gateways_is_no_place() -> None:
    subnet = arm_id(f"{VNET}/subnets", "vnet-shop", "GatewaySubnet")
    network = estate(vnet(GatewaySubnet={"addressPrefix": "10.0.1.0/24"}), gateway(subnet=subnet))
    assert [finding.key for finding in ask("GW-021", network).broken] == ["name"]


def test_a_subnet_that_is_not_here_is_unknown() -> None:
    assert len(ask("GW-021", estate(gateway())).unknown) == 1


def test_more_than_a_few_neighbours_are_counted() -> None:
    nics = [{**NIC, "id": f"{NIC['id']}-{number}"} for number in range(7)]
    (finding,) = ask("GW-021", estate(home(), gateway(), *nics)).broken
    assert "and 2 more beside it" in finding.message


def test_it_speaks_in_the_place_of_the_general_rule() -> None:
    subnet = arm_id(f"{VNET}/subnets", "vnet-shop", "GatewaySubnet")
    network = estate(vnet(GatewaySubnet={"addressPrefix": "10.0.1.0/24"}), gateway(subnet=subnet))
    assert ask("ADR-017", network).names == ["GatewaySubnet"]
    assert ask("ADR-017", network, beside=["GW-021"]).names == []
