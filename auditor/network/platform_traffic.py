"""What a machine asks of Azure's host, which no security group filters (N-14).

A rule reaches such traffic only by its tag (`AzurePlatformDNS`, `AzurePlatformIMDS`). Probes of
load balancers come from the same host and are filtered (N-15): they are inbound.
"""

from __future__ import annotations

import msgspec

from auditor.packets.intervals import Intervals

_TCP: Intervals = ((6, 6),)
_UDP: Intervals = ((17, 17),)


class Service(msgspec.Struct, frozen=True):
    """Outbound flows to a host of the platform, and the tag that names them, if any."""

    name: str
    address: str
    protocols: Intervals
    ports: Intervals
    tag: str = ""


_HOST = "168.63.129.16"

# Ports: https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
PLATFORM = (
    Service("DNS", _HOST, (*_TCP, *_UDP), ((53, 53),), "azureplatformdns"),
    Service("DHCP", _HOST, _UDP, ((67, 67),)),
    Service("DHCP", "255.255.255.255", _UDP, ((67, 67),)),
    Service("the machine agent", _HOST, _TCP, ((80, 80), (32526, 32526))),
    Service("instance metadata", "169.254.169.254", _TCP, ((80, 80),), "azureplatformimds"),
)
