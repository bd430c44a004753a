"""Flexible scale sets: their machines are VMs with NICs of their own, which name the set (E-2b)."""

from __future__ import annotations

from auditor.errors import Undetermined
from auditor.network.gaps import unread_type
from auditor.network.graph import Network, question_about
from auditor.resources import walk
from auditor.resources.compute import ScaleSet, ScaleSetIpConfiguration, VirtualMachine
from auditor.resources.interfaces import NetworkInterface

_MACHINES = "Microsoft.Compute/virtualMachines"


def is_flexible(scale_set: ScaleSet) -> bool:
    """Tell whether the machines of a scale set are VMs of their own."""
    mode = walk.peek(walk.peek(scale_set, "properties"), "orchestration_mode") or ""
    return bool(mode.lower() == "flexible")


@question_about
def machines_in(network: Network, scale_set: ScaleSet) -> tuple[VirtualMachine, ...]:
    """Give the VMs of the snapshot that name a scale set as theirs."""
    named = network.referrers(scale_set, "virtualMachineScaleSet")
    found = {e.source.key: e.source for e in named if isinstance(e.source, VirtualMachine)}
    return tuple(found[key] for key in sorted(found))


def listed_apart(network: Network, scale_set: ScaleSet) -> int:
    """Count the machines of a scale set that have NICs of their own, and count by these."""
    return len(machines_in(network, scale_set)) if is_flexible(scale_set) else 0


@question_about
def machines_lacking(network: Network, scale_set: ScaleSet) -> str:
    """Say what the snapshot lacks of the machines of a flexible scale set; nothing: it has all."""
    machines = machines_in(network, scale_set)
    capacity = walk.peek(walk.peek(scale_set, "sku"), "capacity")
    if not machines:
        return f"the machines of scale set {scale_set.label}"
    if capacity is None and walk.peek(scale_set.properties, "virtual_machine_profile"):
        return f"how many machines scale set {scale_set.label} has"
    if capacity is not None and capacity > len(machines):
        return f"{capacity - len(machines)} of {capacity} machines of scale set {scale_set.label}"
    hidden = next((each for each in machines if not _has_its_nics(network, each)), None)
    if hidden is not None:
        return f"the network interfaces of {hidden.label}"
    if unread_type(network, _MACHINES, scale_set.id) is not None:
        return f"all machines of scale set {scale_set.label}"
    return ""


def stands_for_nobody(network: Network, configuration: object) -> bool:
    """Tell whether a model's ip configuration stands for no machine beside those that are listed.

    That of a flexible scale set does so whose machines are all in the snapshot.
    """
    if not isinstance(configuration, ScaleSetIpConfiguration):
        return False
    root = configuration.root
    return isinstance(root, ScaleSet) and is_flexible(root) and not machines_lacking(network, root)


def _has_its_nics(network: Network, machine: VirtualMachine) -> bool:
    try:
        profile = machine.properties.network_profile
        refs = (profile.network_interfaces if profile is not None else None) or ()
    except Undetermined:
        return False
    return bool(refs) and all(isinstance(network.find(ref), NetworkInterface) for ref in refs)
