"""Who surely passes the rules at a place, asked once for all places where rules say the same.

What `VirtualNetwork` holds at a place takes long to tell; the address space of the place's own
network is surely part of it. Where that is enough to know, the answer depends on nothing but what
the rules say, that space, and the addresses at hand, which are alike in networks of one design.
"""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter

from auditor.addresses import EVERY_PORT, EVERYTHING, NOTHING, AddressSet, PortSet
from auditor.errors import Undetermined
from auditor.network.effective_rules import EffectiveRules, is_endpoint
from auditor.network.filters import AZURE_LOAD_BALANCER, INTERNET, VIRTUAL_NETWORK, Filter, Selector
from auditor.network.graph import Network, question, question_about
from auditor.network.layers import Layer
from auditor.network.surroundings import HOSTS, Surroundings
from auditor.network.terms import may_differ
from auditor.network.virtual_network_tag import vnet_space
from auditor.resources.virtual_networks import Subnet, VirtualNetwork


def plainly_pass(
    rules: EffectiveRules, layer: Layer, own: AddressSet, peer: AddressSet, port: int
) -> bool:
    """Tell whether the group of a layer plainly lets all TCP to a port pass between two sets.

    False: look closer.
    """
    here = rules.surroundings
    at_endpoint = here.nic is not None and is_endpoint(here.nic)
    place = (rules.inbound, at_endpoint, own_space(here))
    key = (layer.filters, place, own, peer, port)
    known = here.network.ask(_known)
    found = known.get(key)
    if found is None:
        asked = bool(own) and bool(peer)
        found = known[key] = asked and _passes(layer.filters, place, own, peer, port)
    return found


@question
def _known(network: Network) -> dict[object, bool]:
    return {}


def at_most(
    rules: EffectiveRules, layer: Layer, own: AddressSet, ports: PortSet
) -> AddressSet | None:
    """Give the peers, outside which the group of a layer lets no TCP pass to some ports.

    None where that depends on what names stand for: look closer.
    """
    place = (rules.inbound, is_endpoint(rules.surroundings.nic))
    key = (layer.filters, place, own, ports)
    known = rules.surroundings.network.ask(_known_bounds)
    if key not in known:
        known[key] = _at_most(layer.filters, place, own, ports)
    return known[key]


@question
def _known_bounds(network: Network) -> dict[object, AddressSet | None]:
    return {}


def own_space(here: Surroundings) -> AddressSet:
    """Give the address space of the network of a place: `VirtualNetwork` surely holds it (N-20)."""
    return _space_around(here.network, here.subnet) if here.subnet is not None else NOTHING


@question_about
def _space_around(network: Network, subnet: Subnet) -> AddressSet:
    vnet = network.holder(subnet, VirtualNetwork)
    try:
        return vnet_space(network, vnet) if vnet is not None else NOTHING
    except Undetermined:
        return NOTHING


_At = tuple[bool, bool, AddressSet]
"""Whether packets arrive, whether at a private endpoint, and what the place's network holds."""


def _passes(
    filters: tuple[Filter, ...], at: _At, own: AddressSet, peer: AddressSet, port: int
) -> bool:
    inbound, at_endpoint, space = at
    for each in filters:
        if may_differ(each):
            return False
        if not each.speaks_of("tcp") or port not in _ports(each):
            continue
        sides = (each.destinations, each.sources) if inbound else (each.sources, each.destinations)
        if not each.allow:
            if _may_hold(sides[0], own, space) and _may_hold(sides[1], peer, space):
                return False
        elif (
            (at_endpoint or each.source_ports == EVERY_PORT)
            and _holds(sides[0], own, space)
            and _holds(sides[1], peer, space)
        ):
            return not _contested(each, filters)
    return False


def _at_most(
    filters: tuple[Filter, ...], at: tuple[bool, bool], own: AddressSet, ports: PortSet
) -> AddressSet | None:
    inbound, at_endpoint = at
    passed = denied = NOTHING
    for _, twins in groupby(filters, key=_priority):
        allowed: list[AddressSet] = []
        refused: list[AddressSet] = []
        for each in twins:
            untold = may_differ(each)
            numbers = _ports(each)
            if not (untold or each.speaks_of("tcp")) or not numbers.overlaps(ports):
                continue
            here, there = map(_literal, (each.destinations, each.sources)[:: 1 if inbound else -1])
            if here is None or there is None:
                return None
            if not here.overlaps(own):
                continue
            if each.allow:
                allowed.append(there)
            elif not untold and (at_endpoint or each.source_ports == EVERY_PORT):
                refused += [there] if ports <= numbers and own <= here else []
        for there in allowed:
            passed = passed | (there - denied)
        for there in refused:
            denied = denied | there
        if denied == EVERYTHING:
            return passed
    return passed | (EVERYTHING - denied)


_priority = attrgetter("priority")


def _ports(each: Filter) -> PortSet:
    return EVERY_PORT if each.destination_ports is None else each.destination_ports


def _literal(side: Selector) -> AddressSet | None:
    """What a side holds at whatever place; None where names tell it, or nobody."""
    if not side.told or side.groups or side.tags - {AZURE_LOAD_BALANCER}:
        return None
    return side.addresses | HOSTS if side.tags else side.addresses


def _may_hold(side: Selector, asked: AddressSet, space: AddressSet) -> bool:
    """Whether a side may hold some of what is asked about; yes where that is not plain.

    What `VirtualNetwork` holds is not in `Internet` (N-24).
    """
    if side.groups or side.addresses.overlaps(asked):
        return True
    rest = side.tags - {AZURE_LOAD_BALANCER, INTERNET}
    return (
        bool(rest)
        or (AZURE_LOAD_BALANCER in side.tags and HOSTS.overlaps(asked))
        or (INTERNET in side.tags and not asked <= space)
    )


def _holds(side: Selector, asked: AddressSet, space: AddressSet) -> bool:
    """Whether a side surely holds all that is asked about."""
    held = side.addresses
    if VIRTUAL_NETWORK in side.tags:
        held = held | space
    if AZURE_LOAD_BALANCER in side.tags:
        held = held | HOSTS
    return asked <= held


def _contested(each: Filter, filters: tuple[Filter, ...]) -> bool:
    """Whether a rule of the same priority says otherwise (N-5)."""
    return any(other.priority == each.priority and not other.allow for other in filters)
