"""Which of several listeners on one address and port gets a request (A-22)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import msgspec

from auditor.errors import Undetermined
from auditor.network.doubt import Doubt, doubt
from auditor.network.gateways import gateway_of, is_v2, listeners, may_be_served, rules_of
from auditor.network.graph import Network, question
from auditor.network.host_patterns import swallows
from auditor.resources.application_gateways import Listener
from auditor.resources.gateway_routing import RoutingRule


class Contender(msgspec.Struct, frozen=True):
    """A listener and the rule that serves it.

    `rank` orders the contenders for one address and port, smallest first: the rule's priority or,
    in the first generation, its place in the list. None when the order is Azure's to choose: then
    listeners with a host name go before those without.
    """

    listener: Listener
    rule: RoutingRule
    rank: int | None


class Contest(msgspec.Struct, frozen=True):
    """What one listener takes from others on its address and port, and may lose to them.

    `taken` pairs each host (empty: every name, of a listener without host) with the listener that
    never gets it. `unclear` are hosts of its own that another takes if asked first, where the
    order is not told.
    """

    own: Contender
    taken: tuple[tuple[str, Contender], ...]
    unclear: tuple[str, ...]


@question
def contested_listeners(network: Network) -> tuple[Listener | Doubt, ...]:
    """Give the listeners in use that share their address and port with another one in use.

    A doubt stands for each that does not tell its place, its hosts, its rule or its rank, and may
    share its place with another one.
    """
    contests = _contenders(network)
    known = (one for one in network.all(Listener) if one.key in contests)
    untold = (one for one in listeners(network) if isinstance(one, Doubt))
    return (*known, *_untold(network), *untold)


def _untold(network: Network) -> Iterator[Doubt]:
    for group in _by_gateway(network).values():
        for listener in group:
            standing = _standing(network, listener)
            if isinstance(standing, Undetermined) and any(
                other is not listener and _may_share(listener, other) for other in group
            ):
                yield doubt(listener.id, standing)


def _may_share(one: Listener, other: Listener) -> bool:
    here, there = _place(one), _place(other)
    return here is None or there is None or here == there


@question
def _by_gateway(network: Network) -> dict[str, list[Listener]]:
    """The listeners that are or may be in use, by the key of their gateway."""
    found: dict[str, list[Listener]] = defaultdict(list)
    for listener in network.all(Listener):
        if may_be_served(network, listener):
            found[listener.owner.key if listener.owner else ""].append(listener)
    return found


def contest_of(network: Network, listener: Listener) -> Contest:
    """Tell what a contested listener takes from others, and what it may lose."""
    group = _contenders(network)[listener.key]
    own = next(one for one in group if one.listener is listener)
    unclear = [host for host in listener.hosts or ("",) if _may_lose(group, own, host)]
    return Contest(own, tuple(_taken(network).get(listener.key, ())), tuple(unclear))


@question
def _taken(network: Network) -> dict[str, list[tuple[str, Contender]]]:
    """The hosts that listeners take from others, by their keys, and from whom, in order."""
    found: dict[str, list[tuple[str, Contender]]] = defaultdict(list)
    for group in _groups(network):
        for loser in group:
            for host in loser.listener.hosts or ("",):
                taker = _taker(group, loser, host)
                if taker is not None:
                    found[taker.listener.key].append((host, loser))
    return found


def _taker(group: tuple[Contender, ...], loser: Contender, host: str) -> Contender | None:
    """Who gets the requests for a host of a listener instead of it, if anybody surely does."""
    for one in group:
        if one is not loser and _before(one, loser) and _accepts_all(one, host):
            return one
    return None


def _may_lose(group: tuple[Contender, ...], own: Contender, host: str) -> bool:
    return _taker(group, own, host) is None and any(
        one is not own and _before(one, own) is None and _accepts_all(one, host) for one in group
    )


def _accepts_all(contender: Contender, host: str) -> bool:
    hosts = contender.listener.hosts
    return not hosts or any(swallows(one, host or "*") for one in hosts)


def _before(one: Contender, other: Contender) -> bool | None:
    if one.rank is not None and other.rank is not None:
        return one.rank < other.rank
    if bool(one.listener.hosts) != bool(other.listener.hosts):
        return bool(one.listener.hosts)
    return None


@question
def _contenders(network: Network) -> dict[str, tuple[Contender, ...]]:
    """Give, by the key of each listener that shares its place, all those there, in order."""
    return {one.listener.key: group for group in _groups(network) for one in group}


@question
def _groups(network: Network) -> tuple[tuple[Contender, ...], ...]:
    """Give the listeners that share their place with others, in order, for each place."""
    groups: dict[tuple[str, str], list[tuple[Listener, RoutingRule]]] = defaultdict(list)
    for listener in network.all(Listener):
        standing = _standing(network, listener)
        if standing is not None and not isinstance(standing, Undetermined):
            groups[standing[0]].append((listener, standing[1]))
    ranked = [tuple(_ranked(network, pairs)) for pairs in groups.values()]
    return tuple([contenders for contenders in ranked if len(contenders) > 1])


def _standing(
    network: Network, listener: Listener
) -> tuple[tuple[str, str], RoutingRule] | Undetermined | None:
    """The place of a listener in use, and its rule; None when no rule serves it."""
    try:
        rules = rules_of(network, listener)
        _ = listener.hosts
        if not rules:
            return None
        _ = rules[0].properties.priority
    except Undetermined as unknown:
        return unknown
    place = _place(listener)
    if place is None:
        return Undetermined("the address and the port that it listens on", resource=listener.id)
    return place, rules[0]


def _place(listener: Listener) -> tuple[str, str] | None:
    """The ids of frontend and port; None when they are not told."""
    try:
        p = listener.properties
        frontend, port = p.frontend_ip_configuration, p.frontend_port
        if frontend is None or port is None or not frontend.id or not port.id:
            return None
        return frontend.id.lower(), port.id.lower()
    except Undetermined:
        return None


def _ranked(network: Network, pairs: list[tuple[Listener, RoutingRule]]) -> Iterator[Contender]:
    listed = _listed_order(network, pairs[0][0])
    ranks = {
        rule.key: listed.get(rule.key) if listed else rule.properties.priority for _, rule in pairs
    }
    complete = all(rank is not None for rank in ranks.values())
    ranked = [Contender(one, rule, ranks[rule.key] if complete else None) for one, rule in pairs]
    yield from sorted(ranked, key=lambda one: (one.rank or 0, one.listener.key))


def _listed_order(network: Network, listener: Listener) -> dict[str, int]:
    """The place of each rule in its gateway's list, where that is the order; else nothing."""
    try:
        gateway = gateway_of(network, listener)
        rules = () if is_v2(gateway) else gateway.rules
    except Undetermined:
        return {}
    return {rule.key: place for place, rule in enumerate(rules)}
