"""Commands that close what lets a packet in, with the real names."""

from __future__ import annotations

from auditor.ids import resource_group
from auditor.network.clusters import cluster_of
from auditor.network.filters import custom_rules, last_free_priority
from auditor.network.graph import Network
from auditor.network.group_commands import new_rule
from auditor.reach.answer import Answer
from auditor.remedy import az
from auditor.resources.security import NetworkSecurityGroup, SecurityRule

_BY_KUBERNETES = "k8s-azure-lb"
"""How names of rules begin that a cluster writes for its Services (K-59): it writes them again."""
_FIRST = 100


def closing(network: Network, answer: Answer) -> str:
    """Give the command that denies what lets the packet of an answer in; empty without such a rule.

    The last security rule on its way, if somebody wrote it and Azure lets it be changed.
    """
    rule = _entering(network, answer)
    return _update(rule, access="Deny") if rule is not None else ""


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
