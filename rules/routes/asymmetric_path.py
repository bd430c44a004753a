"""A flow's packets and its replies take different ways.

## Why it matters
Firewalls and appliances remember flows. One that sees only the replies, or only the requests, drops
them: the connection opens in no log, and fails. The usual case is a public load balancer or public
IP before a subnet whose default route leads to a firewall: packets come straight in, and the
replies go to the firewall.

## What fails
A machine with a public entrance to which packets from the internet certainly arrive, and whose
replies certainly do not go straight back to the internet (R-13). Two subnets of which one reaches
the other straight, while the replies are sent to an Azure Firewall. And a subnet that a site
reaches straight by the gateway, or that reaches a site so, while the replies are sent to an Azure
Firewall: of the routes of both subnets, one's own and the gateway's, one is easily forgotten.

Subnets where nobody starts connections are left out: of private endpoints, delegated to databases
and the like, and empty ones, as Azure answered them. So are sites beside whose gateways routes are
learned (BGP), as nobody tells the routes to them. What only may be so, because of learned routes or
an appliance of which nothing is told, is *unknown*.

## What to do
Let both directions take the same way: publish the service by a NAT rule of the firewall instead of
the address, or give both subnets a route to the firewall, or neither. For sites: give the gateway's
subnet a route to the other subnet by the firewall, and that one a route to the sites, or neither.

## References
- https://learn.microsoft.com/azure/firewall/integrate-lb
- https://learn.microsoft.com/azure/virtual-network/virtual-networks-udr-overview
- Facts P-11, R-8, R-13, K-63
"""

from __future__ import annotations

from auditor import ids
from auditor.reach.answer import Answer
from auditor.reach.asymmetry import SITES, Flow, flows
from auditor.reach.told import remedy_of, teller_of, told_of, whys
from auditor.reach.wording import name_of
from auditor.rule import Finding, Network, Outcomes, Reads, Severity, Unknown, rule

_SITES = ("virtualNetworkGateways", "connections", "localNetworkGateways")
_BACK = frozenset({"asymmetric-return", "return-route"})


@rule(
    "RTE-005",
    severity=Severity.CRITICAL,
    since="0.1.0",
    of=flows,
    reads=Reads(
        subjects=("networkInterfaces", "loadBalancers", "virtualNetworks", *_SITES),
    ),
)
def asymmetric_path(network: Network, flow: Flow) -> Outcomes:
    """Judge the replies of what arrives at one machine or subnet."""
    lost = flow.lost()
    if lost is None:
        doubtful = flow.doubtful()
        if doubtful is not None:
            missing = (
                f"whether {_what(flow, doubtful)} arrives and replies get back: {whys([doubtful])}"
            )
            yield Unknown(
                flow.id,
                missing,
                key=flow.key,
                remedy=remedy_of([doubtful]),
                told_by=teller_of([doubtful]),
            )
        return
    told = told_of(network, lost, flow.id)
    back = next(step for step in lost.hops if step.code in _BACK and step.passes is False)
    yield Finding(
        subject=flow.id,
        message=f"{_what(flow, lost)} arrives, and the replies get lost ({told.words}): "
        f"{back.says}",
        remedy=f"let both directions take the same way: {_either(flow)}",
        related=flow.related,
        evidence=told.evidence,
        key=flow.key,
        witness=told.witness,
        hops=told.hops,
    )


def _either(flow: Flow) -> str:
    if flow.key == SITES:
        return (
            f"give the gateway's subnet a route to {ids.name(flow.id)} by the firewall too, or let "
            "what is for the sites go by the gateway"
        )
    if SITES in flow.key:
        return (
            f"give {ids.name(flow.id)} a route to the sites by the firewall too, or take the route "
            "to it from the gateway's subnet"
        )
    return (
        "publish by a NAT rule of the firewall instead of the address, or route both subnets "
        "through it, or neither"
    )


def _what(flow: Flow, answer: Answer) -> str:
    by = f" by {flow.entrance}" if flow.entrance else ""
    return f"what {name_of(answer.source)} sends to {name_of(answer.target)}{by}"
