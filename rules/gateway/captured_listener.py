r"""Requests for a host are taken by another listener on the same address and port.

## Why it matters
Listeners that share a frontend address and a port are asked one after the other, in the order of
their rules' priority, and the first whose host name fits takes the request. A listener that comes
too late never sees a request for that host: visitors reach the wrong application, perhaps with
another certificate and another firewall policy.

## What fails
Two listeners with rules share a frontend and a port, and the one that is asked first takes a host
of the later one; the finding names the first. It takes a host because

- both name the same host, or
- it names no host at all (a basic listener) and so accepts every name, or
- it has a wildcard that takes in the later one's host or wildcard.

Order is the rules' `priority`, smallest first; in the first generation it is the order in which the
rules are listed. Where a rule of the second generation has no priority, basic listeners of that
address and port come last; which of two others that take the same host comes first, or which of two
basic ones, is then *unknown*. So is what a listener takes that does not tell its address, port or
hosts, and may share them with another. Listeners whose patterns overlap only in part are not
judged.

## What to do
Give the rule of the more special listener the smaller priority:

    az network application-gateway rule update --resource-group GROUP \
        --gateway-name GATEWAY --name RULE --priority 10

## References
- https://learn.microsoft.com/azure/application-gateway/multiple-site-overview
- https://learn.microsoft.com/azure/application-gateway/configuration-listeners#order-of-processing-listeners
- Facts A-21, A-22, T-5
"""

from __future__ import annotations

from collections.abc import Sequence

from auditor.finding import Evidence, Finding, Severity, Unknown
from auditor.network.doubt import Doubt, settled
from auditor.network.gateways import gateway_of
from auditor.network.graph import Network, evidence
from auditor.network.listener_order import Contender, contest_of, contested_listeners
from auditor.remedy import az
from auditor.resources.application_gateways import ApplicationGateway, Listener
from auditor.rule import Outcomes, rule


@rule("GW-015", severity=Severity.HIGH, since="0.1.0", of=contested_listeners)
def captured_listener(network: Network, subject: Listener | Doubt) -> Outcomes:
    """Find listeners that take the requests meant for listeners asked after them."""
    listener = settled(subject)
    gateway = gateway_of(network, listener)
    contest = contest_of(network, listener)
    if contest.taken:
        losers = tuple({one.listener.key: one for _, one in contest.taken}.values())
        hosts = ", ".join(dict.fromkeys(host or "every name" for host, _ in contest.taken))
        yield Finding(
            listener.id,
            f"The listener {listener.label} of {gateway.label} takes the requests for {hosts}, so "
            f"{', '.join(one.listener.label for one in losers)} never "
            f"{'get' if len(losers) > 1 else 'gets'} them: it {_accepts(listener)} and is asked "
            "first",
            _remedy(gateway, contest.own, losers),
            related=tuple(id for one in losers for id in (one.listener.id, one.rule.id)),
            evidence=(_place(contest.own), *_hosts(contest.own), *map(_place, losers)),
        )
    if contest.unclear:
        names = ", ".join(host or "any name" for host in contest.unclear)
        yield Unknown(
            listener.id,
            f"the priorities of the rules of {gateway.label}, which decide who gets {names}",
            remedy="give every routing rule a priority",
            key="order",
        )


def _accepts(listener: Listener) -> str:
    return f"names {', '.join(listener.hosts)}" if listener.hosts else "accepts every name"


def _place(contender: Contender) -> Evidence:
    priority = contender.rule.properties.priority
    pointer = "/properties/priority" if priority is not None else ""
    return evidence(contender.rule, pointer, contender.rank)


def _hosts(contender: Contender) -> tuple[Evidence, ...]:
    p = contender.listener.properties
    if p.host_name:
        return (evidence(contender.listener, "/properties/hostName", p.host_name),)
    if p.host_names:
        return (evidence(contender.listener, "/properties/hostNames", list(p.host_names)),)
    return ()


def _remedy(gateway: ApplicationGateway, winner: Contender, losers: Sequence[Contender]) -> str:
    for loser in losers:
        if _names(loser) == _names(winner):
            return f"delete one of the listeners {loser.listener.label} and {winner.listener.label}"
    names = ", ".join(loser.rule.label for loser in losers)
    which = f"the rule{'s' if len(losers) > 1 else ''} {names}"
    if winner.rank is None or any(one.rule.properties.priority is None for one in losers):
        return f"list {which} before the rule {winner.rule.label}"
    taken = {rule.properties.priority for rule in gateway.rules}
    free = [number for number in range(1, winner.rank) if number not in taken][-len(losers) :]
    if len(free) < len(losers):
        return f"give the rule {winner.rule.label} a larger priority than {which}"
    first = sorted(losers, key=lambda one: one.rank or 0)
    return f"ask the more special listener{'s' if len(losers) > 1 else ''} first: " + " && ".join(
        az(
            *("network", "application-gateway", "rule", "update"),
            resource_group=gateway.resource_group,
            gateway_name=gateway.label,
            name=loser.rule.label,
            priority=number,
        )
        for loser, number in zip(first, free, strict=True)
    )


def _names(contender: Contender) -> set[str]:
    return {host.lower() for host in contender.listener.hosts}
