"""Questions about flows in a line each: `asks(estate(...), "web").inbound("203.0.113.7", 22)`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from auditor.addresses import EVERY_PORT, PortSet, parse_address, parse_ports
from auditor.network.effective_rules import Direction
from auditor.network.flow import Access, FlowAnswer, flow
from auditor.network.graph import Network
from auditor.network.interfaces import Interface
from auditor.network.service_tags import NO_TAGS, ServiceTags
from auditor.resources.compute import ScaleSetInterface
from auditor.resources.interfaces import NetworkInterface
from auditor.testing import estate

Json = dict[str, Any]


def out(name: str, priority: int, destination: Any = "*", ports: Any = "*", **more: Any) -> Json:
    """An outbound Allow rule for TCP; lists go to the plural fields."""
    plural = isinstance(destination, list), isinstance(ports, list)
    settings: Json = {
        "priority": priority,
        "direction": "Outbound",
        "access": "Allow",
        "protocol": "Tcp",
        "sourcePortRange": "*",
        "sourceAddressPrefix": "*",
        "destinationAddressPrefixes" if plural[0] else "destinationAddressPrefix": destination,
        "destinationPortRanges" if plural[1] else "destinationPortRange": ports,
        **more,
    }
    return {"name": name, "properties": settings}


def out_deny(name: str, priority: int, destination: Any = "*", **more: Any) -> Json:
    return out(name, priority, destination, **{"access": "Deny", "protocol": "*", **more})


def ports_of(given: int | str) -> PortSet:
    return EVERY_PORT if given == "*" else parse_ports(str(given))


@dataclass(frozen=True)
class Asked:
    """One NIC, ready to be asked."""

    network: Network
    nic: Interface
    local: str = "10.0.0.4"
    tags: ServiceTags = NO_TAGS

    def inbound(
        self, remote: str, port: int | str = 443, protocol: str = "tcp", **more: Any
    ) -> str:
        return words(self.answer(Direction.INBOUND, remote, port, protocol, **more))

    def outbound(
        self, remote: str, port: int | str = 443, protocol: str = "tcp", **more: Any
    ) -> str:
        return words(self.answer(Direction.OUTBOUND, remote, port, protocol, **more))

    def answer(
        self,
        direction: Direction,
        remote: str,
        port: int | str = 443,
        protocol: str = "tcp",
        *,
        local: str = "",
        source: int | str = 50000,
    ) -> FlowAnswer:
        inbound = direction is Direction.INBOUND
        theirs, ours = ports_of(source), ports_of(port)
        return flow(
            self.network,
            self.nic,
            direction,
            parse_address(local or self.local),
            parse_address(remote),
            protocol,
            local_ports=ours if inbound else theirs,
            remote_ports=theirs if inbound else ours,
            tags=self.tags,
        )


def asks(*resources: Json, nic: str = "web", local: str = "10.0.0.4", **more: Any) -> Asked:
    """Build a network and choose a NIC (or model NIC) of it by name."""
    network = estate(*resources)
    nodes: list[Interface] = [
        *network.all(NetworkInterface),
        *network.all(ScaleSetInterface),
    ]
    chosen = next(node for node in nodes if node.label == nic)
    return Asked(network, chosen, local, **more)


def words(answer: FlowAnswer) -> str:
    """Say an answer: `Deny securityRules/no-ssh at subnet`, `Unknown: collection-gap`."""
    if answer.access is Access.UNKNOWN:
        return "Unknown: " + ", ".join(dict.fromkeys(reason.label for reason in answer.reasons))
    if answer.access is Access.MIXED:
        return "Mixed"
    rule = answer.rule
    if rule is None:
        said = ", ".join(dict.fromkeys(reason.label for reason in answer.reasons))
        return f"{answer.access.value}{f' by one or another: {said}' if said else ''}"
    kinds = [each.layer.kind.value for each in answer.verdicts[0].layers if rule in each.rules]
    return f"{answer.access.value} {rule.name} at {kinds[-1] if kinds else '?'}"
