"""Subnets that a route table or a NAT gateway lists, and that name none.

Azure tells both sides. Where one of them does not, the input is not of one moment, and nobody knows
which of the two is of today. For security groups the same is told with their rules (N-2).
"""

from __future__ import annotations

from auditor.ids import fold
from auditor.network.graph import Network
from auditor.resources.base import Node, hollow_of, kind_of, unset
from auditor.resources.nat_gateways import NatGateway
from auditor.resources.routing import RouteTable
from auditor.resources.virtual_networks import Subnet
from auditor.resources.walk import UNTOLD, peek, read_each


def leave_open(network: Network) -> None:
    """Leave open which table or gateway a subnet uses that one lists and that names none itself."""
    kinds: tuple[tuple[type[Node], str], ...] = (
        (RouteTable, "route_table"),
        (NatGateway, "nat_gateway"),
    )
    for cls, attribute in kinds:
        for refs in read_each(network.all(cls), "properties.subnets"):
            for ref in refs or () if refs is not UNTOLD else ():
                subnet = network.nodes.get(fold(peek(ref, "id") or ""))
                if isinstance(subnet, Subnet) and _names_none(subnet, attribute):
                    unset(subnet.properties, attribute)


def _names_none(subnet: Subnet, attribute: str) -> bool:
    """Whether a subnet tells that it uses none; not of one that came without any settings."""
    (named,) = read_each([subnet], f"properties.{attribute}")
    return named is None and subnet.properties is not hollow_of(kind_of(subnet.properties))
