"""What can be selected and is no end of a path by itself: why, and whom to ask about instead."""

from __future__ import annotations

from collections.abc import Iterable
from functools import singledispatch

from auditor import ids
from auditor.ids import fold
from auditor.network.graph import Network
from auditor.network.interfaces import serves_private_link
from auditor.network.private_link import endpoints_by_target
from auditor.network.reasons import Reason
from auditor.reach.linking import links_by
from auditor.resources import walk
from auditor.resources.base import Node
from auditor.resources.bastion import Bastion
from auditor.resources.interfaces import NetworkInterface
from auditor.resources.key_vault import KeyVault
from auditor.resources.nat_gateways import NatGateway
from auditor.resources.private_endpoints import PrivateLinkService
from auditor.resources.public_addresses import PublicIpPrefix
from auditor.resources.traffic_manager import TrafficManagerProfile
from auditor.resources.virtual_networks import Subnet
from auditor.resources.virtual_wan import (
    HubClientGateway,
    HubExpressRouteGateway,
    HubVpnGateway,
    VirtualHub,
)

LABEL = "no-endpoint"


def instead_of(network: Network, node: Node) -> Reason | None:
    """Say why a node is no end of a path, and what to ask about instead; None for other nodes."""
    words = _instead(node, network)
    return Reason(LABEL, words, node.id) if words else None


def is_passive(node: Node) -> bool:
    """Tell whether nothing gets to a node and nothing starts there, whatever else is selected.

    A NAT gateway sends on for its subnets alone (R-31); a prefix is a reservation, and Traffic
    Manager tells clients an address to which they go by themselves. An interface of a private link
    service is told of by that.
    """
    passive = isinstance(node, NatGateway | PublicIpPrefix | TrafficManagerProfile)
    return passive or serves_private_link(node)


@singledispatch
def _instead(node: Node, network: Network) -> str:
    return ""


@_instead.register
def _(node: NatGateway, network: Network) -> str:
    subnets = [e.source for e in network.referrers(node, "natGateway")]
    names = [f"subnet:{ids.top_name(s.id)}/{s.label}" for s in subnets if isinstance(s, Subnet)]
    who = f"{node.label} takes nothing in, and sends for its subnets"
    return f"{who}: ask about {_several(names) or 'these'}"


@_instead.register
def _(node: PublicIpPrefix, network: Network) -> str:
    told = walk.peek(walk.peek(node, "properties"), "ip_prefix")
    return f"{node.label} is a reservation: ask about {told or 'its addresses'}"


@_instead.register
def _(node: TrafficManagerProfile, network: Network) -> str:
    endpoints = walk.peek(walk.peek(node, "properties"), "endpoints") or ()
    told = (walk.peek(walk.peek(e, "properties"), "target_resource_id") for e in endpoints)
    names = [f"name:{ids.name(each)}" for each in told if each]
    who = f"{node.label} answers questions for a name, and clients go to one of its endpoints"
    return f"{who}: ask about {_several(names) or 'these'}"


@_instead.register
def _(node: KeyVault, network: Network) -> str:
    pairs = endpoints_by_target(network).get(fold(node.id), ())
    who = f"who gets to vault {node.label} by its public name is not followed"
    return f"{who}: {_by_endpoints(e.label for e, _ in pairs)}"


@_instead.register
def _(node: PrivateLinkService, network: Network) -> str:
    pairs = endpoints_by_target(network).get(fold(node.id), ())
    who = f"private endpoints lead to {node.label}: {_by_endpoints(e.label for e, _ in pairs)}"
    fronts = [link.front for link in links_by(network, node) if link.front is not None]
    names = [f"{front.root.label}/{front.label}" for front in fronts]
    return f"{who}, or about the frontend {_several(names)} behind it" if names else who


@_instead.register
def _(node: NetworkInterface, network: Network) -> str:
    if not serves_private_link(node):
        return ""
    service = network.find(node.properties.private_link_service)
    words = _instead(service, network) if isinstance(service, PrivateLinkService) else ""
    own = f"{node.label} is no machine's: it has the addresses of a private link service"
    return f"{own}; {words}" if words else own


@_instead.register
def _(node: Bastion, network: Network) -> str:
    if not _is_developer(node):
        return ""
    return (
        f"{node.label} (Developer) has neither subnet nor address, and Azure's own hosts serve "
        "it: ask about the machines of its network"
    )


def _is_developer(node: Bastion) -> bool:
    return (walk.peek(walk.peek(node, "sku"), "name") or "").lower() == "developer"


@_instead.register(VirtualHub)
@_instead.register(HubVpnGateway)
@_instead.register(HubClientGateway)
@_instead.register(HubExpressRouteGateway)
def _(node: Node, network: Network) -> str:
    return (
        f"{node.label} joins networks and sites, and is no end itself: "
        "ask about the networks on the hub, or onprem"
    )


def _by_endpoints(labels: Iterable[str]) -> str:
    names = [f"name:{label}" for label in sorted(set(labels))]
    return f"ask about {_several(names) or 'a private endpoint of it'}"


def _several(names: list[str]) -> str:
    shown = sorted(set(names))
    return ", ".join(shown[:3]) + (" and others" if len(shown) > 3 else "")
