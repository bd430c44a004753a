r"""A gateway's backend is a public address, or one in no network the gateway reaches.

## Why it matters
The gateway should be the only way in from the internet. A backend with a public address can be
reached past it, past its firewall and its certificate; and the gateway's own requests leave for the
internet and come back. A private address in no network that the gateway's virtual network is joined
with is answered by nobody: Azure drops the packets.

## What fails
An address in a backend pool that lies neither in the address space of the gateway's virtual
network, nor in a network it is peered with or joined with through a virtual hub, nor in a site
behind its VPN gateways (the prefixes of their local network gateways), nor in a network beyond its
peers to which a route of the gateway's subnet sends packets by an appliance. A public range that a
virtual network uses as its own counts as inside. So does a pod of an AKS overlay, where an ingress
controller writes the gateway (the AGIC add-on, or the tag `managed-by-k8s-ingress`) and its subnet
is delegated to `Microsoft.Network/applicationGateways`; without the delegation, or where the
controller's cluster is not in the snapshot or does not tell its pod range, the answer is *unknown*.

Names are not addresses: a pool member given by name is not judged here, unless the name is an
address. Members given by network interface are in a virtual network by their nature.

For a private address the answer is *unknown* when the snapshot does not tell all that the gateway
reaches: a peer whose address space no peering tells, a hub, a connection's far end that is missing,
routes learned by BGP, or what lies behind an appliance. It is *unknown* for any address when the
gateway's own virtual network is missing.

Where the pool sends to an AKS cluster, GW-002 speaks if it runs.

## What to do
Give the server a private address and put that into the pool:

    az network application-gateway address-pool update --resource-group GROUP \
        --gateway-name GATEWAY --name POOL --servers 10.0.2.10

## References
- https://learn.microsoft.com/azure/application-gateway/application-gateway-components#backend-pools
- https://learn.microsoft.com/azure/virtual-network/virtual-networks-udr-overview#system-routes
- Facts A-26, A-27, A-54, R-2, R-11, R-15, R-24, R-25
"""

from __future__ import annotations

from auditor.addresses import Address
from auditor.errors import Undetermined
from auditor.finding import Finding, Severity
from auditor.network.doubt import Doubt, settled
from auditor.network.gateway_backends import (
    addressed_members,
    is_controlled,
    public_addresses,
    whereabouts,
)
from auditor.network.gateway_homes import subnet_of, vnet_of
from auditor.network.gateways import Member, gateway_of, others_in_pool
from auditor.network.graph import Network, evidence
from auditor.network.on_premises import sites_told
from auditor.network.pod_owners import reaches_overlay, require_pods_told
from auditor.remedy import az
from auditor.resources.application_gateways import ApplicationGateway
from auditor.rule import Outcomes, Reads, apart, rule
from auditor.special_addresses import PRIVATE, PUBLIC


@rule(
    "GW-001",
    severity=Severity.CRITICAL,
    since="0.1.0",
    of=addressed_members,
    reads=Reads(subjects=("applicationGateways",)),
)
def public_backend(network: Network, subject: Member | Doubt) -> Outcomes:
    """Find pool addresses outside every network the gateway reaches privately."""
    member = settled(subject)
    yield from apart(member.id, [(member.text, member)], lambda each: _judge(network, each))


def _judge(network: Network, member: Member) -> Outcomes:
    gateway = gateway_of(network, member.pool)
    here = whereabouts(network, member)
    address = here.address
    if here.key is not None or here.owners or _is_pod(network, member, address):
        return
    if here.unsure:
        if _on_premises(network, gateway, address):
            return
        if address not in PUBLIC:
            raise Undetermined(here.unsure, resource=gateway.id)
    public = public_addresses(network).get(address)
    yield Finding(
        member.pool.id,
        f"The backend pool {member.pool.label} of {gateway.label} sends to {address}, "
        f"{_what(network, gateway, address)}",
        "put a private address that the gateway reaches into the pool: "
        + az(
            *("network", "application-gateway", "address-pool", "update"),
            resource_group=gateway.resource_group,
            gateway_name=gateway.label,
            name=member.pool.label,
            servers=(*others_in_pool(network, member), "ADDRESS"),
        ),
        related=(public.id,) if public else (),
        evidence=(
            evidence(member.pool, member.pointer, member.text),
            *((evidence(public, "/properties/ipAddress", str(address)),) if public else ()),
        ),
        key=str(address),
    )


def _is_pod(network: Network, member: Member, address: Address) -> bool:
    """Whether an ingress controller put the address of a pod of an overlay into the pool."""
    if not is_controlled(network, member.pool):
        return False
    gateway = gateway_of(network, member.pool)
    vnet, home = vnet_of(network, gateway), subnet_of(network, gateway)
    if reaches_overlay(network, vnet, home, address):
        return True
    require_pods_told(network, gateway, vnet, address)
    return False


def _on_premises(network: Network, gateway: ApplicationGateway, address: Address) -> bool:
    """Whether the address lies in a site that the snapshot tells of."""
    try:
        claims = sites_told(network, vnet_of(network, gateway)).claims
    except Undetermined:
        return False
    return any(address in claim.prefix for claim in claims)


def _what(network: Network, gateway: ApplicationGateway, address: Address) -> str:
    public = public_addresses(network).get(address)
    if public is not None:
        return f"the public address {public.label}"
    if address in PUBLIC:
        return "a public address"
    if address in PRIVATE:
        vnet = vnet_of(network, gateway).label
        return f"a private address that lies neither in {vnet} nor in any network it reaches"
    return "an address that no server can have"
