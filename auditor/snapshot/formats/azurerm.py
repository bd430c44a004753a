"""What the resources of Terraform's azurerm provider are called in ARM, one function per type.

Source: https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs; both the newer and
the older name of an attribute are read. An empty text or list stands for an attribute not set.
"""

from __future__ import annotations

from collections.abc import Callable

from auditor.snapshot.formats.azurerm_balancers import (
    lb_member,
    lb_nat_pool,
    lb_nat_rule,
    lb_outbound_rule,
    lb_pool,
    lb_probe,
    lb_rule,
    load_balancer,
)
from auditor.snapshot.formats.azurerm_blocks import (
    Block,
    Body,
    Kind,
    common,
    each,
    enabled,
    ip_configuration,
    named,
    negated,
    reference,
    references,
    settings,
    sku,
    wrapped,
)
from auditor.snapshot.formats.azurerm_databases import DATABASES
from auditor.snapshot.formats.functions import Unknown, Value


def _security_rule(block: Block) -> Body:
    return settings(
        access=block.get("access"),
        description=block.get("description"),
        direction=block.get("direction"),
        priority=block.get("priority"),
        protocol=block.get("protocol"),
        sourcePortRange=block.get("source_port_range"),
        sourcePortRanges=block.get("source_port_ranges"),
        destinationPortRange=block.get("destination_port_range"),
        destinationPortRanges=block.get("destination_port_ranges"),
        sourceAddressPrefix=block.get("source_address_prefix"),
        sourceAddressPrefixes=block.get("source_address_prefixes"),
        destinationAddressPrefix=block.get("destination_address_prefix"),
        destinationAddressPrefixes=block.get("destination_address_prefixes"),
        sourceApplicationSecurityGroups=references(
            block.ids("source_application_security_group_ids")
        ),
        destinationApplicationSecurityGroups=references(
            block.ids("destination_application_security_group_ids")
        ),
    )


def _security_group(block: Block) -> Body:
    rules = each(
        block.blocks("security_rule"),
        lambda rule: named(rule, "securityRules", _security_rule(rule)),
    )
    return common(block, {"securityRules": rules})


def _route(block: Block) -> Body:
    return settings(
        addressPrefix=block.get("address_prefix"),
        nextHopType=block.get("next_hop_type"),
        nextHopIpAddress=block.get("next_hop_in_ip_address"),
    )


def _route_table(block: Block) -> Body:
    routes = each(block.blocks("route"), lambda one: named(one, "routes", _route(one)))
    disabled = block.get("disable_bgp_route_propagation")
    if disabled is None:
        disabled = negated(block.get("bgp_route_propagation_enabled"))
    return common(block, {"routes": routes} | settings(disableBgpRoutePropagation=disabled))


def _subnet(block: Block) -> Body:
    prefixes = block.get("address_prefixes", "address_prefix")
    services = block.get("service_endpoints")
    if isinstance(services, list):
        services = [{"service": service} for service in services]
    return settings(
        **_prefixes(prefixes),
        serviceEndpoints=services,
        delegations=each(block.blocks("delegation"), _delegation),
        defaultOutboundAccess=block.get("default_outbound_access_enabled"),
        privateEndpointNetworkPolicies=enabled(
            block.get(
                "private_endpoint_network_policies", "private_endpoint_network_policies_enabled"
            )
        ),
        privateLinkServiceNetworkPolicies=enabled(
            block.get("private_link_service_network_policies_enabled")
        ),
        networkSecurityGroup=reference(block.id("security_group")),
        routeTable=reference(block.id("route_table_id")),
    )


def _prefixes(value: Value) -> Body:
    """Spell the prefixes of a subnet as ARM does: one in the singular, several in the plural."""
    if isinstance(value, list) and len(value) == 1:
        return {"addressPrefix": value[0]}
    return {"addressPrefixes" if isinstance(value, (list, Unknown)) else "addressPrefix": value}


def _delegation(block: Block) -> Body:
    services = block.blocks("service_delegation")
    if isinstance(services, Unknown):
        return {"properties": services}
    name = services[0].get("name") if services else None
    return settings(name=block.get("name")) | {"properties": settings(serviceName=name)}


def _virtual_network(block: Block) -> Body:
    return common(
        block,
        settings(
            addressSpace=wrapped("addressPrefixes", block.get("address_space")),
            dhcpOptions=wrapped("dnsServers", block.get("dns_servers")),
            flowTimeoutInMinutes=block.get("flow_timeout_in_minutes"),
        )
        | {
            "subnets": each(block.blocks("subnet"), lambda one: named(one, "subnets", _subnet(one)))
        },
    )


def _peering(block: Block) -> Body:
    return settings(
        remoteVirtualNetwork=reference(block.id("remote_virtual_network_id")),
        allowVirtualNetworkAccess=block.get("allow_virtual_network_access"),
        allowForwardedTraffic=block.get("allow_forwarded_traffic"),
        allowGatewayTransit=block.get("allow_gateway_transit"),
        useRemoteGateways=block.get("use_remote_gateways"),
    )


def _public_ip(block: Block) -> Body:
    properties = settings(
        publicIPAllocationMethod=block.get("allocation_method"),
        publicIPAddressVersion=block.get("ip_version"),
        ipAddress=block.get("ip_address"),
        idleTimeoutInMinutes=block.get("idle_timeout_in_minutes"),
        publicIPPrefix=reference(block.id("public_ip_prefix_id")),
        dnsSettings=wrapped("domainNameLabel", block.get("domain_name_label")),
    )
    return common(block, properties, sku=sku(block))


def _network_interface(block: Block) -> Body:
    configurations = block.blocks("ip_configuration")
    # The only one is the primary one; a plan that is not told so calls it known after apply.
    alone = (
        {"primary": True} if isinstance(configurations, list) and len(configurations) == 1 else {}
    )
    properties = settings(
        ipConfigurations=each(
            configurations,
            lambda one: named(one, "ipConfigurations", ip_configuration(one) | alone),
        ),
        enableIPForwarding=block.get("ip_forwarding_enabled", "enable_ip_forwarding"),
        dnsSettings=wrapped("dnsServers", block.get("dns_servers")),
        virtualMachine=reference(block.id("virtual_machine_id")),
    )
    return common(block, properties)


def _virtual_machine(block: Block) -> Body:
    interfaces = wrapped("networkInterfaces", references(block.ids("network_interface_ids")))
    properties = settings(
        networkProfile=interfaces,
        virtualMachineScaleSet=reference(block.id("virtual_machine_scale_set_id")),
    )
    return common(block, properties)


def _nat_gateway(block: Block) -> Body:
    return common(
        block,
        settings(idleTimeoutInMinutes=block.get("idle_timeout_in_minutes")),
        sku=sku(block),
    )


def _plain(block: Block) -> Body:
    return common(block, {})


def _child(make: Callable[[Block], Body]) -> Callable[[Block], Body]:
    return lambda block: {"properties": make(block)}


_NSG = "Microsoft.Network/networkSecurityGroups"
_TABLE = "Microsoft.Network/routeTables"
_VNET = "Microsoft.Network/virtualNetworks"
_LB = "Microsoft.Network/loadBalancers"
_VM = Kind("Microsoft.Compute/virtualMachines", ("name",), _virtual_machine)
_IN_LB = ("loadbalancer_id", "name")

KINDS: dict[str, Kind] = {
    **DATABASES,
    "azurerm_application_security_group": Kind(
        "Microsoft.Network/applicationSecurityGroups", ("name",), _plain
    ),
    "azurerm_lb": Kind(_LB, ("name",), load_balancer),
    "azurerm_lb_backend_address_pool": Kind(
        f"{_LB}/backendAddressPools", _IN_LB, _child(lb_pool), "backendAddressPools"
    ),
    "azurerm_lb_nat_pool": Kind(
        f"{_LB}/inboundNatPools", _IN_LB, _child(lb_nat_pool), "inboundNatPools"
    ),
    "azurerm_lb_nat_rule": Kind(
        f"{_LB}/inboundNatRules", _IN_LB, _child(lb_nat_rule), "inboundNatRules"
    ),
    "azurerm_lb_outbound_rule": Kind(
        f"{_LB}/outboundRules", _IN_LB, _child(lb_outbound_rule), "outboundRules"
    ),
    "azurerm_lb_probe": Kind(f"{_LB}/probes", _IN_LB, _child(lb_probe), "probes"),
    "azurerm_lb_rule": Kind(
        f"{_LB}/loadBalancingRules", _IN_LB, _child(lb_rule), "loadBalancingRules"
    ),
    "azurerm_linux_virtual_machine": _VM,
    "azurerm_nat_gateway": Kind("Microsoft.Network/natGateways", ("name",), _nat_gateway),
    "azurerm_network_interface": Kind(
        "Microsoft.Network/networkInterfaces", ("name",), _network_interface
    ),
    "azurerm_network_security_group": Kind(_NSG, ("name",), _security_group),
    "azurerm_network_security_rule": Kind(
        f"{_NSG}/securityRules",
        ("network_security_group_name", "name"),
        _child(_security_rule),
        "securityRules",
    ),
    "azurerm_public_ip": Kind("Microsoft.Network/publicIPAddresses", ("name",), _public_ip),
    "azurerm_route": Kind(
        f"{_TABLE}/routes", ("route_table_name", "name"), _child(_route), "routes"
    ),
    "azurerm_route_table": Kind(_TABLE, ("name",), _route_table),
    "azurerm_subnet": Kind(
        f"{_VNET}/subnets", ("virtual_network_name", "name"), _child(_subnet), "subnets"
    ),
    "azurerm_virtual_machine": _VM,
    "azurerm_virtual_network": Kind(_VNET, ("name",), _virtual_network),
    "azurerm_virtual_network_peering": Kind(
        f"{_VNET}/virtualNetworkPeerings",
        ("virtual_network_name", "name"),
        _child(_peering),
        "virtualNetworkPeerings",
    ),
    "azurerm_windows_virtual_machine": _VM,
}

OWNERS = {
    "subnet_id": f"{_VNET}/subnets",
    "network_interface_id": "Microsoft.Network/networkInterfaces",
    "nat_gateway_id": "Microsoft.Network/natGateways",
    "backend_address_pool_id": f"{_LB}/backendAddressPools",
}
"""The ARM type of the resource that an association changes, by the attribute that names it."""

INLINE = {
    "Microsoft.Network/networkSecurityGroups": ("security_rule", "securityRules"),
    "Microsoft.Network/routeTables": ("route", "routes"),
    "Microsoft.Network/virtualNetworks": ("subnet", "subnets"),
}
"""Blocks that may be written inside a resource or as resources of their own."""

LINKS = {
    "azurerm_subnet_network_security_group_association": (
        "subnet_id",
        "network_security_group_id",
        "networkSecurityGroup",
    ),
    "azurerm_subnet_route_table_association": ("subnet_id", "route_table_id", "routeTable"),
    "azurerm_subnet_nat_gateway_association": ("subnet_id", "nat_gateway_id", "natGateway"),
    "azurerm_network_interface_security_group_association": (
        "network_interface_id",
        "network_security_group_id",
        "networkSecurityGroup",
    ),
}
"""Associations that set one reference of the resource named first."""

MEMBERSHIPS = {
    "azurerm_network_interface_backend_address_pool_association": (
        "backend_address_pool_id",
        "loadBalancerBackendAddressPools",
    ),
    "azurerm_network_interface_nat_rule_association": (
        "nat_rule_id",
        "loadBalancerInboundNatRules",
    ),
    "azurerm_network_interface_application_gateway_backend_address_pool_association": (
        "backend_address_pool_id",
        "applicationGatewayBackendAddressPools",
    ),
    "azurerm_network_interface_application_security_group_association": (
        "application_security_group_id",
        "applicationSecurityGroups",
    ),
}
"""Associations that add a reference to ip configurations of a network interface."""

ADDITIONS = {
    "azurerm_nat_gateway_public_ip_association": (
        "nat_gateway_id",
        "public_ip_address_id",
        "publicIpAddresses",
    ),
    "azurerm_nat_gateway_public_ip_prefix_association": (
        "nat_gateway_id",
        "public_ip_prefix_id",
        "publicIpPrefixes",
    ),
}
"""Associations that add a reference to a list of the resource named first."""

ELEMENTS = {
    "azurerm_lb_backend_address_pool_address": (
        "backend_address_pool_id",
        lb_member,
        "loadBalancerBackendAddresses",
    ),
}
"""What is, in ARM, an element of a list of the resource named first, and has no id of its own."""

SILENT = (
    "random_",
    "time_",
    "null_resource",
    "terraform_data",
    "tls_",
    "local_",
    "azurerm_resource_group",
)
"""Prefixes of types that hold nothing of a network."""
