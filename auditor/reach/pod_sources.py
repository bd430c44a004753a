"""What pods send, by the address that others see (section 5.5): their own, or their node's."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from auditor.addresses import EVERY_PORT, NOTHING, AddressSet
from auditor.network.graph import Network
from auditor.network.pod_addresses import (
    kept_inside,
    node_of_pod,
    nodes_with_pods,
    ranges_behind,
)
from auditor.network.reasons import Reason
from auditor.reach.points import Kind, Point, machine
from auditor.reach.stages import remark
from auditor.reach.subnet_addresses import possible
from auditor.reach.trail import Trail
from auditor.resources.compute import ScaleSetIpConfiguration
from auditor.resources.interfaces import IpConfiguration


def node_behind(network: Network, source: Point) -> Point | None:
    """Give the node of a pod that has an address of the nodes' subnet; None: it is no pod."""
    node = source.node
    if not isinstance(node, IpConfiguration | ScaleSetIpConfiguration):
        return None
    own = node_of_pod(network, node)
    if own is not None:
        return machine(network, own)
    ranges = ranges_behind(network).get(node.key, NOTHING)
    return machine(network, node) if ranges.overlaps(source.addresses) else None


def pods_with(network: Network, addresses: AddressSet) -> Iterator[Point]:
    """Give the pods that have some addresses behind their nodes (K-40), one for each node.

    Nobody but their nodes knows these addresses: they are no end that packets are sent to.
    """
    every = nodes_with_pods(network)
    listed = {own.key.partition("/virtualmachines/")[0] for own, _ in every}
    for own, ranges in every:
        here = addresses & ranges
        model = isinstance(own, ScaleSetIpConfiguration)
        if here and not (model and own.root.key in listed):
            yield replace(machine(network, own), addresses=here, reasons=())


def in_one_cluster(network: Network, source: Point, target: Point) -> Reason | None:
    """Say why it is not told what a node, or a pod on it, sends to pods of its cluster (K-41).

    None where they are not of one: nobody but the nodes knows a pod's own address (K-40).
    """
    if target.kind is not Kind.ON_PREMISES or source.nic is None:
        return None
    own = next((c for c in source.nic.ip_configurations if c.key in ranges_behind(network)), None)
    if own is None or not ranges_behind(network)[own.key].overlaps(target.addresses):
        return None
    what = "what nodes and pods of one cluster send one another"
    return Reason("k8s-objects-missing", what, source.id)


def by_node(trail: Trail, source: Point, to: AddressSet) -> Trail:
    """Give what a pod sends beyond its own network the address of its node."""
    network, node = trail.network, source.node
    host = node_behind(network, source)
    if host is None or not isinstance(node, IpConfiguration | ScaleSetIpConfiguration):
        return trail
    inside = kept_inside(network, node) if source.addresses <= _places(source) else NOTHING
    if inside is None or to <= inside:
        return trail
    one = f"as {host.addresses.smallest()}" if host.addresses.size == 1 else "with its own address"
    told = remark(
        trail,
        "egress",
        host.nic.id if host.nic is not None else host.id,
        lambda _: f"its node sends it on {one} ({'K-23' if inside else 'K-40'})",
    )
    if to.overlaps(inside):  # asked about both at once
        return told.perhaps_becoming(
            source=host.addresses, source_port=EVERY_PORT, reasons=host.reasons
        )
    return told.becoming(source=host.addresses, source_port=EVERY_PORT, reasons=host.reasons)


def _places(point: Point) -> AddressSet:
    return possible(point.place) if point.place is not None else NOTHING
