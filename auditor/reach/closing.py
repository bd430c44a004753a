"""Commands that close what lets a packet in, with the real names."""

from __future__ import annotations

from collections.abc import Iterable

from auditor.addresses import EVERY_PORT, AddressSet, PortSet, Version
from auditor.errors import Undetermined
from auditor.ids import resource_group
from auditor.network.clusters import cluster_of
from auditor.network.filters import (
    VIRTUAL_NETWORK,
    Filter,
    Selector,
    compiled,
    custom_rules,
    last_free_priority,
)
from auditor.network.graph import Network
from auditor.network.group_commands import new_rule
from auditor.reach.answer import Answer
from auditor.reach.backends import asking_subnets
from auditor.reach.points import Point
from auditor.remedy import az
from auditor.resources.security import NetworkSecurityGroup, SecurityRule
from auditor.resources.virtual_networks import Subnet

_BY_KUBERNETES = "k8s-azure-lb"
"""How names of rules begin that a cluster writes for its Services (K-59): it writes them again."""
_FIRST = 100
_SHOWN = 3
"""How many ranges of ports one sentence names."""


def closing(network: Network, answer: Answer, ports: PortSet = EVERY_PORT) -> str:
    """Say how to close what lets the packet of an answer in, as the end of a remedy; may be empty.

    The last security rule on its way, if somebody wrote it and Azure lets it be changed. What it
    lets in on other than some ports stays, and so do the gateways that ask the machine by it.
    """
    rule = _entering(network, answer)
    if rule is None:
        return ""
    try:
        filtering = compiled(rule)
    except Undetermined:
        return also(_update(rule, access="Deny"))
    opens = filtering.destination_ports or PortSet()
    rest = opens - ports
    if rest:
        words = f" (it opens {_few(rest)} too: limit it to the rest)"
        return words + also(_update(rule, destination_port_ranges=_ranges(rest)))
    gateways = _carried(network, answer.target, filtering)
    if gateways:
        names = ", ".join(subnet.label for subnet in gateways)
        prefixes = prefixes_of(gateways, answer.version)
        words = f" (it lets in the gateway too: limit it to {names})"
        return words + also(_update(rule, source_address_prefixes=prefixes))
    return also(_update(rule, access="Deny"))


def _carried(network: Network, machine: Point, rule: Filter) -> list[Subnet]:
    """The subnets of the gateways that ask a machine, or another beside it, by a rule."""
    known = asking_subnets(network)
    place = machine.subnet.key if machine.subnet is not None else ""
    asking = known.get(place) or known.get(machine.id.lower(), {})
    told = ((network.nodes.get(key), asking[key]) for key in sorted(asking))
    return [
        subnet
        for subnet, ports in told
        if isinstance(subnet, Subnet) and rule.speaks_of("tcp")
        if any(port in (rule.destination_ports or EVERY_PORT) for port in ports)
        if _lets(rule.sources, subnet)
    ]


def _lets(sources: Selector, subnet: Subnet) -> bool:
    own = AddressSet.from_prefixes(subnet.prefixes)
    return VIRTUAL_NETWORK in sources.tags or sources.addresses.overlaps(own)


def prefixes_of(subnets: Iterable[Subnet], version: Version) -> tuple[str, ...]:
    """Give the prefixes of subnets, of one version of IP: a rule takes only one."""
    found = (prefix for subnet in subnets for prefix in subnet.prefixes)
    return tuple(str(prefix) for prefix in found if prefix.version == version)


def _ranges(ports: PortSet) -> tuple[str, ...]:
    return tuple(str(ports).split(", "))


def _few(ports: PortSet) -> str:
    shown = _ranges(ports)
    return str(ports) if len(shown) <= _SHOWN else "other ports"


def only_from(
    network: Network, answer: Answer, prefixes: tuple[str, ...], port: int, who: str
) -> str:
    """Give the commands that let prefixes alone in on a port where the packet of an answer gets in.

    The rule that lets it in is narrowed; where a default rule does, an Allow and a Deny come before
    it. Empty where no security group of the input lets it in, or a cluster's own, which is not to
    be written into (K-44).
    """
    rule = _entering(network, answer)
    if rule is not None and prefixes:
        return _update(rule, source_address_prefixes=prefixes)
    for step in reversed(answer.hops):
        group = network.find(step.resource) if step.code == "nsg-inbound" else None
        if isinstance(group, NetworkSecurityGroup) and prefixes and not cluster_of(network, group):
            first, last = _free(network, group)
            name, tcp = f"allow-{who}-{port}", {"protocol": "Tcp", "ports": str(port)}
            allow = new_rule(group, name, first, access="Allow", sources=prefixes, **tcp)
            name = f"deny-others-{port}"
            return f"{allow} && {new_rule(group, name, last, sources='VirtualNetwork', **tcp)}"
    return ""


def also(command: str) -> str:
    """Give the end of a remedy that a command follows, or nothing where there is none."""
    return f": {command}" if command else ""


def _entering(network: Network, answer: Answer) -> SecurityRule | None:
    """The last rule on the way that somebody wrote, unless a cluster writes it again."""
    for step in reversed(answer.hops):
        node = network.find(step.rule_id) if step.code == "nsg-inbound" else None
        if isinstance(node, SecurityRule):
            ours = isinstance(node.owner, NetworkSecurityGroup)
            return node if ours and not node.label.startswith(_BY_KUBERNETES) else None
    return None


def _update(rule: SecurityRule, **change: str | tuple[str, ...]) -> str:
    return az(
        "network", "nsg", "rule", "update",
        resource_group=resource_group(rule.id),
        nsg_name=rule.owner.label if rule.owner is not None else "<group>",
        name=rule.label,
        **change,
    )  # fmt: skip


def _free(network: Network, group: NetworkSecurityGroup) -> tuple[int, int]:
    """The first free priority, before the rules of a group, and the last."""
    taken = {rule.properties.priority for rule in custom_rules(network, group, inbound=True)}
    first = next(number for number in range(_FIRST, 4097) if number not in taken)
    return first, last_free_priority(network, group, inbound=True)
