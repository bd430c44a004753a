"""What the resources of Terraform's azurerm provider are called in ARM, one function per type.

Source: https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs; both the newer and
the older name of an attribute are read. An empty text or list stands for an attribute not set.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from auditor.snapshot.formats.functions import Unknown, Value

Body = dict[str, Value]


class Block(Protocol):
    """A resource's or a nested block's attributes; `Unknown` stands for what a plan leaves open."""

    def get(self, *names: str) -> Value:
        """Give the first attribute of these names that is set; None when none is."""

    def id(self, name: str) -> Value:
        """Give an ARM id, also where the plan only says of which resource."""

    def blocks(self, name: str) -> Any:
        """Give the nested blocks of a name, or `Unknown`."""

    @property
    def arm_id(self) -> str:
        """The id of the resource that this block is (or is in)."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How a Terraform type becomes an ARM resource.

    `names` are the attributes that hold the names along the type's path, or one attribute that
    holds the parent's id, then the own name. A type with `into` is, in ARM, an element of that
    list of its parent.
    """

    type: str
    names: tuple[str, ...]
    body: Callable[[Block], Body]
    into: str = ""


def settings(**values: Value) -> Body:
    """Keep what is set."""
    return {key: value for key, value in values.items() if not _unset(value)}


def _unset(value: Value) -> bool:
    return value is None or (isinstance(value, (str, list, dict)) and len(value) == 0)


def reference(arm_id: Value) -> Value:
    """Wrap an id as ARM does."""
    if _unset(arm_id) or isinstance(arm_id, Unknown):
        return arm_id or None
    return {"id": arm_id}


def _references(ids: Value) -> Value:
    return [reference(one) for one in ids] if isinstance(ids, list) else ids


def _each(blocks: Any, make: Callable[[Block], Body]) -> Value:
    """Turn nested blocks into a list; an empty one is kept, it says that there are none."""
    return blocks if isinstance(blocks, Unknown) else [make(block) for block in blocks]


def _enabled(value: Value) -> Value:
    return {True: "Enabled", False: "Disabled"}.get(value) if isinstance(value, bool) else value


def _negated(value: Value) -> Value:
    return not value if isinstance(value, bool) else value


def _named(block: Block, collection: str, properties: Body) -> Body:
    """Give an element of a list of sub-resources, with the id that ARM gives it."""
    name = block.get("name")
    arm_id = f"{block.arm_id}/{collection}/{name}" if isinstance(name, str) else None
    return settings(id=arm_id, name=name) | {"properties": properties}


def _common(block: Block, properties: Body, **more: Value) -> Body:
    return settings(
        location=block.get("location"), tags=block.get("tags"), zones=block.get("zones"), **more
    ) | {"properties": properties}


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
        sourceApplicationSecurityGroups=_references(
            block.get("source_application_security_group_ids")
        ),
        destinationApplicationSecurityGroups=_references(
            block.get("destination_application_security_group_ids")
        ),
    )


def _security_group(block: Block) -> Body:
    rules = _each(
        block.blocks("security_rule"),
        lambda rule: _named(rule, "securityRules", _security_rule(rule)),
    )
    return _common(block, {"securityRules": rules})


def _route(block: Block) -> Body:
    return settings(
        addressPrefix=block.get("address_prefix"),
        nextHopType=block.get("next_hop_type"),
        nextHopIpAddress=block.get("next_hop_in_ip_address"),
    )


def _route_table(block: Block) -> Body:
    routes = _each(block.blocks("route"), lambda one: _named(one, "routes", _route(one)))
    disabled = block.get("disable_bgp_route_propagation")
    if disabled is None:
        disabled = _negated(block.get("bgp_route_propagation_enabled"))
    return _common(block, {"routes": routes} | settings(disableBgpRoutePropagation=disabled))


def _subnet(block: Block) -> Body:
    prefixes = block.get("address_prefixes", "address_prefix")
    services = block.get("service_endpoints")
    if isinstance(services, list):
        services = [{"service": service} for service in services]
    return settings(
        **_prefixes(prefixes),
        serviceEndpoints=services,
        delegations=_each(block.blocks("delegation"), _delegation),
        defaultOutboundAccess=block.get("default_outbound_access_enabled"),
        privateEndpointNetworkPolicies=_enabled(
            block.get(
                "private_endpoint_network_policies", "private_endpoint_network_policies_enabled"
            )
        ),
        privateLinkServiceNetworkPolicies=_enabled(
            block.get("private_link_service_network_policies_enabled")
        ),
        networkSecurityGroup=reference(block.id("security_group")),
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
    return _common(
        block,
        settings(
            addressSpace=_wrapped("addressPrefixes", block.get("address_space")),
            dhcpOptions=_wrapped("dnsServers", block.get("dns_servers")),
            flowTimeoutInMinutes=block.get("flow_timeout_in_minutes"),
        )
        | {
            "subnets": _each(
                block.blocks("subnet"), lambda one: _named(one, "subnets", _subnet(one))
            )
        },
    )


def _wrapped(key: str, value: Value) -> Value:
    return None if _unset(value) else {key: value}


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
        dnsSettings=_wrapped("domainNameLabel", block.get("domain_name_label")),
    )
    return _common(block, properties, sku=_sku(block))


def _sku(block: Block) -> Value:
    return settings(name=block.get("sku", "sku_name"), tier=block.get("sku_tier"))


def _ip_configuration(block: Block) -> Body:
    return settings(
        subnet=reference(block.id("subnet_id")),
        publicIPAddress=reference(block.id("public_ip_address_id")),
        publicIPPrefix=reference(block.id("public_ip_prefix_id")),
        privateIPAddress=block.get("private_ip_address"),
        privateIPAllocationMethod=block.get("private_ip_address_allocation"),
        privateIPAddressVersion=block.get("private_ip_address_version"),
        primary=block.get("primary"),
    )


def _network_interface(block: Block) -> Body:
    properties = settings(
        ipConfigurations=_each(
            block.blocks("ip_configuration"),
            lambda one: _named(one, "ipConfigurations", _ip_configuration(one)),
        ),
        enableIPForwarding=block.get("ip_forwarding_enabled", "enable_ip_forwarding"),
        dnsSettings=_wrapped("dnsServers", block.get("dns_servers")),
        virtualMachine=reference(block.id("virtual_machine_id")),
    )
    return _common(block, properties)


def _load_balancer(block: Block) -> Body:
    frontends = _each(
        block.blocks("frontend_ip_configuration"),
        lambda one: (
            _named(one, "frontendIPConfigurations", _ip_configuration(one))
            | settings(zones=one.get("zones"))
        ),
    )
    return _common(block, {"frontendIPConfigurations": frontends}, sku=_sku(block))


def _frontend(block: Block) -> Value:
    """Give the reference to a frontend that is named, not identified."""
    name = block.get("frontend_ip_configuration_name")
    parent = block.id("loadbalancer_id")
    if isinstance(name, str) and isinstance(parent, str):
        return reference(f"{parent}/frontendIPConfigurations/{name}")
    return name if isinstance(name, Unknown) else parent


def _pools(block: Block) -> Value:
    pools = block.get("backend_address_pool_ids")
    return block.id("backend_address_pool_id") if _unset(pools) else pools


def _lb_rule(block: Block) -> Body:
    pools = _pools(block)
    several = isinstance(pools, list) and len(pools) > 1
    one = pools[0] if isinstance(pools, list) and len(pools) == 1 else pools
    return settings(
        protocol=block.get("protocol"),
        frontendPort=block.get("frontend_port"),
        backendPort=block.get("backend_port"),
        frontendIPConfiguration=_frontend(block),
        backendAddressPool=None if several else reference(one),
        backendAddressPools=_references(pools) if several else None,
        probe=reference(block.id("probe_id")),
        enableFloatingIP=block.get("floating_ip_enabled", "enable_floating_ip"),
        disableOutboundSnat=block.get("disable_outbound_snat"),
        idleTimeoutInMinutes=block.get("idle_timeout_in_minutes"),
        loadDistribution=block.get("load_distribution"),
    )


def _lb_nat_rule(block: Block) -> Body:
    return settings(
        protocol=block.get("protocol"),
        frontendPort=block.get("frontend_port"),
        frontendPortRangeStart=block.get("frontend_port_start"),
        frontendPortRangeEnd=block.get("frontend_port_end"),
        backendPort=block.get("backend_port"),
        frontendIPConfiguration=_frontend(block),
        backendAddressPool=reference(block.id("backend_address_pool_id")),
    )


def _lb_probe(block: Block) -> Body:
    return settings(
        protocol=block.get("protocol") or "Tcp",
        port=block.get("port"),
        requestPath=block.get("request_path"),
        intervalInSeconds=block.get("interval_in_seconds"),
        numberOfProbes=block.get("number_of_probes"),
    )


def _lb_outbound_rule(block: Block) -> Body:
    parent = block.id("loadbalancer_id")
    frontends = block.blocks("frontend_ip_configuration")
    if isinstance(parent, str) and isinstance(frontends, list):
        base = f"{parent}/frontendIPConfigurations"
        frontends = [reference(f"{base}/{one.get('name')}") for one in frontends]
    return settings(
        protocol=block.get("protocol"),
        frontendIPConfigurations=frontends,
        backendAddressPool=reference(block.id("backend_address_pool_id")),
        allocatedOutboundPorts=block.get("allocated_outbound_ports"),
        idleTimeoutInMinutes=block.get("idle_timeout_in_minutes"),
    )


def _nat_gateway(block: Block) -> Body:
    return _common(
        block,
        settings(idleTimeoutInMinutes=block.get("idle_timeout_in_minutes")),
        sku=_sku(block),
    )


def _plain(block: Block) -> Body:
    return _common(block, {})


def _child(make: Callable[[Block], Body]) -> Callable[[Block], Body]:
    return lambda block: {"properties": make(block)}


_NSG = "Microsoft.Network/networkSecurityGroups"
_TABLE = "Microsoft.Network/routeTables"
_VNET = "Microsoft.Network/virtualNetworks"
_LB = "Microsoft.Network/loadBalancers"
_IN_LB = ("loadbalancer_id", "name")

KINDS: dict[str, Kind] = {
    "azurerm_application_security_group": Kind(
        "Microsoft.Network/applicationSecurityGroups", ("name",), _plain
    ),
    "azurerm_lb": Kind(_LB, ("name",), _load_balancer),
    "azurerm_lb_backend_address_pool": Kind(
        f"{_LB}/backendAddressPools", _IN_LB, _child(lambda _: {}), "backendAddressPools"
    ),
    "azurerm_lb_nat_rule": Kind(
        f"{_LB}/inboundNatRules", _IN_LB, _child(_lb_nat_rule), "inboundNatRules"
    ),
    "azurerm_lb_outbound_rule": Kind(
        f"{_LB}/outboundRules", _IN_LB, _child(_lb_outbound_rule), "outboundRules"
    ),
    "azurerm_lb_probe": Kind(f"{_LB}/probes", _IN_LB, _child(_lb_probe), "probes"),
    "azurerm_lb_rule": Kind(
        f"{_LB}/loadBalancingRules", _IN_LB, _child(_lb_rule), "loadBalancingRules"
    ),
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
    "azurerm_virtual_network": Kind(_VNET, ("name",), _virtual_network),
    "azurerm_virtual_network_peering": Kind(
        f"{_VNET}/virtualNetworkPeerings",
        ("virtual_network_name", "name"),
        _child(_peering),
        "virtualNetworkPeerings",
    ),
}

OWNERS = {
    "subnet_id": f"{_VNET}/subnets",
    "network_interface_id": "Microsoft.Network/networkInterfaces",
    "nat_gateway_id": "Microsoft.Network/natGateways",
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
