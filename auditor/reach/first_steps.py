"""What would make a path to somebody to whom none leads, in words."""

from __future__ import annotations

from auditor.errors import Undetermined
from auditor.network.graph import Network
from auditor.network.pools import pools_of
from auditor.reach.frame import Packet
from auditor.reach.points import Point
from auditor.reach.space import PORTED
from auditor.resources.interfaces import IpConfiguration
from auditor.resources.load_balancers import LoadBalancer


def entrance_for(network: Network, target: Point, called: str, packet: Packet) -> str:
    """Say what lets the internet in to a machine: a rule of its load balancer, or an address."""
    node = target.node
    if not isinstance(node, IpConfiguration):
        return ""
    if packet.source.version == 6:
        return f"give {called} a public IPv6 address"
    if packet.protocol not in PORTED:
        return f"give {called} a public address"
    try:
        for pool in pools_of(network, node):
            balancer = network.holder(pool, LoadBalancer)
            for frontend in balancer.frontends if balancer is not None else ():
                if frontend.properties.public_ip_address is not None:
                    return f"add a load-balancing rule for {pool.label} at {frontend.label}"
    except Undetermined:
        return ""
    return f"give {called} a public address"
