"""A network to select in, and what a selector finds, in a line each."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.network.selectors import NothingSelected, Selection, parse_selector, select
from auditor.testing import estate, resource

from .clusters import GROUP
from .networks import internal_balancer, nic, vnet

Json = dict[str, Any]
NIC = "Microsoft.Network/networkInterfaces"
VM = "Microsoft.Compute/virtualMachines"
SCALE_SET = "Microsoft.Compute/virtualMachineScaleSets"
BALANCER = "Microsoft.Network/loadBalancers"
PIP = "Microsoft.Network/publicIPAddresses"
NSG = "Microsoft.Network/networkSecurityGroups"


def found(network: Network, text: str) -> Selection:
    return select(network, parse_selector(text))


def names(network: Network, text: str) -> list[str]:
    return [node.label for node in found(network, text).nodes]


def reasons(network: Network, text: str) -> list[str]:
    return [str(doubt) for doubt in found(network, text).doubts]


def refused(network: Network, text: str) -> str:
    with pytest.raises(NothingSelected) as caught:
        found(network, text)
    assert caught.value.exit_status == 2
    assert str(caught.value).isprintable()
    assert caught.value.advice.isprintable()
    return f"{caught.value.what}; {caught.value.advice}"


def machine(name: str, group: str = "rg", **more: Any) -> Json:
    return resource(VM, name, {}, group=group, **more)


def shop(*more: Json, **given: Any) -> Network:
    """Two VNets, each with a subnet `web`, a VM with its NIC, a balancer, an NSG."""
    return estate(
        vnet("hub", "10.0.0.0/16", subnets={"web": "10.0.0.0/24", "data": "10.0.1.0/24"}),
        vnet("spoke", "10.1.0.0/16", subnets={"web": "10.1.0.0/24"}),
        nic("nic-a", "10.0.0.4", ("hub", "web"), vm="vm-a"),
        machine("vm-a", tags={"Env": "Prod", "team": "shop"}),
        internal_balancer("lb", "10.0.1.10", ("hub", "data")),
        resource(NSG, "nsg-web", {"securityRules": []}),
        *more,
        **given,
    )


def public(name: str, tags: Json, address: str = "20.50.1.2", group: str = GROUP) -> Json:
    return resource(PIP, name, {"ipAddress": address}, group=group, tags=tags)
