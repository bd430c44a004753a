"""Inbound endpoints of DNS resolvers: an address in a subnet of their own, where DNS is answered.

They start no flows. Whether security groups of the subnet apply to them, no fact tells.
"""

from __future__ import annotations

from auditor.addresses import AddressSet, PortSet
from auditor.errors import Undetermined
from auditor.network.effective_rules import Direction
from auditor.network.graph import Network, question_about
from auditor.network.reasons import Reason
from auditor.network.routing_domains import network_key
from auditor.reach.balancing import BOTH
from auditor.reach.bounds import Bounds
from auditor.reach.filtering import admitted
from auditor.reach.points import Kind, Point
from auditor.reach.stages import remark
from auditor.reach.subnet_addresses import possible
from auditor.reach.trail import Trail
from auditor.resources.dns_resolvers import InboundEndpointIpConfiguration, ResolverInboundEndpoint
from auditor.resources.virtual_networks import Subnet

DNS = PortSet.of(53)


@question_about
def resolver(network: Network, node: ResolverInboundEndpoint) -> tuple[Point, ...]:
    """Give the points of an inbound endpoint. Raises Undetermined when it does not tell where."""
    settings = node.properties.ip_configurations
    if not settings:
        raise Undetermined(f"the address of {node.label}", resource=node.id)
    return tuple(_point(network, node, each) for each in settings)


def _point(
    network: Network, node: ResolverInboundEndpoint, settings: InboundEndpointIpConfiguration
) -> Point:
    subnet = network.get(settings.subnet, Subnet)
    if subnet is None:
        raise Undetermined(f"the subnet of {node.label}", resource=node.id)
    reasons: tuple[Reason, ...] = ()
    if settings.private_ip_address:
        addresses = AddressSet.from_text([settings.private_ip_address])
    else:
        addresses = possible(subnet)
        reasons = (Reason("unallocated", f"the address of {node.label}", node.id),)
    return Point(
        Kind.ENDPOINT, node.id, addresses, node, None, subnet, network_key(subnet.id), reasons
    )


def into_resolver(trail: Trail, target: Point, node: ResolverInboundEndpoint) -> Trail:
    """Follow packets into an inbound endpoint."""
    here = admitted(
        trail.network, None, Direction.INBOUND, trail.space.version, target.subnet, trail.tags
    )
    trail = remark(
        trail,
        "nsg-inbound",
        target.id,
        lambda _: f"the rules at its subnet let it in to {node.label}",
        Bounds(trail.space.all, here.must),
        reasons=(Reason("platform", f"whether security groups apply to {node.label}", node.id),),
        unsure=f"the rules at its subnet may stop it, if they apply to {node.label}",
    )
    return remark(
        trail,
        "service",
        target.id,
        lambda _: f"{node.label} answers DNS, on port 53 of UDP and TCP",
        Bounds.exactly(trail.space.having(protocols=BOTH, destination_ports=DNS)),
        stopped=f"{node.label} answers DNS only, on port 53 of UDP and TCP",
    )
