"""An application gateway before whatever its pool names, and what it sends on, for tests."""

from __future__ import annotations

from typing import Any

from auditor.network.graph import Network
from auditor.reach.answer import Answer
from auditor.testing import estate

from .exposed import nic, nsg, pip, rule, subnet, vnet
from .reaching import app_gateway, asked

CLIENT = "52.10.0.7"


def gated(
    *resources: Any,
    gateway: Any = None,
    backend: Any = (),
    dns: Any = (),
    home: Any = None,
    desks: Any = None,
) -> Network:
    """Gateway agw at 20.50.1.2:443 before whatever its pool names on 8080; NIC web at 10.0.0.4.

    `home` is more about the gateway's subnet, `desks` about another.
    """
    return estate(
        nsg(rule("in", 100, "*", "443"), name="gw"),
        nsg(*(backend or [rule("in", 100, "*", "8080")]), name="back"),
        nic("web"),
        pip("pip"),
        gateway or app_gateway(),
        vnet(
            subnet(nsg="back"),
            subnet("gw", "10.0.1.0/26", nsg="gw", **(home or {})),
            subnet("AzureFirewallSubnet", "10.0.9.0/26"),
            subnet("desks", "10.0.5.0/24", **(desks or {})),
            dhcpOptions={"dnsServers": list(dns)},
        ),
        *resources,
    )


def relayed(network: Network, target: str = "web") -> list[Answer]:
    return [answer for answer in asked(network, CLIENT, target).answers if answer.via]
