"""What the security rules at one place let through of packets between some addresses and one.

Most rules of a group speak of other packets: those of its network, or to other machines. Groups
that say the same of the packets in question are alike, whatever else they say, and are compiled
once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from msgspec.structs import replace

from auditor.addresses import EVERYTHING, Address, AddressSet, Version
from auditor.network.effective_rules import Direction, EffectiveRules
from auditor.network.flow import terms_at
from auditor.network.graph import Missing, Network, question, question_about
from auditor.network.interfaces import Interface
from auditor.network.service_tags import NO_TAGS, ServiceTags
from auditor.network.terms import Terms
from auditor.packets.measure import values
from auditor.reach.bounds import Bounds
from auditor.reach.filtering import Judged, Key, Sifted, compiled, let_through, sifted
from auditor.reach.points import Kind, Point
from auditor.reach.space import space_of
from auditor.reach.trail import Trail
from auditor.resources.virtual_networks import Subnet

_MANY = 100
"""From so many rules on they are narrowed down for each pair: all of them take long to compile."""


def narrowed(trail: Trail, point: Point, direction: Direction) -> Bounds | None:
    """Give what the filters of a point let through of the packets of a trail.

    Of those from the internet, and of any where the rules are many. None for others, where they
    have not one address on the side of the point, and where it is not told what they look like.
    """
    inbound = direction is Direction.INBOUND
    from_internet = inbound and trail.source.kind is Kind.INTERNET and trail.frame.source is None
    if trail.others or not (from_internet or _has_many(trail, point, direction)):
        return None
    names = ("destination", "source") if inbound else ("source", "destination")
    own, peers = (_addresses(trail, name) for name in names)
    if own.size != 1 or not peers:
        return None
    address = own.smallest()
    assert address is not None
    return admitted_of(
        trail.network, peers, address, point.nic, direction, point.subnet, trail.tags
    )


def _has_many(trail: Trail, point: Point, direction: Direction) -> bool:
    rules = terms_at(trail.network, point.nic, direction, point.subnet, trail.tags).rules
    return _number_of(rules) >= _MANY


def _number_of(rules: EffectiveRules) -> int:
    return sum(len(layer.filters) for layer in rules.layers)


def _addresses(trail: Trail, name: str) -> AddressSet:
    """The addresses that packets have now as their source or destination."""
    version = trail.space.version
    told: AddressSet | None = getattr(trail.frame, name)
    if told is None and name == "source" and trail.source.kind is Kind.INTERNET:
        told = trail.source.addresses  # all of them, as others ask
    found = values(trail.sent, name) if told is None else told.intervals(version)
    return AddressSet(v4=found) if version == 4 else AddressSet(v6=found)


def admitted_of(
    network: Network,
    peers: AddressSet,
    own: Address,
    nic: Interface | None,
    direction: Direction,
    subnet: Subnet | Missing | None = None,
    tags: ServiceTags = NO_TAGS,
) -> Bounds:
    """Give what `admitted` gives of packets between some addresses and one on the own side.

    Packets from or to other addresses may be in it or not: that means nothing.
    """
    return _admitted(network, peers, own, nic, direction, subnet, tags)


@question_about
def _admitted(
    network: Network,
    peers: AddressSet,
    own: Address,
    nic: Interface | None,
    direction: Direction,
    subnet: Subnet | Missing | None,
    tags: ServiceTags,
) -> Bounds:
    """Give the same, found once for all rules of a load balancer that lead to one machine."""
    inbound = direction is Direction.INBOUND
    rules = terms_at(network, nic, direction, subnet, tags)
    layers = tuple([layer.at(own) for layer in _narrowed(network, rules, peers)])
    return _found(network, layers, own.version, inbound)


def let_through_between(
    network: Network,
    rules: EffectiveRules,
    version: Version,
    own: AddressSet,
    peers: AddressSet,
) -> Bounds:
    """Give what `let_through` gives of packets between some own addresses and some peers.

    Packets of others may be in it or not: that means nothing. Many rules that speak of others are
    left out; few are compiled as they are, once for all.
    """
    if _number_of(rules) < _MANY:
        return let_through(network, rules, version)
    layers = tuple(
        Sifted(layer.admin, tuple([each for each in layer.terms if _may_match(each, own, peers)]))
        for layer in sifted(Terms(rules, peers))
    )
    return _found(network, layers, version, rules.inbound)


def _may_match(each: Judged, own: AddressSet, peers: AddressSet) -> bool:
    return each.term.own.overlaps(own) and each.term.peer.overlaps(peers)


def _found(network: Network, layers: tuple[Sifted, ...], version: Version, inbound: bool) -> Bounds:
    key = layers, version, inbound
    known = network.ask(_compiled)
    found = known.get(key)
    if found is None:
        found = known[key] = compiled(space_of(network, version), layers, inbound=inbound)
    return found


@question
def _compiled(_: Network) -> dict[tuple[tuple[Sifted, ...], Version, bool], Bounds]:
    return {}


class _Layer(NamedTuple):
    """What a layer says of packets of some peers, each term beside those whom it is for."""

    admin: bool
    terms: tuple[tuple[AddressSet, Judged], ...]

    def at(self, own: Address) -> Sifted:
        """Give what it says of packets of one own address."""
        return Sifted(self.admin, tuple([each for those, each in self.terms if own in those]))


def _narrowed(network: Network, rules: Terms, peers: AddressSet) -> tuple[_Layer, ...]:
    """Narrow rules down to packets of some peers, once for all that say the same."""
    key = Key(network, rules.rules, rules.rules.surroundings.nic), peers
    known = network.ask(_known)
    found = known.get(key)
    if found is None:
        found = known[key] = tuple(
            _Layer(layer.admin, tuple(_of(peers, layer)))
            for layer in sifted(Terms(rules.rules, peers))
        )
    return found


@question
def _known(_: Network) -> dict[tuple[Key, AddressSet], tuple[_Layer, ...]]:
    return {}


def _of(those: AddressSet, layer: Sifted) -> Iterator[tuple[AddressSet, Judged]]:
    """Leave out the terms of other packets, and what tells terms apart that mean the same."""
    for judged in layer.terms:
        term = judged.term
        peers = EVERYTHING if those <= term.peer else term.peer & those
        if peers:
            label = term.label if term.conditions else 0
            narrow = replace(term, label=label, own=EVERYTHING, peer=peers)
            yield term.own, judged._replace(term=narrow)
