from __future__ import annotations

import json
from typing import Any

import pytest

from auditor.resources.decode import unset_field
from auditor.resources.interfaces import NetworkInterface
from auditor.resources.virtual_networks import Subnet
from auditor.testing import SUBSCRIPTION, Answer, arm_id, ask, estate, resource

from ...clusters import cluster, pool
from ...networks import gateway, nic, site, subnet_id, tunnel, vnet

Json = dict[str, Any]
N = "Microsoft.Network/"
DONE = {"provisioningState": "Succeeded"}
KINDS = {
    "publicIPAddresses": "public-ip",
    "networkInterfaces": "nic",
    "networkSecurityGroups": "nsg",
    "routeTables": "route-table",
    "natGateways": "nat gateway",
    "ipGroups": "ip-group",
    "ddosProtectionPlans": "ddos-protection",
    "ApplicationGatewayWebApplicationFirewallPolicies": "application-gateway waf-policy",
    "FrontDoorWebApplicationFirewallPolicies": "front-door waf-policy",
}


def asked(*resources: Json) -> Answer:
    return ask("GOV-001", estate(*resources))


def thing(kind: str, properties: Json | None = None, **more: Any) -> Json:
    return resource(N + kind, "old", {**DONE, **(properties or {})}, **more)


def ref(kind: str, *names: str) -> Json:
    return {"id": arm_id(N + kind, *names)}


@pytest.mark.parametrize(("kind", "command"), KINDS.items())
def test_what_nothing_uses(kind: str, command: str) -> None:
    [finding] = asked(thing(kind)).broken
    assert finding.subject == arm_id(N + kind, "old")
    assert f"az network {command} delete --resource-group rg --name old" in finding.remedy
    assert finding.evidence[0].pointer == "/properties"


BACK = [
    ("publicIPAddresses", {"ipConfiguration": ref("networkInterfaces/ipConfigurations", "n", "i")}),
    ("publicIPAddresses", {"natGateway": ref("natGateways", "nat")}),
    (
        "networkInterfaces",
        {"virtualMachine": {"id": arm_id("Microsoft.Compute/virtualMachines", "v")}},
    ),
    ("networkInterfaces", {"privateEndpoint": ref("privateEndpoints", "pe")}),
    ("networkInterfaces", {"privateLinkService": ref("privateLinkServices", "pls")}),
    ("networkInterfaces", {"hostedWorkloads": ["/some/workload"]}),
    ("networkSecurityGroups", {"subnets": [{"id": subnet_id("v", "s")}]}),
    ("networkSecurityGroups", {"networkInterfaces": [ref("networkInterfaces", "n")]}),
    ("routeTables", {"subnets": [{"id": subnet_id("v", "s")}]}),
    ("natGateways", {"subnets": [{"id": subnet_id("v", "s")}]}),
    ("natGateways", {"sourceVirtualNetwork": ref("virtualNetworks", "v")}),
    ("ipGroups", {"firewalls": [ref("azureFirewalls", "f")]}),
    ("ipGroups", {"firewallPolicies": [ref("firewallPolicies", "f")]}),
    ("ddosProtectionPlans", {"virtualNetworks": [ref("virtualNetworks", "v")]}),
    ("ddosProtectionPlans", {"publicIPAddresses": [ref("publicIPAddresses", "p")]}),
    (
        "ApplicationGatewayWebApplicationFirewallPolicies",
        {"applicationGateways": [ref("applicationGateways", "g")]},
    ),
    ("ApplicationGatewayWebApplicationFirewallPolicies", {"httpListeners": [{"id": "/listener"}]}),
    ("FrontDoorWebApplicationFirewallPolicies", {"securityPolicyLinks": [{"id": "/policy"}]}),
    ("FrontDoorWebApplicationFirewallPolicies", {"frontendEndpointLinks": [{"id": "/endpoint"}]}),
]


@pytest.mark.parametrize(("kind", "back"), BACK)
def test_what_azure_lists_with_it_is_a_use_though_the_user_is_not_exported(
    kind: str, back: Json
) -> None:
    assert asked(thing(kind, back)).broken == []


@pytest.mark.parametrize(
    ("kind", "empty"),
    [
        ("networkSecurityGroups", {"subnets": [], "networkInterfaces": []}),
        ("routeTables", {"subnets": []}),
        ("ipGroups", {"firewalls": [], "firewallPolicies": []}),
        ("networkInterfaces", {"hostedWorkloads": []}),
    ],
)
def test_an_empty_list_is_no_use(kind: str, empty: Json) -> None:
    assert len(asked(thing(kind, empty)).broken) == 1


def with_subnet(**properties: Any) -> Json:
    devices = {"ipConfigurations": [{"id": "/some/ipConfigurations/i"}], **DONE}
    return vnet(
        "v", "10.0.0.0/16", subnets={"s": {"addressPrefix": "10.0.0.0/24", **devices, **properties}}
    )


USERS = [
    (
        "networkSecurityGroups",
        with_subnet(networkSecurityGroup=ref("networkSecurityGroups", "old")),
    ),
    ("routeTables", with_subnet(routeTable=ref("routeTables", "old"))),
    ("natGateways", with_subnet(natGateway=ref("natGateways", "old"))),
    (
        "publicIPAddresses",
        nic(
            "n",
            "10.0.0.4",
            ("v", "s"),
            configuration={"publicIPAddress": ref("publicIPAddresses", "old")},
        ),
    ),
    (
        "publicIPAddresses",
        resource(
            N + "natGateways", "nat", {"publicIpAddresses": [ref("publicIPAddresses", "old")]}
        ),
    ),
    (
        "networkInterfaces",
        resource(
            "Microsoft.Compute/virtualMachines",
            "vm",
            {"networkProfile": {"networkInterfaces": [ref("networkInterfaces", "old")]}},
        ),
    ),
    (
        "networkInterfaces",
        resource(
            N + "privateEndpoints", "pe", {"networkInterfaces": [ref("networkInterfaces", "old")]}
        ),
    ),
    (
        "ddosProtectionPlans",
        resource(
            N + "virtualNetworks", "v", {"ddosProtectionPlan": ref("ddosProtectionPlans", "old")}
        ),
    ),
    (
        "ApplicationGatewayWebApplicationFirewallPolicies",
        resource(
            N + "applicationGateways",
            "agw",
            {"firewallPolicy": ref("ApplicationGatewayWebApplicationFirewallPolicies", "OLD")},
        ),
    ),
    (
        "ipGroups",
        resource(
            N + "azureFirewalls",
            "fw",
            {
                "networkRuleCollections": [
                    {
                        "name": "c",
                        "properties": {
                            "rules": [{"sourceIpGroups": [arm_id(N + "ipGroups", "old")]}]
                        },
                    }
                ]
            },
        ),
    ),
]


@pytest.mark.parametrize(("kind", "user"), USERS)
def test_a_reference_is_a_use_though_azure_lists_none(kind: str, user: Json) -> None:
    answer = asked(thing(kind), user)
    assert arm_id(N + kind, "old") not in {finding.subject for finding in answer.broken}


@pytest.mark.parametrize(
    ("kind", "other"),
    [
        (
            "publicIPAddresses",
            resource(
                N + "publicIPPrefixes",
                "x",
                {"publicIPAddresses": [ref("publicIPAddresses", "old")]},
            ),
        ),
        (
            "publicIPAddresses",
            resource(
                N + "dnsZones/A",
                "x.example/www",
                {"targetResource": ref("publicIPAddresses", "old")},
            ),
        ),
        (
            "networkInterfaces",
            thing(
                "networkSecurityGroups", {"networkInterfaces": [ref("networkInterfaces", "old")]}
            ),
        ),
        (
            "networkSecurityGroups",
            resource(
                N + "networkWatchers/flowLogs",
                "w/f",
                {"targetResourceId": arm_id(N + "networkSecurityGroups", "old")},
            ),
        ),
    ],
)
def test_what_only_mentions_it_is_no_use(kind: str, other: Json) -> None:
    assert arm_id(N + kind, "old") in {f.subject for f in asked(thing(kind), other).broken}


def test_what_a_template_declares_is_not_judged() -> None:
    answer = asked(resource(N + "publicIPAddresses", "planned", {}))
    assert (answer.kept, answer.broken, answer.unknown) == (0, [], [])


def test_a_value_the_input_does_not_give_is_unknown() -> None:
    given = estate(thing("routeTables"), unresolved=(("/properties/subnets", "a parameter"),))
    answer = ask("GOV-001", given)
    assert (answer.kept, answer.broken) == (0, [])
    assert len(answer.unknown) == 1


def test_node_resource_groups_are_akss_own() -> None:
    shop = cluster("shop", pool(in_=None), nodeResourceGroup="rg-Nodes")
    assert asked(shop, thing("publicIPAddresses", group="RG-nodes")).broken == []
    assert asked(thing("publicIPAddresses", group="MC_rg_gone_westeurope")).broken == []
    assert len(asked(shop, thing("publicIPAddresses", group="rg-other")).broken) == 1


def test_a_network_without_subnets() -> None:
    empty = thing("virtualNetworks", {"subnets": []})
    [finding] = asked(empty).broken
    assert "virtual network old is without subnets" in finding.message
    assert finding.evidence[0].pointer == "/properties/subnets"
    bastion = resource(N + "bastionHosts", "b", {"virtualNetwork": ref("virtualNetworks", "old")})
    assert asked(empty, bastion).kept == 1
    answer = asked(thing("virtualNetworks"))
    assert (answer.kept, answer.broken) == (0, [])
    assert "subnets of old" in answer.unknown[0].missing


def alone(**properties: Any) -> Json:
    subnet = {"addressPrefix": "10.0.0.0/24", **DONE, **properties}
    return vnet("v", "10.0.0.0/16", subnets={"s": subnet})


def test_a_subnet_without_devices() -> None:
    [finding] = asked(alone()).broken
    assert finding.subject == subnet_id("v", "s")
    assert finding.message == "subnet v/s is without any device"
    assert finding.remedy.endswith(f"az network vnet subnet delete --ids {subnet_id('v', 's')}")
    assert len(asked(alone(ipConfigurations=[], privateEndpoints=[])).broken) == 1


@pytest.mark.parametrize(
    "key",
    [
        "ipConfigurations",
        "applicationGatewayIPConfigurations",
        "privateEndpoints",
        "ipConfigurationProfiles",
        "serviceAssociationLinks",
        "resourceNavigationLinks",
    ],
)
def test_what_a_subnet_lists_is_a_device(key: str) -> None:
    assert asked(alone(**{key: [{"id": "/subscriptions/s/x"}]})).broken == []


@pytest.mark.parametrize(
    "user",
    [
        nic("n", None, ("v", "s"), vm="vm"),
        cluster("shop", pool(in_=("v", "s"))),
        cluster("shop", pool(in_=("other", "s"), podSubnetID=subnet_id("V", "S"))),
        resource(
            "Microsoft.DBforMySQL/flexibleServers",
            "db",
            {"network": {"delegatedSubnetResourceId": subnet_id("v", "s")}},
        ),
    ],
)
def test_a_device_that_names_the_subnet(user: Json) -> None:
    assert subnet_id("v", "s") not in {finding.subject for finding in asked(alone(), user).broken}


def test_a_security_group_is_no_device() -> None:
    group = thing("networkSecurityGroups", {"subnets": [{"id": subnet_id("v", "s")}]})
    assert [f.subject for f in asked(alone(), group).broken] == [subnet_id("v", "s")]


def test_a_delegated_subnet_with_nothing_to_see_is_unknown() -> None:
    to = [{"name": "d", "properties": {"serviceName": "Microsoft.Web/serverFarms"}}]
    answer = asked(alone(delegations=to))
    assert answer.broken == []
    assert "Microsoft.Web/serverFarms has put in subnet s" in answer.unknown[0].missing


def vpn(name: str = "vpn", **more: Any) -> Json:
    return gateway(name, "v", **DONE, **more)


def test_a_gateway_without_connections() -> None:
    quiet = tunnel("t", "other", "office")
    [finding] = asked(vpn(), quiet, site("office")).broken
    assert "gateway vpn is without connections" in finding.message
    assert "az network vnet-gateway delete --resource-group rg --name vpn" in finding.remedy
    assert asked(vpn(), tunnel("t", "vpn", "office")).broken == []


def test_a_connection_that_does_not_tell_its_gateway_may_be_any_gateways() -> None:
    hole = ("/properties/virtualNetworkGateway1/id", "a parameter")
    network = estate(vpn(), tunnel("t", "vpn", "office"), site("office"), unresolved=(hole,))
    answer = ask("GOV-001", network)
    assert "vpn" not in answer.names
    assert "which gateways the connection t joins" in {each.missing for each in answer.unknown}


def test_a_gateway_at_the_far_end_of_a_connection() -> None:
    far = {"virtualNetworkGateway2": ref("virtualNetworkGateways", "vpn")}
    assert asked(vpn(), tunnel("t", "other", "office", **far)).broken == []


def test_a_gateway_for_clients_needs_no_connection() -> None:
    assert asked(vpn(vpnClientConfiguration={}), tunnel("t", "other", "office")).broken == []


def test_a_gateway_while_no_connection_was_exported_is_unknown() -> None:
    answer = asked(vpn())
    assert (answer.kept, answer.broken) == (0, [])
    assert "connections of gateway vpn" in answer.unknown[0].missing
    assert "az network vpn-connection list --resource-group rg" in answer.unknown[0].remedy


def test_a_traffic_manager_profile() -> None:
    kind = N + "trafficmanagerprofiles"
    [finding] = asked(resource(kind, "tm", {"endpoints": []})).broken
    assert "az network traffic-manager profile delete" in finding.remedy
    assert asked(resource(kind, "tm", {"endpoints": [{"name": "west"}]})).kept == 1
    assert len(asked(resource(kind, "tm", {})).unknown) == 1


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("networkSecurityGroups", "networkSecurityGroup"),
        ("routeTables", "routeTable"),
        ("natGateways", "natGateway"),
    ],
)
def test_what_a_subnet_does_not_tell_may_be_this(kind: str, field: str) -> None:
    """A parameter decides it, or two inputs contradict each other about it."""

    def subject(untold: str) -> Answer:
        given = estate(thing(kind, location="westeurope"), alone())
        subnet = given.get(subnet_id("v", "s"), Subnet)
        assert subnet is not None
        unset_field(subnet, f"/properties/{untold}")
        return ask("GOV-001", given)

    assert f"{field} of s" in {each.missing for each in subject(field).unknown}
    other = "routeTable" if field != "routeTable" else "natGateway"
    assert arm_id(N + kind, "old") in {each.subject for each in subject(other).broken}


def test_a_reference_that_does_not_tell_its_id_may_lead_to_this() -> None:
    """A template writes `[reference(...)]` where the id of a group stands."""
    given = estate(thing("networkSecurityGroups"), alone(networkSecurityGroup={"id": None}))
    answer = ask("GOV-001", given)
    assert "networkSecurityGroup of s" in {each.missing for each in answer.unknown}


def test_a_group_of_a_scale_sets_model_that_is_not_told_may_be_this() -> None:
    model = {"name": "n", "properties": {"networkSecurityGroup": {"id": None}}}
    profile = {"networkProfile": {"networkInterfaceConfigurations": [model]}}
    kind = "Microsoft.Compute/virtualMachineScaleSets"
    workers = resource(kind, "workers", {"virtualMachineProfile": profile})
    answer = ask("GOV-001", estate(thing("networkSecurityGroups"), workers))
    assert [each.missing for each in answer.unknown] == ["networkSecurityGroup of n"]


def test_what_an_interface_does_not_tell_may_be_this_group() -> None:
    given = estate(thing("networkSecurityGroups"), nic("n", "10.0.0.4", ("v", "s"), vm="m"))
    [interface] = given.all(NetworkInterface)
    unset_field(interface, "/properties/networkSecurityGroup")
    answer = ask("GOV-001", given)
    assert [each.missing for each in answer.unknown] == ["networkSecurityGroup of n"]


@pytest.mark.parametrize("kind", ["networkSecurityGroups", "routeTables", "natGateways"])
def test_a_network_that_is_not_exported_may_use_it(kind: str) -> None:
    """Its subnets would say so: those that another resource names, and of the same subscription."""
    own = asked(thing(kind), nic("n", "10.0.0.4", ("v", "s"), vm="m"))
    assert [each.subject for each in own.unknown] == [arm_id(N + kind, "old")]
    assert arm_id(N + "virtualNetworks", "v") in own.unknown[0].missing

    other = nic("n", "10.0.0.4", ("v", "s"), vm="m")
    elsewhere = json.loads(json.dumps(other).replace(SUBSCRIPTION, SUBSCRIPTION.replace("1", "2")))
    assert len(asked(thing(kind), elsewhere).broken) == 1
