"""Commands that make a security group deny what it does not allow, with the real names.

A Deny of everything stands last. Behind an Allow that takes all of it, it would deny nothing: that
Allow is the fault then.
"""

from __future__ import annotations

from auditor.addresses import AddressSet
from auditor.errors import Undetermined
from auditor.network.filters import (
    ANY,
    AZURE_LOAD_BALANCER,
    INTERNET,
    VIRTUAL_NETWORK,
    Filter,
    Selector,
    attachments,
    custom_rules,
    filters_of,
)
from auditor.network.gateway_homes import gateways_by_subnet
from auditor.network.graph import Network
from auditor.network.group_commands import (
    Words,
    delete_rule,
    last_free_priorities,
    new_rule,
)
from auditor.reach.own_filters import is_whole
from auditor.resources.security import NetworkSecurityGroup, SecurityRule
from auditor.resources.virtual_networks import Subnet


def deny_rest(
    network: Network,
    group: NetworkSecurityGroup,
    name: str,
    *,
    inbound: bool,
    own: AddressSet,
    others: AddressSet,
) -> str:
    """Say how a group comes to deny what it does not allow between its own addresses and others.

    Outbound: to the internet alone. Rules of the group that allow all of it go first. Where it
    stands before an application gateway as well, which needs both, its own addresses alone are
    meant.
    """
    last, before = last_free_priorities(network, group, inbound=inbound)
    ours = _prefixes(own) if _guards_a_gateway(network, group, own) else "*"
    command = new_rule(
        group,
        name,
        last,
        direction="Inbound" if inbound else "Outbound",
        sources="*" if inbound else ours,
        destinations=ours if inbound else "Internet",
    )
    faults = _allowing_all(network, group, inbound, own, others)
    # What comes after those that go may deny everything already.
    added = [] if faults and _denies_everything(network, group, inbound) else [command]
    if inbound and not _lets_probes(network, group):
        probes = new_rule(
            group, "allow-probes", before, access="Allow", sources="AzureLoadBalancer"
        )
        added = [probes, *added]
    if not faults:
        return " && ".join(added)
    names = " and ".join(rule.label for rule in faults)
    takes = "takes" if len(faults) == 1 else "take"
    commands = " && ".join((*map(delete_rule, faults), *added))
    return f"narrow or delete {names} of {group.label}, which {takes} all of it: {commands}"


def _denies_everything(network: Network, group: NetworkSecurityGroup, inbound: bool) -> bool:
    """Whether a rule of a group's own denies all that gets as far as to it."""
    filters = filters_of(network, group, inbound=inbound)
    return any(not each.allow and is_whole(each) for each in filters)


def _guards_a_gateway(network: Network, group: NetworkSecurityGroup, own: AddressSet) -> bool:
    """Whether a group stands before the subnet of an application gateway, besides its own."""
    gateways = gateways_by_subnet(network)
    try:
        return any(
            each.key in gateways and not AddressSet.from_prefixes(each.prefixes) <= own
            for each in attachments(network, group)
            if isinstance(each, Subnet)
        )
    except Undetermined:
        return True


def _prefixes(own: AddressSet) -> Words:
    """Addresses for a rule, which takes one version of IP alone: all, where there are both."""
    found = own.prefixes()
    both = len({prefix.version for prefix in found}) > 1
    return "*" if both or not found else tuple(map(str, found))


def _lets_probes(network: Network, group: NetworkSecurityGroup) -> bool:
    """Whether a rule of a group lets Azure's probes in on every port, as the default one does."""
    filters = filters_of(network, group, inbound=True)
    return any(
        each.allow and _every_port(each) and AZURE_LOAD_BALANCER in each.sources.tags
        for each in filters
    )


def _allowing_all(
    network: Network,
    group: NetworkSecurityGroup,
    inbound: bool,
    own: AddressSet,
    others: AddressSet,
) -> list[SecurityRule]:
    tag = VIRTUAL_NETWORK if inbound else INTERNET
    rules = custom_rules(network, group, inbound=inbound)
    filters = filters_of(network, group, inbound=inbound)
    return [
        rule
        for rule, each in zip(rules, filters, strict=True)
        if each.allow
        and _every_port(each)
        and _holds(each.sources if inbound else each.destinations, others, tag)
        and _holds(each.destinations if inbound else each.sources, own, VIRTUAL_NETWORK)
    ]


def _every_port(each: Filter) -> bool:
    sides = (each.source_ports, each.destination_ports)
    every = all(side is not None and side.size == 1 << 16 for side in sides)
    return every and each.protocols is not None and ANY in each.protocols


def _holds(side: Selector, addresses: AddressSet, tag: str) -> bool:
    return tag in side.tags or addresses <= side.addresses
