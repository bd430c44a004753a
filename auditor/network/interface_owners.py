"""Interfaces and whose they are, told by either side.

In Azure's answers both say it: a machine or a private endpoint lists its interfaces, an interface
names its machine or its endpoint. A request is written from one side: in a template, and in what
Terraform plans, a machine lists its interfaces, and these say nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from auditor.errors import Undetermined
from auditor.ids import fold
from auditor.resources.base import Node, Ref, hollow_of, kind_of
from auditor.resources.compute import VirtualMachine
from auditor.resources.interfaces import NetworkInterface
from auditor.resources.private_endpoints import PrivateEndpoint
from auditor.resources.walk import UNTOLD, peek, read_each

LISTING = (VirtualMachine, PrivateEndpoint)
"""The classes that list interfaces of their own."""

_LISTS = {
    VirtualMachine: ("properties.network_profile.network_interfaces", "virtual_machine"),
    PrivateEndpoint: ("properties.network_interfaces", "private_endpoint"),
}


def name_owners(nodes: Mapping[str, Node], keys: Iterable[str]) -> None:
    """Let each interface that a machine or an endpoint lists name it, unless it names one itself.

    `keys` are those of virtual machines and private endpoints.
    """
    found = [each for each in map(nodes.get, keys) if each is not None]
    for cls, (listing, attribute) in _LISTS.items():
        owners = [each for each in found if isinstance(each, cls)]
        for owner, refs in zip(owners, read_each(owners, listing), strict=True):
            for ref in refs or () if refs is not UNTOLD else ():
                nic = nodes.get(fold(peek(ref, "id") or ""))
                if isinstance(nic, NetworkInterface) and not _named(nic):
                    _name(nic, owner, attribute)


def _named(nic: NetworkInterface) -> bool:
    """Whether it names a machine or an endpoint, as nearly always; at once."""
    try:
        settings = nic.properties
        return settings.virtual_machine is not None or settings.private_endpoint is not None
    except Undetermined:
        return False


def _name(nic: NetworkInterface, owner: Node, attribute: str) -> None:
    settings = peek(nic, "properties")
    if settings is None or settings is hollow_of(kind_of(settings)):
        return  # without any settings it is told as such
    if peek(settings, attribute) is None:
        setattr(settings, attribute, Ref(id=owner.id))
