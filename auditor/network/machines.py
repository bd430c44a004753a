"""Machines and their interfaces, told by either side.

In Azure's answers both say it: the machine lists its interfaces, an interface names its machine.
A request is written from one side. In a template, and in what Terraform plans, a machine lists its
interfaces, and these say nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from auditor.ids import fold
from auditor.resources.base import Node, Ref, hollow_of, kind_of
from auditor.resources.compute import VirtualMachine
from auditor.resources.interfaces import NetworkInterface
from auditor.resources.walk import peek


def name_machines(nodes: Mapping[str, Node], machines: Iterable[str]) -> None:
    """Let each interface that a machine lists name the machine, unless it names one itself.

    `machines` are the keys of virtual machines.
    """
    for key in machines:
        machine = nodes.get(key)
        if isinstance(machine, VirtualMachine):
            profile = peek(peek(machine, "properties"), "network_profile")
            for ref in peek(profile, "network_interfaces") or ():
                nic = nodes.get(fold(peek(ref, "id") or ""))
                if isinstance(nic, NetworkInterface):
                    _name(nic, machine)


def _name(nic: NetworkInterface, machine: VirtualMachine) -> None:
    settings = peek(nic, "properties")
    if settings is None or settings is hollow_of(kind_of(settings)):
        return  # without any settings it is told as such
    if peek(settings, "virtual_machine") is None:
        settings.virtual_machine = Ref(id=machine.id)
