"""A glance at two security groups that meet at a NIC: rules of which something plainly passes both.

It follows one address, or the members of one service tag, and says yes only where the sets of
packets would say so too.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from auditor.addresses import NOTHING, AddressSet, PortSet
from auditor.network.effective_rules import EffectiveRules
from auditor.network.filters import Selector
from auditor.network.graph import Network, question
from auditor.network.passage import UNFILTERED
from auditor.network.surroundings import Surroundings
from auditor.reach.plainly import decides, lets_through, surely_held


class Spot(msgspec.Struct, frozen=True):
    """The addresses of a NIC, those of its subnet, and those of the pods behind it."""

    own: AddressSet
    home: AddressSet
    pods: AddressSet

    def between_pods(self, one: AddressSet, other: AddressSet) -> bool:
        """Tell whether two addresses are of pods and nodes: their packets pass (K-41)."""
        both = self.pods | self.home
        return (one <= both and other <= both) and (one <= self.pods or other <= self.pods)


def plainly_alive_at(own: EffectiveRules, other: EffectiveRules, spot: Spot) -> frozenset[int]:
    """Give the Allow rules of one group of which that is so, by their numbers.

    Looked at once for all places where both groups say the same and names stand for the same.
    """
    here = own.surroundings
    tag = here.virtual_network
    said = tuple((each.kind, each.unknown is None, each.filters) for each in other.layers)
    filters = own.layers[0].filters
    key = (own.direction, filters, own.layers[0].kind, said, tag.must, tag.may, here.tags, spot)
    known = here.network.ask(_known)
    found = known.get(key)
    if found is None:
        found = known[key] = frozenset(
            number
            for number, each in enumerate(filters)
            if each.allow and plainly_alive(own, other, number, spot)
        )
    return found


@question
def _known(network: Network) -> dict[object, frozenset[int]]:
    return {}


def plainly_alive(own: EffectiveRules, other: EffectiveRules, number: int, spot: Spot) -> bool:
    """Tell whether something that an Allow of one group decides plainly passes the other one too.

    False: look closer.
    """
    each = own.layers[0].filters[number]
    protocol = next((name for name in ("tcp", "udp") if each.speaks_of(name)), "")
    if not protocol or not spot.home.v4 or not each.told:
        return False
    if not each.destination_ports or not each.source_ports:
        return False
    at, far = each.destinations, each.sources
    if not own.inbound:
        at, far = far, at
    here = _seen(at, own.surroundings, spot)
    port = PortSet.of(each.destination_ports.intervals[0][0])
    for peers, tag in _peers(far, own) if here else ():
        if decides(own, number, here, peers, port, tag, protocol):
            passes = not tag and spot.between_pods(here, peers)
            return passes or lets_through(other, here, peers, port, tag, protocol)
    return False


def _seen(side: Selector, here: Surroundings, spot: Spot) -> AddressSet:
    """One own address that a side surely holds: the NIC's, else one beyond its subnet."""
    held = surely_held(side, here)
    return _one(held & spot.own) or _one(held - spot.home)


def _peers(side: Selector, rules: EffectiveRules) -> Iterator[tuple[AddressSet, str]]:
    """One address of peers, preferably inside; or all that a service tag may hold."""
    here = rules.surroundings
    unseen = NOTHING if rules.inbound else UNFILTERED
    held = surely_held(side, here) - unseen
    found = _one(held & here.virtual_network.must) or _one(held)
    if found:
        yield found, ""
    elif len(side.tags) == 1 and not side.addresses and not side.groups:
        (tag,) = side.tags
        region = here.tag(tag).may - unseen
        if region.v4:
            yield AddressSet(v4=region.v4), tag


def _one(addresses: AddressSet) -> AddressSet:
    return AddressSet(v4=((addresses.v4[0][0],) * 2,)) if addresses.v4 else NOTHING
