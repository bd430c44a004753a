"""A public address belongs to something that is not an approved gateway.

## Why it matters
An application behind an Application Gateway is as safe as its other doors. Every further public
address is a way in (or a claim to one) that passes no web application firewall, no listener and
no access log of the gateway. "Only the gateway is public" can be checked address by address.

## What fails
A public IP whose owner is not approved. The owner is read from the address
(`ipConfiguration`, `natGateway`) and from the other side (whatever refers to the address), since
either end may be missing from an export (E-1). By itself no exposure, hence kept:

- an address attached to nothing;
- a NAT gateway: it lets nothing in (R-31);
- a load-balancer frontend that no rule uses, or that outbound rules alone use (E-7, E-8);
- an ExpressRoute gateway and a route server: only the platform talks to them.

`allow` holds the approved owners: globs of ARM types, of owners' ids, or of public IP ids. By
default application gateways and Azure Firewalls, which are built to face the internet.

Bastion hosts and VPN gateways are not approved by default. They authenticate whoever knocks, so
the finding is *medium*; it asks for a decision: name the one you mean in `allow`.

*Unknown* when the snapshot lacks the load balancer, or the virtual network gateway, that decides.

More special rules speak in place of this one for network interfaces (EXP-002), scale sets
(EXP-003), load balancers (EXP-006) and addresses made by Kubernetes (EXP-009).

## What to do
Take the address off its owner and publish the service through the gateway, or approve the owner:

    [params.EXP-001]
    allow = ["Microsoft.Network/applicationGateways", "*/bastionHosts/bas-hub"]

## References
- https://learn.microsoft.com/azure/virtual-network/ip-services/public-ip-addresses
- https://learn.microsoft.com/azure/architecture/example-scenario/gateway/firewall-application-gateway
- Facts E-1, E-3, E-4, E-7 to E-9
"""

from __future__ import annotations

from msgspec import Struct

from auditor import ids
from auditor.network.approval import approved
from auditor.network.exposure import (
    BASTION,
    INTERFACE,
    LOAD_BALANCER,
    NAT_GATEWAY,
    NETWORK_GATEWAY,
    ROUTE_SERVER,
    Owner,
    owners_of,
    public_name,
    use_of,
)
from auditor.network.graph import every
from auditor.remedy import az
from auditor.resources.hybrid import VirtualNetworkGateway
from auditor.resources.load_balancers import LoadBalancerFrontend
from auditor.resources.public_addresses import PublicIp
from auditor.rule import Finding, Network, Outcomes, Severity, rule


class Params(Struct, frozen=True):
    """What may own a public address."""

    allow: tuple[str, ...] = (
        "Microsoft.Network/applicationGateways",
        "Microsoft.Network/azureFirewalls",
    )
    """Globs of ARM types, owners' ids or public IP ids; letter case does not matter."""


@rule(
    "EXP-001",
    severity=Severity.CRITICAL,
    since="0.1.0",
    of=every(PublicIp),
    parameters=Params,
    peers=(
        "PSR:VM.PublicIPAttached",
        "POL:83a86a26",
        "AZTS:VNet_Justify_PublicIPs",
        "CHK:ALZ D05.08",
    ),
)
def unapproved_public_address(network: Network, pip: PublicIp, params: Params) -> Outcomes:
    """Judge the owner of one public address."""
    if approved(params.allow, pip.id):
        return
    for owner in owners_of(network, pip):
        if approved(params.allow, owner.id, owner.part, owner.type):
            continue
        if not _lets_in(network, owner):
            continue
        guarded = owner.type in (BASTION, NETWORK_GATEWAY)
        yield Finding(
            subject=pip.id,
            message=f"{public_name(network, pip.id)} belongs to the {owner.word} {owner.name}, "
            "which is no approved gateway",
            remedy=_remedy(pip, owner, guarded),
            related=(owner.id,),
            evidence=(owner.told,),
            severity=Severity.MEDIUM if guarded else None,
            key=owner.id.lower(),
        )


def _lets_in(network: Network, owner: Owner) -> bool:
    if owner.type in (NAT_GATEWAY, ROUTE_SERVER):
        return False
    if owner.type == LOAD_BALANCER:
        frontend = network.get(owner.part, LoadBalancerFrontend)
        use = use_of(network, frontend) if frontend is not None else None
        if use is not None and not use.inbound:
            use.certain()
            return False
    if owner.type == NETWORK_GATEWAY:
        gateway = network.get(owner.id, VirtualNetworkGateway)
        return gateway is None or gateway.kind != "expressroute"
    return True


def _remedy(pip: PublicIp, owner: Owner, guarded: bool) -> str:
    if guarded:
        return f'approve it if it is meant: add "{owner.id}" to allow of [params.EXP-001]'
    if owner.type == INTERFACE:
        command = az(
            "network", "nic", "ip-config", "update",
            resource_group=ids.resource_group(owner.id),
            nic_name=owner.name,
            name=ids.name(owner.part),
            remove="publicIPAddress",
        )  # fmt: skip
        return f"publish the service through the gateway, then detach the address: {command}"
    command = az(
        "network", "public-ip", "delete", resource_group=pip.resource_group, name=pip.label
    )
    return (
        f"publish the service through the gateway, take the address off {owner.name}, "
        f"then delete it: {command}"
    )
