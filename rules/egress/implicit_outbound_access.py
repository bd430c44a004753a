"""Machines reach the internet through Azure's default outbound access.

## Why it matters
Default outbound access gives machines a public address that belongs to Microsoft, changes without
notice, and appears in no inventory: nobody can allow it on the far side, and nobody sees that the
subnet has a way out at all. New networks do not get it any more.

## What fails
A subnet with virtual machines, scale sets or AKS nodes in it, all of this being so:

- `defaultOutboundAccess` is not false (Azure's answers leave it out where it is allowed);
- it has no NAT gateway;
- its route table does not send everything (`0.0.0.0/0`, or several routes that together cover it)
  to an appliance, to a gateway or to nowhere;
- a machine in it has no public address on any of its NICs, is in no pool of a Standard load
  balancer, and is no instance of a flexible scale set. `defaultOutboundConnectivityEnabled` of the
  NIC, where Azure tells it, decides for the machine; it can still be true in a subnet that was made
  private, until the machine is stopped and started. AKS nodes count only behind a Basic load
  balancer. A pool of a Basic load balancer is no explicit way out;
- the security groups before that machine do not deny it all of the internet.

Subnets delegated to a service are left out. *Unknown* where a delegation does not tell its service
or a machine its subnet, where the route table, a security group, a machine, a NIC or the load
balancer of a pool is not in the snapshot, where BGP or ExpressRoute may teach a default route, and
for a template whose api-version makes new subnets private by default.

## What to do
Give the subnet a NAT gateway (or a default route to the firewall), then make it private.

## References
- https://learn.microsoft.com/azure/virtual-network/ip-services/default-outbound-access
- Facts R-30, R-33, R-34, R-35, R-39
"""

from __future__ import annotations

from msgspec.structs import replace

from auditor.errors import Undetermined
from auditor.finding import Evidence
from auditor.network.default_routes import ASK_TEACHER
from auditor.network.doubt import Doubt, settled
from auditor.network.egress import (
    Implicit,
    absent_nics,
    explicit_way,
    implicit_machines,
    is_private,
    learned_default,
    machine_subnets,
    perhaps_inside,
)
from auditor.network.graph import Missing, evidence, possibly
from auditor.network.interfaces import Interface
from auditor.network.nat_commands import leave_by_new_nat_gateway
from auditor.network.reads import INHABITANTS
from auditor.network.strays import strays
from auditor.network.subnets import vnet_name
from auditor.reach.leaving import asks_for_internet
from auditor.resources import walk
from auditor.resources.compute import ScaleSet
from auditor.resources.interfaces import NetworkInterface
from auditor.resources.virtual_networks import Subnet
from auditor.rule import Finding, Network, Outcomes, Reads, Severity, Unknown, rule

MOST = 5


def homes_of_machines(network: Network) -> tuple[Subnet | Doubt, ...]:
    """Give the subnets that machines live in, and a doubt for each that does not tell its own."""
    doubts = (
        Doubt(nic.id, f"in which subnet {nic.label} stands")
        for nic in strays(network)
        if possibly(_is_machines, nic)
    )
    return (*machine_subnets(network), *doubts)


def _is_machines(nic: NetworkInterface) -> bool:
    return nic.properties.virtual_machine is not None


@rule(
    "NAT-001",
    severity=Severity.HIGH,
    since="0.1.0",
    of=homes_of_machines,
    peers=("PSR:VNET.PrivateSubnet", "POL:7bca8353", "CHK:ALZ D05.07"),
    reads=Reads(subjects=INHABITANTS, nearby=INHABITANTS),
)
def implicit_outbound_access(network: Network, subject: Subnet | Doubt) -> Outcomes:
    """Ask the subnet for an explicit way out, then each machine in it."""
    subnet = settled(subject)
    if explicit_way(network, subnet) or subnet.delegated_to:
        return
    machines = [
        replace(each, lacks=each.lacks or _untold_group(network, subnet, each))
        for each in implicit_machines(network, subnet)
        if not _is_shut_in(network, subnet, each)
    ]
    if is_private(subnet):
        machines = [each for each in machines if _still_has_it(each)]
        if machines:
            yield _finding(network, subnet, machines)
        return
    sure = [each for each in machines if not each.lacks]
    unsure = [Undetermined(each.lacks, resource=each.told_by) for each in machines if each.lacks]
    unsure += [
        Undetermined(f"{name}, which is not in the snapshot")
        for name in absent_nics(network, subnet)
    ]
    unsure += perhaps_inside(network, subnet)
    if sure:
        learned = learned_default(network, subnet)
        if learned:
            what = f"whether {learned} gives {subnet.label} a default route"
            unsure = [Undetermined(what, remedy=ASK_TEACHER)]
        else:
            yield _finding(network, subnet, sure)
            return
    if unsure:
        yield Unknown(
            subnet.id,
            missing="; ".join(each.missing for each in unsure[:MOST]),
            remedy=unsure[0].remedy,
            told_by=unsure[0].resource,
        )


def _is_shut_in(network: Network, subnet: Subnet, machine: Implicit) -> bool:
    """Whether security groups surely deny a machine whatever default access would take out."""
    node = machine.node
    try:
        nics: tuple[Interface, ...] = tuple(node.interfaces) if isinstance(node, ScaleSet) else ()
        if isinstance(node, NetworkInterface):
            nics = (node,)
        return {asks_for_internet(network, subnet, nic) for nic in nics} == {False}
    except Undetermined:
        return False


def _untold_group(network: Network, subnet: Subnet, machine: Implicit) -> str:
    """Say which security group the input lacks that may deny a machine the internet."""
    holders: list[Subnet | NetworkInterface] = [subnet]
    if isinstance(machine.node, NetworkInterface):
        holders.append(machine.node)
    for holder in holders:
        group = network.find(walk.peek(holder.properties, "network_security_group"))
        if isinstance(group, Missing):
            return f"{group.id}, which is not in the snapshot"
    return ""


def _still_has_it(machine: Implicit) -> bool:
    node = machine.node
    return (
        isinstance(node, NetworkInterface)
        and node.properties.default_outbound_connectivity_enabled is True
    )


def _finding(network: Network, subnet: Subnet, machines: list[Implicit]) -> Finding:
    names = sorted({machine.name for machine in machines})
    told = ", ".join(names[:MOST]) + (f" and {len(names) - MOST} more" if names[MOST:] else "")
    return Finding(
        subject=subnet.id,
        related=tuple(machine.node.id for machine in machines[:MOST]),
        message=f"{told} in subnet {subnet.label} of {vnet_name(subnet)} "
        f"{'reach' if len(names) > 1 else 'reaches'} the internet by default outbound access",
        remedy=leave_by_new_nat_gateway(network, subnet, told, private=True),
        evidence=(_subnet_evidence(subnet), *map(_evidence, machines[:MOST])),
    )


def _subnet_evidence(subnet: Subnet) -> Evidence:
    told = subnet.properties.default_outbound_access
    if told is None:
        return evidence(subnet, "/properties", "no defaultOutboundAccess, no natGateway")
    return evidence(subnet, "/properties/defaultOutboundAccess", told)


def _evidence(machine: Implicit) -> Evidence:
    node = machine.node
    if isinstance(node, NetworkInterface):
        assigned = node.properties.default_outbound_connectivity_enabled
        if assigned is not None:
            return evidence(node, "/properties/defaultOutboundConnectivityEnabled", assigned)
    return evidence(node, "/name", node.label)
