"""Which appliances packets from a subnet may be handed to, one by another, by routes alone."""

from __future__ import annotations

from auditor.addresses import Address
from auditor.network.graph import Network, question_about
from auditor.reach.loops import appliance_at
from auditor.reach.ways import appliances_of
from auditor.resources.virtual_networks import Subnet, VirtualNetwork


@question_about
def handed_on(network: Network, subnet: Subnet) -> tuple[Address, ...]:
    """Give the addresses of appliances that a subnet's table names, and those named there (R-11).

    Sorted; whether packets get that far is not asked.
    """
    found: dict[tuple[Address, str], None] = {}
    todo = [subnet]
    while todo:
        here = todo.pop()
        vnet = network.holder(here, VirtualNetwork)
        for address in appliances_of(network, here):
            key = (address, vnet.key if vnet is not None else "")
            if key in found:
                continue
            found[key] = None
            one = appliance_at(network, vnet, address) if vnet is not None else None
            todo += one.exits if one is not None else ()
    return tuple(sorted({address for address, _ in found}))
