"""A public load-balancer frontend forwards traffic from the internet.

## Why it matters
A load balancer passes packets on as they are: no web application firewall, no TLS, no host names.
When an Application Gateway is the declared entrance, a public frontend that forwards is a second
one, and what stands behind it is reached around the gateway.

## What fails
A frontend with a public address that load-balancing rules, inbound NAT rules or inbound NAT pools
use. A frontend that only outbound rules use, or none, answers nobody (E-7, E-8) and is kept.

The rule states the fact, whatever gets through today; the message says what the internet reaches
at the frontend, or what stops it.
`allow` holds globs of ids of load balancers, frontends or public IPs that are meant to be public.

*Unknown* when the load balancer's rules are not all told and none of those told forwards.

Leaves to more special rules: an address of a public Kubernetes Service in a node resource group
(EXP-009), a frontend that publishes nothing but management ports (EXP-007).

## What to do
Publish the service through the gateway, then delete the rules and the frontend (a NAT pool once it
is taken out of its scale set and of the instances); or approve it:

    [params.EXP-006]
    allow = ["*/loadBalancers/lb-mail"]

and in `allow` of EXP-001, which asks about the address by itself then.

## References
- https://learn.microsoft.com/azure/load-balancer/components
- https://learn.microsoft.com/azure/load-balancer/outbound-rules
- Facts E-7, E-8, E-10, E-17, E-18
"""

from __future__ import annotations

from msgspec import Struct

from auditor.network.approval import approved
from auditor.network.exposure import (
    InboundRule,
    address_of,
    frontend_named_by,
    ports_of,
    public_frontends,
    use_of,
)
from auditor.network.forwarding_commands import deleting, taken_out_first
from auditor.network.graph import evidence
from auditor.reach.arrivals import arrivals
from auditor.resources import walk
from auditor.resources.load_balancers import LoadBalancerFrontend, LoadBalancingRule
from auditor.rule import Finding, Network, Outcomes, Severity, rule

_SHOWN = 6
_COMMANDS = 40
"""How many rules a remedy deletes by name."""
ANOTHER_WAY_OUT = "give the machines another way out (a NAT gateway)"


class Params(Struct, frozen=True):
    """Which load balancers may face the internet."""

    allow: tuple[str, ...] = ()
    """Globs of ids of load balancers, frontends or public IPs; letter case does not matter."""


@rule(
    "EXP-006",
    severity=Severity.HIGH,
    since="0.1.0",
    of=public_frontends,
    parameters=Params,
    peers=("C7N:loadbalancer frontend-public-ip", "CHK:AKS 06.06.01"),
)
def public_load_balancer(
    network: Network, frontend: LoadBalancerFrontend, params: Params
) -> Outcomes:
    """Judge the use of one public frontend."""
    if not frontend.public:
        return
    ref = frontend.properties.public_ip_address or frontend.properties.public_ip_prefix
    address = ref.id if ref is not None and ref.id else ""
    if approved(params.allow, frontend.root.id, frontend.id, address):
        return
    use = use_of(network, frontend)
    if not use.inbound:
        use.certain()
        return
    there = arrivals(network, frontend.id)
    yield Finding(
        subject=frontend.id,
        message=f"{frontend.root.label} forwards {_ports(use.inbound)} from the internet at "
        f"{address_of(network, frontend)}; open from the internet: {there.words}",
        remedy=_remedy(network, use.inbound),
        related=(address,) if address else (),
        evidence=tuple(
            evidence(rule, "/properties/frontendIPConfiguration/id", frontend_named_by(rule))
            for rule in use.inbound[:_SHOWN]
        ),
        covers=(("EXP-001", address),) if address else (),
        witness=there.witness,
        hops=there.hops,
    )


def _remedy(network: Network, rules: list[InboundRule]) -> str:
    """Load-balancing rules take machines out as well, unless they say otherwise (R-30)."""
    takes_out = any(
        isinstance(rule, LoadBalancingRule)
        and not walk.peek(rule.properties, "disable_outbound_snat")
        for rule in rules
    )
    first = f"{ANOTHER_WAY_OUT} if they need the internet, " if takes_out else ""
    more = len(rules) - _COMMANDS
    return (
        f"publish the service through the gateway, {first}"
        + taken_out_first(network, rules[:_COMMANDS])
        + "then delete what forwards: "
        + " && ".join(deleting(network, rules[:_COMMANDS]))
        + (f"; and the {more} others so" if more > 0 else "")
    )


def _ports(rules: list[InboundRule]) -> str:
    ports = list(dict.fromkeys(ports_of(rule) for rule in rules))
    more = len(ports) - _SHOWN
    return ", ".join(ports[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
