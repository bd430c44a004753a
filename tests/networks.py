"""Networks in a line each, for tests about address plans."""

from __future__ import annotations

from typing import Any

from auditor.testing import arm_id, resource

VNET = "Microsoft.Network/virtualNetworks"
SUBNET = f"{VNET}/subnets"
PEERING = f"{VNET}/virtualNetworkPeerings"

Json = dict[str, Any]


def vnet_id(name: str) -> str:
    return arm_id(VNET, name)


def subnet_id(vnet: str, name: str) -> str:
    return arm_id(SUBNET, vnet, name)


def vnet(name: str, *prefixes: str, subnets: Json | None = None, peers: Any = ()) -> Json:
    """A VNet; `subnets` maps names to a prefix or to properties; `peers` are peerings."""
    return resource(
        VNET,
        name,
        {
            "addressSpace": {"addressPrefixes": list(prefixes)},
            "subnets": [
                {
                    "id": subnet_id(name, each),
                    "name": each,
                    "properties": {"addressPrefix": is_} if isinstance(is_, str) else is_,
                }
                for each, is_ in (subnets or {}).items()
            ],
            "virtualNetworkPeerings": [
                {**peer, "id": f"{vnet_id(name)}/virtualNetworkPeerings/{peer['name']}"}
                for peer in peers
            ],
        },
    )


def peer(far: str, *remote: str, state: str | None = "Connected", **more: Any) -> Json:
    """One side of a peering, named for its far end."""
    properties: Json = {"remoteVirtualNetwork": {"id": vnet_id(far)}, **more}
    if state is not None:
        properties["peeringState"] = state
    if remote:
        properties["remoteAddressSpace"] = {"addressPrefixes": list(remote)}
    return {"name": f"to-{far}", "properties": properties}


def hub_peer(hub: str, *remote: str) -> Json:
    """The peering that Azure makes with the network inside a virtual hub, which is Azure's own."""
    inside = peer(f"HV_{hub}_9f0c1a7e", *remote, useRemoteGateways=True)
    return {**inside, "name": "RemoteVnetToHubPeering_9f0c1a7e"}


def nic(name: str, address: str | None, in_: tuple[str, str], *, vm: str = "", **more: Any) -> Json:
    """A NIC with one address in a subnet, given as (VNet, subnet)."""
    method = more.pop("method", "Dynamic")
    properties: Json = {
        "subnet": {"id": subnet_id(*in_)},
        "privateIPAllocationMethod": method,
        **more.pop("configuration", {}),
    }
    if address:
        properties["privateIPAddress"] = address
    settings: Json = {"ipConfigurations": [{"name": "primary", "properties": properties}], **more}
    if vm:
        settings["virtualMachine"] = {"id": arm_id("Microsoft.Compute/virtualMachines", vm)}
    return resource("Microsoft.Network/networkInterfaces", name, settings)


def internal_balancer(name: str, address: str | None, in_: tuple[str, str], **more: Any) -> Json:
    """A load balancer with one private frontend."""
    properties: Json = {
        "subnet": {"id": subnet_id(*in_)},
        "privateIPAllocationMethod": more.get("method", "Static"),
    }
    if address:
        properties["privateIPAddress"] = address
    return resource(
        "Microsoft.Network/loadBalancers",
        name,
        {
            "frontendIPConfigurations": [{"name": "front", "properties": properties}],
            "backendAddressPools": [],
            "loadBalancingRules": [],
            "inboundNatRules": [],
            "outboundRules": [],
        },
        sku={"name": "Standard"},
    )


def gateway(name: str, vnet_name: str, *, kind: str = "Vpn", **more: Any) -> Json:
    """A VPN or ExpressRoute gateway in a VNet."""
    return resource(
        "Microsoft.Network/virtualNetworkGateways",
        name,
        {
            "gatewayType": kind,
            "ipConfigurations": [
                {
                    "name": "default",
                    "properties": {"subnet": {"id": subnet_id(vnet_name, "GatewaySubnet")}},
                }
            ],
            **more,
        },
    )


def site(name: str, *prefixes: str) -> Json:
    """A local network gateway with the prefixes behind it."""
    return resource(
        "Microsoft.Network/localNetworkGateways",
        name,
        {"localNetworkAddressSpace": {"addressPrefixes": list(prefixes)}},
    )


def tunnel(name: str, gateway_name: str, site_name: str, **more: Any) -> Json:
    """A site-to-site connection."""
    return resource(
        "Microsoft.Network/connections",
        name,
        {
            "connectionType": "IPsec",
            "virtualNetworkGateway1": {
                "id": arm_id("Microsoft.Network/virtualNetworkGateways", gateway_name)
            },
            "localNetworkGateway2": {
                "id": arm_id("Microsoft.Network/localNetworkGateways", site_name)
            },
            **more,
        },
    )


def hub(name: str, prefix: str, *vnets: str, wan: str = "wan") -> list[Json]:
    """A virtual hub, connected to VNets."""
    kind = "Microsoft.Network/virtualHubs"
    wan_id = arm_id("Microsoft.Network/virtualWans", wan)
    return [
        resource(kind, name, {"addressPrefix": prefix, "virtualWan": {"id": wan_id}}),
        *(
            resource(
                f"{kind}/hubVirtualNetworkConnections",
                f"{name}/to-{each}",
                {"remoteVirtualNetwork": {"id": vnet_id(each)}},
            )
            for each in vnets
        ),
    ]
