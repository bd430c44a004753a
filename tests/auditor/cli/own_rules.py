"""Rules of one's own, and networks for them to judge: what the tests of this folder share."""

from __future__ import annotations

from typing import Any

from auditor.testing import arm_id, resource

from ...command import Command, Ran

VNET = "Microsoft.Network/virtualNetworks"
HUB = arm_id(VNET, "hub")
Json = dict[str, Any]

CUSTOM = '''"""{title}

## Why it matters
It does.
"""

from dataclasses import dataclass

from auditor.network.graph import every
from auditor.resources.virtual_networks import VirtualNetwork
from auditor.rule import Finding, Network, Outcomes, Severity, Unknown, rule


@dataclass(frozen=True)
class Limits:
    word: str = "network"


networks = every(VirtualNetwork)


@rule("{id}", severity=Severity.{severity}, since="1.0.0", of=networks, parameters=Limits)
def {name}(network: Network, vnet: VirtualNetwork, limits: Limits) -> Outcomes:
    """Tell every network."""
    {body}
'''
BROKEN = 'yield Finding(vnet.id, f"a {limits.word}", "mend it")'
UNSURE = 'yield Unknown(vnet.id, missing="the weather")'


def own(auditor: Command, number: int = 1, body: str = BROKEN, severity: str = "HIGH") -> None:
    text = CUSTOM.format(
        id=f"OWN-{number:03}", name=f"own_{number}", title="Own.", severity=severity, body=body
    )
    auditor.write(f"own/own_{number}.py", text)


EMPTY: Json = {"subnets": [], "virtualNetworkPeerings": []}


def network(name: str = "hub", **more: Any) -> Json:
    space = {"addressPrefixes": ["10.0.0.0/16"]}
    return resource(VNET, name, {"addressSpace": space, **EMPTY, **more})


def statuses(ran: Ran) -> list[str]:
    return [finding["status"] for finding in ran.report["findings"]]
