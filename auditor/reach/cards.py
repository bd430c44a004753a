"""The cards of a machine that forwards packets: all its NICs, and the addresses it may use."""

from __future__ import annotations

from auditor.addresses import EVERYTHING, NOTHING, AddressSet
from auditor.errors import Undetermined
from auditor.network.egress import nics_of
from auditor.network.graph import Network, question_about
from auditor.network.instances import cards_of_instance, is_instance_card
from auditor.network.interfaces import Interface
from auditor.reach.points import Point, machines_of, vnet_of
from auditor.resources.compute import ScaleSet, ScaleSetInterface, VirtualMachine
from auditor.resources.interfaces import NetworkInterface


def cards_of(network: Network, nic: Interface) -> tuple[Interface, ...]:
    """Give the NICs of the machine of a NIC, that one first.

    Those that name the same machine; all, where the machine is in the snapshot. Raises Undetermined
    when it lists one that is not.
    """
    if isinstance(nic, ScaleSetInterface):
        scale_set = network.holder(nic, ScaleSet)
        others: tuple[Interface, ...] = scale_set.interfaces if scale_set is not None else ()
    elif is_instance_card(nic):
        others = cards_of_instance(network, nic)
    else:
        owner = network.find(nic.properties.virtual_machine)
        edges = network.referrers(owner, "virtualMachine") if owner is not None else ()
        others = tuple(e.source for e in edges if isinstance(e.source, NetworkInterface))
        if isinstance(owner, VirtualMachine):
            others = nics_of(network, owner)
    return (nic, *(each for each in others if each is not nic))


@question_about
def addresses_of_machine(network: Network, point: Point) -> AddressSet:
    """Give the addresses of the machine of a point, by all its cards; any, where one is untold."""
    if point.nic is None:
        return EVERYTHING
    found = NOTHING
    try:
        for nic in cards_of(network, point.nic):
            for each in machines_of(network, nic):
                found = found | each.addresses
    except Undetermined:
        return EVERYTHING
    return found


@question_about
def has_one_card(network: Network, point: Point) -> bool:
    """Tell whether a machine certainly has no other card, and no other address on it."""
    nic = point.nic
    try:
        if isinstance(nic, NetworkInterface):
            owner = network.find(nic.properties.virtual_machine)
            listed = isinstance(owner, VirtualMachine) and bool(owner.properties.network_profile)
            told = listed or is_instance_card(nic)
        else:
            told = isinstance(nic, ScaleSetInterface)
        if nic is None or not told:
            return False
        return len(cards_of(network, nic)) == 1 and len(nic.ip_configurations) == 1
    except Undetermined:
        return False


def space_of_network(network: Network, point: Point) -> AddressSet:
    """Give the address space of the network of a point; none, where it is not told."""
    vnet = vnet_of(network, point)
    try:
        return AddressSet.from_prefixes(vnet.prefixes) if vnet is not None else NOTHING
    except Undetermined:
        return NOTHING
