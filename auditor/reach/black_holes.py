"""Routes to nowhere, and who needs what they drop (R-5, R-10).

Needed are the pairs that an `[[intent]]` wants to reach one another, the members of gateways'
pools, and private endpoints.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

import msgspec

from auditor.addresses import Address, prefix_or_none
from auditor.ids import fold
from auditor.intent import Expect
from auditor.network.doubt import Doubt
from auditor.network.graph import Network, possibly, question
from auditor.network.reasons import Reason
from auditor.network.route_tables import is_node_route, is_used
from auditor.network.routing import effective_routes
from auditor.network.routing.model import EffectiveRoute
from auditor.network.routing.peered import ties_of
from auditor.network.routing.selection import choose
from auditor.reach.answer import Answer, Verdict
from auditor.reach.backends import Backend, backends
from auditor.reach.gatewaying import point_of
from auditor.reach.intents import Judgement, Outcome, judgements
from auditor.reach.points import endpoint
from auditor.reach.talking import obstacle
from auditor.reach.wording import about, name_of, packet_words
from auditor.resources import walk
from auditor.resources.private_endpoints import PrivateEndpoint
from auditor.resources.routing import Route, RouteTable
from auditor.resources.virtual_networks import Subnet, VirtualNetwork


class Loss(msgspec.Struct, frozen=True, eq=False):
    """Somebody who needs what a route drops.

    `says` is the rest of a sentence, `related` who it is about. `told` is the rule that tells of it
    too and the subject it names, when the route alone is to blame. `reasons` tell why it may not be
    so: none when it is certain.
    """

    says: str
    related: tuple[str, ...]
    subnet: str = ""
    answer: Answer | None = None
    told: tuple[str, str] | None = None
    reasons: tuple[Reason, ...] = ()


@question
def black_holes(network: Network) -> tuple[Route, ...]:
    """Give the routes in use whose next hop is None, or does not tell its kind."""
    used = {table.key for table in network.all(RouteTable) if is_used(network, table)}
    return tuple(
        route
        for route in network.all(Route)
        if (route.owner is None or route.owner.key in used)
        and not is_node_route(route)
        and possibly(_drops, route)
    )


def _drops(route: Route) -> bool:
    return route.hop == "none"


def losses(network: Network, route: Route) -> tuple[Loss, ...]:
    """Give who needs what a route drops: those who certainly lose it, and those who may."""
    return _losses(network).get(fold(route.id), ())


@question
def _losses(network: Network) -> dict[str, tuple[Loss, ...]]:
    holes = {fold(route.id) for route in black_holes(network)}
    found: dict[str, list[Loss]] = defaultdict(list)
    if holes:
        for every in (_of_intents, _of_gateways, _of_endpoints):
            for key, loss in every(network, holes):
                found[key].append(loss)
    return {key: tuple(each) for key, each in found.items()}


_Found = Iterator[tuple[str, Loss]]


def _of_intents(network: Network, holes: set[str]) -> _Found:
    promises = [j for j in judgements(network) if j.intent.expect is Expect.REACHABLE]
    broken = [a for j in promises if j.outcome is Outcome.BROKEN for a in j.answers]
    for judgement in promises:
        for answer in judgement.answers:
            for key in _to_blame(answer) & holes:
                yield key, _of_intent(judgement, answer, key, broken)


def _of_intent(judgement: Judgement, answer: Answer, key: str, broken: list[Answer]) -> Loss:
    name, subject = judgement.intent.name, about(answer)
    ends = f"{name_of(answer.source)} to {name_of(answer.target)}"
    others = (each for each in broken if about(each) == subject)
    alone = all(_to_blame(each) == {key} for each in others)
    return Loss(
        f"the intent {name} is broken, {ends} ({packet_words(answer)})",
        (subject,),
        _sender(answer),
        answer,
        ("EXP-011", subject) if alone and judgement.outcome is Outcome.BROKEN else None,
        _doubts(answer, key),
    )


def _of_gateways(network: Network, holes: set[str]) -> _Found:
    near = _subnets_with(network, holes)
    asked: dict[str, list[tuple[Backend, Answer]]] = defaultdict(list)
    for backend in backends(network):
        if isinstance(backend, Doubt):
            continue  # told by GW-004
        here, there = point_of(network, backend.gateway), backend.ends
        places = {point.subnet.key for point in (here, *there) if point.subnet is not None}
        if places & near:
            answer = obstacle(network, [here], there, backend.port, straight=True)
            if answer is not None:
                asked[fold(backend.id)].append((backend, answer))
    for group in asked.values():
        lost = [answer for _, answer in group if answer.verdict is Verdict.BLOCKED]
        for backend, answer in group:
            for key in _to_blame(answer) & holes:
                alone = answer in lost and all(_to_blame(each) == {key} for each in lost)
                yield (
                    key,
                    Loss(
                        f"{backend.gateway.label} cannot reach {backend.member}:{backend.port}",
                        (backend.gateway.id, backend.id),
                        _sender(answer),
                        answer,
                        ("GW-004", backend.id) if alone else None,
                        _doubts(answer, key),
                    ),
                )


def _to_blame(answer: Answer) -> set[str]:
    """Give the keys of the rules and routes that stop a packet, or of those that may."""
    if answer.verdict is Verdict.BLOCKED:
        return {fold(step.rule_id) for step in answer.blockers}
    return {fold(step.rule_id) for step in answer.hops if step.passes is None}


def _doubts(answer: Answer, key: str) -> tuple[Reason, ...]:
    """Why a route that is to blame may not be: the packet gets through, or another one stops it."""
    if answer.verdict is Verdict.UNKNOWN:
        return answer.reasons
    steps = (step for step in answer.blockers if fold(step.rule_id) == key)
    return tuple(reason for step in steps for reason in step.reasons)


def _sender(answer: Answer) -> str:
    return answer.source.subnet.id if answer.source.subnet is not None else ""


def _of_endpoints(network: Network, holes: set[str]) -> _Found:
    for route, subnet in _steered(network, holes):
        key = fold(route.id)
        prefix = prefix_or_none(walk.peek(walk.peek(route, "properties"), "address_prefix"))
        if prefix is None:
            continue
        for node, addresses in _around(network, subnet):
            for address in addresses:
                if address in prefix:
                    routes = effective_routes(network, subnet, network.tags)
                    choice = choose(routes.matching(address))
                    if any(_is(each, key) for each in choice.possible):
                        yield key, _of_endpoint(subnet, node, choice.reasons)


def _of_endpoint(subnet: Subnet, node: PrivateEndpoint, reasons: tuple[Reason, ...]) -> Loss:
    says = f"{subnet.label} has no way to the private endpoint {node.label}"
    return Loss(says, (node.id, subnet.id), subnet.id, reasons=reasons)


def _is(route: EffectiveRoute, key: str) -> bool:
    return route.node is not None and fold(route.node.id) == key


def _around(
    network: Network, subnet: Subnet
) -> Iterator[tuple[PrivateEndpoint, tuple[Address, ...]]]:
    """Give the private endpoints of a subnet's VNet and of its direct peers (L-4)."""
    vnet = network.holder(subnet, VirtualNetwork)
    if vnet is None:
        return
    every = _by_home(network)
    for home in (vnet.key, *(tie.far_key for tie in ties_of(network, vnet).ties)):
        yield from every.get(home, ())


@question
def _by_home(network: Network) -> dict[str, list[tuple[PrivateEndpoint, tuple[Address, ...]]]]:
    found: dict[str, list[tuple[PrivateEndpoint, tuple[Address, ...]]]] = defaultdict(list)
    for node in network.all(PrivateEndpoint):
        point = endpoint(network, node)
        if point.home and point.addresses:
            prefixes = point.addresses.prefixes()
            each = (Address(p.version, n) for p in prefixes for n in range(p.first, p.last + 1))
            found[point.home].append((node, tuple(each)))
    return found


def _steered(network: Network, holes: Iterable[str]) -> Iterator[tuple[Route, Subnet]]:
    """Give each route to nowhere with each subnet of the input that uses it."""
    wanted = set(holes)
    for route in black_holes(network):
        table = network.holder(route, RouteTable)
        if table is None or fold(route.id) not in wanted:
            continue
        for edge in network.referrers(table, "routeTable"):
            if isinstance(edge.source, Subnet):
                yield route, edge.source


def _subnets_with(network: Network, holes: Iterable[str]) -> set[str]:
    return {subnet.key for _, subnet in _steered(network, holes)}
