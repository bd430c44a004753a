"""Which of the routes that match an address wins (facts R-6, R-7, R-9, L-4).

The longest prefix wins; on equal prefixes a user's route before a gateway's before Azure's own.
Two things come before that. A service endpoint's route beats every other (R-7). And some routes
*drop out* when another one matches: a gateway's where a VNet's or a peering's own route does
(R-7), a private endpoint's where a user's route is long enough and the policy lets it (L-4).

Routes that may not be there make several winners possible. Because only routes that never drop
out make others do so, one pass finds every winner: a route may win unless a certain one makes it
drop out, or a certain one that cannot drop out ranks higher.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TypeAlias

import msgspec

from auditor.addresses import Address
from auditor.network.reasons import Reason
from auditor.network.routing.model import PEERINGS, EffectiveRoute, Hop, Source

EXPLICIT = 4
"""The order of a user's route with a prefix of its own, before those of service tags (R-9)."""

_RANK = {Source.USER: 3, Source.GATEWAY: 2, Source.SYSTEM: 1}
_UNBEATEN = frozenset({Hop.LOCAL, *PEERINGS})

Key: TypeAlias = tuple[bool, int, int, int]


class Choice(msgspec.Struct, frozen=True):
    """Every route that may win, the certain ones first, and why it is not one answer."""

    possible: tuple[EffectiveRoute, ...]
    reasons: tuple[Reason, ...]


def key(route: EffectiveRoute) -> Key:
    """Give what routes are compared by; the greatest wins."""
    rank, order = _RANK[route.source], route.order
    if route.hop is Hop.PRIVATE_ENDPOINT and route.policy is not True:
        # R-6 and L-4 contradict each other about a user's route for the very address.
        rank, order = _RANK[Source.USER], EXPLICIT
    return route.hop is Hop.SERVICE_ENDPOINT, route.prefix.length, rank, order


def stays_whatever(route: EffectiveRoute) -> bool:
    """Tell whether no other route can make a route drop out."""
    return route.source is not Source.GATEWAY and route.yields_to is None


def drops_out(route: EffectiveRoute, other: EffectiveRoute) -> bool | None:
    """Tell whether a route drops out because another matches as well; None: it may."""
    if route.source is Source.GATEWAY:
        return other.source is Source.SYSTEM and other.hop in _UNBEATEN
    if route.yields_to is None or other.source is not Source.USER:
        return False
    if other.prefix.length < route.yields_to:
        return False
    return route.policy


def choose(matching: Iterable[EffectiveRoute]) -> Choice:
    """Give every route that may win among those that match one address.

    The answer is certain when there are no reasons: then all that is possible says the same, or
    nothing matches.
    """
    routes = list(matching)
    certain = [route for route in routes if route.certain]
    if len(routes) == len(certain) and all(map(stays_whatever, routes)):
        return _highest(routes)
    stays = [
        route
        for route in certain
        if not any(drops_out(route, other) is not False for other in routes)
    ]
    floor = max((key(route) for route in stays), default=None)
    possible = [
        route
        for route in routes
        if not any(drops_out(route, other) for other in certain)
        and (floor is None or key(route) >= floor)
    ]
    possible.sort(key=lambda route: (route.certain, key(route)), reverse=True)
    return Choice(tuple(possible), _reasons(possible, routes))


def straight(
    route: EffectiveRoute, to: Address, matching: Iterable[EffectiveRoute]
) -> EffectiveRoute | None:
    """Give the route that leads straight to an appliance for which a packet itself is (R-11).

    `route` is the one that names it, `matching` are all for its address. Whether it forwards does
    not matter then: what is for an address of its own a NIC takes in. None: the packet is not.
    """
    if route.hop is not Hop.APPLIANCE or route.address != to:
        return None
    near = (
        each
        for each in matching
        if each.source is not Source.USER and each.hop in (Hop.LOCAL, *PEERINGS)
    )
    found = choose(near).possible
    return found[0] if len(found) == 1 else None


def _highest(routes: Sequence[EffectiveRoute]) -> Choice:
    """Give what wins of routes that are all there, and that nothing makes drop out."""
    keys = [key(route) for route in routes]
    top = max(keys, default=None)
    possible = [route for route, each in zip(routes, keys, strict=True) if each == top]
    plain = len(possible) == 1 and possible[0].hop is not Hop.UNKNOWN
    return Choice(tuple(possible), () if plain else _reasons(possible, routes))


def _reasons(
    possible: Sequence[EffectiveRoute], routes: Sequence[EffectiveRoute]
) -> tuple[Reason, ...]:
    """Tell why several winners are not one answer; nothing when they all say the same.

    A lone route that may not be there is no answer either: without it there may be none.
    """
    certain = [route for route in possible if route.certain]
    unsure = [route for route in possible if route.hop is Hop.UNKNOWN]
    said = {(route.outcome, bool(route.fault)) for route in possible}
    if not possible or (len(said) == 1 and certain and not unsure):
        return ()
    found = {reason for route in possible for reason in route.reasons}
    found.update(reason for route in unsure for reason in route.doubts)
    for route in certain:
        for other in routes:
            if drops_out(route, other) is not False:
                found.update(other.reasons)
            if drops_out(route, other) is None:
                found.add(_untold_policy(route))
    found.update(_rivalries(certain))
    return tuple(sorted(found))


def _untold_policy(endpoint: EffectiveRoute) -> Reason:
    lacks = "privateEndpointNetworkPolicies of the private endpoint's subnet"
    return Reason("collection-gap", lacks, endpoint.node.id if endpoint.node is not None else "")


def _rivalries(certain: Iterable[EffectiveRoute]) -> Iterable[Reason]:
    """Name what is contradictory in routes that are all there and rank alike."""
    for _, group in groupby(sorted(certain, key=key, reverse=True), key=key):
        rivals = list(group)
        if len({route.outcome for route in rivals}) == 1:
            continue
        prefix = rivals[0].prefix
        if any(route.hop is Hop.PRIVATE_ENDPOINT for route in rivals):
            yield Reason(
                "semantics:L-4",
                f"whether a user's route takes what is for the private endpoint at {prefix}",
            )
        else:
            yield Reason("conflict", f"several routes for {prefix} contradict each other")
