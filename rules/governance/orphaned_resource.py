"""A network resource is used by nothing.

## Why it matters
What nobody uses is paid for, is patched by nobody, and misleads: a security group on nothing looks
like protection, a released name or address of an old public IP is what attackers look for. Some of
it waits for the day somebody attaches it again, with rules from another time.

## What fails
- a public IP, NIC, NAT gateway, security group or route table that is attached to nothing,
- an IP group, WAF policy or DDoS plan that nothing refers to,
- a virtual network without subnets, a subnet without any device,
- a VPN or ExpressRoute gateway without connections and without VPN clients,
- a Traffic Manager profile without endpoints.

Both sides are asked: who refers to it, and what Azure lists with it. Resources in the node resource
group of an AKS cluster are AKS's own and are not judged, nor is what tells no `provisioningState`,
as what a template or a plan only declares: who uses it may be told elsewhere. A reserved subnet
(`AzureBastionSubnet`, ...) is judged like any other.

A delegated subnet in which nothing is seen gives *unknown*, since services do not always list what
they put there; so does a gateway while the snapshot holds no connection of its subscription, and
a security group, route table or NAT gateway while a network of its subscription is named and not
in the snapshot, or does not tell what its subnets use.

## What to do
Delete it, or attach it where it was meant to be. Before you delete a public IP, remove the DNS
records that lead to it.

## References
- https://learn.microsoft.com/azure/networking/fundamentals/networking-overview
- https://azure.github.io/Azure-Proactive-Resiliency-Library-v2/
- Facts E-1, E-8, D-10, D-11, K-1
"""

from __future__ import annotations

from auditor import ids
from auditor.network.graph import evidence
from auditor.network.orphans import idle, judgeable, suspects
from auditor.remedy import az
from auditor.resources.base import Node
from auditor.resources.virtual_networks import Subnet
from auditor.resources.web_application_firewalls import WafPolicy
from auditor.rule import Finding, Network, Outcomes, Severity, rule

_NAMES = {
    "PublicIp": ("public IP", "public-ip"),
    "NetworkInterface": ("network interface", "nic"),
    "NetworkSecurityGroup": ("security group", "nsg"),
    "RouteTable": ("route table", "route-table"),
    "NatGateway": ("NAT gateway", "nat gateway"),
    "IpGroup": ("IP group", "ip-group"),
    "DdosProtectionPlan": ("DDoS protection plan", "ddos-protection"),
    "WafPolicy": ("WAF policy", "application-gateway waf-policy"),
    "VirtualNetwork": ("virtual network", "vnet"),
    "Subnet": ("subnet", "vnet subnet"),
    "VirtualNetworkGateway": ("gateway", "vnet-gateway"),
    "TrafficManagerProfile": ("Traffic Manager profile", "traffic-manager profile"),
}


@rule(
    "GOV-001",
    severity=Severity.LOW,
    since="0.1.0",
    of=judgeable,
    suspects=suspects,
    peers=(
        "PSR:PublicIP.IsAttached",
        "PSR:NIC.Attached",
        "PSR:NSG.Associated",
        "AZQ:5e6f7a8b",
        "AZQ:6f7a8b9c",
        "AZQ:7a8b9c0d",
        "AZQ:8b9c0d1e",
        "AZQ:5c6d7e8f",
        "AZQ:6d7e8f9a",
        "AZQ:0b1c2d3e",
        "AZQ:0d1e2f3a",
        "AZQ:3a4b5c6d",
        "AZQ:4b5c6d7e",
        "AZQ:9a0b1c2d",
        "AZQ:1e2f3a4b",
    ),
)
def orphaned_resource(network: Network, node: Node) -> Outcomes:
    """Tell what nothing uses."""
    found = idle(network, node)
    if found is not None:
        kind, _ = _NAMES[type(node).__name__]
        yield Finding(
            subject=node.id,
            message=f"{kind} {_full_name(node)} is {found.why}",
            remedy=f"if nobody is about to use it: {_delete(node)}",
            related=(node.owner.id,) if node.owner is not None else (),
            evidence=(evidence(node, found.pointer, found.lacks),),
        )


def _full_name(node: Node) -> str:
    if isinstance(node, Subnet):
        return f"{ids.name(ids.parent(node.id) or '')}/{node.label}"
    return node.label


def _delete(node: Node) -> str:
    _, command = _NAMES[type(node).__name__]
    if isinstance(node, Subnet):
        return az("network", "vnet", "subnet", "delete", ids=node.id)
    if isinstance(node, WafPolicy) and node.for_front_door:
        command = "front-door waf-policy"
    return az(
        "network",
        *command.split(),
        "delete",
        resource_group=node.resource_group,
        name=node.label,
    )
