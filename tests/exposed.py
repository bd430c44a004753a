"""Public addresses, load balancers and security groups in a line each, for tests."""

from __future__ import annotations

from typing import Any

from auditor.testing import arm_id, resource

PIP = "Microsoft.Network/publicIPAddresses"
NIC = "Microsoft.Network/networkInterfaces"
NSG = "Microsoft.Network/networkSecurityGroups"
RULE = f"{NSG}/securityRules"
VNET = "Microsoft.Network/virtualNetworks"
SUBNET = f"{VNET}/subnets"
BALANCER = "Microsoft.Network/loadBalancers"
FRONTEND = f"{BALANCER}/frontendIPConfigurations"
POOL = f"{BALANCER}/backendAddressPools"
GATEWAY = "Microsoft.Network/applicationGateways"
SCALE_SET = "Microsoft.Compute/virtualMachineScaleSets"

Json = dict[str, Any]


def ref(arm_id: str) -> Json:
    return {"id": arm_id}


def pip(name: str, owner: str | None = None, **more: Any) -> Json:
    """A Standard public IP, attached to an id or to nothing."""
    properties: Json = {"ipAddress": more.pop("address", "20.50.1.2"), **more.pop("settings", {})}
    if owner:
        properties["ipConfiguration"] = ref(owner)
    sku = more.pop("sku", {"name": "Standard"})
    return resource(PIP, name, properties, sku=sku, **more)


def nic(name: str, *, public: str | None = None, nsg: str | None = None, **more: Any) -> Json:
    """A NIC with one ip configuration in subnet vnet/app, at 10.0.0.4."""
    configuration: Json = {
        "privateIPAddress": more.pop("address", "10.0.0.4"),
        "subnet": ref(arm_id(SUBNET, "vnet", more.pop("subnet", "app"))),
        **more.pop("configuration", {}),
    }
    if public:
        configuration["publicIPAddress"] = ref(arm_id(PIP, public))
    settings: Json = {"ipConfigurations": [{"name": "primary", "properties": configuration}]}
    if nsg:
        settings["networkSecurityGroup"] = ref(arm_id(NSG, nsg))
    return resource(NIC, name, settings, **more)


def vnet(*subnets: Json, name: str = "vnet", prefix: str = "10.0.0.0/16", **more: Any) -> Json:
    space = {"addressSpace": {"addressPrefixes": [prefix]}}
    listed: Json = {"subnets": list(subnets), "virtualNetworkPeerings": []}
    return resource(VNET, name, {**space, **listed, **more})


def subnet(
    name: str = "app", prefix: str = "10.0.0.0/24", *, nsg: str | None = None, **more: Any
) -> Json:
    settings: Json = {"addressPrefix": prefix, **more}
    if nsg:
        settings["networkSecurityGroup"] = ref(arm_id(NSG, nsg))
    return {"id": arm_id(SUBNET, "vnet", name), "name": name, "properties": settings}


def rule(name: str, priority: int, source: Any = "*", ports: Any = "*", **more: Any) -> Json:
    """An inbound Allow rule for TCP; lists go to the plural fields."""
    settings: Json = {
        "priority": priority,
        "direction": "Inbound",
        "access": "Allow",
        "protocol": "Tcp",
        "sourcePortRange": "*",
        "destinationAddressPrefix": "*",
        **_sides(source, ports),
        **more,
    }
    return {"name": name, "properties": settings}


def deny(name: str, priority: int, source: Any = "*", ports: Any = "*", **more: Any) -> Json:
    return rule(name, priority, source, ports, **{"access": "Deny", "protocol": "*", **more})


def _sides(source: Any, ports: Any) -> Json:
    plural = isinstance(source, list), isinstance(ports, list)
    return {
        "sourceAddressPrefixes" if plural[0] else "sourceAddressPrefix": source,
        "destinationPortRanges" if plural[1] else "destinationPortRange": ports,
    }


def nsg(*rules: Json, name: str = "nsg", **more: Any) -> Json:
    settings: Json = {"securityRules": list(rules), **more}
    return resource(NSG, name, settings)


NO_RULES: Json = {"loadBalancingRules": [], "inboundNatRules": [], "outboundRules": []}
"""What Azure writes of a load balancer without any."""


def balancer(name: str = "lb", *, public: str | None = "pip", **more: Any) -> Json:
    """A load balancer with frontend `front` and pool `pool`; `more` are further settings."""
    front: Json = (
        {"publicIPAddress": ref(arm_id(PIP, public))}
        if public
        else {
            "subnet": ref(arm_id(SUBNET, "vnet", "app")),
            "privateIPAddress": "10.0.0.10",
            "privateIPAllocationMethod": more.pop("method", "Dynamic"),
        }
    )
    group = more.pop("group", "rg")
    member = arm_id(f"{NIC}/ipConfigurations", "nic-web", "primary")
    settings: Json = {
        "frontendIPConfigurations": [{"name": "front", "properties": front}],
        "backendAddressPools": [
            {"name": "pool", "properties": {"backendIPConfigurations": [ref(member)]}}
        ],
        **NO_RULES,
        **more,
    }
    return resource(BALANCER, name, settings, group=group)


def front(name: str = "lb", group: str = "rg") -> str:
    return arm_id(FRONTEND, name, "front", group=group)


def forwards(
    name: str = "web", port: int = 443, backend: int | None = None, *, of: str = "lb", **more: Any
) -> Json:
    """A load-balancing or NAT rule of the frontend, to the pool."""
    group = more.pop("group", "rg")
    settings = {
        "frontendIPConfiguration": ref(front(of, group)),
        "backendAddressPool": ref(arm_id(POOL, of, "pool", group=group)),
        "protocol": "Tcp",
        "frontendPort": port,
        "backendPort": backend or port,
        **more,
    }
    return {"name": name, "properties": settings}


def outbound(*, of: str = "lb", group: str = "rg") -> Json:
    settings = {
        "frontendIPConfigurations": [ref(front(of, group))],
        "backendAddressPool": ref(arm_id(POOL, of, "pool", group=group)),
        "protocol": "All",
    }
    return {"name": "out", "properties": settings}


def gateway(name: str = "agw", *, ports: tuple[int, ...] = (443,), public: bool = True) -> Json:
    """An application gateway in subnet vnet/gateway that listens on ports of its frontend."""

    def part(kind: str, of: str) -> Json:
        return ref(arm_id(f"{GATEWAY}/{kind}", name, of))

    home = ref(arm_id(SUBNET, "vnet", "gateway"))
    at = {"publicIPAddress": ref(arm_id(PIP, "pip-agw"))} if public else {"subnet": home}
    return resource(
        GATEWAY,
        name,
        {
            "gatewayIPConfigurations": [{"name": "own", "properties": {"subnet": home}}],
            "frontendIPConfigurations": [{"name": "front", "properties": at}],
            "frontendPorts": [{"name": f"p{p}", "properties": {"port": p}} for p in ports],
            "httpListeners": [
                {
                    "name": f"on-{port}",
                    "properties": {
                        "frontendIPConfiguration": part("frontendIPConfigurations", "front"),
                        "frontendPort": part("frontendPorts", f"p{port}"),
                        "protocol": "Https",
                    },
                }
                for port in ports
            ],
        },
    )
