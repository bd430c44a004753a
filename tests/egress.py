"""Subnets with machines and nodes, and the ways out they may have, in a line each, for tests."""

from __future__ import annotations

from typing import Any

from auditor.testing import arm_id, resource

from .networks import nic, subnet_id, vnet

APP = ("a", "app")
VM = "Microsoft.Compute/virtualMachines"
PIP = "Microsoft.Network/publicIPAddresses"
NAT = "Microsoft.Network/natGateways"
LB = "Microsoft.Network/loadBalancers"
TABLE = "Microsoft.Network/routeTables"
PRIVATE: dict[str, Any] = {"defaultOutboundAccess": False}
BY_NAT: dict[str, Any] = {"natGateway": {"id": arm_id(NAT, "nat")}}
BY_TABLE: dict[str, Any] = {"routeTable": {"id": arm_id(TABLE, "rt")}}
IN_POOL: dict[str, Any] = {
    "loadBalancerBackendAddressPools": [{"id": arm_id(f"{LB}/backendAddressPools", "lb", "pool")}]
}

Json = dict[str, Any]


def network(**subnet: Any) -> Json:
    """A VNet with one subnet, `app`, with these settings."""
    return vnet("a", "10.0.0.0/16", subnets={"app": {"addressPrefix": "10.0.0.0/24", **subnet}})


def machine(name: str = "web", address: str = "10.0.0.4", **more: Any) -> list[Json]:
    """A VM with one NIC."""
    return [nic(f"{name}-nic", address, APP, vm=name, **more), resource(VM, name, {})]


def public(name: str, address: str | None = None) -> Json:
    """A public address."""
    told = {"ipAddress": address} if address else {}
    return resource(PIP, name, told, sku={"name": "Standard"})


def has_public(name: str) -> Json:
    """What an ip configuration or a frontend says that has a public address."""
    return {"publicIPAddress": {"id": arm_id(PIP, name)}}


def nat(*addresses: str) -> Json:
    """A NAT gateway with public addresses, by name."""
    named = [{"id": arm_id(PIP, each)} for each in addresses]
    return resource(NAT, "nat", {"publicIpAddresses": named})


def table(*routes: tuple[str, str], to: str = "", **more: Any) -> Json:
    """A route table; a route is a prefix and the type of its next hop, `to` the address."""
    address = {"nextHopIpAddress": to} if to else {}
    written = [
        {"name": f"r{n}", "properties": {"addressPrefix": prefix, "nextHopType": kind, **address}}
        for n, (prefix, kind) in enumerate(routes)
    ]
    return resource(TABLE, "rt", {"routes": written, **more})


def balancer(
    *,
    outbound: bool = False,
    snat: bool | None = None,
    sku: str = "Standard",
    pool: Json | None = None,
) -> Json:
    """A public load balancer with one pool; `snat` gives it a rule, with or without SNAT."""

    def here(kind: str, name: str) -> Json:
        return {"id": arm_id(f"{LB}/{kind}", "lb", name)}

    ends = {"backendAddressPool": here("backendAddressPools", "pool")}
    front = here("frontendIPConfigurations", "front")
    rule = {**ends, "frontendIPConfiguration": front, "disableOutboundSnat": not snat}
    out = {**ends, "frontendIPConfigurations": [front]}
    return resource(
        LB,
        "lb",
        {
            "frontendIPConfigurations": [{"name": "front", "properties": has_public("front")}],
            "backendAddressPools": [{"name": "pool", "properties": pool or {}}],
            "inboundNatRules": [],
            "loadBalancingRules": [] if snat is None else [{"name": "r", "properties": rule}],
            "outboundRules": [{"name": "o", "properties": out}] if outbound else [],
        },
        sku={"name": sku},
    )


def cluster(kind: str | None, *, pods: bool = False, **profile: Any) -> Json:
    """A cluster with its nodes, or its pods, in the subnet."""
    told = {"outboundType": kind} if kind else {}
    where = "podSubnetID" if pods else "vnetSubnetID"
    return resource(
        "Microsoft.ContainerService/managedClusters",
        "aks",
        {
            "agentPoolProfiles": [{"name": "system", where: subnet_id(*APP)}],
            "networkProfile": {"networkPlugin": "azure", **told, **profile},
        },
    )
