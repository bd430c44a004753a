"""Parts that lack a field Azure always writes there are *unknown*: a default would be a guess."""

from __future__ import annotations

from typing import Any

from auditor.network.graph import Network
from auditor.testing import Answer, arm_id, ask, estate, resource
from tests.clusters import cluster, pool
from tests.networks import internal_balancer, peer, subnet_id, vnet
from tests.rules import gateways

NSG = "Microsoft.Network/networkSecurityGroups"
LB = "Microsoft.Network/loadBalancers"
TABLE = "Microsoft.Network/routeTables"
FRONT = arm_id(f"{LB}/frontendIPConfigurations", "lb", "front")


def test_a_peering_that_does_not_tell_its_far_end_may_be_the_way_back() -> None:
    back = peer("hub")
    del back["properties"]["remoteVirtualNetwork"]
    both = (
        vnet("hub", "10.0.0.0/16", peers=[peer("app")]),
        vnet("app", "10.1.0.0/16", peers=[back]),
    )
    answer = ask("PER-002", estate(*both))
    assert answer.broken == []
    assert len(answer.unknown) == 2


def test_a_flow_log_that_does_not_tell_its_target_may_watch_the_networks_of_its_region() -> None:
    watched = vnet("hub", "10.0.0.0/16", subnets={"a": "10.0.0.0/24"})
    log = resource("Microsoft.Network/networkWatchers/flowLogs", "watcher/log", {"enabled": True})
    answer = ask("OBS-002", estate(watched, log))
    assert ([one.subject for one in answer.unknown], answer.broken) == ([watched["id"]], [])
    assert ask("OBS-002", estate(watched, {**log, "location": "eastus"})).names == ["hub"]
    bare = {key: value for key, value in log.items() if key != "properties"}
    assert len(ask("OBS-002", estate(watched, bare)).unknown) == 1


def test_a_connection_that_does_not_tell_its_state_may_be_approved() -> None:
    def server(*connections: dict[str, Any]) -> dict[str, Any]:
        return resource(
            "Microsoft.DBforMySQL/flexibleServers",
            "db",
            {
                "network": {"publicNetworkAccess": "Disabled"},
                "privateEndpointConnections": list(connections),
            },
        )

    untold = {"id": "/c/1", "properties": {"privateEndpoint": {"id": "/pe"}}}
    answer = ask("DB-006", estate(server(untold)))
    assert (len(answer.unknown), answer.broken) == (1, [])
    state = {"privateLinkServiceConnectionState": {"status": "Rejected"}}
    assert ask("DB-006", estate(server({"id": "/c/1", "properties": state}))).names == ["db"]


def outbound(frontend: dict[str, Any], **rule: Any) -> dict[str, Any]:
    pool = arm_id(f"{LB}/backendAddressPools", "lb", "pool")
    members = {"backendIPConfigurations": [{"id": "/x"}]}
    told = {"allocatedOutboundPorts": 1024, "backendAddressPool": {"id": pool}, **rule}
    return resource(
        LB,
        "lb",
        {
            "frontendIPConfigurations": [{"id": FRONT, "name": "front", "properties": frontend}],
            "backendAddressPools": [{"id": pool, "name": "pool", "properties": members}],
            "outboundRules": [{"name": "out", "properties": told}],
        },
        sku={"name": "Standard"},
    )


def test_an_outbound_rule_whose_addresses_are_not_told_has_not_none() -> None:
    front = {
        "frontendIPConfigurations": [
            {"id": arm_id(f"{LB}/frontendIPConfigurations", "lb", "front")}
        ]
    }
    public = {"publicIPAddress": {"id": arm_id("Microsoft.Network/publicIPAddresses", "out")}}
    assert ask("NAT-003", estate(outbound(public, **front))).kept == 1
    for balancer in (outbound(public), outbound({}, **front)):
        answer = ask("NAT-003", estate(balancer))
        assert (len(answer.unknown), answer.broken) == (1, [])


def test_a_frontend_that_tells_no_address_may_be_public() -> None:
    balancer = internal_balancer("lb", None, ("hub", "a"))
    frontend = balancer["properties"]["frontendIPConfigurations"][0]
    rule = {
        "frontendIPConfiguration": {"id": arm_id(f"{LB}/frontendIPConfigurations", "lb", "front")}
    }
    balancer["properties"]["loadBalancingRules"] = [
        {
            "name": "web",
            "properties": {**rule, "frontendPort": 80, "backendPort": 80, "protocol": "Tcp"},
        }
    ]
    assert ask("EXP-006", estate(balancer)).unknown == []
    frontend["properties"] = {}
    answer = ask("EXP-006", estate(balancer))
    assert (len(answer.unknown), answer.broken) == (1, [])


def test_a_route_that_does_not_tell_its_prefix_may_be_the_default_one() -> None:
    routes = [{"name": "r", "properties": {"nextHopType": "None"}}]
    table = resource(TABLE, "rt", {"routes": routes})
    subnet = {"addressPrefix": "10.0.0.0/24", "routeTable": {"id": table["id"]}}
    home = vnet("hub", "10.0.0.0/16", subnets={"gw": subnet})
    binding = {"name": "h", "properties": {"subnet": {"id": subnet_id("hub", "gw")}}}
    gateway = resource(
        "Microsoft.Network/applicationGateways",
        "agw",
        {"sku": {"name": "WAF_v2", "tier": "WAF_v2"}, "gatewayIPConfigurations": [binding]},
    )
    answer = ask("GW-024", estate(table, home, gateway))
    assert (len(answer.unknown), answer.broken, answer.kept) == (1, [], 0)


def test_a_rule_without_a_source_may_admit_a_broad_tag() -> None:
    told = {
        "priority": 100,
        "direction": "Inbound",
        "access": "Allow",
        "protocol": "Tcp",
        "sourcePortRange": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRange": "443",
    }
    group = resource(NSG, "nsg", {"securityRules": [{"name": "r", "properties": told}]})
    answer = ask("NSG-019", estate(group))
    assert (len(answer.unknown), answer.broken, answer.kept) == (1, [], 0)


def test_an_address_whose_subnet_is_not_told_is_owned_by_nobody_knows_whom() -> None:
    route = {
        "addressPrefix": "0.0.0.0/0",
        "nextHopType": "VirtualAppliance",
        "nextHopIpAddress": "10.0.1.4",
    }
    table = resource(TABLE, "rt", {"routes": [{"name": "r", "properties": route}]})
    subnet = {"addressPrefix": "10.0.0.0/24", "routeTable": {"id": table["id"]}}
    home = vnet("hub", "10.0.0.0/16", subnets={"app": subnet, "fw": "10.0.1.0/24"})
    configuration = {"privateIPAddress": "10.0.1.4", "subnet": {}}
    firewall = resource(
        "Microsoft.Network/azureFirewalls",
        "fw",
        {"ipConfigurations": [{"name": "c", "properties": configuration}]},
    )
    hole = ("/properties/ipConfigurations/0/properties/subnet/id", "a parameter")

    assert ask("RTE-002", estate(table, home)).names == ["r"]
    network = estate(table, home, firewall, unresolved=(hole,))
    for rule in ("RTE-002", "ADR-015"):
        answer = ask(rule, network)
        assert (len(answer.unknown), answer.broken, answer.kept) == (1, [], 0), rule


def test_a_gateway_that_does_not_tell_its_network_may_be_the_one_in_use() -> None:
    hub = vnet("hub", "10.0.0.0/16", peers=[peer("app", allowGatewayTransit=True)])
    app = vnet("app", "10.1.0.0/16", peers=[peer("hub", useRemoteGateways=True)])
    gateway = resource(
        "Microsoft.Network/virtualNetworkGateways",
        "vgw",
        {"gatewayType": "Vpn", "ipConfigurations": [{"name": "c", "properties": {}}]},
    )
    assert ask("PER-003", estate(hub, app)).names == ["to-hub"]
    assert ask("PER-003", estate(hub, app, {**gateway, "location": "eastus"})).names == ["to-hub"]
    answer = ask("PER-003", estate(hub, app, gateway))
    assert (len(answer.unknown), answer.broken, answer.kept) == (1, [], 0)


def to_firewall(**subnet: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A subnet with a route to 10.0.1.4, which lies in the subnet fw, and the table."""
    route = {
        "addressPrefix": "0.0.0.0/0",
        "nextHopType": "VirtualAppliance",
        "nextHopIpAddress": "10.0.1.4",
    }
    table = resource(TABLE, "rt", {"routes": [{"name": "r", "properties": route}]})
    app = {"addressPrefix": "10.0.0.0/24", "routeTable": {"id": table["id"]}}
    return vnet("hub", "10.0.0.0/16", subnets={"app": app, "fw": subnet}), table


def test_a_subnet_that_tells_no_prefix_may_hold_any_address_of_its_network() -> None:
    assert ask("RTE-002", estate(*to_firewall(addressPrefix="10.0.1.0/24"))).names == ["r"]
    assert ask("RTE-002", estate(*to_firewall(addressPrefix="10.0.2.0/24"))).names == ["r"]
    answer = ask("RTE-002", estate(*to_firewall()))
    assert (len(answer.unknown), answer.broken, answer.kept) == (1, [], 0)
    assert "the address prefix of subnet fw" in answer.unknown[0].missing


def test_a_resource_cut_short_of_its_addresses_may_have_any() -> None:
    told = to_firewall(addressPrefix="10.0.1.0/24")
    for kind in ("networkInterfaces", "loadBalancers", "applicationGateways"):
        cut = resource(f"Microsoft.Network/{kind}", "cut", {"provisioningState": "Succeeded"})
        answer = ask("RTE-002", estate(*told, cut))
        assert (len(answer.unknown), answer.broken) == (1, [])
        assert "the addresses of cut" in answer.unknown[0].missing


def test_a_network_that_tells_no_address_space_is_not_empty() -> None:
    spaces: tuple[dict[str, Any], ...] = ({}, {"addressSpace": {}})
    for space in spaces:
        hollow = vnet("hub", subnets={"app": "10.9.0.0/24"})
        hollow["properties"] |= {"addressSpace": None, **space}
        for rule in ("ADR-004", "ADR-007"):
            answer = ask(rule, estate(hollow))
            assert (len(answer.unknown), answer.broken, answer.kept) == (1, [], 0)


def test_a_pool_without_a_list_of_addresses_is_not_empty() -> None:
    def made(**told: Any) -> Network:
        web = gateways.listener("web"), gateways.rule("web", "web", pool="servers")
        pool = gateways.part("backendAddressPools", "servers", **told)
        return estate(gateways.gateway(*web, pool))

    for asked in ("GW-001", "GW-003", "GW-006"):
        answer = ask(asked, made())
        assert [one.missing for one in answer.unknown] == [
            "the members of the backend pool servers"
        ]
        assert answer.broken == []
    assert ask("GW-006", made(backendAddresses=[])).names == ["servers"]


def test_a_scale_set_without_a_model_is_not_private_unless_it_is_flexible() -> None:
    def answer(**told: Any) -> Answer:
        kind = "Microsoft.Compute/virtualMachineScaleSets"
        return ask("EXP-003", estate(resource(kind, "vmss", {"x": 1, **told})))

    bare = {"networkProfile": {"networkInterfaceConfigurations": [{"name": "nic"}]}}
    models: tuple[Any, ...] = (None, {}, {"networkProfile": {}}, bare)
    for model in models:
        cut = answer(virtualMachineProfile=model, orchestrationMode="Uniform")
        assert (len(cut.unknown), cut.broken, cut.kept) == (1, [], 0)
    assert answer(orchestrationMode="Flexible").kept == 1


def test_a_cluster_that_tells_no_outbound_type_may_route_itself() -> None:
    home = vnet("a", "10.0.0.0/16", subnets={"nodes": "10.0.0.0/24"})
    answer = ask("AKS-016", estate(cluster("shop", network={"outboundType": None}), home))
    assert (len(answer.unknown), answer.broken, answer.kept) == (1, [], 0)
    assert ask("AKS-016", estate(cluster("shop"), home)).unknown == []


def test_a_maximum_without_a_word_about_scaling_is_no_size() -> None:
    home = vnet("a", "10.0.0.0/16", subnets={"nodes": "10.0.0.0/24"})
    shop = cluster("shop", pool(count=1, maxCount=500))
    shop["properties"]["agentPoolProfiles"][0].pop("enableAutoScaling", None)
    answer = ask("AKS-008", estate(shop, home))
    assert (answer.broken, answer.kept) == ([], 0)
    assert "enableAutoScaling of agent pool" in answer.unknown[0].missing


def test_an_interface_that_tells_nothing_may_have_any_address() -> None:
    told = to_firewall(addressPrefix="10.0.1.0/24")
    bare = resource("Microsoft.Network/networkInterfaces", "nic")
    del bare["properties"]
    hollow = resource(
        "Microsoft.Network/networkInterfaces", "nic", {"ipConfigurations": [{"name": "c"}]}
    )
    for nic in (bare, hollow):
        answer = ask("RTE-002", estate(*told, nic))
        assert (len(answer.unknown), answer.broken) == (1, [])
        assert "the addresses of nic" in answer.unknown[0].missing


def test_a_route_without_a_prefix_may_be_the_clusters_default_route() -> None:
    routes = [{"name": "r", "properties": {"nextHopType": "Internet"}}]
    table = resource(TABLE, "rt", {"routes": routes})
    nodes = {"addressPrefix": "10.0.0.0/24", "routeTable": {"id": table["id"]}}
    home = vnet("a", "10.0.0.0/16", subnets={"nodes": nodes})
    shop = cluster("shop", network={"outboundType": "userDefinedRouting"})
    answer = ask("AKS-016", estate(shop, home, table))
    assert (len(answer.unknown), answer.broken) == (1, [])
    assert "the prefix of the route r" in answer.unknown[0].missing


def test_a_network_that_hides_its_subnets_may_use_what_nobody_else_does() -> None:
    done = {"provisioningState": "Succeeded"}
    group = resource(NSG, "nsg", {"securityRules": [], **done})
    idle = resource(TABLE, "rt", {"routes": [], **done})
    home = vnet("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24"})
    assert ask("GOV-001", estate(group, idle, home)).names == ["nsg", "rt"]
    del home["properties"]["subnets"]
    answer = ask("GOV-001", estate(group, idle, home))
    assert answer.broken == []
    assert {one.missing for one in answer.unknown} == {"what a uses"}


def test_a_policy_without_managed_rules_told_is_no_weaker_one() -> None:
    kind = "Microsoft.Network/applicationGatewayWebApplicationFirewallPolicies"
    on = {"policySettings": {"state": "Enabled", "mode": "Prevention"}}
    sets = {"managedRuleSets": [{"ruleSetType": "OWASP", "ruleSetVersion": "3.2"}]}
    whole, own = resource(kind, "whole", {**on, "managedRules": sets}), resource(kind, "own", on)
    web = gateways.listener("web", firewallPolicy={"id": own["id"]})
    parts = web, gateways.rule("web", "web", pool="p"), gateways.pool("p", "10.0.2.4")
    made = gateways.gateway(*parts, firewallPolicy={"id": whole["id"]})
    answer = ask("WAF-004", estate(made, whole, own))
    assert (len(answer.unknown), answer.broken) == (1, [])
    own["properties"]["managedRules"] = {"managedRuleSets": []}
    assert len(ask("WAF-004", estate(made, whole, own)).broken) == 1
