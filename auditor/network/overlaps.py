"""Address spaces that overlap, and space that is free (D-5, D-7, R-20)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress

import msgspec

from auditor.addresses import AddressSet, Prefix, overlapping_groups
from auditor.errors import Undetermined
from auditor.network.components import components
from auditor.network.graph import Network, question
from auditor.network.routing_domains import (
    Claim,
    Domain,
    Link,
    is_inside_hub,
    links,
    near_keys,
    routing_domains,
    space_of,
    spelled,
    subnet_claims,
    untold,
)
from auditor.network.taken_ranges import taken_beside_networks
from auditor.network.untold_homes import may_be_one
from auditor.resources.virtual_networks import Peering, VirtualNetwork
from auditor.special_addresses import RFC1918, UNIQUE_LOCAL


class Overlap(msgspec.Struct, frozen=True):
    """Two networks (keys, sorted) with the smallest overlap of their address spaces."""

    left: str
    right: str
    wide: Claim
    narrow: Claim
    wide_key: str

    @property
    def narrow_key(self) -> str:
        """The key of the network whose prefix lies inside the other's."""
        return self.right if self.wide_key == self.left else self.left


def smallest_overlap(left: Iterable[Claim], right: Iterable[Claim]) -> tuple[Claim, Claim] | None:
    """Give the two claims, one of each side, whose overlap is smallest: the wider one first."""
    best: tuple[Claim, Claim] | None = None
    for one in left:
        for other in right:
            if one.prefix.overlaps(other.prefix):
                pair = (one, other) if one.prefix.size >= other.prefix.size else (other, one)
                if best is None or _rank(pair) < _rank(best):
                    best = pair
    return best


def _rank(pair: tuple[Claim, Claim]) -> tuple[int, Prefix, Prefix]:
    return pair[1].prefix.size, pair[1].prefix, pair[0].prefix


def planned_domains(network: Network) -> tuple[Domain, ...]:
    """Give the routing domains, and the networks of which it is not told whom they join."""
    domains = routing_domains(network)
    inside = {key for domain in domains for key in domain.members}
    alone = sorted(untold(network).keys() - inside)
    return (*domains, *(Domain(spelled(network, key), (key,)) for key in alone))


@question
def _whole(network: Network) -> dict[str, int]:
    """Number the components that everything but subnet peerings makes."""
    pairs = [(link.near, link.far) for link in links(network) if link.whole]
    return {key: number for number, group in enumerate(components(pairs)) for key in group}


def overlaps_in(network: Network, domain: Domain) -> Iterator[Overlap | tuple[str, str]]:
    """Give each pair of a domain's networks that overlap, once; or a key and what it lacks.

    Of two that may be one, of which a template does not tell where it goes, only that.
    """
    for found in _overlaps_in(network, domain):
        if isinstance(found, Overlap) and may_be_one(found.left, found.right):
            other = spelled(network, found.right)
            yield found.left, f"whether it is {other}: its template does not tell where it goes"
        else:
            yield found


def _overlaps_in(network: Network, domain: Domain) -> Iterator[Overlap | tuple[str, str]]:
    spaces: dict[str, tuple[Claim, ...]] = {}
    for key in domain.members:
        reason = untold(network).get(key)
        try:
            spaces[key] = space_of(network, key)
        except Undetermined as unknown:
            reason = reason or unknown.missing
        if reason:
            yield key, reason
    yield from _among_whole(network, spaces)
    for link in _subnet_links(network):
        if link.near in spaces and link.far in spaces:
            yield from _of_subnets(network, link, spaces)


def _among_whole(network: Network, spaces: dict[str, tuple[Claim, ...]]) -> Iterator[Overlap]:
    number = _whole(network)
    hubs = [_prefixes(claims) for key, claims in spaces.items() if "/virtualhubs/" in key]
    groups = [
        (key, [claim.prefix for claim in claims])
        for key, claims in spaces.items()
        if key in number
        and not (is_inside_hub(network, key) and any(_prefixes(claims) <= hub for hub in hubs))
    ]
    best: dict[tuple[str, str], tuple[Prefix, Prefix, str]] = {}
    for (wide, one), (narrow, other) in overlapping_groups(groups):
        pair = (min(one, other), max(one, other))
        if number[one] == number[other] and _better(narrow, wide, best.get(pair)):
            best[pair] = (narrow, wide, one)
    for (left, right), (narrow, wide, wide_key) in sorted(best.items()):
        if not _same_hub(network, left, right):
            narrow_key = right if wide_key == left else left
            outer = _claim(spaces[wide_key], wide)
            yield Overlap(left, right, outer, _claim(spaces[narrow_key], narrow), wide_key)


def _prefixes(claims: Iterable[Claim]) -> frozenset[Prefix]:
    return frozenset(claim.prefix for claim in claims)


def _better(narrow: Prefix, wide: Prefix, found: tuple[Prefix, Prefix, str] | None) -> bool:
    return found is None or (narrow.size, narrow, wide) < (found[0].size, found[0], found[1])


def _claim(claims: Iterable[Claim], prefix: Prefix) -> Claim:
    return next(claim for claim in claims if claim.prefix == prefix)


def _same_hub(network: Network, left: str, right: str) -> bool:
    """A hub and the VNet inside it are one network seen twice."""
    for hub, inside in ((left, right), (right, left)):
        if "/virtualhubs/" in hub and is_inside_hub(network, inside):
            return True
    return False


@question
def _subnet_links(network: Network) -> tuple[Link, ...]:
    """Give the subnet peerings between networks that nothing joins as a whole, once a pair."""
    number = _whole(network)
    found: dict[tuple[str, str], Link] = {}
    for link in links(network):
        together = number.get(link.near, -1) == number.get(link.far, -2)
        if not link.whole and not together:
            left, right = sorted((link.near, link.far))
            found.setdefault((left, right), link)
    return tuple(found[pair] for pair in sorted(found))


def _of_subnets(
    network: Network, link: Link, spaces: dict[str, tuple[Claim, ...]]
) -> Iterator[Overlap | tuple[str, str]]:
    peering = link.by
    if not isinstance(peering, Peering) or not smallest_overlap(
        spaces[link.near], spaces[link.far]
    ):
        return
    p = peering.properties
    near = subnet_claims(_vnet(network, link.near), p.local_subnet_names)
    far = subnet_claims(_vnet(network, link.far), p.remote_subnet_names)
    left, right = sorted((link.near, link.far))
    if near is None or far is None:
        yield link.near, f"the subnets that peering {peering.label} joins"
        return
    pair = smallest_overlap(near, far)
    if pair is not None:
        yield Overlap(left, right, *pair, link.near if pair[0] in near else link.far)


def _vnet(network: Network, key: str) -> VirtualNetwork | None:
    node = network.nodes.get(key)
    return node if isinstance(node, VirtualNetwork) else None


def are_close(network: Network, left: str, right: str) -> bool:
    """Tell whether two networks have routes to one another, or to a third network both."""
    near = near_keys(network, left)
    return right in near or bool(near & near_keys(network, right))


def free_ranges(
    network: Network, domain: Domain, wanted: Iterable[tuple[str, Prefix]]
) -> dict[tuple[str, Prefix], Prefix]:
    """Give each of some prefixes of networks a private block of its size that nobody else claims.

    No network of the domain, nor others, nor another of these: the blocks may all be taken at once.
    Those for which none is left are missing.
    """
    left = {version: _unclaimed(network, domain, version) for version in (4, 6)}
    found: dict[tuple[str, Prefix], Prefix] = {}
    for key, like in wanted:
        if (key, like) in found:
            continue
        block = _first_block(left[like.version], like)
        if block is not None:
            found[key, like] = block
            left[like.version] -= AddressSet.from_prefixes([block])
    return found


def _unclaimed(network: Network, domain: Domain, version: int) -> AddressSet:
    taken: list[Prefix] = []
    for key in domain.members:
        with suppress(Undetermined):
            taken.extend(claim.prefix for claim in space_of(network, key))
    private = RFC1918 if version == 4 else UNIQUE_LOCAL
    return private - AddressSet.from_prefixes(taken) - taken_beside_networks(network)


def _first_block(left: AddressSet, like: Prefix) -> Prefix | None:
    for block in left.prefixes():
        if block.length <= like.length:
            return Prefix.of(block.version, block.first, like.length)
    return None
