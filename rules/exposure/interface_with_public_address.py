"""A network interface carries a public IP address.

## Why it matters
A public IP on a NIC puts one machine on the internet by itself: every port that the network
security groups of its NIC and its subnet let through, with no gateway, no web application firewall
and no balancing before it.

## What fails
An ip configuration of a NIC with a public IP, told by the NIC or by the address (E-1). The address
is the fault, whatever is open today, and the severity stays the same. The message says what the
internet reaches: admin rules, the security groups of subnet and NIC and the way of the replies all
decide (N-11); without a group, a Standard address is closed and a Basic one is open (E-3).

A machine that is meant to face the internet (a network appliance, say) is approved with `allow`,
globs of ids of NICs or public IPs. EXP-001 asks about the address by itself then, so name the owner
there as well, after the two that it approves by default:

    [params.EXP-002]
    allow = ["*/networkInterfaces/nic-nva-*"]

    [params.EXP-001]
    allow = [
        "Microsoft.Network/applicationGateways",
        "Microsoft.Network/azureFirewalls",
        "*/networkInterfaces/nic-nva-*",
    ]

## What to do
Detach the address. Reach the machine through Bastion or a VPN, publish its service through the
gateway, and let a NAT gateway carry its outbound traffic: without one it loses its way out, or is
left with default outbound access (NAT-001).

## References
- https://learn.microsoft.com/azure/virtual-network/ip-services/remove-public-ip-address-vm
- https://learn.microsoft.com/azure/bastion/bastion-overview
- Facts E-1, E-3, N-3, N-11, P-2
"""

from __future__ import annotations

from msgspec import Struct

from auditor.finding import Evidence
from auditor.ids import segment
from auditor.network.approval import approved
from auditor.network.exposure import carried, may_carry, public_name
from auditor.network.graph import every
from auditor.network.instances import is_instance_card
from auditor.network.nat_commands import another_way_first
from auditor.reach.arrivals import arrivals
from auditor.remedy import az
from auditor.resources import walk
from auditor.resources.interfaces import IpConfiguration, NetworkInterface
from auditor.rule import Finding, Network, Outcomes, Severity, rule


class Params(Struct, frozen=True):
    """Which machines may be on the internet by themselves."""

    allow: tuple[str, ...] = ()
    """Globs of ids of NICs or public IPs; letter case does not matter."""


def _with_public_addresses(network: Network) -> tuple[NetworkInterface, ...]:
    """The NICs that carry a public IP, or do not tell."""
    nics, carriers = network.all(NetworkInterface), frozenset(may_carry(network))
    pairs = zip(nics, walk.read_each(nics, "properties.ip_configurations"), strict=True)
    return tuple(
        [
            nic
            for nic, each in pairs
            if each and (each is walk.UNTOLD or not carriers.isdisjoint(each))
        ]
    )


@rule(
    "EXP-002",
    severity=Severity.HIGH,
    since="0.1.0",
    of=every(NetworkInterface),
    suspects=_with_public_addresses,
    parameters=Params,
    peers=(
        "CKV_AZURE_119",
        "PSR:VM.PublicIPAttached",
        "POL:83a86a26",
        "KICS:Network Interfaces With Public IP",
        "TRV:AZU-0076",
    ),
)
def interface_with_public_address(
    network: Network, interface: NetworkInterface, params: Params
) -> Outcomes:
    """Judge each ip configuration of one NIC."""
    for configuration in interface.ip_configurations:
        for address, told in carried(network, configuration):
            if not approved(params.allow, interface.id, address):
                yield _finding(network, interface, configuration, address, told)


def _finding(
    network: Network,
    interface: NetworkInterface,
    configuration: IpConfiguration,
    address: str,
    told: Evidence,
) -> Finding:
    machine = interface.properties.virtual_machine
    there = arrivals(network, configuration.id)
    return Finding(
        subject=interface.id,
        message=f"{interface.label} carries the public address {public_name(network, address)}; "
        f"open from the internet: {there.words}",
        remedy="reach the machine through Bastion or the gateway, "
        + another_way_first(network, walk.peek(configuration.properties, "subnet"))
        + _detached(interface, configuration),
        related=(address, *((machine.id,) if machine is not None and machine.id else ())),
        evidence=(told,),
        key=configuration.label.lower(),
        covers=(("EXP-001", address),),
        witness=there.witness,
        hops=there.hops,
    )


def _detached(interface: NetworkInterface, configuration: IpConfiguration) -> str:
    """Say how a NIC loses its address: an instance has that of its scale set's model."""
    if is_instance_card(interface):
        scale_set = segment(interface.id, "virtualMachineScaleSets")
        return f"then take the address out of the model of scale set {scale_set} (EXP-003)"
    command = az(
        "network", "nic", "ip-config", "update",
        resource_group=interface.resource_group,
        nic_name=interface.label,
        name=configuration.label,
        remove="publicIPAddress",
    )  # fmt: skip
    return f"then detach the address: {command}"
