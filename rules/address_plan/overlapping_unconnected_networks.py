"""A virtual network overlaps others that it is not joined with.

## Why it matters
Nothing is wrong as long as they stay apart. The day they are to be peered, or one is to take over
from the other after a disaster, one of them must be renumbered first.

## What fails
The address space of a virtual network shares an address with that of another network of the
audit, and the two are not in one routing domain (those are ADR-002's). Named once for each
network, with at most five of the others. A network that does not tell its address space gives
*unknown*. This rule is off unless it is selected by its id.

## What to do
Give each network a range of its own in an address plan (Azure Virtual Network Manager's IP address
management keeps one), and renumber before the networks meet.

## References
- https://learn.microsoft.com/azure/cloud-adoption-framework/ready/azure-best-practices/plan-for-ip-addressing
- Fact D-5
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain

from auditor.addresses import Prefix
from auditor.errors import Undetermined
from auditor.network.graph import every, question
from auditor.network.routing_domains import Claim, claims_of, routing_domains
from auditor.network.space_commands import add_range
from auditor.resources.virtual_networks import VirtualNetwork
from auditor.rule import Finding, Network, Outcomes, Reads, Severity, rule

MOST = 5


@question
def _plan(network: Network) -> tuple[list[Prefix], dict[Prefix, list[tuple[str, Claim]]]]:
    """The prefixes in use, sorted, and who claims each."""
    found: dict[Prefix, list[tuple[str, Claim]]] = defaultdict(list)
    for vnet in network.all(VirtualNetwork):
        try:
            for claim in claims_of(network, vnet):
                found[claim.prefix].append((vnet.key, claim))
        except Undetermined:
            continue
    return sorted(found), dict(found)


@question
def _domain_of(network: Network) -> dict[str, str]:
    return {key: domain.id for domain in routing_domains(network) for key in domain.members}


@rule(
    "ADR-003",
    severity=Severity.MEDIUM,
    since="0.1.0",
    of=every(VirtualNetwork),
    peers=("CHK:ALZ D03.01", "CHK:ALZ D03.04"),
    on=False,
    reads=Reads(anywhere=("virtualNetworks",)),
)
def overlapping_unconnected_networks(network: Network, vnet: VirtualNetwork) -> Outcomes:
    """Name the first few networks that share an address with this one."""
    found: dict[str, tuple[Claim, Claim]] = {}
    for mine, key, other in _others(network, vnet):
        if len(found) == MOST + 1:
            break
        found.setdefault(key, (mine, other))
    if not found:
        return
    mine, other = next(iter(found.values()))
    names = [theirs.node.label for _, theirs in list(found.values())[:MOST]]
    more = " and others" if len(found) > MOST else ""
    yield Finding(
        subject=vnet.id,
        related=tuple(theirs.node.id for _, theirs in list(found.values())[:MOST]),
        message=f"{mine.prefix} of {vnet.label} overlaps {', '.join(names)}{more}; "
        "they cannot be peered",
        remedy=f"before {vnet.label} is peered, move its subnets to a range of its own: "
        + add_range(network, vnet.id, "<a range of its own>"),
        evidence=(mine.evidence, other.evidence),
    )


def _others(network: Network, vnet: VirtualNetwork) -> Iterator[tuple[Claim, str, Claim]]:
    prefixes, claimed = _plan(network)
    domains = _domain_of(network)
    here = domains.get(vnet.key, vnet.key)
    for mine in claims_of(network, vnet):
        for prefix in chain(_around(mine.prefix, claimed), _inside(mine.prefix, prefixes)):
            for key, claim in claimed[prefix]:
                if domains.get(key, key) != here:
                    yield mine, key, claim


def _around(prefix: Prefix, claimed: dict[Prefix, list[tuple[str, Claim]]]) -> Iterator[Prefix]:
    for length in range(prefix.length + 1):
        wider = Prefix.of(prefix.version, prefix.first, length)
        if wider in claimed:
            yield wider


def _inside(prefix: Prefix, prefixes: list[Prefix]) -> Iterator[Prefix]:
    bits = 32 if prefix.version == 4 else 128
    low = bisect_right(prefixes, prefix)
    high = bisect_left(prefixes, Prefix.of(prefix.version, prefix.last, bits), lo=low)
    yield from prefixes[low:high]
    last = Prefix.of(prefix.version, prefix.last, bits)
    if high < len(prefixes) and prefixes[high] == last and prefix != last:
        yield last
