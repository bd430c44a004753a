"""Machines and their interfaces, told by either side.

In Azure's answers both say it: the machine lists its interfaces, an interface names its machine.
A request is written from one side. In a template, and in what Terraform plans, a machine lists its
interfaces, and these say nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from auditor.errors import Undetermined
from auditor.ids import fold
from auditor.resources.base import Node, Ref, hollow_of, kind_of
from auditor.resources.compute import VirtualMachine
from auditor.resources.interfaces import NetworkInterface
from auditor.resources.walk import UNTOLD, peek, read_each


def name_machines(nodes: Mapping[str, Node], keys: Iterable[str]) -> None:
    """Let each interface that a machine lists name the machine, unless it names one itself.

    `keys` are those of virtual machines.
    """
    machines = [each for each in map(nodes.get, keys) if isinstance(each, VirtualMachine)]
    listed = read_each(machines, "properties.network_profile.network_interfaces")
    for machine, refs in zip(machines, listed, strict=True):
        for ref in refs or () if refs is not UNTOLD else ():
            nic = nodes.get(fold(peek(ref, "id") or ""))
            if isinstance(nic, NetworkInterface) and not _named(nic):
                _name(nic, machine)


def _named(nic: NetworkInterface) -> bool:
    """Whether it names a machine, as nearly always; at once."""
    try:
        return nic.properties.virtual_machine is not None
    except Undetermined:
        return False


def _name(nic: NetworkInterface, machine: VirtualMachine) -> None:
    settings = peek(nic, "properties")
    if settings is None or settings is hollow_of(kind_of(settings)):
        return  # without any settings it is told as such
    if peek(settings, "virtual_machine") is None:
        settings.virtual_machine = Ref(id=machine.id)
