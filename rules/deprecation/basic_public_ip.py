"""A public IP address has the retired Basic SKU.

## Why it matters
Microsoft ended support for Basic public addresses on 30 September 2025. A Basic address is also
open by default: without a network security group everything on the machine behind it can be
reached, while a Standard address is closed until a rule opens it.

## What fails
A public IP whose `sku.name` is `Basic`. An address without a `sku` gives *unknown*: old API
versions leave it out, and its absence alone proves nothing.

## What to do
An address that nobody, a NIC or a scale set has is upgraded in place: make it static before it is
detached, or it is lost. It then needs a network security group to let anybody in. A VPN gateway
migrates, and keeps its address; other owners have to be upgraded first.

## References
- https://learn.microsoft.com/azure/virtual-network/ip-services/public-ip-basic-upgrade-guidance
- https://learn.microsoft.com/cli/azure/network/vnet-gateway/migration
- Facts E-1, E-3, E-6
"""

from __future__ import annotations

from auditor import ids
from auditor.errors import Undetermined
from auditor.network.exposure import INTERFACE, NETWORK_GATEWAY, SCALE_SET, Owner, owners_of
from auditor.network.graph import every, evidence
from auditor.remedy import az
from auditor.resources.hybrid import VirtualNetworkGateway
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
            remedy=_remedy(network, address),
            evidence=(evidence(address, "/sku/name", name),),
            severity=ends.severity(Severity.HIGH, day),
        )


def _remedy(network: Network, address: PublicIp) -> str:
    try:
        owner = next(iter(owners_of(network, address)), None)
    except Undetermined:
        owner = None
    if owner is None or owner.type in (INTERFACE, SCALE_SET):
        return _in_place(address, owner)
    gateway = (
        network.get(owner.id, VirtualNetworkGateway) if owner.type == NETWORK_GATEWAY else None
    )
    if gateway is not None and gateway.kind == "vpn":
        return f"migrate {owner.name}, which keeps its address: {_migration(owner)}"
    return f"upgrade the {owner.word} {owner.name} first, to one with a Standard address"


def _in_place(address: PublicIp, owner: Owner | None) -> str:
    target = {"resource_group": address.resource_group, "name": address.label}
    upgrade = az("network", "public-ip", "update", **target, sku="Standard")
    steps = [f"detach it from {owner.name}, then {upgrade}" if owner is not None else upgrade]
    if (address.properties.public_ip_allocation_method or "").lower() != "static":
        steps.insert(0, az("network", "public-ip", "update", **target, allocation_method="Static"))
    return (", then " if owner is not None else " && ").join(steps)


def _migration(owner: Owner) -> str:
    target = {"resource_group": ids.resource_group(owner.id), "gateway_name": owner.name}
    migrate = ("network", "vnet-gateway", "migration")
    prepare = az(*migrate, "prepare", **target, migration_type="UpgradeDeploymentToStandardIP")
    return " && ".join([prepare, *(az(*migrate, step, **target) for step in ("execute", "commit"))])
