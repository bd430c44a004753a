"""Whom a MySQL single server lets in by its subnet: virtual network rules (L-24, R-40)."""

from __future__ import annotations

import msgspec

from auditor.errors import Undetermined
from auditor.network.graph import Network
from auditor.network.reasons import Reason, gap
from auditor.reach.points import Point
from auditor.resources.base import Node
from auditor.resources.mysql import MySqlSingleServer
from auditor.resources.virtual_networks import Subnet

_ENDPOINT = "microsoft.sql"


class BySubnet(msgspec.Struct, frozen=True):
    """Whether a source is let in by its subnet (None: not told), by which rule, or why not told."""

    passes: bool | None
    rule: Node | None = None
    reasons: tuple[Reason, ...] = ()


def by_subnet(network: Network, server: Node | None, source: Point) -> BySubnet:
    """Tell whether a virtual network rule of a single server lets a source in.

    It takes an endpoint of the service on the subnet too: without one the server sees an address
    of the internet, and no subnet (R-40).
    """
    subnet = source.place
    if not isinstance(server, MySqlSingleServer) or subnet is None:
        return BySubnet(False)
    try:
        if not _has_endpoint(subnet):
            return BySubnet(False)
        rules = server.properties.virtual_network_rules
        if rules is None:
            raise Undetermined(f"the virtual network rules of {server.label}", resource=server.id)
        for rule in rules:
            if network.find(rule.properties.virtual_network_subnet_id) is subnet:
                return BySubnet(True, rule)
    except Undetermined as unknown:
        return BySubnet(None, reasons=(gap(unknown, server.id),))
    return BySubnet(False)


def _has_endpoint(subnet: Subnet) -> bool:
    endpoints = subnet.properties.service_endpoints or ()
    return any((each.service or "").lower() == _ENDPOINT for each in endpoints)
