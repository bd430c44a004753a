"""Whose packets plainly do not get on their way: rules where they set out keep them, or a firewall.

A quick look before packets are followed. It keeps to the safe side: of whom it says so there is no
path that lets anything through.
"""

from __future__ import annotations

from auditor.addresses import EVERYTHING, AddressSet, PortSet
from auditor.network.effective_rules import Direction, rules_at
from auditor.network.graph import Network, question_about
from auditor.network.passage import may_pass
from auditor.network.routing.model import Hop
from auditor.packets.diagram import PacketSet
from auditor.packets.measure import values
from auditor.reach.addressees import aims
from auditor.reach.approaches import entrances_straight_to
from auditor.reach.firewalling import passing
from auditor.reach.handing_over import firewall_at
from auditor.reach.points import Kind, Point
from auditor.reach.screening import TCP
from auditor.reach.space import space_of
from auditor.reach.ways import Way, ways_from
from auditor.resources.firewalls import Firewall
from auditor.special_addresses import PUBLIC

_MACHINES = frozenset({Kind.MACHINE, Kind.SUBNET})


def kept_back(network: Network, source: Point, target: Point, port: int) -> bool:
    """Tell whether a machine plainly sends another nothing straight, over TCP to one port.

    Nor by its load balancers, private link services and public entrances. False: look closer.
    """
    return target.kind in _MACHINES and not sends(network, source, ends_of(network, target), port)


def sends(network: Network, source: Point, there: AddressSet, port: int) -> bool:
    """Tell whether a machine may send anything to some addresses, over TCP to one port."""
    return where_sent(network, source, port).overlaps(there)


@question_about
def where_sent(network: Network, source: Point, port: int) -> AddressSet:
    """Give the addresses outside which a machine plainly sends nothing, over TCP to one port."""
    if source.kind not in _MACHINES or not source.addresses:
        return EVERYTHING
    ports = PortSet.of(port)
    rules = rules_at(network, source.nic, Direction.OUTBOUND, source.subnet, network.tags)
    sent = may_pass(rules, source.addresses, ports)
    return sent - _held_by_firewalls(network, source, sent, ports)


def ends_of(network: Network, target: Point) -> AddressSet:
    """What packets may be sent to so that the target gets them."""
    total = target.addresses
    for aim in aims(network, target):
        total = total | aim.addresses
    for entrance in entrances_straight_to(network, target):
        total = total | (entrance.addresses or PUBLIC)
    return total


def _held_by_firewalls(
    network: Network, source: Point, sent: AddressSet, ports: PortSet
) -> AddressSet:
    """Give those of some addresses to which Azure Firewalls surely let nothing through."""
    held: list[AddressSet] = []
    if source.place is not None:
        for there, way in ways_from(network, source.place, 4, network.tags).within(sent):
            firewalls = _firewalls_on(network, source, way)
            if firewalls:
                passed = [_passed(network, each, source.addresses, ports) for each in firewalls]
                held.append(there - AddressSet.union(passed)[0])
    return AddressSet.union(held)[0]


def _firewalls_on(network: Network, source: Point, way: Way) -> list[Firewall]:
    """Give the firewalls of a way, which it takes for sure; none where it may do without."""
    found: list[Firewall] = []
    for route in () if way.reasons else way.possible:
        if route.hop is not Hop.APPLIANCE or route.address is None or route.doubts:
            return []
        configuration = firewall_at(network, source, route.address)
        firewall = configuration.root if configuration is not None else None
        if not isinstance(firewall, Firewall):
            return []
        found.append(firewall)
    return found


def _passed(
    network: Network, firewall: Firewall, sources: AddressSet, ports: PortSet
) -> AddressSet:
    """Give where a firewall may let through what some sources send to some ports."""
    asked = space_of(network, 4).having(source=sources)
    passed = _passing_to(network, firewall, ports) & asked
    return AddressSet(v4=values(passed, "destination"))


@question_about
def _passing_to(network: Network, firewall: Firewall, ports: PortSet) -> PacketSet:
    """Give what a firewall may let through, over TCP to some ports."""
    space = space_of(network, 4)
    asked = space.having(protocols=((TCP, TCP),), destination_ports=ports)
    by_network, by_application = passing(network, firewall, network.tags, space)
    return (by_network.may | by_application.may) & asked
