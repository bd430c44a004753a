"""Network managers that the snapshot shows, and what they may do unseen (R-22, N-50, N-52)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from auditor.addresses import AddressSet
from auditor.errors import Undetermined
from auditor.ids import fold, parent
from auditor.ids import name as last_segment
from auditor.network.gaps import unread_lists
from auditor.network.graph import Network, question
from auditor.network.reasons import Reason
from auditor.network.routing_domains import told_spaces
from auditor.resources.base import Node
from auditor.resources.network_manager import (
    AdminRule,
    ConnectivityConfiguration,
    NetworkManager,
    RuleCollection,
    SecurityAdminConfiguration,
)
from auditor.special_addresses import PRIVATE

_MANAGERS = "Microsoft.Network/networkManagers"
_JOINING = (_MANAGERS, f"{_MANAGERS}/connectivityConfigurations")
_RULING = (
    _MANAGERS,
    f"{_MANAGERS}/securityAdminConfigurations",
    f"{_MANAGERS}/securityAdminConfigurations/ruleCollections",
    f"{_MANAGERS}/securityAdminConfigurations/ruleCollections/rules",
)


@question
def unseen_rules(network: Network) -> Reason | None:
    """Give why it is not told which admin rules there are; None where all lists of them were read.

    A manager's networks may be in any subscription.
    """
    for unshown in unshown_rules(network):
        return Reason("avnm-unknown", unshown.missing, unshown.id)
    return _unread(network, _RULING, "which admin rules network managers have")


class Unshown(msgspec.Struct, frozen=True):
    """What may have admin rules, and shows none of the list `lacks` that would lead to them."""

    id: str
    lacks: str

    @property
    def missing(self) -> str:
        """Say what is not told."""
        return (
            f"which admin rules {last_segment(self.id)} has: none of its {self.lacks} is exported"
        )


@question
def unshown_rules(network: Network) -> tuple[Unshown, ...]:
    """Give whatever may have admin rules that were not exported.

    A manager that shows no configuration, and a configuration without collections or rules: these
    lists are asked for one by one. Not what was asked for, and has none.
    """
    managers = network.all(NetworkManager)
    may_rule = [each for each in managers if _may_deploy(each, "securityadmin")]
    configurations = network.all(SecurityAdminConfiguration)
    collections = network.all(RuleCollection)
    return (
        *_lacking(network, may_rule, configurations, "securityAdminConfigurations"),
        *_lacking(network, configurations, collections, "ruleCollections"),
        *_lacking(network, collections, network.all(AdminRule), "rules"),
    )


def _lacking(
    network: Network, holders: Iterable[Node], parts: Iterable[Node], lacks: str
) -> Iterator[Unshown]:
    return (Unshown(each.id, lacks) for each in _without(network, holders, parts))


def _without(network: Network, holders: Iterable[Node], parts: Iterable[Node]) -> Iterator[Node]:
    """Give those that show none of some parts, and were not asked for them."""
    shown = {parent(each.key) for each in parts}
    return (each for each in holders if each.key not in shown and not network.asked_below(each))


def _unread(network: Network, types: tuple[str, ...], what: str) -> Reason | None:
    for arm_type in types:
        for gap in unread_lists(network, arm_type):
            if "/networkmanagers" in fold(gap.subject):
                why = f"{what}: {gap.subject} was not read whole ({gap.kind})"
                return Reason("avnm-unknown", why, gap.subject)
    return None


@question
def unseen_groups(network: Network) -> Reason | None:
    """Give why it is not told which VNets are joined without a peering.

    None where no manager may do so, and all lists of them were read. A configuration that the
    input has may be deployed or not; a manager without any may have some that were not exported.
    """
    configurations = network.all(ConnectivityConfiguration)
    may_join = [each for each in network.all(NetworkManager) if _may_deploy(each, "connectivity")]
    found = (*filter(_joins, configurations), *_without(network, may_join, configurations))
    if not found:
        return _unread(network, _JOINING, "which VNets network managers join")
    detail = f"which VNets {last_segment(found[0].id)} joins"
    return Reason("avnm-unknown", detail, found[0].id)


def _joins(configuration: ConnectivityConfiguration) -> bool:
    """Whether networks are joined directly; from a hub to its spokes there are peerings."""
    try:
        topology = configuration.properties.connectivity_topology or ""
        groups = configuration.properties.applies_to_groups
        apart = [(each.group_connectivity or "").lower() == "none" for each in groups or ()]
    except Undetermined:
        return True
    return topology.lower() != "hubandspoke" or not apart or not all(apart)


def _may_deploy(manager: NetworkManager, access: str) -> bool:
    """Whether a manager may deploy configurations of a kind at all."""
    try:
        accesses = manager.properties.network_manager_scope_accesses
    except Undetermined:
        return True
    return accesses is None or access in {each.lower() for each in accesses}


@question
def joinable(network: Network) -> AddressSet:
    """Give what a connected group may hold: VNets of the snapshot, private addresses beyond."""
    return PRIVATE | told_spaces(network)
