"""Which subnets may send machines elsewhere anything, at a glance, before paths are followed.

It keeps to the safe side: from those that are left out there is no path that lets anything through.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

import msgspec

from auditor.addresses import EVERYTHING, AddressSet
from auditor.errors import Undetermined
from auditor.network.graph import Network, question_about
from auditor.network.interfaces import Interface
from auditor.network.routing.outbound import outbound
from auditor.network.virtual_network_tag import vnet_space
from auditor.reach.handed_on import put_by_appliances
from auditor.reach.kept_back import sends, where_sent
from auditor.reach.points import Point, anywhere_in, points_in
from auditor.resources.interfaces import NetworkInterface
from auditor.resources.virtual_networks import Subnet, VirtualNetwork


def may_reach(
    network: Network, source: Subnet, there: AddressSet, port: int, let_in: AddressSet
) -> bool:
    """Whether some machines of a subnet may get to some addresses, at a glance.

    `let_in` are the sources outside which the group there lets nobody in.
    """
    return bears(network, source).overlaps(let_in) and any(
        sends(network, one, there, port) for one in machines_in(network, source)
    )


@question_about
def bears(network: Network, subnet: Subnet) -> AddressSet:
    """Give the sources that packets from a subnet may bear: its own, and those of appliances."""
    return anywhere_in(network, subnet).addresses | put_by_appliances(network, subnet)


def senders(
    network: Network, subnets: frozenset[Subnet], home: str, there: AddressSet, port: int
) -> Iterable[Subnet]:
    """Give those of some subnets that may send anything to some addresses in a network (its key).

    Those of networks that hold these addresses, where nobody sends anything there from outside.
    """
    if len(subnets) < _MANY or there.overlaps(_sent_abroad(network, subnets, port)):
        return subnets
    spaces = _spaces(network, subnets)
    if spaces.apart and home in spaces.held and there <= spaces.held[home]:
        return spaces.subnets[home]
    homes = [key for key, space in spaces.held.items() if space.overlaps(there)]
    return [subnet for key in homes for subnet in spaces.subnets[key]]


_MANY = 50
"""From so many subnets on they are looked at together: of few, one that may is found sooner."""


@question_about
def _sent_abroad(network: Network, subnets: frozenset[Subnet], port: int) -> AddressSet:
    """Where machines of some subnets may send anything outside their own networks, at a glance."""
    spaces = _spaces(network, subnets)
    sent = [
        where_sent(network, one, port) - spaces.held[home]
        for home, inside in spaces.subnets.items()
        for subnet in inside
        for one in machines_in(network, subnet)
    ]
    return AddressSet.union(sent)[0]


class _Spaces(msgspec.Struct, frozen=True):
    """Subnets by their networks' keys, and what these hold: all, where it is not told.

    `apart`, where no two networks hold the same address.
    """

    subnets: dict[str, list[Subnet]]
    held: dict[str, AddressSet]
    apart: bool


@question_about
def _spaces(network: Network, subnets: frozenset[Subnet]) -> _Spaces:
    found: dict[str, list[Subnet]] = defaultdict(list)
    for subnet in subnets:
        found[anywhere_in(network, subnet).home].append(subnet)
    held = {home: _held(network, home) for home in found}
    return _Spaces(found, held, AddressSet.union(held.values())[1])


def _held(network: Network, home: str) -> AddressSet:
    vnet = network.nodes.get(home)
    try:
        return vnet_space(network, vnet) if isinstance(vnet, VirtualNetwork) else EVERYTHING
    except Undetermined:
        return EVERYTHING


@question_about
def machines_in(network: Network, subnet: Subnet) -> tuple[Point, ...]:
    """Give a machine of a subnet for each group that stands at NICs there, or any machine.

    One whose address is told, if there is any.
    """
    return _one_each(network, subnet, lambda _: "")


@question_about
def machines_leaving(network: Network, subnet: Subnet) -> tuple[Point, ...]:
    """Give the same for each group and each way in which machines there leave (R-30)."""

    def way(nic: Interface) -> str:
        try:
            return outbound(network, subnet, nic, 4).method
        except Undetermined:
            return "unknown"

    return _one_each(network, subnet, way)


def _one_each(
    network: Network, subnet: Subnet, way: Callable[[Interface], str]
) -> tuple[Point, ...]:
    found: dict[tuple[str, str], Point] = {}
    for point in sorted(points_in(network, subnet), key=lambda p: (bool(p.reasons), p.id.lower())):
        nic = point.nic
        try:
            if isinstance(nic, NetworkInterface) and nic.properties.virtual_machine is None:
                continue
            group = nic.properties.network_security_group if nic is not None else None
        except Undetermined:
            continue
        name = (group.id or "").lower() if group is not None else ""
        found.setdefault((name, way(nic) if nic is not None else ""), point)
    return tuple(found[key] for key in sorted(found)) or (anywhere_in(network, subnet),)
