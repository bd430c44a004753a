from __future__ import annotations

import pytest

from auditor.finding import Severity
from auditor.testing import arm_id, ask, estate

from ...exposed import SUBNET, subnet, vnet


def test_a_subnet_without_a_group() -> None:
    (finding,) = ask("NSG-001", estate(vnet(subnet()))).broken

    assert finding.subject == arm_id(SUBNET, "vnet", "app")
    assert finding.message == "subnet vnet/app has no network security group"
    assert "az network nsg create --resource-group rg --name nsg-app --location" in finding.remedy
    assert "--vnet-name vnet --name app --network-security-group nsg-app" in finding.remedy
    assert finding.evidence[0].pointer == "/properties/subnets/0/properties"


def test_a_subnet_with_one_that_the_snapshot_lacks_has_one() -> None:
    answer = ask("NSG-001", estate(vnet(subnet(nsg="nsg"))))

    assert (answer.kept, answer.broken, answer.unknown) == (1, [], [])


@pytest.mark.parametrize(
    "name",
    ["GatewaySubnet", "gatewaysubnet", "AzureFirewallSubnet", "AzureFirewallManagementSubnet",
     "RouteServerSubnet"],
)  # fmt: skip
def test_N_40_subnets_that_take_no_group(name: str) -> None:
    assert ask("NSG-001", estate(vnet(subnet(name)))).broken == []


def test_bastion_may_have_one_and_is_medium() -> None:
    (finding,) = ask("NSG-001", estate(vnet(subnet("AzureBastionSubnet")))).broken

    assert finding.severity is Severity.MEDIUM


@pytest.mark.parametrize(
    ("service", "broken"),
    [("Microsoft.NetApp/volumes", 0), ("Microsoft.DBforMySQL/flexibleServers", 1)],
)
def test_delegations_whose_subnets_take_no_group(service: str, broken: int) -> None:
    delegations = [{"name": "d", "properties": {"serviceName": service}}]

    assert len(ask("NSG-001", estate(vnet(subnet(delegations=delegations)))).broken) == broken


def test_exemptions_are_parameters() -> None:
    assert ask("NSG-001", estate(vnet(subnet())), exempt_names=("App",)).broken == []


def test_a_subnet_of_which_only_the_id_came_is_unknown() -> None:
    bare = vnet({"id": arm_id(SUBNET, "vnet", "app")})

    answer = ask("NSG-001", estate(bare))
    assert (answer.kept, answer.broken, len(answer.unknown)) == (0, [], 1)


def test_a_template_writes_the_networks_name_first() -> None:
    whole = subnet("GatewaySubnet")
    whole["name"] = "vnet/GatewaySubnet"

    assert ask("NSG-001", estate(vnet(whole))).broken == []
