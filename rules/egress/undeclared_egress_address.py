"""A subnet leaves by another address than the declared ones.

## Why it matters
Partners and providers let in the addresses that they were given. Traffic from another address is
dropped there, often at the worst moment: after a scale-out, a failover, or a new NAT gateway. And a
declared address that is no longer used is trusted all the same, whoever has it next.

## What fails
The parameter `declared` gives, for globs of ids of subnets, the addresses and prefixes that were
told to others; all that fit a subnet count. Subnets that none fits are not judged.

    [params.NAT-005.declared]
    "*/subnets/snet-jobs" = ["20.61.30.5", "20.61.31.0/28"]

- What runs in the subnet leaves by a public address outside them (high): that of the firewall to
  which its routes lead, of the NAT gateway, its own, those of the load balancer's rules for its
  pool, those of its AKS cluster. Of several addresses of one NAT gateway, firewall or rule each is
  used. Default outbound access is never a declared address: Azure chooses it and changes it.
- Nothing leaves by an undeclared address, and a declared entry holds no address by which anything
  in the subnet leaves, although all of them are told (low).

For IPv4. Where nothing leaves at all, NAT-002 tells it. *Unknown* beyond an appliance other than
Azure Firewall and beyond VPN and ExpressRoute gateways, where BGP may teach a default route, and
where an address or a resource on the way is not told.

## What to do
Give the subnet the address that was declared, or tell those who must know the new one.

## References
- https://learn.microsoft.com/azure/nat-gateway/nat-gateway-resource
- https://learn.microsoft.com/azure/load-balancer/load-balancer-outbound-connections
- Facts R-30 to R-36, R-39, E-24
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct, field

from auditor.addresses import NOTHING, AddressSet
from auditor.finding import Evidence
from auditor.network.approval import approved
from auditor.network.graph import evidence
from auditor.network.nat_commands import by_new_nat_gateway
from auditor.network.reads import INHABITANTS
from auditor.network.subnets import vnet_name
from auditor.reach.appearance import Look, looks
from auditor.reach.leaving import inhabited_subnets
from auditor.remedy import az
from auditor.resources.nat_gateways import NatGateway
from auditor.resources.virtual_networks import Subnet
from auditor.rule import Finding, Network, Outcomes, Reads, Severity, Unknown, rule

MOST = 5


class Params(Struct, frozen=True):
    """As whom subnets are meant to be seen."""

    declared: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Globs of ids of subnets, and the addresses of each; letter case does not matter."""

    def __post_init__(self) -> None:
        """Refuse what is no address."""
        for entries in self.declared.values():
            AddressSet.from_text(entries)


@rule(
    "NAT-005",
    severity=Severity.HIGH,
    since="0.1.0",
    of=inhabited_subnets,
    parameters=Params,
    reads=Reads(subjects=INHABITANTS, nearby=INHABITANTS),
)
def undeclared_egress_address(network: Network, subnet: Subnet, params: Params) -> Outcomes:
    """Compare the addresses that are used with those that were declared."""
    entries = [
        entry
        for pattern, texts in params.declared.items()
        if approved((pattern,), subnet.id)
        for entry in texts
    ]
    if not entries:
        return
    declared = AddressSet.from_text(entries)
    found = looks(network, subnet)
    strangers = [
        look for look in found if look.certain and (look.nobodys or look.addresses - declared)
    ]
    unsure = [
        look.lacks or f"whether {look.who} leaves by {look.by}"
        for look in found
        if look.lacks or (not look.certain and (look.nobodys or look.addresses - declared))
    ]
    if strangers:
        yield _finding(network, subnet, strangers, entries, declared)
    elif unsure:
        yield Unknown(subnet.id, missing="; ".join(dict.fromkeys(unsure[:MOST])))
    elif found:
        yield from _unused(subnet, found, entries)


def _finding(
    network: Network,
    subnet: Subnet,
    strangers: Sequence[Look],
    entries: Sequence[str],
    declared: AddressSet,
) -> Finding:
    first = strangers[0]
    names = sorted({look.who for look in strangers if look.by == first.by})
    told = ", ".join(names[:MOST]) + (f" and {len(names) - MOST} more" if names[MOST:] else "")
    prefixes = (first.addresses - declared).prefixes()
    other = ", ".join(str(prefix).removesuffix("/32") for prefix in prefixes[:MOST])
    whose = "an address that Azure chooses" if first.nobodys else other
    nodes = [look.node for look in strangers if look.node is not None]
    return Finding(
        subject=subnet.id,
        related=tuple(dict.fromkeys(node.id for node in nodes)),
        message=f"{told} in subnet {subnet.label} of {vnet_name(subnet)} "
        f"{'leave' if len(names) > 1 else 'leaves'} by {first.by} as {whose}, "
        f"declared {'is' if len(entries) == 1 else 'are'} {', '.join(entries)}",
        remedy=_remedy(network, subnet, first),
        evidence=tuple(_evidence(subnet, first)),
        covers=(("NAT-001", subnet.id),) if first.nobodys else (),
    )


def _remedy(network: Network, subnet: Subnet, look: Look) -> str:
    if isinstance(look.node, NatGateway):
        return "if the declared addresses are the right ones: " + az(
            "network", "nat", "gateway", "update",
            resource_group=look.node.resource_group,
            name=look.node.label,
            public_ip_addresses="<the declared address>",
        )  # fmt: skip
    if look.nobodys:
        return "let it leave by the declared address: " + by_new_nat_gateway(
            network, subnet, address="<the declared address>", private=True
        )
    return f"give {look.by} the declared address, or declare its own to those who must know it"


def _evidence(subnet: Subnet, look: Look) -> Iterator[Evidence]:
    nat, table = subnet.properties.nat_gateway, subnet.properties.route_table
    if nat is not None and nat.id:
        yield evidence(subnet, "/properties/natGateway/id", nat.id)
    elif table is not None and table.id:
        yield evidence(subnet, "/properties/routeTable/id", table.id)
    if look.node is not None:
        yield evidence(look.node, "/name", look.node.label)
    elif nat is None and table is None:
        yield evidence(subnet, "/properties", "no natGateway")


def _unused(subnet: Subnet, found: Sequence[Look], entries: Sequence[str]) -> Iterator[Finding]:
    used = NOTHING
    for look in found:
        used = used | look.addresses
    idle = [entry for entry in entries if not AddressSet.from_text([entry]) & used]
    if idle:
        yield Finding(
            subject=subnet.id,
            key="unused",
            severity=Severity.LOW,
            message=f"nothing in subnet {subnet.label} of {vnet_name(subnet)} leaves by "
            f"{', '.join(idle)}, which {'is' if len(idle) == 1 else 'are'} declared",
            remedy="take it from `declared`, and tell those who let it in that it is nobody's now",
            evidence=tuple(_evidence(subnet, found[0])),
        )
