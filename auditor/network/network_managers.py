"""Network managers that the snapshot shows, and what they may do unseen (R-22, N-50, N-52)."""

from __future__ import annotations

from auditor.addresses import AddressSet
from auditor.errors import Undetermined
from auditor.ids import fold, parent
from auditor.ids import name as last_segment
from auditor.network.gaps import unread_lists
from auditor.network.graph import Network, question
from auditor.network.reasons import Reason
from auditor.network.routing_domains import told_spaces
from auditor.resources.network_manager import ConnectivityConfiguration, NetworkManager
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
    return _unread(network, _RULING, "which admin rules network managers have")


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
    shown = {parent(each.key) for each in configurations}
    silent = (each for each in network.all(NetworkManager) if each.key not in shown)
    found = (*filter(_joins, configurations), *filter(_may_join, silent))
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


def _may_join(manager: NetworkManager) -> bool:
    """Whether a manager may deploy connectivity configurations at all."""
    try:
        accesses = manager.properties.network_manager_scope_accesses
    except Undetermined:
        return True
    return accesses is None or "connectivity" in {each.lower() for each in accesses}


@question
def joinable(network: Network) -> AddressSet:
    """Give what a connected group may hold: VNets of the snapshot, private addresses beyond."""
    return PRIVATE | told_spaces(network)
