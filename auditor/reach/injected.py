"""Whoever may have one address of a subnet whose machines the input does not list (section 12).

Nodes and pods of AKS are taken to have it (K-40). What another service injects into its subnet may,
or nobody: a database that is told to be there answers on its port only (L-21, L-25).
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from auditor.addresses import AddressSet
from auditor.errors import Undetermined
from auditor.network.databases import injected, servers
from auditor.network.filters import subnet_name
from auditor.network.graph import Network
from auditor.network.reasons import Reason
from auditor.network.subnets import RESERVED_NAMES
from auditor.reach.absent import who_else
from auditor.reach.ends import points_of
from auditor.reach.points import Point, anywhere_in
from auditor.resources.virtual_networks import Subnet

_RESERVED = frozenset(name.lower() for name in RESERVED_NAMES)

SENDING_ONLY = frozenset({"microsoft.web/serverfarms"})
"""Services that send from a subnet and take nothing there, by its delegation (D-12)."""

_OF_CLUSTERS = "microsoft.containerservice/managedclusters"


def takes_machines(subnet: Subnet) -> bool:
    """Whether anybody's machines may be in a subnet: not in one that a service has to itself."""
    return subnet_name(subnet).lower() not in _RESERVED and not _injecting(subnet)


def who_is_there(network: Network, subnet: Subnet) -> tuple[Reason, ...]:
    """Why something else than is told may be in a subnet that takes no machines."""
    service = _injecting(subnet)
    if not service:
        return who_else(network, subnet)
    if service.lower() in SENDING_ONLY or any(True for _ in databases_in(network, subnet)):
        return ()
    return (Reason("paas-injected", f"what {service} injects", subnet.id),)


def unlisted_at(network: Network, subnet: Subnet, one: AddressSet) -> Iterator[Point]:
    """Give whoever may have an address of a subnet that nobody listed has."""
    service = _injecting(subnet)
    found = list(databases_in(network, subnet)) if service else []
    for point in found or [anywhere_in(network, subnet)]:
        why = Reason("paas-injected", f"whether what {service} injects has it", subnet.id)
        reasons = (*point.reasons, why) if service else point.reasons
        yield replace(point, addresses=one, reasons=reasons)


def _injecting(subnet: Subnet) -> str:
    """The service that has things of its own in a subnet; empty where there are nodes and pods."""
    try:
        services = [each for each in subnet.delegated_to if each.lower() != _OF_CLUSTERS]
    except Undetermined:
        return ""
    return services[0] if services else ""


def databases_in(network: Network, subnet: Subnet) -> Iterator[Point]:
    """Give the databases that are told to be in a subnet (L-21)."""
    for server in servers(network):
        if injected(server):
            try:
                there = points_of(server, network)
            except Undetermined:
                continue
            yield from (point for point in there if point.subnet is subnet)
