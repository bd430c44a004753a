"""Which of several listeners on one address and port gets a request (A-22)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from auditor.errors import Undetermined
from auditor.network.gateways import gateway_of, is_v2, rules_of
from auditor.network.graph import Network, question
from auditor.network.host_patterns import swallows
from auditor.resources.application_gateways import Listener, RoutingRule


@dataclass(frozen=True, slots=True)
class Contender:
    """A listener and the rule that serves it.

    `rank` orders the contenders for one address and port, smallest first: the rule's priority or,
    in the first generation, its place in the list. None when the order is Azure's to choose: then
    listeners with a host name go before those without.
    """

    listener: Listener
    rule: RoutingRule
    rank: int | None


@dataclass(frozen=True, slots=True)
class Contest:
    """What one listener takes from others on its address and port, and may lose to them.

    `taken` pairs each host (empty: every name, of a listener without host) with the listener that
    never gets it. `unclear` are hosts of its own that another takes if asked first, where the
    order is not told.
    """

    own: Contender
    taken: tuple[tuple[str, Contender], ...]
    unclear: tuple[str, ...]


def contested_listeners(network: Network) -> tuple[Listener, ...]:
    """Give the listeners in use that share their address and port with another one in use."""
    contests = _contenders(network)
    return tuple(one for one in network.all(Listener) if one.key in contests)


def contest_of(network: Network, listener: Listener) -> Contest:
    """Tell what a contested listener takes from others, and what it may lose."""
    group = _contenders(network)[listener.key]
    own = next(one for one in group if one.listener is listener)
    taken = []
    for other in group:
        for host in other.listener.hosts or ("",):
            if other is not own and _taker(group, other, host) is own:
                taken.append((host, other))
    unclear = [host for host in listener.hosts or ("",) if _may_lose(group, own, host)]
    return Contest(own, tuple(taken), tuple(unclear))


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
    groups: dict[tuple[str, str], list[Listener]] = defaultdict(list)
    for listener in network.all(Listener):
        place = _place(listener)
        if place is not None:
            groups[place].append(listener)
    found = {}
    for listeners in groups.values():
        contenders = tuple(_ranked(network, listeners))
        if len(contenders) > 1:
            found.update({one.listener.key: contenders for one in contenders})
    return found


def _place(listener: Listener) -> tuple[str, str] | None:
    """The ids of frontend and port; None when they are not told, which other rules answer."""
    try:
        p = listener.properties
        frontend, port = p.frontend_ip_configuration, p.frontend_port
        _ = listener.hosts
        if frontend is None or port is None or not frontend.id or not port.id:
            return None
        return frontend.id.lower(), port.id.lower()
    except Undetermined:
        return None


def _ranked(network: Network, listeners: list[Listener]) -> Iterator[Contender]:
    pairs = [(one, rule) for one in listeners for rule in rules_of(network, one)[:1]]
    if not pairs:
        return
    listed = _listed_order(network, pairs[0][0])
    ranks = {rule.key: _rank(rule, listed) for _, rule in pairs}
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


def _rank(rule: RoutingRule, listed: dict[str, int]) -> int | None:
    if listed:
        return listed.get(rule.key)
    try:
        return rule.properties.priority
    except Undetermined:
        return None
