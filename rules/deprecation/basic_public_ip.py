"""A public IP address has the retired Basic SKU.

## Why it matters
Microsoft ended support for Basic public addresses on 30 September 2025. A Basic address is also
open by default: without a network security group everything on the machine behind it can be
reached, while a Standard address is closed until a rule opens it.

## What fails
A public IP whose `sku.name` is `Basic`. An address without a `sku` gives *unknown*: old API
versions leave it out, and its absence alone proves nothing.

## What to do
Upgrade the address in place after it is detached from its owner, or after the owner is upgraded.
It must be static first, and then needs a network security group to let anybody in.

## References
- https://learn.microsoft.com/azure/virtual-network/ip-services/public-ip-basic-upgrade-guidance
- Facts E-1, E-3, E-6
"""

from __future__ import annotations

from auditor import ids
from auditor.network.graph import every, evidence
from auditor.remedy import az
from auditor.resources.public_addresses import PublicIp
from auditor.retirements import retirement
from auditor.rule import Finding, Network, Outcomes, Severity, Unknown, rule


@rule(
    "DEP-001",
    severity=Severity.HIGH,
    since="0.1.0",
    of=every(PublicIp),
    peers=(
        "PSR:PublicIP.MigrateStandard",
        "PSR:PublicIP.StandardSKU",
        "AZQ:5cea1501",
        "AZQ:c63b81fb",
        "SPP:network_public_ip_no_basic_sku",
        "CHK:ALZ D03.05",
    ),
)
def basic_public_ip(network: Network, address: PublicIp) -> Outcomes:
    """Judge the SKU by its name."""
    name = address.sku.name if address.sku else None
    if not name:
        yield Unknown(address.id, missing=f"the SKU of public IP {address.label}")
    elif name.lower() == "basic":
        ends = retirement("basic-public-ip")
        day = network.as_of.date()
        yield Finding(
            subject=address.id,
            message=f"public IP {address.label} is Basic; {ends.told(day)}",
            remedy=_remedy(address),
            evidence=(evidence(address, "/sku/name", name),),
            severity=ends.severity(Severity.HIGH, day),
        )


def _remedy(address: PublicIp) -> str:
    target = {"resource_group": address.resource_group, "name": address.label}
    static = (address.properties.public_ip_allocation_method or "").lower() == "static"
    steps = [az("network", "public-ip", "update", **target, sku="Standard")]
    if not static:
        steps.insert(0, az("network", "public-ip", "update", **target, allocation_method="Static"))
    owner = address.properties.ip_configuration
    first = f"detached from {ids.name(ids.parent(owner.id or '') or '')}, " if owner else ""
    return first + " && ".join(steps)
