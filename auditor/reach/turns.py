"""Who has which turn in a security group for which several findings propose rules.

Each finding is mended by itself, in any order, and Azure refuses a second rule with the priority of
another: whoever asks gets every so many-th priority, and no two ask for the same one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from auditor.ids import fold
from auditor.network import databases
from auditor.network.gateway_homes import subnet_of
from auditor.network.graph import Network, question
from auditor.reach.backends import Backend, backends, machines_behind
from auditor.resources import walk
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
    """Give the turn of the gateways of a subnet that ask on a port behind a group, or from it.

    Anybody else has the last one: an application that asks its database.
    """
    asks = _asks(network).get(group.key, ())
    ask = (asker.key, port)
    others = bool(databases.servers(network)) or ask not in asks
    total = len(asks) + others
    if ask not in asks:
        return Turn(total - 1, total)
    number = asks.index(ask)
    return Turn(number, total, sum(other == port for _, other in asks[:number]))


@question
def _asks(network: Network) -> dict[str, tuple[tuple[str, int], ...]]:
    """The gateways' subnets, by key, and the ports they ask on, by the key of each group passed."""
    found: dict[str, set[tuple[str, int]]] = defaultdict(set)
    for backend in backends(network):
        if isinstance(backend, Backend):
            own = subnet_of(network, backend.gateway)
            for point, port in machines_behind(network, backend):
                for group in _groups((point.subnet, point.nic)):
                    found[group].add((own.key, port))
            for group in _groups((own,)):
                found[group].add((own.key, backend.port))
    return {group: tuple(sorted(asks)) for group, asks in found.items()}


def _groups(holders: Iterable[object]) -> Iterable[str]:
    for holder in holders:
        group = walk.peek(walk.peek(holder, "properties"), "network_security_group")
        name = walk.peek(group, "id")
        if name:
            yield fold(name)
