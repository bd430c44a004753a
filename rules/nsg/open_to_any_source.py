"""A security rule lets any internet source in.

## Why it matters
A network security group is there to say who may connect. An inbound rule that says "anybody" opens
every machine the group stands before, now and for whatever is added to the subnet later.

## What fails
An inbound Allow rule that decides packets from *any source*: at least half of the public IPv4 or
IPv6 addresses. `*`, `Internet`, `0.0.0.0/0`, `::/0` and `0.0.0.0/1` are any source, in the singular
or plural fields; so are pieces of the internet in several rules of one group that reach the half
only together (the first of them has the finding, the others are related). The prefixes that
somebody enumerated for a partner are not, nor are `VirtualNetwork` and application security groups.

The first match by priority counts, exactly: what an earlier Deny (or Allow) takes away is not the
rule's. What is meant to be reached is left out:

- the ports of public listeners, in the subnet of an application gateway;
- port 443 in AzureBastionSubnet (N-43);
- rules whose destinations are addresses of public load-balancer frontends, as Kubernetes writes
  them: EXP-006 and EXP-009 judge the frontend.

A group that stands before nothing, in a snapshot that holds subnets or NICs, opens nothing yet, nor
does a rule for private addresses that nothing behind its group has: *medium*. While a network of
the group's subscription is named and not in the snapshot, or does not tell its subnets, what the
group stands before is not known, and the severity stays. A rule for ICMP, ESP or AH alone is *low*.

*Unknown* when it depends on what the snapshot lacks: the gateway in the group's subnet, a value
that is not told, or an earlier Deny of `VirtualNetwork` where a default route may change what the
tag means (N-22).

Rules about RDP (NSG-004), SSH (NSG-005) and other sensitive ports (NSG-008) speak in its place.

## What to do
Name the sources that need it, or delete the rule. Publish web applications through the gateway.

## References
- https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview
- https://learn.microsoft.com/security/benchmark/azure/mcsb-network-security
- Facts N-5, N-7, N-9, N-22, N-24, N-43, A-10, A-13
"""

from __future__ import annotations

from msgspec.structs import replace

from auditor.addresses import PortSet
from auditor.finding import Severity
from auditor.network.entrances import aims_at_frontends, unexpected_ports
from auditor.network.filters import attachments
from auditor.network.graph import Network
from auditor.network.open_rules import at, finding, meant_to_be_reached, sources, title
from auditor.network.openings import (
    WITH_PORTS,
    Opening,
    concerns_internet,
    group_of,
    inbound_allows,
    opening_to_any,
    openings,
    ports_in_words,
)
from auditor.resources.security import NetworkSecurityGroup, SecurityRule
from auditor.rule import Outcomes, Unknown, rule


@rule(
    "NSG-003",
    severity=Severity.CRITICAL,
    since="0.1.0",
    of=inbound_allows,
    suspects=opening_to_any,
    peers=(
        "PSR:NSG.AnyInboundSource",
        "TRV:AZU-0047",
        "SCT:inbound-internet-all",
        "AZTS:NSG_Dont_Open_InBound_Any_Any",
    ),
)
def open_to_any_source(network: Network, security_rule: SecurityRule) -> Outcomes:
    """Judge one inbound Allow rule."""
    if not concerns_internet(network, security_rule) or aims_at_frontends(network, security_rule):
        return
    group = group_of(network, security_rule)
    found = openings(network, group)
    certain = found.certain.get(security_rule)
    if certain is not None:
        ports = _unexpected(network, security_rule, group, certain)
        if ports or certain.portless:
            words = _words(ports, certain)
            told = finding(
                network,
                security_rule,
                group,
                certain,
                f"{title(security_rule, group)} lets {sources(certain)} reach {words}"
                + at(network, security_rule, group),
                meant_to_be_reached(network, security_rule, group, certain),
            )
            yield told if ports else replace(told, severity=Severity.LOW)
            return
    possible = found.possible.get(security_rule)
    if possible is not None and _unexpected(network, security_rule, group, possible):
        yield Unknown(
            security_rule.id, missing=" and ".join(found.doubts) or "what earlier rules match"
        )


def _unexpected(
    network: Network,
    rule: SecurityRule,
    group: NetworkSecurityGroup,
    opening: Opening[SecurityRule],
) -> dict[str, PortSet]:
    """The open ports, by protocol, that nothing at the group's places is meant to answer."""
    places = attachments(network, group)
    found = {
        protocol: unexpected_ports(network, rule, opening.of(protocol), places)
        for protocol in WITH_PORTS
        if opening.of(protocol)
    }
    return {protocol: ports for protocol, ports in found.items() if ports}


def _words(ports: dict[str, PortSet], opening: Opening[SecurityRule]) -> str:
    words = [ports_in_words(ports)] if ports else []
    if "every port" not in words:
        words += [protocol.upper() for protocol in opening.portless]
    return " and ".join(words)
