"""What stands in a virtual hub, in no subnet, and its public addresses (E-2)."""

from __future__ import annotations

from collections.abc import Sequence

from auditor.addresses import NOTHING, AddressSet
from auditor.ids import fold
from auditor.reach.points import Kind, Point
from auditor.resources import walk
from auditor.resources.firewalls import Firewall
from auditor.resources.virtual_wan import HubVpnAddress, HubVpnGateway


def hub_firewall(node: Firewall) -> Point:
    """Give the point of an Azure Firewall of a virtual hub, which stands in no subnet."""
    settings = walk.peek(node, "properties")
    text = walk.peek(walk.peek(settings, "hub_ip_addresses"), "private_ip_address")
    hub = walk.peek(walk.peek(settings, "virtual_hub"), "id") or node.id
    addresses = AddressSet.from_text([text]) if text else NOTHING
    return Point(Kind.FIREWALL, node.id, addresses, node, home=fold(hub))


def hub_gateway(node: HubVpnGateway) -> Point:
    """Give the point of the VPN gateway of a virtual hub, which stands in no subnet."""
    settings = walk.peek(node, "properties")
    told = [walk.peek(each, "private_ip_address") for each in _instances(node)]
    hub = walk.peek(walk.peek(settings, "virtual_hub"), "id") or node.id
    addresses = AddressSet.from_text([text for text in told if text])
    return Point(Kind.PLATFORM, node.id, addresses, node, home=fold(hub))


def _instances(node: HubVpnGateway) -> Sequence[HubVpnAddress]:
    return walk.peek(walk.peek(node, "properties"), "ip_configurations") or ()


def public_of(node: HubVpnGateway) -> list[str]:
    """Give the public addresses of the VPN gateway of a virtual hub, as far as told (E-2)."""
    told = (walk.peek(each, "public_ip_address") for each in _instances(node))
    return [text for text in told if text]
