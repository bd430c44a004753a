"""Every kind of resource is in the graph, with its parts, and every reference leads both ways."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from auditor.ids import fold
from auditor.network.graph import Missing, Network
from auditor.network.holes import holes
from auditor.resources.base import TYPES, Node
from auditor.testing import estate

from ...everything import everything, whole
from ...everything.paths import AKS, CDN, INSIGHTS, MODEL, MODEL_NIC, MYSQL, WORKSPACE, at

GATEWAY, BALANCER, VNET = "applicationGateways/entry", "loadBalancers/web", "virtualNetworks/hub"
FIREWALL_POLICY = "ApplicationGatewayWebApplicationFirewallPolicies"
NIC, HUB = "networkInterfaces/web/ipConfigurations/v4", "virtualHubs/west"
MANAGER = "networkManagers/central"
ADMIN_RULES = f"{MANAGER}/securityAdminConfigurations/base/ruleCollections/all"
APP, ORIGIN = f"{VNET}/subnets/app", f"{CDN}/edge/originGroups/shop/origins/entry"

EDGES = [
    # networks
    (APP, "networkSecurityGroup", "networkSecurityGroups/app"),
    (APP, "routeTable", "routeTables/app"),
    (APP, "natGateway", "natGateways/out"),
    (VNET, "ddosProtectionPlan", "ddosProtectionPlans/shield"),
    (f"{VNET}/virtualNetworkPeerings/to-spoke", "remoteVirtualNetwork", "virtualNetworks/spoke"),
    ("natGateways/out", "publicIpAddresses", "publicIPAddresses/nat"),
    ("natGateways/out", "publicIpPrefixes", "publicIPPrefixes/nat"),
    ("publicIPAddresses/nat", "natGateway", "natGateways/out"),
    ("publicIPAddresses/machine", "publicIPPrefix", "publicIPPrefixes/own"),
    # machines
    (NIC, "subnet", APP),
    (NIC, "publicIPAddress", "publicIPAddresses/machine"),
    ("publicIPAddresses/machine", "ipConfiguration", NIC),
    (NIC, "applicationSecurityGroups", "applicationSecurityGroups/web"),
    (NIC, "loadBalancerBackendAddressPools", f"{BALANCER}/backendAddressPools/nics"),
    (NIC, "loadBalancerInboundNatRules", f"{BALANCER}/inboundNatRules/ssh"),
    (NIC, "applicationGatewayBackendAddressPools", f"{GATEWAY}/backendAddressPools/web"),
    ("networkInterfaces/web", "networkSecurityGroup", "networkSecurityGroups/app"),
    ("networkInterfaces/web", "virtualMachine", "Microsoft.Compute/virtualMachines/web"),
    ("Microsoft.Compute/virtualMachines/web", "networkInterfaces", "networkInterfaces/web"),
    (MODEL_NIC, "networkSecurityGroup", "networkSecurityGroups/app"),
    (f"{MODEL_NIC}/ipConfigurations/v4", "subnet", APP),
    (
        f"{MODEL_NIC}/ipConfigurations/v4",
        "loadBalancerBackendAddressPools",
        f"{BALANCER}/backendAddressPools/nics",
    ),
    # load balancers
    (f"{BALANCER}/frontendIPConfigurations/public", "publicIPAddress", "publicIPAddresses/web"),
    (f"{BALANCER}/frontendIPConfigurations/out", "publicIPPrefix", "publicIPPrefixes/out"),
    ("loadBalancers/inner/frontendIPConfigurations/private", "subnet", APP),
    *(
        (f"{BALANCER}/{source}", kind, f"{BALANCER}/{target}")
        for source, kind, target in [
            (
                "loadBalancingRules/https",
                "frontendIPConfiguration",
                "frontendIPConfigurations/public",
            ),
            ("loadBalancingRules/https", "backendAddressPool", "backendAddressPools/nics"),
            ("loadBalancingRules/https", "backendAddressPools", "backendAddressPools/addresses"),
            ("loadBalancingRules/https", "probe", "probes/alive"),
            ("inboundNatRules/ssh", "frontendIPConfiguration", "frontendIPConfigurations/public"),
            ("inboundNatRules/range", "backendAddressPool", "backendAddressPools/nics"),
            ("inboundNatPools/rdp", "frontendIPConfiguration", "frontendIPConfigurations/public"),
            ("outboundRules/out", "frontendIPConfigurations", "frontendIPConfigurations/out"),
            ("outboundRules/out", "backendAddressPool", "backendAddressPools/nics"),
        ]
    ),
    (f"{BALANCER}/inboundNatRules/ssh", "backendIPConfiguration", NIC),
    (f"{BALANCER}/backendAddressPools/nics", "backendIPConfigurations", NIC),
    (f"{BALANCER}/backendAddressPools/addresses", "virtualNetwork", VNET),
    # application gateways
    (f"{GATEWAY}/gatewayIPConfigurations/own", "subnet", APP),
    (f"{GATEWAY}/frontendIPConfigurations/public", "publicIPAddress", "publicIPAddresses/entry"),
    (f"{GATEWAY}/frontendIPConfigurations/private", "subnet", APP),
    (GATEWAY, "firewallPolicy", f"{FIREWALL_POLICY}/whole"),
    (f"{GATEWAY}/httpListeners/shop", "firewallPolicy", f"{FIREWALL_POLICY}/shop"),
    (f"{GATEWAY}/urlPathMaps/shop/pathRules/api", "firewallPolicy", f"{FIREWALL_POLICY}/api"),
    (f"{GATEWAY}/backendAddressPools/web", "backendIPConfigurations", NIC),
    *(
        (f"{GATEWAY}/{source}", kind, f"{GATEWAY}/{target}")
        for source, kind, target in [
            ("httpListeners/shop", "frontendIPConfiguration", "frontendIPConfigurations/public"),
            ("httpListeners/shop", "frontendPort", "frontendPorts/https"),
            ("httpListeners/shop", "sslCertificate", "sslCertificates/wildcard"),
            ("httpListeners/shop", "sslProfile", "sslProfiles/strict"),
            ("listeners/db", "frontendIPConfiguration", "frontendIPConfigurations/private"),
            ("listeners/db", "frontendPort", "frontendPorts/db"),
            ("requestRoutingRules/shop", "httpListener", "httpListeners/shop"),
            ("requestRoutingRules/shop", "urlPathMap", "urlPathMaps/shop"),
            ("requestRoutingRules/basic", "backendAddressPool", "backendAddressPools/web"),
            (
                "requestRoutingRules/basic",
                "backendHttpSettings",
                "backendHttpSettingsCollection/https",
            ),
            ("requestRoutingRules/basic", "redirectConfiguration", "redirectConfigurations/home"),
            ("routingRules/db", "listener", "listeners/db"),
            ("routingRules/db", "backendAddressPool", "backendAddressPools/web"),
            ("routingRules/db", "backendSettings", "backendSettingsCollection/db"),
            ("urlPathMaps/shop", "defaultBackendAddressPool", "backendAddressPools/web"),
            ("urlPathMaps/shop/pathRules/api", "backendAddressPool", "backendAddressPools/web"),
            ("redirectConfigurations/home", "targetListener", "httpListeners/shop"),
            ("backendHttpSettingsCollection/https", "probe", "probes/alive"),
            (
                "backendHttpSettingsCollection/https",
                "trustedRootCertificates",
                "trustedRootCertificates/root",
            ),
            ("backendSettingsCollection/db", "probe", "probes/alive"),
        ]
    ),
    # gateways, Bastion, firewalls, hubs
    (
        "virtualNetworkGateways/vpn/ipConfigurations/one",
        "subnet",
        f"{VNET}/subnets/GatewaySubnet",
    ),
    ("connections/office", "virtualNetworkGateway1", "virtualNetworkGateways/vpn"),
    ("connections/office", "localNetworkGateway2", "localNetworkGateways/office"),
    ("connections/between", "virtualNetworkGateway2", "virtualNetworkGateways/er"),
    ("connections/circuit", "peer", "expressRouteCircuits/line"),
    (
        "bastionHosts/jump/bastionHostIpConfigurations/one",
        "publicIPAddress",
        "publicIPAddresses/bastion",
    ),
    (
        "azureFirewalls/wall/azureFirewallIpConfigurations/one",
        "publicIPAddress",
        "publicIPAddresses/wall",
    ),
    ("azureFirewalls/wall", "firewallPolicy", "firewallPolicies/rules"),
    ("dnsResolvers/names", "virtualNetwork", VNET),
    ("dnsResolvers/names/inboundEndpoints/in", "subnet", APP),
    ("firewallPolicies/rules", "basePolicy", "firewallPolicies/base"),
    (
        "firewallPolicies/rules/ruleCollectionGroups/first",
        "sourceIpGroups",
        "ipGroups/office",
    ),
    (
        "firewallPolicies/rules/ruleCollectionGroups/first",
        "destinationIpGroups",
        "ipGroups/servers",
    ),
    (
        "azureFirewalls/classic/networkRuleCollections/allowed",
        "sourceIpGroups",
        "ipGroups/office",
    ),
    (f"{HUB}/hubRouteTables/defaultRouteTable", "nextHop", "azureFirewalls/hub"),
    (
        f"{HUB}/hubVirtualNetworkConnections/spoke",
        "associatedRouteTable",
        f"{HUB}/hubRouteTables/defaultRouteTable",
    ),
    (
        f"{HUB}/hubVirtualNetworkConnections/spoke",
        "remoteVirtualNetwork",
        "virtualNetworks/spoke",
    ),
    (f"{HUB}/routingIntent/all", "nextHop", "azureFirewalls/hub"),
    ("vpnGateways/hub/vpnConnections/shop", "remoteVpnSite", "vpnSites/shop"),
    (f"{MANAGER}/networkGroups/spokes/staticMembers/hub", "resourceId", VNET),
    (ADMIN_RULES, "networkGroupId", f"{MANAGER}/networkGroups/spokes"),
    # private links and names
    ("privateEndpoints/db", "subnet", APP),
    ("privateEndpoints/db", "privateLinkServiceId", f"{MYSQL}/flexibleServers/open"),
    ("privateEndpoints/partner", "privateLinkServiceId", "privateLinkServices/api"),
    ("privateEndpoints/db", "networkInterfaces", "networkInterfaces/db"),
    (
        "privateLinkServices/api",
        "loadBalancerFrontendIpConfigurations",
        "loadBalancers/inner/frontendIPConfigurations/private",
    ),
    ("privateLinkServices/api/ipConfigurations/nat", "subnet", APP),
    (
        "privateEndpoints/db/privateDnsZoneGroups/default",
        "privateDnsZoneId",
        "privateDnsZones/db.private",
    ),
    ("privateDnsZones/db.private/virtualNetworkLinks/hub", "virtualNetwork", VNET),
    ("dnsZones/example.com/A/shop", "targetResource", "publicIPAddresses/entry"),
    # clusters, databases, logs
    (f"{AKS}/shop/agentPools/system", "vnetSubnetID", APP),
    (f"{AKS}/shop/agentPools/system", "podSubnetID", f"{VNET}/subnets/GatewaySubnet"),
    (f"{MYSQL}/flexibleServers/inside", "delegatedSubnetResourceId", APP),
    (
        f"{MYSQL}/flexibleServers/inside",
        "privateDnsZoneResourceId",
        "privateDnsZones/db.private",
    ),
    (f"{MYSQL}/flexibleServers/open", "privateEndpoint", "privateEndpoints/db"),
    ("networkWatchers/west/flowLogs/hub", "targetResourceId", VNET),
    ("networkWatchers/west/flowLogs/hub", "workspaceResourceId", WORKSPACE),
    (f"{GATEWAY}/providers/{INSIGHTS}/diagnosticSettings/logs", "workspaceId", WORKSPACE),
    (f"{INSIGHTS}/dataCollectionRules/containers", "workspaceResourceId", WORKSPACE),
    # Front Door
    (ORIGIN, "azureOrigin", "publicIPAddresses/entry"),
    (ORIGIN, "privateLink", "privateLinkServices/api"),
    (f"{CDN}/edge/afdEndpoints/shop/routes/all", "originGroup", f"{CDN}/edge/originGroups/shop"),
    (
        f"{CDN}/edge/securityPolicies/waf",
        "wafPolicy",
        "FrontDoorWebApplicationFirewallPolicies/edge",
    ),
]

PARTS = [
    (APP, VNET),
    (f"{VNET}/virtualNetworkPeerings/to-spoke", VNET),
    (NIC, "networkInterfaces/web"),
    (MODEL_NIC, MODEL),
    (f"{MODEL_NIC}/ipConfigurations/v4", MODEL_NIC),
    ("networkSecurityGroups/app/securityRules/web", "networkSecurityGroups/app"),
    ("routeTables/app/routes/out", "routeTables/app"),
    *(
        (f"{BALANCER}/{part}", BALANCER)
        for part in (
            "frontendIPConfigurations/public",
            "backendAddressPools/addresses",
            "loadBalancingRules/https",
            "inboundNatRules/ssh",
            "inboundNatPools/rdp",
            "outboundRules/out",
            "probes/alive",
        )
    ),
    *(
        (f"{GATEWAY}/{part}", GATEWAY)
        for part in (
            "gatewayIPConfigurations/own",
            "frontendIPConfigurations/public",
            "frontendPorts/https",
            "httpListeners/shop",
            "listeners/db",
            "backendAddressPools/web",
            "backendHttpSettingsCollection/https",
            "backendSettingsCollection/db",
            "probes/alive",
            "requestRoutingRules/shop",
            "routingRules/db",
            "urlPathMaps/shop",
            "loadDistributionPolicies/spread",
            "redirectConfigurations/home",
            "sslCertificates/wildcard",
            "trustedRootCertificates/root",
            "trustedClientCertificates/partner",
            "sslProfiles/strict",
            "privateLinkConfigurations/link",
            f"providers/{INSIGHTS}/diagnosticSettings/logs",
        )
    ),
    (f"{GATEWAY}/urlPathMaps/shop/pathRules/api", f"{GATEWAY}/urlPathMaps/shop"),
    ("virtualNetworkGateways/vpn/ipConfigurations/one", "virtualNetworkGateways/vpn"),
    ("virtualNetworkGateways/vpn/natRules/in", "virtualNetworkGateways/vpn"),
    ("expressRouteCircuits/line/peerings/AzurePrivatePeering", "expressRouteCircuits/line"),
    ("bastionHosts/jump/bastionHostIpConfigurations/one", "bastionHosts/jump"),
    ("azureFirewalls/wall/azureFirewallIpConfigurations/one", "azureFirewalls/wall"),
    ("firewallPolicies/rules/ruleCollectionGroups/first", "firewallPolicies/rules"),
    ("azureFirewalls/classic/natRuleCollections/in", "azureFirewalls/classic"),
    ("azureFirewalls/classic/applicationRuleCollections/out", "azureFirewalls/classic"),
    (f"{HUB}/hubVirtualNetworkConnections/spoke", HUB),
    (f"{HUB}/hubRouteTables/defaultRouteTable", HUB),
    (f"{HUB}/routingIntent/all", HUB),
    (f"{MANAGER}/networkGroups/spokes/staticMembers/hub", f"{MANAGER}/networkGroups/spokes"),
    (f"{ADMIN_RULES}/rules/no-ssh", ADMIN_RULES),
    ("virtualHubs/routes/ipConfigurations/one", "virtualHubs/routes"),
    ("virtualHubs/routes/bgpConnections/appliance", "virtualHubs/routes"),
    ("vpnGateways/hub/vpnConnections/shop", "vpnGateways/hub"),
    ("privateLinkServices/api/ipConfigurations/nat", "privateLinkServices/api"),
    ("dnsResolvers/names/inboundEndpoints/in", "dnsResolvers/names"),
    ("privateEndpoints/db/privateDnsZoneGroups/default", "privateEndpoints/db"),
    ("privateDnsZones/db.private/virtualNetworkLinks/hub", "privateDnsZones/db.private"),
    ("privateDnsZones/db.private/A/db", "privateDnsZones/db.private"),
    ("dnsZones/example.com/A/shop", "dnsZones/example.com"),
    ("dnsZones/example.com/CNAME/www", "dnsZones/example.com"),
    (f"{MYSQL}/flexibleServers/open/firewallRules/office", f"{MYSQL}/flexibleServers/open"),
    (f"{MYSQL}/servers/old/firewallRules/office", f"{MYSQL}/servers/old"),
    (f"{MYSQL}/servers/old/virtualNetworkRules/app", f"{MYSQL}/servers/old"),
    ("networkWatchers/west/flowLogs/hub", "networkWatchers/west"),
    (f"{AKS}/shop/agentPools/system", f"{AKS}/shop"),
    (f"{CDN}/edge/afdEndpoints/shop", f"{CDN}/edge"),
    (ORIGIN, f"{CDN}/edge/originGroups/shop"),
    ("frontDoors/classic/frontendEndpoints/shop", "frontDoors/classic"),
    ("frontDoors/classic/backendPools/shop", "frontDoors/classic"),
]


@pytest.fixture(scope="module")
def network() -> Network:
    return whole()


def node_at(network: Network, path: str) -> Node:
    found = network.find(at(path))
    assert isinstance(found, Node), path
    return found


def ids_in(value: Any) -> Iterator[str]:
    """Give each id that a record names, but for its own and those of its parts."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key != "id" or "name" not in value:
                yield from ids_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from ids_in(item)
    elif isinstance(value, str) and value.startswith("/subscriptions/"):
        yield value


def test_every_type_that_is_read_is_a_node(network: Network) -> None:
    absent = {cls.__name__ for cls in TYPES.values() if not network.all(cls)}

    assert absent == set()
    assert network.counted == frozenset()
    assert holes(network) == ()
    assert network.gaps == ()


@pytest.mark.parametrize(("part", "owner"), PARTS)
def test_each_part_has_its_owner(network: Network, part: str, owner: str) -> None:
    above = node_at(network, part).owner

    assert above is not None
    assert above.id == at(owner)


@pytest.mark.parametrize(("source", "kind", "target"), EDGES)
def test_each_reference_leads_there_and_back(
    network: Network, source: str, kind: str, target: str
) -> None:
    back = network.referrers(node_at(network, target), kind)

    (edge,) = [edge for edge in back if edge.source.id == at(source)]
    assert edge.source is network.find(at(source))
    assert edge.spelled == at(target)


def test_no_id_in_the_export_is_overlooked(network: Network) -> None:
    edges = {(edge.source.root.key, edge.target) for edge in network.edges()}
    told = {(fold(each["id"]), fold(target)) for each in everything() for target in ids_in(each)}

    assert len(told) > 100
    assert told - edges == set()


@pytest.mark.parametrize("gone", ["routeTables/app", "ipGroups/office", "publicIPAddresses/web"])
def test_what_is_taken_out_is_missing_and_says_who_misses_it(gone: str) -> None:
    network = estate(*(each for each in everything() if each["id"] != at(gone)))

    found = network.find(at(gone))
    assert isinstance(found, Missing)
    assert [hole.missing.id for hole in holes(network)] == [at(gone)]
    wanted = {source for source, _, target in EDGES if target == gone}
    assert {at(source) for source in wanted} <= {e.source.id for e in network.referrers(found)}
