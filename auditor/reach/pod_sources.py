"""What pods send, by the address that others see (section 5.5): their own, or their node's."""

from __future__ import annotations

from auditor.addresses import EVERY_PORT, AddressSet
from auditor.network.graph import Network
from auditor.network.pod_addresses import kept_inside, node_of_pod
from auditor.reach.points import Point, machine
from auditor.reach.stages import remark
from auditor.reach.trail import Trail
from auditor.resources.compute import ScaleSetIpConfiguration
from auditor.resources.interfaces import IpConfiguration


def node_behind(network: Network, source: Point) -> Point | None:
    """Give the node of a pod that has an address of the nodes' subnet; None: it is no pod."""
    node = source.node
    if not isinstance(node, IpConfiguration | ScaleSetIpConfiguration):
        return None
    own = node_of_pod(network, node)
    return machine(network, own) if own is not None else None


def by_node(trail: Trail, source: Point, to: AddressSet) -> Trail:
    """Give what a pod sends beyond its own network the address of its node."""
    network, node = trail.network, source.node
    host = node_behind(network, source)
    if host is None or not isinstance(node, IpConfiguration | ScaleSetIpConfiguration):
        return trail
    inside = kept_inside(network, node)
    if inside is None or to <= inside:
        return trail
    one = host.addresses.smallest() if host.addresses.size == 1 else "its own address"
    told = remark(
        trail,
        "egress",
        host.nic.id if host.nic is not None else host.id,
        lambda _: f"its node sends it to other networks as {one} (K-23)",
    )
    if to.overlaps(inside):  # asked about both at once
        return told.perhaps_becoming(
            source=host.addresses, source_port=EVERY_PORT, reasons=host.reasons
        )
    return told.becoming(source=host.addresses, source_port=EVERY_PORT, reasons=host.reasons)
