"""IPv6 gets in where a security group denies IPv4 alone.

## Why it matters
A security rule with IPv4 addresses says nothing about IPv6. A machine that was given an IPv6
address after its rules were written is guarded on one of its two doors: what a rule denies for
`0.0.0.0/0` or `10.0.0.0/8` arrives over IPv6, by a rule for `*` or by the default rules.

## What fails
An inbound Deny rule of a security group that names IPv4 addresses alone, as sources or as
destinations, before a machine with addresses of both versions, when

- the rule denies some port to the whole internet, or to the whole of a subnet around, over IPv4;
- and the same port is reached from there over IPv6, from the internet by a public IPv6 address or a
  load balancer's, and no rule for IPv6 addresses lets it in: whoever wrote one meant it.

Subnets count that have addresses of both versions themselves. Where the input does not tell what
the rules match, or who gets in, the answer is *unknown*. Application gateways are not judged.

## What to do
Add the same rule for IPv6, right after it; or name no addresses, `*`, which is both versions:

    az network nsg rule create --resource-group GROUP --nsg-name NSG --name RULE-ipv6 \
        --priority 101 --direction Inbound --access Deny --protocol Tcp \
        --source-address-prefixes ::/0 --destination-port-ranges 22

## References
- https://learn.microsoft.com/azure/virtual-network/ip-services/ipv6-overview
- Facts N-7, N-10, P-12
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from auditor.finding import Evidence, Hop
from auditor.network.doubt import Doubt, settled
from auditor.network.graph import Network, evidence
from auditor.network.reasons import remedy, teller
from auditor.reach.dual_stack import Escape, Guard, escapes, guards
from auditor.reach.twins import deny_over_v6
from auditor.reach.wording import one_or_many, packet_values
from auditor.resources.security import SecurityRule
from auditor.rule import Finding, Outcomes, Reads, Severity, Unknown, rule

_NAMED = 3
"""How many machines and sources one sentence names."""


@rule(
    "EXP-015",
    severity=Severity.HIGH,
    since="0.1.0",
    of=guards,
    reads=Reads(subjects=("networkInterfaces", "networkSecurityGroups", "virtualNetworks")),
)
def ipv6_around_filter(network: Network, subject: Guard | Doubt) -> Outcomes:
    """Judge one rule that denies over IPv4 alone."""
    guard = settled(subject)
    found = list(escapes(network, guard))
    sure = [each for each in found if each.certain]
    if sure:
        yield _finding(guard, sure)
    elif found:
        unsure = [step for each in found for step in each.steps if step.passes is None]
        reasons = [reason for step in unsure for reason in step.reasons]
        whys = "; ".join(dict.fromkeys(map(str, reasons)))
        missing = f"whether {_words(found)} over IPv6: {whys}"
        yield Unknown(guard.id, missing, remedy=remedy(reasons), told_by=teller(reasons))


def _finding(guard: Guard, sure: list[Escape]) -> Finding:
    first = sure[0]
    packet = first.packet
    ends = f"{packet.protocol} {packet.source} to [{packet.destination}]:{packet.destination_port}"
    nics = dict.fromkeys(each.machine.nic.root.id for each in sure)
    sources = dict.fromkeys(each.source.id for each in sure if not each.source.outside)
    return Finding(
        subject=guard.id,
        message=f"{guard.rule.label} of {guard.group.label} denies over IPv4 alone, and "
        f"{_words(sure)} over IPv6 ({ends})",
        remedy=f"deny it over IPv6 too: {deny_over_v6(guard, sure)}",
        related=(*nics, *sources),
        evidence=tuple(_prefixes(guard.rule)),
        witness=packet_values(packet),
        hops=tuple(Hop(step.resource, step.rule or step.says, step.code) for step in first.steps),
    )


def _words(found: list[Escape]) -> str:
    who = [each.who for each in found]
    reach = one_or_many(len(set(who)), "reaches", "reach")
    return f"{_listed(who)} {reach} {_listed([each.machine.nic.root.label for each in found])}"


def _listed(names: list[str]) -> str:
    each = list(dict.fromkeys(names))
    more = f" and {len(each) - _NAMED} more" if len(each) > _NAMED else ""
    return ", ".join(each[:_NAMED]) + more


def _prefixes(rule: SecurityRule) -> Iterator[Evidence]:
    """Quote the sides that the rule names addresses on."""
    p = rule.properties
    fields: dict[str, Any] = {
        "sourceAddressPrefix": p.source_address_prefix,
        "sourceAddressPrefixes": p.source_address_prefixes,
        "destinationAddressPrefix": p.destination_address_prefix,
        "destinationAddressPrefixes": p.destination_address_prefixes,
    }
    for key, value in fields.items():
        if value:
            yield evidence(rule, f"/properties/{key}", value)
