"""Ways to private endpoints, and parts of the platform, whose address the input does not tell.

Routes cannot be asked about an address that nobody knows. Whether the connection is approved and
what the rules before the endpoint say is asked all the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor.addresses import EVERYTHING, Version
from auditor.network.effective_rules import Direction
from auditor.network.graph import Network
from auditor.network.reasons import Reason
from auditor.network.service_tags import ServiceTags
from auditor.reach.bounds import Bounds
from auditor.reach.delivery import deliver, into_endpoint
from auditor.reach.filter_stage import filters
from auditor.reach.path import Path, start
from auditor.reach.points import Kind, Point
from auditor.reach.stages import remark
from auditor.reach.subnet_addresses import possible
from auditor.resources.private_endpoints import PrivateEndpoint


def to_unplaced(
    network: Network, source: Point, target: Point, version: Version, tags: ServiceTags
) -> Iterator[Path]:
    """Give the way to a private endpoint that does not tell its address.

    Nor, of a gateway, Bastion or firewall, whose network the input lacks.
    """
    node = target.node
    platform = target.kind in (Kind.PLATFORM, Kind.FIREWALL)
    if node is None or target.addresses or not (platform or isinstance(node, PrivateEndpoint)):
        return
    to = possible(target.place) if target.place is not None else EVERYTHING
    trail = filters(start(network, source, version, to, tags), source, Direction.OUTBOUND)
    label = node.root.label
    lacks = Reason("collection-gap", f"the address of {label}", node.root.id)
    trail = remark(
        trail,
        "route",
        node.root.id,
        lambda _: f"it cannot be told which route leads to {label}: its address is not",
        Bounds.maybe(trail.space.all),
        reasons=target.reasons or (lacks,),
    ).becoming(destination=to)
    if isinstance(node, PrivateEndpoint):
        yield Path(source, target, into_endpoint(trail, target, node))
    else:
        for each, end in deliver(trail, target, lambda then, _: then):
            yield Path(source, end, each)
