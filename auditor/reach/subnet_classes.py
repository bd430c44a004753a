"""Subnets in classes: those of one class do the same to others, and others do the same to them.

Of one VNet, one security group and one route table, with the same filters once their own addresses
are settled, the same ways, and addresses that no rule and no route of anybody tells apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from auditor.addresses import Version
from auditor.network.firewalling import filter_rules, firewall_program, nat_rules
from auditor.network.graph import Network
from auditor.network.service_tags import ServiceTags
from auditor.packets.partition import bits
from auditor.reach.places import Places
from auditor.reach.points import Point, anywhere_in
from auditor.reach.space import BITS, space_of
from auditor.reach.subnet_views import View, group_of, table_of, view_of
from auditor.resources.firewalls import Firewall
from auditor.resources.virtual_networks import Subnet

VERSIONS: tuple[Version, ...] = (4, 6)


@dataclass(frozen=True, slots=True, eq=False)
class SubnetClass:
    """Subnets that behave alike, sorted by id, numbered from 1.

    `views` is empty for one of which too little is told to compare it with others.
    """

    number: int
    subnets: tuple[Subnet, ...]
    views: dict[Version, View] = field(default_factory=dict)

    @property
    def first(self) -> Subnet:
        """The subnet that stands for all."""
        return self.subnets[0]

    @property
    def group(self) -> str:
        """The id of their security group; empty when they name none."""
        return group_of(self.first)

    @property
    def table(self) -> str:
        """The id of their route table; empty when they name none."""
        return table_of(self.first)

    def pair(self, network: Network, other: SubnetClass) -> tuple[Point, Point]:
        """Give a machine of this class and another one of the other class."""
        target = other.subnets[1] if other is self else other.first
        return anywhere_in(network, self.first), anywhere_in(network, target)


def classes_of(
    network: Network,
    subnets: Iterable[Subnet],
    tags: ServiceTags,
    apart: Callable[[Subnet], object] = lambda _: None,
) -> tuple[SubnetClass, ...]:
    """Give the classes of some subnets, by the id of their first ones.

    Those of which `apart` says different things are of different classes.
    """
    ordered = sorted({subnet.key: subnet for subnet in subnets}.values(), key=lambda s: s.key)
    views = [_views(network, subnet, tags) for subnet in ordered]
    grouped: dict[object, int] = {}
    for i, (subnet, each) in enumerate(zip(ordered, views, strict=True)):
        key = (*_own(subnet, each), apart(subnet))
        grouped[key] = grouped.get(key, 0) | 1 << i
    groups = _refined(network, list(grouped.values()), views, tags)
    groups.sort(key=lambda mask: mask & -mask)
    found = []
    for number, mask in enumerate(groups, 1):
        members = list(bits(mask))
        found.append(SubnetClass(number, tuple(ordered[i] for i in members), views[members[0]]))
    return tuple(found)


def _views(network: Network, subnet: Subnet, tags: ServiceTags) -> dict[Version, View]:
    found = {version: view_of(network, subnet, version, tags) for version in VERSIONS}
    told = {version: view for version, view in found.items() if view is not None}
    return told if 4 in told else {}


def _own(subnet: Subnet, views: dict[Version, View]) -> tuple[object, ...]:
    if not views:
        return (subnet.key,)
    home = next(iter(views.values())).point.home
    seen = ((v.version, v.out, v.into, v.ways.said) for v in views.values())
    alone = subnet.key if any(view.is_mixed for view in views.values()) else ""
    return home, group_of(subnet).lower(), table_of(subnet).lower(), alone, *seen


def _refined(
    network: Network,
    groups: list[int],
    views: Sequence[dict[Version, View]],
    tags: ServiceTags,
) -> list[int]:
    """Split groups whose addresses something tells apart."""
    shared = [mask for mask in groups if mask & (mask - 1)]
    found = [mask for mask in groups if not mask & (mask - 1)]
    for version in VERSIONS:
        places = Places([_addresses(each, version) for each in views])
        of_views, of_firewalls = _cuts(views, version), _firewall_cuts(network, version, tags)
        for cuts in dict.fromkeys((*of_views, *of_firewalls)):
            if not shared:
                break
            parts, odd = places.spread(cuts, range(len(cuts) + 1))
            split: list[int] = []
            for mask in shared:
                split += [mask & part for part in parts.values()]
                split += [1 << i for i in bits(mask & odd)]
                nowhere = mask & ~odd
                for part in parts.values():
                    nowhere &= ~part
                split.append(nowhere)
            found += [mask for mask in split if mask and not mask & (mask - 1)]
            shared = [mask for mask in split if mask & (mask - 1)]
    return found + shared


def _addresses(views: dict[Version, View], version: Version) -> tuple[tuple[int, int], ...]:
    return views[version].addresses if version in views else ()


def _cuts(views: Sequence[dict[Version, View]], version: Version) -> Iterator[tuple[int, ...]]:
    for each in views:
        view = each.get(version)
        if view is not None:
            if view.out.level == 0:
                yield view.out.cuts
            if view.into.level == 1:
                yield view.into.cuts
            yield view.ways.starts[1:]


def _firewall_cuts(
    network: Network, version: Version, tags: ServiceTags
) -> Iterator[tuple[int, ...]]:
    """Give the bounds of all addresses that the rules of each Azure Firewall name."""
    for firewall in network.all(Firewall):
        program = firewall_program(network, firewall, tags)
        space = space_of(network, version)
        sides = [rule.may[:2] + rule.must[:2] for rule in filter_rules(program, space)]
        sides += [rule.may[:2] + rule.must[:2] for rule in nat_rules(program, space)]
        kept = program.private_ranges
        sides.append((kept.may.intervals(version), kept.must.intervals(version)))
        pairs = {pair for side in sides for intervals in side for pair in intervals}
        found = {low for low, _ in pairs} | {high + 1 for _, high in pairs}
        yield tuple(sorted(found - {0, 1 << BITS[version]}))
