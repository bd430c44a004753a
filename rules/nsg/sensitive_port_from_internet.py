"""A security rule lets any internet source reach a sensitive service.

## Why it matters
Databases, file shares, mail and remote shells are made for a few known clients. On the internet
they are scanned for all day, and one default password or unpatched fault is enough.

## What fails
An inbound Allow rule that decides packets to one of the ports below from any source, as NSG-003
defines it (exact first match by priority; ports in any notation). All the ports that a rule opens
are told in one finding. By default:

- `tcp`: 20, 21 (FTP), 23 (Telnet), 25 (SMTP), 53 (DNS), 135 (RPC), 445 (SMB), 1433, 1434 (SQL
  Server), 3306 (MySQL), 4333 (mSQL), 5432 (PostgreSQL), 5500, 5900 (VNC), 5985, 5986 (WinRM),
  6379 (Redis), 9200 (Elasticsearch), 27017 (MongoDB);
- `udp`: 53 (DNS), 137, 138 (NetBIOS), 1434 (SQL Server Browser).

RDP and SSH have rules of their own (NSG-004, NSG-005).

*Medium* where the group stands before nothing, or before nothing that has an address which the rule
names. *Unknown* when an earlier rule that might close the
port is not fully told.

## What to do
Name the sources that need the service, or delete the rule. For a database, use a private endpoint.

    [params.NSG-008]
    tcp = [3306, 5432, 9042]

## References
- https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview
- https://learn.microsoft.com/security/benchmark/azure/mcsb-network-security
- Facts N-5, N-7, N-9
"""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from auditor.addresses import PortSet
from auditor.network.open_rules import answers_about_ports
from auditor.network.openings import inbound_allows, opening_to_any
from auditor.ports import Port
from auditor.resources.security import SecurityRule
from auditor.rule import Network, Outcomes, Severity, refuse_nothing, rule


class Params(Struct, frozen=True):
    """Which ports are sensitive."""

    tcp: tuple[Port, ...] = (
        20, 21, 23, 25, 53, 135, 445, 1433, 1434, 3306, 4333, 5432, 5500, 5900, 5985, 5986, 6379,
        9200, 27017,
    )  # fmt: skip
    """TCP ports."""

    udp: tuple[Port, ...] = (53, 137, 138, 1434)
    """UDP ports."""

    def __post_init__(self) -> None:
        """Refuse no ports."""
        refuse_nothing("tcp and udp", self.tcp, self.udp)


@rule(
    "NSG-008",
    severity=Severity.HIGH,
    since="0.1.0",
    of=inbound_allows,
    suspects=opening_to_any,
    parameters=Params,
    peers=(
        "SPP:network_security_group_restrict_inbound_*",
        "TRV:AZU-0074",
        "KICS:Sensitive Port",
        "SCT:inbound-service-mssql",
        "AZTS:NSG_Dont_Open_Restricted_Ports",
    ),
)
def sensitive_port_from_internet(
    network: Network, security_rule: SecurityRule, params: Params
) -> Outcomes:
    """Judge one inbound Allow rule."""
    wanted = {"tcp": _ports(params.tcp), "udp": _ports(params.udp)}
    yield from answers_about_ports(network, security_rule, wanted, "sensitive ports")


@lru_cache(maxsize=64)
def _ports(numbers: tuple[int, ...]) -> PortSet:
    ports = PortSet()
    for number in numbers:
        ports = ports | PortSet.of(number)
    return ports
