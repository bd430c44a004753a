"""Who has which turn in a security group for which several findings propose rules.

Each finding is mended by itself, in any order, and Azure refuses a second rule with the priority of
another: whoever asks gets every so many-th priority, and no two ask for the same one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress

import msgspec

from auditor.addresses import AddressSet, Prefix
from auditor.errors import Undetermined
from auditor.ids import fold
from auditor.network.databases import servers
from auditor.network.filters import attachments
from auditor.network.gateway_homes import subnet_of
from auditor.network.graph import Network, question, question_about
from auditor.reach.applications import applications
from auditor.reach.backends import Backend, asked_machines, backends
from auditor.reach.points import machines_of
from auditor.resources import walk
from auditor.resources.interfaces import NetworkInterface
from auditor.resources.security import NetworkSecurityGroup
from auditor.resources.virtual_networks import Subnet


class Turn(msgspec.Struct, frozen=True):
    """The turn `number` of `of`; `again` counts those before it that ask on the same port."""

    number: int
    of: int
    again: int = 0

    def may_have(self, priority: int) -> bool:
        """Tell whether a priority is among those of this turn."""
        return priority % self.of == self.number


def turn_of(network: Network, group: NetworkSecurityGroup, asker: Subnet, port: int) -> Turn:
    """Give the turn of the gateways of a subnet that ask on a port behind a group, or from it."""
    asks = _asks(network).get(group.key, ())
    ask = (asker.key, port)
    if ask not in asks:
        return turn_of_application(network, group, ())
    number = asks.index(ask)
    total = len(asks) + (len(_applications(network, group)) if servers(network) else 0)
    return Turn(number, total, sum(other == port for _, other in asks[:number]))


def turn_of_application(
    network: Network, group: NetworkSecurityGroup, application: tuple[str, ...]
) -> Turn:
    """Give the turn of an application, by the keys of its subnets, that asks its databases.

    Those of gateways come before. One that is declared asks all databases alone.
    """
    before = len(_asks(network).get(group.key, ()))
    every = _applications(network, group)
    number = every.index(application) if application in every else 0
    return Turn(before + number, before + len(every), number)


def _applications(network: Network, group: NetworkSecurityGroup) -> tuple[tuple[str, ...], ...]:
    """The applications behind a group, or whose databases are, as far as clusters tell."""
    return _applications_by_group(network).get(group.key) or ((),)


@question
def _applications_by_group(network: Network) -> dict[str, tuple[tuple[str, ...], ...]]:
    found: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for each in applications(network, ()):
        for group in {_group_at(network, place) for place in (*each.subnets, *each.places)}:
            found[group].append(each.key)
    return {group: tuple(keys) for group, keys in found.items()}


@question_about
def addresses_behind(network: Network, group: NetworkSecurityGroup) -> AddressSet:
    """Give the addresses of the subnets and NICs that a group filters."""
    found: list[Prefix] = []
    for each in attachments(network, group):
        with suppress(Undetermined):
            found += each.prefixes if isinstance(each, Subnet) else _alone(network, each)
    return AddressSet.from_prefixes(found)


def _alone(network: Network, node: object) -> Iterable[Prefix]:
    """The addresses of a NIC that has each for sure."""
    points = machines_of(network, node) if isinstance(node, NetworkInterface) else ()
    return [
        prefix
        for point in points
        for prefix in point.addresses.prefixes()
        if point.addresses.size == 1
    ]


@question
def _asks(network: Network) -> dict[str, tuple[tuple[str, int], ...]]:
    """The gateways' subnets, by key, and the ports they ask on, by the key of each group passed."""
    found: dict[str, set[tuple[str, int]]] = defaultdict(set)
    for own, asked in asked_machines(network).items():
        for point, port in asked:
            for holder in (point.subnet, point.nic):
                found[_group_at(network, holder)].add((own.key, port))
    for backend in backends(network):
        if isinstance(backend, Backend):
            own = subnet_of(network, backend.gateway)
            found[_group_at(network, own)].add((own.key, backend.port))
    return {group: tuple(sorted(asks)) for group, asks in found.items()}


@question_about
def _group_at(_: Network, holder: object) -> str:
    """The key of the group of a subnet or a NIC; empty where there is none."""
    group = walk.peek(walk.peek(holder, "properties"), "network_security_group")
    name = walk.peek(group, "id")
    return fold(name) if name else ""
