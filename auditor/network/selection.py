"""What a selector of endpoints finds in a network: which resources can be one, and the answer."""

from __future__ import annotations

import msgspec

from auditor.addresses import NOTHING, AddressSet
from auditor.errors import UsageError
from auditor.network.reasons import Reason
from auditor.resources.application_gateways import ApplicationGateway, GatewayFrontend
from auditor.resources.base import Node
from auditor.resources.bastion import Bastion
from auditor.resources.compute import (
    ScaleSet,
    ScaleSetInterface,
    ScaleSetIpConfiguration,
    VirtualMachine,
)
from auditor.resources.dns_resolvers import DnsResolver, ResolverInboundEndpoint
from auditor.resources.firewalls import Firewall
from auditor.resources.front_doors import ClassicFrontDoor, FrontDoorEndpoint, FrontDoorProfile
from auditor.resources.hybrid import LocalNetworkGateway, VirtualNetworkGateway
from auditor.resources.interfaces import IpConfiguration, NetworkInterface
from auditor.resources.key_vault import KeyVault
from auditor.resources.load_balancers import LoadBalancer, LoadBalancerFrontend
from auditor.resources.managed_clusters import AgentPool, ManagedCluster
from auditor.resources.mysql import MySqlFlexibleServer, MySqlSingleServer
from auditor.resources.nat_gateways import NatGateway
from auditor.resources.private_endpoints import PrivateEndpoint, PrivateLinkService
from auditor.resources.public_addresses import PublicIp, PublicIpPrefix
from auditor.resources.traffic_manager import TrafficManagerProfile
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.resources.virtual_wan import (
    HubClientGateway,
    HubExpressRouteGateway,
    HubVpnGateway,
    VirtualHub,
)
from auditor.selector import Selector

_N = "Microsoft.Network"
_SCALE_SET = "Microsoft.Compute/virtualMachineScaleSets"

ENDPOINTS: dict[type[Node], tuple[str, ...]] = {
    NetworkInterface: (f"{_N}/networkInterfaces",),
    VirtualMachine: ("Microsoft.Compute/virtualMachines",),
    ScaleSet: (_SCALE_SET,),
    VirtualNetwork: (f"{_N}/virtualNetworks",),
    Subnet: (f"{_N}/virtualNetworks/subnets",),
    LoadBalancer: (f"{_N}/loadBalancers",),
    ApplicationGateway: (f"{_N}/applicationGateways",),
    Firewall: (f"{_N}/azureFirewalls",),
    PrivateEndpoint: (f"{_N}/privateEndpoints",),
    PrivateLinkService: (f"{_N}/privateLinkServices",),
    VirtualNetworkGateway: (f"{_N}/virtualNetworkGateways",),
    LocalNetworkGateway: (f"{_N}/localNetworkGateways",),
    Bastion: (f"{_N}/bastionHosts",),
    DnsResolver: (f"{_N}/dnsResolvers",),
    ResolverInboundEndpoint: (f"{_N}/dnsResolvers/inboundEndpoints",),
    NatGateway: (f"{_N}/natGateways",),
    PublicIp: (f"{_N}/publicIPAddresses",),
    PublicIpPrefix: (f"{_N}/publicIPPrefixes",),
    TrafficManagerProfile: (f"{_N}/trafficManagerProfiles",),
    VirtualHub: (f"{_N}/virtualHubs",),
    HubVpnGateway: (f"{_N}/vpnGateways",),
    HubClientGateway: (f"{_N}/p2svpnGateways",),
    HubExpressRouteGateway: (f"{_N}/expressRouteGateways",),
    ClassicFrontDoor: (f"{_N}/frontDoors",),
    FrontDoorProfile: ("Microsoft.Cdn/profiles",),
    FrontDoorEndpoint: ("Microsoft.Cdn/profiles/afdEndpoints",),
    ManagedCluster: ("Microsoft.ContainerService/managedClusters",),
    MySqlFlexibleServer: ("Microsoft.DBforMySQL/flexibleServers",),
    MySqlSingleServer: ("Microsoft.DBforMySQL/servers",),
    KeyVault: ("Microsoft.KeyVault/vaults",),
}
"""The resources and subnets that can be an end of a path, and their ARM types."""

PARTS: dict[type[Node], tuple[str, ...]] = {
    IpConfiguration: (f"{_N}/networkInterfaces/ipConfigurations",),
    ScaleSetInterface: (
        f"{_SCALE_SET}/networkInterfaceConfigurations",
        f"{_SCALE_SET}/virtualMachines/networkInterfaces",
    ),
    ScaleSetIpConfiguration: (
        f"{_SCALE_SET}/networkInterfaceConfigurations/ipConfigurations",
        f"{_SCALE_SET}/virtualMachines/networkInterfaces/ipConfigurations",
    ),
    AgentPool: ("Microsoft.ContainerService/managedClusters/agentPools",),
    LoadBalancerFrontend: (f"{_N}/loadBalancers/frontendIPConfigurations",),
    GatewayFrontend: (f"{_N}/applicationGateways/frontendIPConfigurations",),
}
"""Parts of resources that can be one too; only ids and types select them.

A scale set's model NIC, and what it has, is of the type of its instances' as well (E-2b).
"""

EVERY: dict[type[Node], tuple[str, ...]] = {**ENDPOINTS, **PARTS}

INSTANCES: dict[type[Node], str] = {
    NetworkInterface: f"{_SCALE_SET}/virtualMachines/networkInterfaces",
    IpConfiguration: f"{_SCALE_SET}/virtualMachines/networkInterfaces/ipConfigurations",
}
"""The types of what instances of scale sets have, which is read as that of any machine."""


class NothingSelected(UsageError):
    """A selector that fits nothing of the input: mistyped, or of another estate. Exit status 2."""


class Selection(msgspec.Struct, frozen=True):
    """What a selector stands for in one network.

    `nodes` are what it matched, as matched, sorted by key, each once: a VM and not its NICs.
    `addresses` is what it stands for beside them: the internet, the sites, an address. `doubts`,
    sorted, are why it may stand for more; with doubts alone it is not told what it stands for.
    """

    selector: Selector
    nodes: tuple[Node, ...] = ()
    addresses: AddressSet = NOTHING
    doubts: tuple[Reason, ...] = ()
