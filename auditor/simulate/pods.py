"""Pods whose addresses are on their node's NIC: others see the node's address (section 5.5)."""

from __future__ import annotations

from msgspec.structs import replace

from auditor.addresses import Address
from auditor.network.graph import Network
from auditor.resources.base import Node
from auditor.resources.managed_clusters import ManagedCluster
from auditor.resources.virtual_networks import Subnet
from auditor.simulate.logic import told, told_of
from auditor.simulate.packet import usable
from auditor.simulate.peers import network_of, space
from auditor.simulate.places import configurations_of, nic_of
from auditor.simulate.pools import own_address
from auditor.simulate.trip import Configuration, Trip


def as_node(trip: Trip, subnet: Subnet, configuration: Configuration) -> tuple[Trip, Configuration]:
    """Give a pod's packet for another network the address of its node, which then sends it."""
    home = network_of(trip.network, subnet)
    own = space(trip.network, home) if home is not None else None
    if own is None or trip.seen.packet.destination in own or not _flat(trip.network, configuration):
        return trip, configuration
    host = _host(configuration, trip.seen.packet.source.version)
    if host is None or host is configuration:
        return trip, configuration
    address, version = own_address(host), trip.seen.packet.source.version
    among = None if address is not None else usable(told(lambda: subnet.prefixes, ()), version)
    seen = trip.seen.sent_by(address or Address(version, 0), among)
    trip = trip.note(f"{configuration.id}: its node sends it as {address or 'one of its own'}")
    return replace(trip, seen=seen), host


def _host(configuration: Configuration, version: int) -> Configuration | None:
    """Give the configuration of the node itself, on the NIC of a pod's address."""
    nic = nic_of(configuration)
    listed = configurations_of(nic) if nic is not None else ()
    alike = [each for each in listed if (_family(each) == "ipv6") is (version == 6)]
    first = [each for each in alike if told_of(each, lambda e: e.properties.primary, None)]
    return next(iter((*first, *alike)), None)


def _family(configuration: Configuration) -> str:
    found = told_of(configuration, lambda c: c.properties.private_ip_address_version, None)
    return (found or "ipv4").lower()


def _flat(network: Network, node: Node) -> bool:
    """Whether a resource is a node's in a cluster whose pods have addresses of its subnet (K-2)."""
    for cluster in network.all(ManagedCluster):
        group = told_of(cluster, lambda c: c.properties.node_resource_group, None)
        profile = told_of(cluster, lambda c: c.properties.network_profile, None)
        at = f"/subscriptions/{cluster.subscription}/resourceGroups/{group}/".lower()
        if group and profile is not None and node.id.lower().startswith(at):
            plugin = told_of(profile, lambda p: p.network_plugin, None) or ""
            mode = told_of(profile, lambda p: p.network_plugin_mode, None)
            return plugin.lower() == "azure" and not mode
    return False
