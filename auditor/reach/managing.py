"""Commands that let in those who manage on management ports, and nobody else of the network.

An Allow for them and a Deny of `VirtualNetwork` come before what lets everybody in; a rule that
speaks of management ports alone is narrowed instead, with the Deny behind it where AllowVnetInBound
would let the same in.
"""

from __future__ import annotations

from collections.abc import Iterable

from auditor.addresses import AddressSet, PortSet
from auditor.network.approval import approved
from auditor.network.entrances import BASTION_SUBNET
from auditor.network.filters import VIRTUAL_NETWORK, compiled, subnet_name
from auditor.network.graph import Network, question_about
from auditor.network.group_commands import Group, Words, delete_rule, new_rule
from auditor.reach.demands import priority_after
from auditor.reach.neighbourhood import subnets_around
from auditor.reach.own_filters import is_whole
from auditor.reach.points import anywhere_in
from auditor.remedy import az
from auditor.resources.security import SecurityRule
from auditor.resources.virtual_networks import Subnet
from auditor.special_addresses import PRIVATE

_FIRST, _LAST = 100, 4096


def managing_prefixes(
    network: Network, targets: Iterable[Subnet], managers: tuple[str, ...]
) -> tuple[str, ...]:
    """Give the prefixes of the subnets around from where machines are managed, Bastion's too."""
    found = AddressSet()
    for home in dict.fromkeys(anywhere_in(network, target).home for target in targets):
        found = found | _managing(network, home, managers)
    return tuple(str(prefix) for prefix in found.prefixes())


@question_about
def _managing(network: Network, home: str, managers: tuple[str, ...]) -> AddressSet:
    return AddressSet.from_prefixes(
        prefix
        for subnet in subnets_around(network, home)
        if subnet_name(subnet).lower() == BASTION_SUBNET or approved(managers, subnet.id)
        for prefix in subnet.prefixes
    )


def managed_from(
    group: Group,
    rule: SecurityRule | None,
    sources: tuple[str, ...],
    ports: tuple[str, ...],
    management: PortSet,
) -> str:
    """Give the commands that let the sources alone in on some ports, where a rule lets in others.

    Without a rule: where AllowVnetInBound does. Without sources the Deny alone, in place of
    a rule that would let in nobody behind it.
    """
    whose = f"-{rule.label}" if rule is not None else ""
    if rule is not None and sources and _of_management(rule, management):
        narrow = az(
            "network", "nsg", "rule", "update",
            resource_group=group.resource_group,
            nsg_name=group.label,
            name=rule.label,
            source_address_prefixes=sources,
        )  # fmt: skip
        if _denied_behind(group, rule, management):
            return narrow
        behind = priority_after(group, rule)
        if behind is None:
            return (
                f"give the rules of {group.label} other priorities, none is free behind "
                f"{rule.label}, limit that to {', '.join(sources)} and deny VirtualNetwork ports "
                f"{', '.join(ports)} behind it"
            )
        return f"{narrow} && {_deny(group, whose, behind, ports)}"
    if rule is not None and not sources and _is_superfluous(rule, management):
        if _denied_behind(group, rule, management):
            return delete_rule(rule)
        place = rule.properties.priority or _FIRST
        return f"{delete_rule(rule)} && {_deny(group, whose, place, ports)}"
    below = (rule.properties.priority or _FIRST) if rule is not None else _LAST + 1
    free = _free_before(group, below)[-2 if sources else -1 :]
    if len(free) < (2 if sources else 1):
        name = rule.label if rule is not None else "the default rules"
        return (
            f"give the rules of {group.label} other priorities, too few are free before {name}, "
            f"and deny VirtualNetwork ports {', '.join(ports)} there"
        )
    deny = _deny(group, whose, free[-1], ports)
    if not sources:
        return deny
    name = f"allow-management{whose}"
    return f"{_new(group, name, free[0], sources, ports, 'Allow')} && {deny}"


def _of_management(rule: SecurityRule, management: PortSet) -> bool:
    ports = compiled(rule).destination_ports
    return ports is not None and ports <= management


def _is_superfluous(rule: SecurityRule, management: PortSet) -> bool:
    """Whether a Deny of `VirtualNetwork` would leave a rule nothing to let in."""
    filtering = compiled(rule)
    told, inside = filtering.sources, frozenset({VIRTUAL_NETWORK})
    private = told.addresses <= PRIVATE and not told.groups
    return _of_management(rule, management) and told.told and private and told.tags <= inside


def _denied_behind(group: Group, rule: SecurityRule, management: PortSet) -> bool:
    """Whether a Deny of everything follows, before any Allow for a port for management."""
    own = rule.properties.priority or _FIRST
    behind = [compiled(each) for each in group.rules if each.inbound]
    for each in sorted(behind, key=lambda each: each.priority):
        if each.priority <= own:
            continue
        if not each.allow and is_whole(each):
            return True
        ports = each.destination_ports
        if each.allow and each.speaks_of("tcp") and (ports is None or ports & management):
            return False
    return False


def _free_before(group: Group, below: int) -> list[int]:
    taken = {each.properties.priority for each in group.rules if each.inbound}
    return [each for each in range(_FIRST, below) if each not in taken]


def _deny(group: Group, whose: str, priority: int, ports: tuple[str, ...]) -> str:
    name = f"deny-management-from-inside{whose}"
    return _new(group, name, priority, "VirtualNetwork", ports, "Deny")


def _new(
    group: Group,
    name: str,
    priority: int,
    sources: Words,
    ports: tuple[str, ...],
    access: str,
) -> str:
    return new_rule(
        group,
        name,
        priority,
        access=access,
        protocol="Tcp",
        sources=sources,
        destinations="*",
        ports=ports,
    )
