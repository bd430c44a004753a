"""NAT rules of an Azure Firewall for its private address: what they send on, and to whom (E-20).

Whoever gets to that address, from networks or sites, gets to whom the rules name, as one from the
internet does by a public one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from auditor.addresses import Version
from auditor.network.firewalling import FirewallTerm
from auditor.network.graph import Network, question
from auditor.network.service_tags import ServiceTags
from auditor.reach.approaches import beyond
from auditor.reach.bounds import Bounds
from auditor.reach.firewalling import translations
from auditor.reach.owners import perhaps_at
from auditor.reach.points import Kind, Point, keys_of, part_in_subnet
from auditor.reach.space import space_of
from auditor.reach.stages import Reply
from auditor.reach.trail import Trail
from auditor.reach.translating import sent_inside, translated
from auditor.resources.firewalls import Firewall, FirewallIpConfiguration


def at_private_address(trail: Trail, here: Point, reply: Reply) -> Iterator[tuple[Trail, Point]]:
    """Follow packets for the private address of a firewall to where its NAT rules send them."""
    firewall = here.node.root if here.node is not None else None
    if not isinstance(firewall, Firewall):
        return
    for term, accepted in _terms(trail.network, here, trail.space.version, trail.tags):
        found = reply(translated(trail, firewall, term, accepted), here)
        yield from sent_inside(found, firewall, here, _targets(trail.network, here, term))


def firewalls_towards(network: Network, target: Point) -> tuple[Point, ...]:
    """Give the firewalls whose NAT rules for their private addresses may lead to a point."""
    known = _behind(network)
    if not known:
        return ()  # as nearly everywhere
    places = (*keys_of(target), target.subnet.key if target.kind is Kind.SUBNET and target.subnet
              else "")  # fmt: skip
    found = {each.id.lower(): each for key in places for each in known.get(key, ())}
    return tuple(found[key] for key in sorted(found) if found[key].node is not target.node)


@question
def _behind(network: Network) -> dict[str, tuple[Point, ...]]:
    """Those firewalls by the ids of whom they lead to, and by the keys of these ones' subnets."""
    found: dict[str, dict[Point, None]] = defaultdict(dict)
    for node in network.all(FirewallIpConfiguration):
        here = part_in_subnet(network, Kind.FIREWALL, node)
        if here.node is not node:
            continue  # that of another public address
        for version in here.versions:
            for term, _ in _terms(network, here, version, network.tags):
                for point in beyond(network, _targets(network, here, term)):
                    place = point.subnet.key if point.subnet is not None else ""
                    for key in {*keys_of(point), place} - {""}:
                        found[key][here] = None
    return {key: tuple(each) for key, each in found.items()}


def _terms(
    network: Network, here: Point, version: Version, tags: ServiceTags
) -> Iterator[tuple[FirewallTerm, Bounds]]:
    """Give the NAT rules of a firewall that take something sent to its private address."""
    firewall = here.node.root if here.node is not None else None
    if not isinstance(firewall, Firewall) or not here.addresses:
        return
    space = space_of(network, version)
    own = space.having(destination=here.addresses)
    for term, taken in translations(network, firewall, tags, space):
        if not (taken.may & own).is_empty:
            yield term, taken


def _targets(network: Network, here: Point, term: FirewallTerm) -> tuple[Point, ...]:
    there = term.translation.address if term.translation is not None else None
    return perhaps_at(network, there, here.place) if there is not None and here.place else ()
