"""A security rule lets any internet source reach RDP.

## Why it matters
Remote Desktop on the internet is the commonest way in for ransomware: passwords are guessed
without end, and its own faults have been exploited before there was a patch.

## What fails
An inbound Allow rule that decides TCP packets to port 3389 from any source, as NSG-003 defines it:
exact first match by priority, ports in any notation (`3389`, `3000-4000`, `*`), protocol TCP or
`*`, sources `*`, `Internet`, `0.0.0.0/0`, `::/0` or pieces that make up at least half of the
internet.

*Medium* where the group stands before nothing, or before nothing that has an address which the rule
names. *Unknown* when an earlier rule that might close the
port is not fully told.

## What to do
Delete the rule and reach the machines through Bastion or a VPN. To keep the port for an office,
name its addresses as the source.

## References
- https://learn.microsoft.com/azure/bastion/bastion-overview
- https://learn.microsoft.com/azure/defender-for-cloud/just-in-time-access-overview
- Facts N-5, N-7, N-9
"""

from __future__ import annotations

from auditor.addresses import PortSet
from auditor.network.open_rules import answers_about_ports
from auditor.network.openings import inbound_allows, opening_to_any
from auditor.resources.security import SecurityRule
from auditor.rule import Network, Outcomes, Severity, rule

_PORTS = {"tcp": PortSet.of(3389)}


@rule(
    "NSG-004",
    severity=Severity.CRITICAL,
    since="0.1.0",
    of=inbound_allows,
    suspects=opening_to_any,
    controls=(
        "CIS 2.0/6.1",
        "CIS 2.1/6.1",
        "CIS 3.0/7.1",
        "CIS 4.0/8.1",
        "CIS 5.0/7.1",
        "CIS 6.0/7.1",
        "MCSB/NS-3",
    ),
    peers=(
        "CKV_AZURE_9",
        "PRW:network_rdp_internet_access_restricted",
        "SPP:network_security_group_rdp_access_restricted",
        "TRV:AZU-0048",
        "KICS:Unrestricted Access To RDP",
        "SCT:inbound-service",
    ),
)
def rdp_from_internet(network: Network, security_rule: SecurityRule) -> Outcomes:
    """Judge one inbound Allow rule."""
    inside = (("NSG-011", security_rule.id),)
    yield from answers_about_ports(network, security_rule, _PORTS, "RDP", inside)
