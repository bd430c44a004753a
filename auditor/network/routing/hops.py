"""Where a packet for one address goes from a subnet or a NIC."""

from __future__ import annotations

from auditor.addresses import Address
from auditor.network.graph import Network
from auditor.network.interfaces import Interface, subnet_of
from auditor.network.routing.effective import routes_from
from auditor.network.routing.model import EffectiveRoute, Hop, NextHop, Outbound, Source
from auditor.network.routing.outbound import outbound
from auditor.network.routing.selection import choose, straight
from auditor.network.service_tags import NO_TAGS, ServiceTags
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.special_addresses import PLATFORM_HOSTS, is_private


def next_hop(
    network: Network, source: Subnet | Interface, address: Address, tags: ServiceTags = NO_TAGS
) -> NextHop:
    """Tell where a packet goes, for certain or with the reasons why that cannot be told.

    Never raises for what the snapshot lacks.
    """
    matching = tuple(routes_from(network, source, tags).matching(address))
    if address in PLATFORM_HOSTS:
        matching = tuple(each for each in matching if _is_azures(each))
    choice = choose(matching)
    possible, reasons = choice.possible, choice.reasons
    if reasons or not possible:
        return NextHop(address, possible, reasons, drops="" if reasons else _NO_ROUTE)
    route = possible[0]
    nic = None if isinstance(source, Subnet) else source
    subnet = source if isinstance(source, Subnet) else subnet_of(network, source)
    there = straight(route, address, matching)
    if there is not None:
        return NextHop(address, possible, drops=there.fault, doubts=there.doubts)
    way = None
    if route.hop is Hop.INTERNET and address not in PLATFORM_HOSTS:  # not on the internet
        way = outbound(network, subnet, nic, address.version)
    return NextHop(
        address,
        possible,
        drops=_drops(network, subnet, route, address, way),
        doubts=route.doubts,
        outbound=way,
    )


def _is_azures(route: EffectiveRoute) -> bool:
    """Whether a route leads to Azure's own host, which no custom or learned one leads away from.

    https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
    """
    return route.source is Source.SYSTEM and route.hop is Hop.INTERNET


_NO_ROUTE = "no route matches"


def _drops(
    network: Network, subnet: Subnet, route: EffectiveRoute, address: Address, way: Outbound | None
) -> str:
    """Tell why a packet that takes a route goes nowhere."""
    if route.fault:
        return route.fault
    if route.hop is Hop.NONE:
        return f"the next hop is None ({route.fact})"
    if route.hop is Hop.INTERNET and is_private(address):
        return f"{address} is private: nobody on the internet has it (R-2)"
    if way is not None and way.method == "none":
        return f"nothing takes it to the internet ({way.fact}, R-10)"
    if route.hop is Hop.LOCAL and not route.doubts:
        vnet = network.holder(subnet, VirtualNetwork)
        if vnet is not None and not any(address in prefix for prefix in vnet.prefixes):
            return f"{address} is not in {vnet.label}"
    return ""
