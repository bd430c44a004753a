"""What the security rules at one place let through of packets from some addresses to one address.

Most rules of a group speak of other packets: those of its network, or to other machines. Groups
that say the same of the packets in question are alike, whatever else they say, and are compiled
once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from msgspec.structs import replace

from auditor.addresses import EVERYTHING, Address, AddressSet, Version
from auditor.network.effective_rules import Direction
from auditor.network.flow import terms_at
from auditor.network.graph import Missing, Network, question
from auditor.network.interfaces import Interface
from auditor.network.service_tags import NO_TAGS, ServiceTags
from auditor.network.terms import Terms
from auditor.reach.bounds import Bounds
from auditor.reach.filtering import Judged, Key, Sifted, compiled, sifted
from auditor.reach.points import Kind, Point
from auditor.reach.space import space_of
from auditor.reach.trail import Trail
from auditor.resources.virtual_networks import Subnet


def let_in(trail: Trail, point: Point) -> Bounds | None:
    """Give what the filters of a point let in of packets from the internet to its one address.

    None for other packets, and where it has several addresses, or one of the other version.
    """
    frame, version = trail.frame, trail.space.version
    if trail.source.kind is not Kind.INTERNET or trail.others or frame.source is not None:
        return None
    own, sources = frame.destination, trail.source.addresses.intervals(version)
    if own is None or own.size != 1 or not own.intervals(version) or not sources:
        return None
    [(address, _)] = own.intervals(version)
    return admitted_from(
        trail.network,
        AddressSet(v4=sources) if version == 4 else AddressSet(v6=sources),
        Address(version, address),
        point.nic,
        point.subnet,
        trail.tags,
    )


def admitted_from(
    network: Network,
    sources: AddressSet,
    own: Address,
    nic: Interface | None,
    subnet: Subnet | Missing | None = None,
    tags: ServiceTags = NO_TAGS,
) -> Bounds:
    """Give what `admitted` gives of packets that come in from some addresses to one.

    Packets from or to other addresses may be in it or not: that means nothing.
    """
    rules = terms_at(network, nic, Direction.INBOUND, subnet, tags)
    layers = tuple([layer.at(own) for layer in _narrowed(network, rules, sources)])
    key = layers, own.version
    known = network.ask(_compiled)
    found = known.get(key)
    if found is None:
        found = known[key] = compiled(space_of(network, own.version), layers, inbound=True)
    return found


@question
def _compiled(_: Network) -> dict[tuple[tuple[Sifted, ...], Version], Bounds]:
    return {}


class _Layer(NamedTuple):
    """What a layer says of packets from some addresses, each term beside those whom it is for."""

    admin: bool
    terms: tuple[tuple[AddressSet, Judged], ...]

    def at(self, own: Address) -> Sifted:
        """Give what it says of packets to one address."""
        return Sifted(self.admin, tuple([each for those, each in self.terms if own in those]))


def _narrowed(network: Network, rules: Terms, sources: AddressSet) -> tuple[_Layer, ...]:
    """Narrow rules down to packets from some addresses, once for all that say the same."""
    key = Key(network, rules.rules, rules.rules.surroundings.nic), sources
    known = network.ask(_known)
    found = known.get(key)
    if found is None:
        found = known[key] = tuple(
            _Layer(layer.admin, tuple(_from(sources, layer)))
            for layer in sifted(Terms(rules.rules, sources))
        )
    return found


@question
def _known(_: Network) -> dict[tuple[Key, AddressSet], tuple[_Layer, ...]]:
    return {}


def _from(sources: AddressSet, layer: Sifted) -> Iterator[tuple[AddressSet, Judged]]:
    """Leave out the terms of other packets, and what tells terms apart that mean the same."""
    for judged in layer.terms:
        term = judged.term
        peers = EVERYTHING if sources <= term.peer else term.peer & sources
        if peers:
            label = term.label if term.conditions else 0
            narrow = replace(term, label=label, own=EVERYTHING, peer=peers)
            yield term.own, judged._replace(term=narrow)
