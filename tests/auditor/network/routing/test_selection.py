"""The choice among routes against a naive reference that tries every case."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from auditor.addresses import Prefix, parse_address
from auditor.network.reasons import Reason
from auditor.network.routing.model import EffectiveRoute, EffectiveRoutes, Hop, Source
from auditor.network.routing.selection import choose

ADDRESS = parse_address("10.1.2.3")
MAYBE = (Reason("maybe"),)

system = st.sampled_from([(Hop.LOCAL, 3), (Hop.PEERING, 2), (Hop.NONE, 0), (Hop.INTERNET, 0)])
user = st.sampled_from([Hop.APPLIANCE, Hop.NONE, Hop.INTERNET, Hop.LOCAL])


@st.composite
def a_route(draw: st.DrawFn) -> EffectiveRoute:
    """Any route, most of them for the address; lengths are few, so that they often tie."""
    length = draw(st.sampled_from([0, 8, 16, 24, 32]))
    base = draw(st.sampled_from([ADDRESS.value, ADDRESS.value, ADDRESS.value + (1 << 25)]))
    reasons = draw(st.sampled_from([(), (), MAYBE]))
    prefix = Prefix.of(4, base, length)
    kind = draw(st.sampled_from(["system", "user", "gateway", "service", "endpoint"]))
    if kind == "system":
        hop, order = draw(system)
        return EffectiveRoute(prefix, Source.SYSTEM, hop, "R-1", order=order, reasons=reasons)
    if kind == "user":
        order = draw(st.integers(2, 4))
        return EffectiveRoute(prefix, Source.USER, draw(user), "R-5", order=order, reasons=reasons)
    if kind == "gateway":
        return EffectiveRoute(prefix, Source.GATEWAY, Hop.GATEWAY, "R-24", reasons=reasons)
    if kind == "service":
        return EffectiveRoute(prefix, Source.SYSTEM, Hop.SERVICE_ENDPOINT, "R-40", reasons=reasons)
    return EffectiveRoute(
        Prefix.of(4, base, 32),
        Source.SYSTEM,
        Hop.PRIVATE_ENDPOINT,
        "L-4",
        reasons=reasons,
        yields_to=draw(st.sampled_from([8, 16])),
        policy=True,
    )


def reference(routes: Sequence[EffectiveRoute]) -> list[EffectiveRoute]:
    """The winners by the letter of the algorithm, with everything there; ties all win."""
    matching = [route for route in routes if ADDRESS in route.prefix]
    services = [route for route in matching if route.hop is Hop.SERVICE_ENDPOINT]
    if services:
        longest = max(route.prefix.length for route in services)
        return [route for route in services if route.prefix.length == longest]
    users = [route for route in matching if route.source is Source.USER]
    inside = [
        r for r in matching if r.source is Source.SYSTEM and r.hop in (Hop.LOCAL, Hop.PEERING)
    ]
    left = []
    for route in matching:
        if route.hop is Hop.PRIVATE_ENDPOINT and any(
            u.prefix.length >= (route.yields_to or 0) for u in users
        ):
            continue
        if route.source is Source.GATEWAY and inside:
            continue
        left.append(route)
    rank = {Source.USER: 3, Source.GATEWAY: 2, Source.SYSTEM: 1}
    scores = [(route.prefix.length, rank[route.source], route.order) for route in left]
    return [r for r, score in zip(left, scores, strict=True) if score == max(scores)]


def worlds(routes: Sequence[EffectiveRoute]) -> list[list[EffectiveRoute]]:
    """Every set of routes that may really be there."""
    there = [route for route in routes if not route.reasons]
    unsure = [route for route in routes if route.reasons]
    return [
        [*there, *some]
        for number in range(len(unsure) + 1)
        for some in combinations(unsure, number)
    ]


@settings(max_examples=150, deadline=None)
@given(st.lists(a_route(), max_size=7))
def test_the_choice_is_the_same_in_every_world(routes: list[EffectiveRoute]) -> None:
    choice = choose(EffectiveRoutes(routes, ()).matching(ADDRESS))
    winners = [reference(world) for world in worlds(routes)]
    outcomes = {route.outcome for world in winners for route in world}
    assert outcomes <= {route.outcome for route in choice.possible}
    everywhere = all(winners) or not any(winners)
    assert (not choice.reasons) is (everywhere and len(outcomes) <= 1)


@settings(max_examples=50, deadline=None)
@given(st.lists(a_route(), max_size=7), st.randoms(use_true_random=False))
def test_the_order_of_routes_does_not_matter(routes: list[EffectiveRoute], random: object) -> None:
    def said(given: list[EffectiveRoute]) -> tuple[object, ...]:
        choice = choose(EffectiveRoutes(given, ()).matching(ADDRESS))
        return {route.outcome for route in choice.possible}, choice.reasons

    shuffled = list(routes)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert said(routes) == said(shuffled)


@settings(max_examples=50, deadline=None)
@given(st.lists(a_route(), max_size=7))
def test_doubt_never_makes_an_answer_certain(routes: list[EffectiveRoute]) -> None:
    sure = [replace(route, reasons=()) for route in routes]
    doubted = [replace(route, reasons=MAYBE) for route in sure]
    choice = choose(EffectiveRoutes(doubted, ()).matching(ADDRESS))
    assert bool(choice.reasons) is bool(choice.possible)
