"""Intents judged: is the network what auditor.toml says of who reaches whom?

An intent is kept, broken by a packet (the counterexample), or cannot be told. What a gateway sends
on over a connection of its own counts towards *reachable*, and not against *unreachable* and
*only*: a client that talks to the gateway has reached the gateway. A ping that a load balancer
answers itself (E-11) counts against *unreachable*, and towards *reachable* only where the intent
names ICMP: whoever asks for anything means a machine.

The ports of *only* belong to what may be reached: everybody else is asked about on every port, and
who is named on the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeAlias

from msgspec.structs import replace

from auditor.addresses import EVERY_PORT, PortSet
from auditor.errors import UsageError
from auditor.intent import Expect, Intent
from auditor.network.graph import Network, question
from auditor.network.reasons import Reason
from auditor.network.sites import every_site
from auditor.reach.absent import behind_gateways
from auditor.reach.answer import PROTOCOLS, Answer, Verdict, answers
from auditor.reach.balancing import forwards_of
from auditor.reach.brought_in import brought_in
from auditor.reach.ends import points_of
from auditor.reach.injected import databases_in, takes_machines, who_is_there
from auditor.reach.intents import Judgement, Outcome
from auditor.reach.listing import exposed
from auditor.reach.points import Kind, Point, internet, keys_of
from auditor.reach.replay import check
from auditor.reach.selected import Ends, ends_of, pairs
from auditor.reach.services import private_doors, service_points
from auditor.reach.space import PORTED
from auditor.resources.load_balancers import LoadBalancerFrontend
from auditor.resources.virtual_networks import Subnet
from auditor.selector import Selector
from auditor.special_addresses import PUBLIC


def judge(network: Network, intent: Intent) -> Judgement:
    """Judge one intent. What a selector does not find is unknown, and says so."""
    try:
        sources = _ends(network, intent.sources)
        targets = _ends(network, intent.targets)
    except UsageError as error:
        return _untold(intent, error)
    try:
        found = list(_asked(network, intent, sources, targets))
    except UsageError as error:
        return _untold(intent, error)
    for answer in found:
        check(network, answer, network.tags)
    against, doubtful = _sorted_out(network, intent, found)
    if against:
        return Judgement(intent, Outcome.BROKEN, tuple(against))
    reasons = {reason for answer in doubtful for reason in answer.reasons}
    reasons |= {*sources.reasons, *targets.reasons}
    if doubtful or reasons:
        return Judgement(intent, Outcome.UNKNOWN, tuple(doubtful), tuple(sorted(reasons)))
    return Judgement(intent, Outcome.KEPT)


def _untold(intent: Intent, error: UsageError) -> Judgement:
    """A selector that fits nothing: of an estate that has no such thing, or mistyped."""
    reason = Reason("nothing-selected", str(error))
    return Judgement(intent, Outcome.UNKNOWN, reasons=(reason,))


def _ends(network: Network, selectors: Iterable[Selector]) -> Ends:
    found = [ends_of(network, selector) for selector in selectors]
    points = {(p.id.lower(), str(p.addresses)): p for ends in found for p in ends.points}
    reasons = tuple(sorted({reason for ends in found for reason in ends.reasons}))
    if not points and not reasons:
        reasons = (Reason("nothing-selected", "a selector stands for nothing that can be asked"),)
    pods = {(p.id.lower(), str(p.addresses)): p for ends in found for p in ends.pods}
    ordered = tuple(points[key] for key in sorted(points))
    return Ends(ordered, reasons, tuple(pods[key] for key in sorted(pods)))


def protocols_of(intent: Intent) -> tuple[str, ...]:
    """Give the protocols an intent speaks of."""
    return PROTOCOLS if intent.protocol == "any" else (intent.protocol,)


_Question: TypeAlias = tuple[Point, Point, tuple[str, ...], PortSet]
"""Who is asked about whom, for which protocols and ports."""


def _asked(network: Network, intent: Intent, sources: Ends, targets: Ends) -> Iterator[Answer]:
    """Ask about every pair. Raises UsageError where none is left to ask about."""
    relays = intent.expect is Expect.REACHABLE
    for source, target, protocols, ports in _asked_about(network, intent, sources, targets):
        yield from answers(
            network,
            source,
            target,
            protocols=protocols,
            ports=ports,
            tags=network.tags,
            relays=relays,
            pings=not relays or intent.protocol == "icmp",
            refusals=relays,
        )


def _asked_about(
    network: Network, intent: Intent, sources: Ends, targets: Ends
) -> Iterator[_Question]:
    protocols = protocols_of(intent)
    if intent.expect is not Expect.ONLY:
        for source, target in pairs(sources, targets):
            yield source, target, protocols, intent.ports
        return
    other_ports = EVERY_PORT - intent.ports
    ported = tuple(protocol for protocol in protocols if protocol in PORTED)
    for source in sources.sending:
        for target in _others(network, source, targets.points, protocols):
            if source != target:
                yield source, target, protocols, EVERY_PORT
        for target in targets.points if other_ports and ported else ():
            if source != target and not (source.outside and target.outside):
                yield source, target, ported, other_ports


def _others(
    network: Network, source: Point, targets: tuple[Point, ...], protocols: tuple[str, ...]
) -> Iterator[Point]:
    """Give everything that a source could reach and that is none of the targets."""
    allowed = {point.id.lower() for point in targets}
    for point in targets:
        if isinstance(point.node, LoadBalancerFrontend):
            behind = forwards_of(network, point.node).known
            allowed |= {f.target.id.lower() for f in behind if f.target is not None}

    def other(point: Point) -> bool:
        inside = point.subnet is not None and point.subnet.key in allowed
        both_outside = point.outside and source.outside
        return not (inside or both_outside or any(key in allowed for key in keys_of(point)))

    if source.kind is Kind.INTERNET:
        yield from filter(other, _exposed_points(network))
        # One is enough: of what appliances bring in nothing is certain.
        yield from islice(filter(other, brought_in(network, protocols)), 1)
    else:
        yield from filter(other, everybody(network))


@question
def _exposed_points(network: Network) -> tuple[Point, ...]:
    """What the internet may reach at all: only that need be asked about."""
    found = {each.target.id.lower(): each.target for each in exposed(network, tags=network.tags)}
    return tuple(found[key] for key in sorted(found))


@question
def everybody(network: Network) -> tuple[Point, ...]:
    """Give every point that packets can be sent to: in subnets, services, sites, the internet."""
    found: dict[str, Point] = {}
    for subnet in network.all(Subnet):
        for point in (*points_of(subnet, network), *databases_in(network, subnet)):
            found.setdefault(point.id.lower(), point)
    for point in service_points(network):
        found.setdefault(point.id.lower(), point)
    sites = every_site(network)
    if sites.must or sites.doubts:
        found["onprem"] = behind_gateways(network, sites.must, sites.reasons())
    found["internet"] = internet(PUBLIC)
    return tuple(found[key] for key in sorted(found))


def _sorted_out(
    network: Network, intent: Intent, found: list[Answer]
) -> tuple[list[Answer], list[Answer]]:
    """Give the answers that break an intent, and those that leave it in doubt."""
    if intent.expect is not Expect.REACHABLE:
        reached = [answer for answer in found if answer.verdict is Verdict.REACHABLE]
        sure = [answer for answer in reached if not _by_nobody(answer)]
        perhaps = [_doubted(network, answer) for answer in reached if _by_nobody(answer)]
        unsure = [answer for answer in found if answer.verdict is Verdict.UNKNOWN]
        return sure, unsure + [answer for answer in perhaps if answer.reasons]
    against: list[Answer] = []
    doubtful: list[Answer] = []
    for group in _by_pair(network, found):
        lacking = _lacking(intent, group)
        against += _telling(lacking[0])
        doubtful += lacking[1]
    return against, doubtful


def _by_nobody(answer: Answer) -> bool:
    """Whether what would answer is any machine of a subnet that takes none.

    A service that stands there is somebody: a database, an API server.
    """
    target = answer.target
    if target.kind is not Kind.SUBNET or not isinstance(target.node, Subnet):
        return False
    return not takes_machines(target.node)


def _doubted(network: Network, answer: Answer) -> Answer:
    """Give an answer about a subnet that takes no machines: what else is there may answer."""
    subnet = answer.target.subnet
    reasons = who_is_there(network, subnet) if isinstance(subnet, Subnet) else ()
    return replace(answer, verdict=Verdict.UNKNOWN, reasons=reasons)


def _telling(against: list[Answer]) -> list[Answer]:
    """Where no way leads straight from one to the other, speak of a gateway that should lead there.

    Of that with the fewest obstacles.
    """
    gateways = [answer for answer in against if answer.via]
    straight = [answer for answer in against if not answer.via]
    if not gateways or any(answer.hops for answer in straight):
        return straight
    return [min(gateways, key=lambda answer: len(answer.blockers))]


def _by_pair(network: Network, found: list[Answer]) -> list[list[Answer]]:
    """Group answers by who asks whom; the doors of a service lead to one (L-6)."""
    services = {answer.target.id.lower(): answer.target for answer in found}
    doors = {door: key for key, point in services.items() for door in private_doors(network, point)}
    grouped: dict[tuple[str, str], list[Answer]] = {}
    for answer in found:
        key = answer.target.id.lower()
        pair = (answer.source.id.lower(), doors.get(key, key))
        grouped.setdefault(pair, []).append(answer)
    return list(grouped.values())


def _lacking(intent: Intent, group: list[Answer]) -> tuple[list[Answer], list[Answer]]:
    """Give what of a pair is blocked, or in doubt, and yet should be reachable.

    With ports, every one of them should be; without, any.
    """
    ways = {verdict: _ports(group, verdict) for verdict in Verdict}
    if intent.ports == EVERY_PORT:
        if ways[Verdict.REACHABLE]:
            return [], []
        unsure = [answer for answer in group if answer.verdict is Verdict.UNKNOWN]
        return ([], unsure) if unsure else (group, [])
    blocked = intent.ports - ways[Verdict.REACHABLE] - ways[Verdict.UNKNOWN]
    unsure_ports = ways[Verdict.UNKNOWN] - ways[Verdict.REACHABLE]
    return (
        [a for a in group if a.verdict is Verdict.BLOCKED and a.ports & blocked],
        [a for a in group if a.verdict is Verdict.UNKNOWN and a.ports & unsure_ports],
    )


def _ports(group: Iterable[Answer], verdict: Verdict) -> PortSet:
    total = PortSet()
    for answer in group:
        if answer.verdict is verdict:
            total = total | answer.ports
    return total
