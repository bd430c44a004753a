"""Whose packets plainly do not get on their way: rules where they set out keep them, or a firewall.

A quick look before packets are followed. It keeps to the safe side: of whom it says so there is no
path that lets anything through.
"""

from __future__ import annotations

from auditor.addresses import AddressSet, PortSet
from auditor.network.effective_rules import Direction, rules_at
from auditor.network.graph import Network
from auditor.network.passage import may_pass
from auditor.network.routing.model import Hop
from auditor.packets.diagram import PacketSet
from auditor.reach.addressees import aims
from auditor.reach.approaches import entrances_straight_to
from auditor.reach.firewalling import passing
from auditor.reach.points import Kind, Point
from auditor.reach.screening import TCP
from auditor.reach.sending import firewall_at
from auditor.reach.space import space_of
from auditor.reach.ways import Way, ways_from
from auditor.resources.firewalls import Firewall
from auditor.special_addresses import PUBLIC

_MACHINES = frozenset({Kind.MACHINE, Kind.SUBNET})


def kept_back(network: Network, source: Point, target: Point, port: int) -> bool:
    """Tell whether a machine plainly sends another nothing straight, over TCP to one port.

    Nor by its load balancers, private link services and public entrances. False: look closer.
    """
    if source.kind not in _MACHINES or target.kind not in _MACHINES or not source.addresses:
        return False
    there = _ends(network, target)
    rules = rules_at(network, source.nic, Direction.OUTBOUND, source.subnet, network.tags)
    if not may_pass(rules, source.addresses, PortSet.of(port)).overlaps(there):
        return True
    return not there.v6 and _kept_by_firewalls(network, source, there, port)


def _ends(network: Network, target: Point) -> AddressSet:
    """What packets may be sent to so that the target gets them."""
    total = target.addresses
    for aim in aims(network, target):
        total = total | aim.addresses
    for entrance in entrances_straight_to(network, target):
        total = total | (entrance.addresses or PUBLIC)
    return total


def _kept_by_firewalls(network: Network, source: Point, there: AddressSet, port: int) -> bool:
    """Whether routes surely lead to Azure Firewalls alone, and these let nothing through."""
    if source.place is None:
        return False
    space = space_of(network, 4)
    asked = space.having(
        source=source.addresses,
        destination=there,
        protocols=((TCP, TCP),),
        destination_ports=PortSet.of(port),
    )
    ways = ways_from(network, source.place, 4, network.tags).towards(there)
    return all(_kept_by_firewall(network, source, way, asked) for way in ways)


def _kept_by_firewall(network: Network, source: Point, way: Way, asked: PacketSet) -> bool:
    if way.reasons or not way.possible:
        return False
    for route in way.possible:
        if route.hop is not Hop.APPLIANCE or route.address is None or route.doubts:
            return False
        configuration = firewall_at(network, source, route.address)
        firewall = configuration.root if configuration is not None else None
        if not isinstance(firewall, Firewall):
            return False
        by_rules = passing(network, firewall, network.tags, space_of(network, 4))
        if not all((each.may & asked).is_empty for each in by_rules):
            return False
    return True
