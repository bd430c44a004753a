"""The public addresses by which the internet sees what runs in a subnet (IPv4, R-30 to R-39)."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from auditor.addresses import NOTHING, Address, AddressSet
from auditor.errors import Undetermined
from auditor.network.graph import Network
from auditor.network.interfaces import configuration_of
from auditor.network.routing.model import Hop, Outbound
from auditor.reach.egress import egress_addresses, firewall_addresses
from auditor.reach.handing_over import firewall_at
from auditor.reach.leaving import Leaver, leavers, roads_of
from auditor.reach.points import Point, anywhere_in, machine
from auditor.resources.base import Node
from auditor.resources.firewalls import Firewall
from auditor.resources.managed_clusters import ManagedCluster
from auditor.resources.virtual_networks import Subnet
from auditor.special_addresses import PUBLIC


class Look(msgspec.Struct, frozen=True):
    """One way by which something of a subnet leaves, and as whom.

    `addresses` are those that it may have there: each of several is used. `lacks` says what is not
    told of them. `nobodys` is for default outbound access, whose address Azure chooses and changes.
    `certain`: whether anything certainly leaves this way.
    """

    who: str
    by: str
    node: Node | None
    addresses: AddressSet
    lacks: str = ""
    nobodys: bool = False
    certain: bool = True


def looks(network: Network, subnet: Subnet) -> tuple[Look, ...]:
    """Give the ways by which what runs in a subnet leaves. Never raises for what is not told."""
    found = leavers(network, subnet)
    if not found:
        return ()
    roads = roads_of(network, subnet)
    hops = {hop: frozenset({hop}) in roads.options for option in roads.options for hop in option}
    seen: list[Look] = []
    whole = ", ".join(leaver.name for leaver in found[:3]) + (" and others" if found[3:] else "")
    for hop, certain in sorted(hops.items(), key=lambda each: each[0].value):
        if hop is Hop.INTERNET:
            seen += (
                look for leaver in found for look in _straight(network, subnet, leaver, certain)
            )
        elif hop is Hop.APPLIANCE:
            sure = certain and len(roads.appliances) == 1
            for appliance in roads.appliances:
                seen.append(_by_appliance(network, subnet, whole, appliance, sure))
        elif hop is Hop.GATEWAY:
            lacks = f"as whom {whole} leave beyond the gateway"
            seen.append(Look(whole, "the gateway", None, NOTHING, lacks, certain=certain))
        elif hop is Hop.UNKNOWN:
            lacks = "; ".join(reason.detail or str(reason) for reason in roads.reasons)
            seen.append(Look(whole, "a route", None, NOTHING, lacks or "routes", certain=False))
    return tuple(seen)


def _straight(network: Network, subnet: Subnet, leaver: Leaver, certain: bool) -> Iterator[Look]:
    for way, point in zip(leaver.ways, _points(network, subnet, leaver), strict=False):
        if way.method == "none":
            continue
        by = _words(way)
        if way.method == "default":
            yield Look(leaver.name, by, None, NOTHING, "", True, certain)
            continue
        addresses, reasons = egress_addresses(network, point, way)
        if way.method == "unknown" or addresses == PUBLIC:
            told = (*way.reasons, *reasons)
            lacks = next((each.detail or str(each) for each in told), "its address")
            yield Look(leaver.name, by, way.node, NOTHING, lacks, certain=certain)
        else:
            yield Look(leaver.name, by, way.node, addresses, certain=certain)


def _points(network: Network, subnet: Subnet, leaver: Leaver) -> Iterator[Point]:
    if not leaver.nics:
        while True:
            yield anywhere_in(network, subnet)
    for nic in leaver.nics:
        configuration = configuration_of(nic, 4)
        if configuration is None:
            yield anywhere_in(network, subnet)
        else:
            yield machine(network, configuration)


def _words(way: Outbound) -> str:
    if way.method == "default":
        return "default outbound access"
    word = {"nat-gateway": "NAT gateway", "load-balancer": "load balancer"}.get(way.method, "")
    if way.method == "public-ip":
        return "its public address"
    if isinstance(way.node, ManagedCluster):
        return f"the {word or 'way out'} of cluster {way.node.label}"
    return f"{word or 'a way'} {way.node.label}" if way.node is not None else f"its {word or 'way'}"


def _by_appliance(
    network: Network, subnet: Subnet, who: str, appliance: Address, certain: bool
) -> Look:
    source = anywhere_in(network, subnet)
    configuration = firewall_at(network, source, appliance)
    firewall = configuration.root if configuration is not None else None
    if not isinstance(firewall, Firewall):
        lacks = f"as whom the appliance {appliance} leaves"
        return Look(who, f"the appliance {appliance}", None, NOTHING, lacks, certain=certain)
    by = f"firewall {firewall.label}"
    lacks = _beyond(network, firewall)
    addresses, reasons = firewall_addresses(network, firewall)
    if addresses == PUBLIC or lacks:
        lacks = lacks or next((each.detail or str(each) for each in reasons), "its addresses")
        return Look(who, by, firewall, NOTHING, lacks, certain=certain)
    return Look(who, by, firewall, addresses, certain=certain)


def _beyond(network: Network, firewall: Firewall) -> str:
    """Tell whether a firewall is led on by routes of its own subnet; empty when it is not."""
    for each in firewall.ip_configurations:
        try:
            subnet = network.get(each.properties.subnet, Subnet)
        except Undetermined as unknown:
            return unknown.missing
        if subnet is not None and not roads_of(network, subnet).all_within(Hop.INTERNET):
            return f"where the routes of {subnet.label} lead what {firewall.label} sends on"
    return ""
