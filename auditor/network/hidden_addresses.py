"""Whose private addresses a snapshot does not list.

Instances of scale sets, nodes and pods of AKS, and what platform services inject have addresses
that no list of resources holds; others are hidden by a hole in the export, or by a list that was
not read. Where such a thing may live, *nobody listed owns it* is no proof that nobody owns it.
"""

from __future__ import annotations

import re
from itertools import chain

import msgspec

from auditor.errors import Undetermined
from auditor.ids import fold, name, parent, top_level, type_of
from auditor.network import lookups
from auditor.network.address_owners import OWNING, placed
from auditor.network.gaps import unread_type
from auditor.network.graph import Network, question, question_about
from auditor.network.instances import adds_nobody
from auditor.network.private_link import interfaces_of
from auditor.network.strays import irregular
from auditor.network.untold import untold_parts
from auditor.network.untold_homes import doubts_about
from auditor.resources import walk
from auditor.resources.application_gateways import ApplicationGateway, GatewayIpConfiguration
from auditor.resources.base import Node, Ref, kind_of
from auditor.resources.compute import ScaleSetIpConfiguration
from auditor.resources.firewalls import Firewall
from auditor.resources.hybrid import VpnGatewayIpConfiguration
from auditor.resources.interfaces import IpConfiguration
from auditor.resources.load_balancers import LoadBalancer
from auditor.resources.managed_clusters import AgentPool
from auditor.resources.private_endpoints import PrivateEndpoint
from auditor.resources.public_addresses import PublicIp
from auditor.resources.virtual_networks import Subnet

_OWNERS = (
    "Microsoft.Network/networkInterfaces",
    "Microsoft.Network/loadBalancers",
    "Microsoft.Network/applicationGateways",
    "Microsoft.Network/azureFirewalls",
    "Microsoft.Network/virtualNetworkGateways",
    "Microsoft.Network/virtualHubs",
    "Microsoft.Network/virtualHubs/ipConfigurations",
    "Microsoft.Compute/virtualMachineScaleSets",
    "Microsoft.ContainerService/managedClusters",
)

_CROWDED = {
    ScaleSetIpConfiguration: "the instances of the scale set {}",
    AgentPool: "the nodes and pods of the AKS pool {}",
    GatewayIpConfiguration: "the instances of the application gateway {}",
    VpnGatewayIpConfiguration: "the instances of the gateway {}",
}


class Unlisted(msgspec.Struct, frozen=True):
    """Who has addresses that the snapshot does not list, in words.

    `told_by` is the id of who would tell them, `remedy` what to do where no export of that does.
    """

    words: str
    told_by: str = ""
    remedy: str = ""


def unlisted(network: Network, subnet: Subnet) -> str:
    """Give who lives in a subnet with addresses that the snapshot does not list; empty: nobody.

    Then all its owners are listed.
    """
    found = who_is_unlisted(network, subnet)
    return found.words if found is not None else ""


@question_about
def who_is_unlisted(network: Network, subnet: Subnet) -> Unlisted | None:
    """Give who lives in a subnet with addresses that the snapshot does not list, and who would."""
    for edge in network.referrers(subnet):
        found = _unlisted_by(network, edge.source)
        if found is not None:
            return found
    for unknown in doubts_about(network, subnet, *_LIVING):
        return Unlisted(unknown.missing, unknown.resource)
    try:
        if subnet.delegated_to:
            service = subnet.delegated_to[0]
            words = f"what {service} injects"
            return Unlisted(words, subnet.id, lookups.of_injected(service, subnet))
        for ref in subnet.properties.ip_configurations or ():
            absent = _absent(network, ref)
            if absent:
                return Unlisted(f"the address of {absent}, which is not in the snapshot", absent)
            if _is_astray(ref.node):
                words = f"whether {ref.id} is here, which does not say so itself"
                return Unlisted(words, ref.id or subnet.id)
    except Undetermined as unknown:
        return Unlisted(f"{unknown.missing} of the subnet", unknown.resource or subnet.id)
    return None


def _unlisted_by(network: Network, node: Node) -> Unlisted | None:
    """Give whom the snapshot does not list of those who say themselves that they are there."""
    words = _CROWDED.get(kind_of(node))
    if words and not adds_nobody(network, node):
        return Unlisted(words.format(node.root.label), node.root.id, lookups.of_crowd(node))
    if isinstance(node, PrivateEndpoint) and not interfaces_of(network, node.id):
        words = f"the address of the private endpoint {node.label}, whose NIC is not told"
        return Unlisted(words, node.id, lookups.of_endpoint(node))
    if isinstance(node, OWNING) and not all(placed(walk.peek(node, "properties"))):
        return Unlisted(f"the address of {node.label} of {node.root.label}", node.root.id)
    return None


_LIVING = ("subnet", "vnetSubnetID", "podSubnetID", "subnetId", "delegatedSubnetResourceId")
"""How those who have addresses in a subnet name it."""

_PLACES = (
    r"(?i)/properties/(ipConfigurations|frontendIPConfigurations)(/\d+(/properties(/subnet.*)?)?)?"
)
"""What tells, together, where in the networks a resource stands and with which addresses."""


def hidden_addresses(network: Network, key: str) -> Unlisted | None:
    """Tell who may have any address of a network: whose places the snapshot does not tell at all.

    None when there is no such resource in the subscription of the network with this key, where
    its machines are. An address without an owner is nobody's only then.
    """
    return _hidden(network).get(subscription_of(key))


@question_about
def unread_owners(network: Network, subscription: str) -> str:
    """Give the first list of resources with private addresses that was not read whole, and why.

    Of those of one subscription: what has an address in a network is of the network's own.
    """
    if not network.gaps:
        return ""
    for arm_type in _OWNERS:
        gap = unread_type(network, arm_type, subscription)
        if gap is not None:
            return f"{gap.subject} was not read whole ({gap.detail})"
    return ""


@question
def _hidden(network: Network) -> dict[str, Unlisted]:
    """Whose addresses and subnets are not told, by subscription."""
    found: dict[str, Unlisted] = {}
    cut = {each.node.key for each in untold_parts(network) if re.fullmatch(_PLACES, each.pointer)}
    others = (network.all(cls) for cls in (LoadBalancer, ApplicationGateway, Firewall))
    for node in chain(irregular(network), *others):
        if node.key in cut or _is_hollow(node):
            hidden = Unlisted(f"the addresses of {node.label}", node.id)
            found.setdefault(subscription_of(node.key), hidden)
    for edge in network.dangling():
        if edge.kind == "ipConfiguration" and isinstance(edge.source, PublicIp):
            lost = top_level(edge.spelled)
            if (type_of(lost) or "").lower() in _FORWARDING and fold(lost) not in network.nodes:
                words = f"the addresses of {name(lost)}, which is not in the snapshot"
                found.setdefault(subscription_of(fold(lost)), Unlisted(words, lost))
    return found


_FORWARDING = frozenset({"microsoft.network/azurefirewalls", "microsoft.network/networkinterfaces"})
"""What a public address may name that has private ones besides, which others may be told of."""


def _is_hollow(node: Node) -> bool:
    """Whether a resource, or a part that may have an address, tells nothing of where it stands."""
    holes = node.record.unresolved if node.record is not None else ()
    if holes and any(re.fullmatch(_PLACES, pointer) for pointer, _ in holes):
        return True
    settings = walk.peek(node, "properties")
    if settings is None:
        return True
    fronts = isinstance(node, LoadBalancer | ApplicationGateway)
    listed = walk.peek(settings, "frontend_ip_configurations" if fronts else "ip_configurations")
    if listed is None and isinstance(node, Firewall):
        return walk.peek(settings, "virtual_hub") is None  # one that runs is in a hub or has some
    return any(walk.peek(part, "properties") is None for part in listed or ())


def subscription_of(key: str) -> str:
    """Give the part of a key that names the subscription."""
    return key.partition("/resourcegroups/")[0]


def _is_astray(node: object) -> bool:
    """Whether a NIC's ip configuration does not tell its subnet: its address is nobody's then."""
    if not isinstance(node, IpConfiguration):
        return False
    return walk.peek(walk.peek(node, "properties"), "subnet") is None


def _absent(network: Network, ref: Ref) -> str:
    if ref.node is not None:  # as most are, and ids are long
        return ""
    text = ref.id or ""
    holder = parent(text)
    if not text or fold(text) in network.nodes:
        return ""
    above = network.nodes.get(fold(holder)) if holder else None
    if above is not None:
        return "" if walk.peek(above, "properties") is not None else text  # of an inventory
    node = network.find(ref)
    return "" if isinstance(node, Node) else text
