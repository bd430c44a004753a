"""A scale set gives every instance a public IP address.

## Why it matters
Each instance that scaling adds is one more machine on the internet, with an address that appears
in no list of public IPs: instance addresses are no resources of their own. For AKS this is a node
pool with node public IPs, where every node is a door beside the gateway.

## What fails
An ip configuration in the scale set's model with `publicIPAddressConfiguration` (E-2). Present is
enough: instances get addresses when they are made. What EXP-001, EXP-002 and EXP-009 would say of
each instance is told here.

`allow` holds globs of scale-set ids that are meant to be on the internet.

## What to do
Take the configuration out of the model and upgrade the instances. They leave by these addresses,
too: without another way out, as a NAT gateway, they have none, or default outbound access
(NAT-001). The property cannot be changed on an AKS pool: add a pool without node public IPs, move
the workload, delete the old one.

## References
- https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-networking
- https://learn.microsoft.com/azure/aks/use-node-public-ips
- Facts E-2, E-2b
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from auditor.errors import Undetermined
from auditor.ids import fold
from auditor.network.approval import approved
from auditor.network.clusters import pool_name
from auditor.network.exposure import SCALE_SET, owners_of
from auditor.network.graph import every, evidence, question
from auditor.network.instances import listed_configurations
from auditor.network.nat_commands import another_way_first
from auditor.reach.arrivals import arrivals
from auditor.remedy import az
from auditor.resources import walk
from auditor.resources.compute import ScaleSet, ScaleSetIpConfiguration
from auditor.resources.public_addresses import PublicIp
from auditor.rule import Finding, Network, Outcomes, Severity, rule


class Params(Struct, frozen=True):
    """Which scale sets may be on the internet by themselves."""

    allow: tuple[str, ...] = ()
    """Globs of scale-set ids; letter case does not matter."""


@rule(
    "EXP-003",
    severity=Severity.HIGH,
    since="0.1.0",
    of=every(ScaleSet),
    parameters=Params,
    peers=("PSR:VMSS.PublicIPAttached",),
)
def scale_set_with_public_addresses(
    network: Network, scale_set: ScaleSet, params: Params
) -> Outcomes:
    """Judge the model of one scale set."""
    if approved(params.allow, scale_set.id):
        return
    public = [c for c in _configurations(scale_set) if c.properties.public_ip_address_configuration]
    if not public:
        return
    first, pool = public[0], pool_name(scale_set)
    what = f"the nodes of AKS pool {pool}" if pool else "its instances"
    name = first.properties.public_ip_address_configuration
    there = arrivals(network, first.id)
    yield Finding(
        subject=scale_set.id,
        message=f"{scale_set.label} gives {what} public addresses "
        f"({', '.join(c.label for c in public)}); open from the internet: {there.words}",
        remedy=_remedy(network, scale_set, public, pool),
        evidence=(
            evidence(
                first,
                "/properties/publicIPAddressConfiguration",
                {"name": (name.name if name else None) or ""},
            ),
        ),
        covers=(
            *(
                (general, pip)
                for pip in _addresses(network).get(scale_set.key, ())
                for general in ("EXP-001", "EXP-009")
            ),
            *(
                ("EXP-002", own.root.id, own.label.lower())
                for model in public
                for own in listed_configurations(network, model)
            ),
        ),
        witness=there.witness,
        hops=there.hops,
    )


def _configurations(scale_set: ScaleSet) -> Iterator[ScaleSetIpConfiguration]:
    for interface in scale_set.interfaces:
        yield from interface.ip_configurations


def _remedy(
    network: Network, scale_set: ScaleSet, public: list[ScaleSetIpConfiguration], pool: str
) -> str:
    if pool:
        return (
            f"add a node pool without node public IPs, move the workload there, delete pool {pool}"
        )
    first = another_way_first(network, walk.peek(public[0].properties, "subnet"))
    commands = " && ".join(_take_out(scale_set, each) for each in public)
    return f"{first}take the addresses out of the model, then upgrade the instances: {commands}"


def _take_out(scale_set: ScaleSet, configuration: ScaleSetIpConfiguration) -> str:
    interface = configuration.owner
    place = interface.index if interface is not None else 0
    model = "virtualMachineProfile.networkProfile.networkInterfaceConfigurations"
    path = f"{model}[{place}].ipConfigurations[{configuration.index}].publicIPAddressConfiguration"
    return az(
        "vmss", "update",
        resource_group=scale_set.resource_group,
        name=scale_set.label,
        remove=path,
    )  # fmt: skip


@question
def _addresses(network: Network) -> dict[str, tuple[str, ...]]:
    """The public IPs that the snapshot lists for instances, by scale set."""
    found: dict[str, list[str]] = {}
    for pip in network.all(PublicIp):
        try:
            owners = owners_of(network, pip)
        except Undetermined:
            continue
        for owner in owners:
            if owner.type == SCALE_SET:
                found.setdefault(fold(owner.id), []).append(pip.id)
    return {key: tuple(pips) for key, pips in found.items()}
