r"""The subnet of an application gateway holds something else as well.

## Why it matters
Azure wants a subnet for application gateways alone. Whatever else is in it takes addresses the
gateway needs to grow, falls under route tables and security groups made for the gateway, and makes
updates and migrations of the gateway fail.

## What fails
A subnet that an application gateway lives in

- holds a resource of another type: a network interface, a private endpoint, a load balancer's
  frontend, a node pool, a database, a firewall, a gateway of another kind; whether that resource
  names the subnet or the subnet lists it;
- holds gateways of the first and of the second generation together;
- is delegated to another service;
- is called GatewaySubnet, which is for VPN and ExpressRoute gateways.

The answer is *unknown* for a gateway whose subnet is not in the snapshot. ADR-017 says the same of
delegated subnets and reserved names in general; where both see a gateway's subnet, this rule
speaks.

## What to do
Make a subnet for the gateway alone, and move what else is there:

    az network vnet subnet create --resource-group GROUP --vnet-name VNET \
        --name appgw --address-prefixes 10.0.4.0/24

## References
- https://learn.microsoft.com/azure/application-gateway/configuration-infrastructure
- Facts A-2, D-11
"""

from __future__ import annotations

from auditor.errors import Undetermined
from auditor.finding import Evidence, Finding, Severity
from auditor.network.gateway_homes import gateway_homes, gateways_by_subnet, home
from auditor.network.gateway_subnets import foreign_delegations, tenants
from auditor.network.gateways import is_v2
from auditor.network.graph import Network, evidence
from auditor.network.namesakes import names_in
from auditor.network.reads import SCALE_SETS
from auditor.network.strays import strays
from auditor.network.subnets import free_prefix
from auditor.remedy import az, unused_name
from auditor.resources import walk
from auditor.resources.application_gateways import ApplicationGateway
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.rule import Outcomes, Reads, rule
from auditor.snapshot.document import Dialect

_SHOWN = 5
_SIZES = (24, 26)
"""Lengths of the prefixes that Azure recommends for a gateway (A-3)."""


@rule(
    "GW-021",
    severity=Severity.HIGH,
    since="0.1.0",
    of=gateway_homes,
    reads=Reads(
        subjects=("applicationGateways",),
        nearby=("networkInterfaces", "loadBalancers", SCALE_SETS, "applicationGateways"),
    ),
)
def shared_gateway_subnet(network: Network, subject: Subnet | ApplicationGateway) -> Outcomes:
    """Find gateway subnets that are not for gateways of one generation alone."""
    subnet = home(network, subject)
    others = tenants(network, subnet)
    if others:
        shown = ", ".join(one.label for one in others[:_SHOWN])
        more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
        proofs = tuple(evidence(one.told_by, one.pointer, one.value) for one in others[:_SHOWN])
        yield _finding(
            network, subnet, f"holds {shown}{more} beside it", "others", proofs,
            tuple(one.id for one in others),
        )  # fmt: skip
    gateways = gateways_by_subnet(network)[subnet.key]
    if len(gateways) > 1 and len({is_v2(one) for one in gateways}) > 1:
        proofs = tuple(_tier_of(one) for one in gateways)
        what = "holds gateways of the first and of the second generation together"
        yield _finding(network, subnet, what, "generations", proofs)
    foreign = foreign_delegations(subnet)
    if foreign:
        proof = evidence(subnet, "/properties/delegations", list(foreign))
        yield _finding(
            network, subnet, f"is delegated to {', '.join(foreign)}", "delegation", (proof,)
        )
    if subnet.label.lower() == "gatewaysubnet":
        proof = evidence(subnet, "/name", subnet.label)
        what = "is the one for VPN and ExpressRoute gateways"
        yield _finding(network, subnet, what, "name", (proof,))
    if not others:
        _require_tenants(network, subnet)


def _tier_of(gateway: ApplicationGateway) -> Evidence:
    """Quote the generation of a gateway as its export spells it."""
    sku = gateway.properties.sku
    if sku is not None and sku.tier:
        return evidence(gateway, "/properties/sku/tier", sku.tier)
    return evidence(gateway, "/properties/sku/name", sku.name if sku else None)


def _require_tenants(network: Network, subnet: Subnet) -> None:
    """Raise Undetermined when an interface may stand in a subnet that does not list who does.

    Azure's answers list them; what people write does not.
    """
    record = subnet.root.record
    if record is None or record.dialect is not Dialect.LOOSE:
        return
    for nic in strays(network):
        if nic.subscription.lower() == subnet.subscription.lower():
            raise Undetermined(f"whether {nic.label} stands in {subnet.label}", resource=nic.id)


def _finding(
    network: Network,
    subnet: Subnet,
    what: str,
    key: str,
    proofs: tuple[Evidence, ...],
    others: tuple[str, ...] = (),
) -> Finding:
    gateways = gateways_by_subnet(network)[subnet.key]
    vnet = network.holder(subnet, VirtualNetwork)
    sizes = (free_prefix(network, subnet, length) for length in _SIZES)
    free = next((each for each in sizes if each is not None), None)
    return Finding(
        subnet.id,
        f"The subnet {subnet.label} of {', '.join(one.label for one in gateways)} {what}",
        "move what else is there, or give the gateway a subnet of its own: "
        + az(
            *("network", "vnet", "subnet", "create"),
            resource_group=subnet.resource_group,
            vnet_name=vnet.label if vnet else "VNET",
            name=unused_name("appgw", names_in(vnet, "subnets") if vnet else ()),
            address_prefixes=str(free) if free else "<a free range>",
            network_security_group=_group(subnet),
        ),
        related=(*(one.id for one in gateways), *others),
        evidence=proofs,
        key=key,
        covers=(("ADR-017", subnet.id),),
    )


def _group(subnet: Subnet) -> str | None:
    """The group that the gateway has now: it has what a gateway needs, where there is one."""
    ref = walk.peek(subnet.properties, "network_security_group")
    return walk.peek(ref, "id") or None
