"""As whom packets leave for the internet, or what keeps them from it (R-30 to R-39, A-28, A-6)."""

from __future__ import annotations

from collections.abc import Callable

from auditor import ids
from auditor.addresses import EVERY_PORT, Version
from auditor.errors import Undetermined
from auditor.network.graph import Network
from auditor.network.reasons import Reason, gap
from auditor.network.routing.model import Outbound
from auditor.network.routing.outbound import outbound
from auditor.packets.intervals import Intervals
from auditor.reach.balancing import BOTH, MAPPED, PROTOCOLS
from auditor.reach.bounds import Bounds
from auditor.reach.cures import for_ports
from auditor.reach.egress import (
    as_whom,
    chained_out,
    egress_addresses,
    firewall_addresses,
    gateway_addresses,
    protocols_out,
)
from auditor.reach.frame import Packet
from auditor.reach.leaving import leavers
from auditor.reach.pod_sources import node_behind
from auditor.reach.points import Kind, Point
from auditor.reach.space import PORTED
from auditor.reach.stages import remark
from auditor.reach.trail import Trail
from auditor.resources import walk
from auditor.resources.application_gateways import ApplicationGateway
from auditor.resources.base import Node
from auditor.resources.compute import ScaleSetIpConfiguration
from auditor.resources.firewalls import Firewall
from auditor.resources.interfaces import IpConfiguration
from auditor.resources.load_balancers import LoadBalancer
from auditor.resources.managed_clusters import AgentPool
from auditor.resources.nat_gateways import NatGateway
from auditor.resources.virtual_networks import Subnet
from auditor.special_addresses import PUBLIC


def departed(trail: Trail, source: Point, subnet: Subnet) -> Trail:
    """Give packets of a point of a subnet the address with which they leave for the internet.

    After its route there. What nothing takes there does not arrive.
    """
    node = source.node
    if source.kind is Kind.FIREWALL and node is not None:
        return _of_firewall(trail, node.root)
    if source.kind is Kind.GATEWAY and isinstance(node, ApplicationGateway):
        return of_gateway(trail, node, source)
    source = node_behind(trail.network, source) or source
    node = source.node
    own = node if isinstance(node, IpConfiguration | ScaleSetIpConfiguration) else None
    way = outbound(trail.network, subnet, source.nic, trail.space.version, own)
    if way.method == "unknown" and source.nic is None and trail.space.version == 4:
        way = _of_pods(trail.network, subnet) or way
    return _by_subnet(trail, source, subnet, way)


def _of_pods(network: Network, subnet: Subnet) -> Outbound | None:
    """Give what takes out all that run in a subnet, where these are pods of one outbound type."""
    there = leavers(network, subnet)
    ways = {way for each in there for way in each.ways}
    if not all(isinstance(each.node, AgentPool) for each in there) or len(ways) != 1:
        return None
    [way] = ways
    return way if way.method in ("load-balancer", "nat-gateway") else None


def of_gateway(trail: Trail, gateway: ApplicationGateway, here: Point) -> Trail:
    """Give packets of an application gateway one of its public addresses (A-28).

    Without one it needs a NAT gateway (A-6); of v1 no fact tells.
    """
    way = None
    if here.place is not None:
        way = outbound(trail.network, here.place, None, trail.space.version)
    addresses, reasons = gateway_addresses(trail.network, gateway)
    if not addresses:
        if way is not None and here.place is not None and way.method == "nat-gateway":
            return _by_subnet(trail, here, here.place, way)
        return _without_address(trail, gateway)
    if way is not None and way.method == "nat-gateway":
        others, more = egress_addresses(trail.network, here, way)
        why = Reason("semantics:A-28", f"whether {gateway.label} uses its NAT gateway", gateway.id)
        addresses, reasons = addresses | others, (*reasons, *more, why)
    whom = as_whom(addresses, reasons)
    told = remark(
        trail,
        "egress",
        gateway.id,
        lambda _: f"{gateway.label} leaves by its public address{whom} (A-28)",
    )
    return told.becoming(source=addresses, source_port=EVERY_PORT, reasons=reasons)


def _without_address(trail: Trail, gateway: ApplicationGateway) -> Trail:
    """Add that a gateway of no public address has no way out, unless it is v1 (A-6)."""
    try:
        sure = gateway.tier.endswith("v2")
    except Undetermined:
        sure = False
    why = Reason("semantics:A-6", f"whether {gateway.label} gets out", gateway.id)
    kept = remark(
        trail,
        "egress",
        gateway.id,
        lambda _: f"{gateway.label} has no public address to leave by (A-6)",
        Bounds.nothing(trail.space) if sure else Bounds.maybe(trail.space.all),
        reasons=(why,),
        opening=for_ports("give the subnet a NAT gateway"),
        unsure=f"it cannot be told whether {gateway.label} gets out to the internet (A-6)",
    )
    return kept.becoming(source=PUBLIC, source_port=EVERY_PORT, reasons=(why,))


def _of_firewall(trail: Trail, firewall: Node) -> Trail:
    """Give packets of a firewall's own the address that it leaves by (R-30)."""
    if not isinstance(firewall, Firewall):
        return trail
    addresses, reasons = firewall_addresses(trail.network, firewall)
    whom = as_whom(addresses, reasons)
    told = remark(
        trail,
        "egress",
        firewall.id,
        lambda _: f"{firewall.label} leaves by its public addresses{whom}",
    )
    return told.becoming(source=addresses, source_port=EVERY_PORT, reasons=reasons)


_METHODS = {
    "nat-gateway": "NAT gateway",
    "load-balancer": "load balancer",
    "public-ip": "the public IP of",
}


def _by_subnet(trail: Trail, source: Point, subnet: Subnet, way: Outbound) -> Trail:
    space = trail.space
    taken = {
        "nat-gateway": Bounds.exactly(space.carrying(BOTH)),
        "load-balancer": _balanced(trail, source, way),
        "public-ip": Bounds.exactly(space.carrying(MAPPED)),
        "default": Bounds(space.all, space.carrying(BOTH)),
        "none": Bounds.nothing(space),
        "unknown": Bounds.maybe(space.all),
    }[way.method]
    lacks = _lacks(trail.network, subnet, way)
    if lacks:
        taken = Bounds.maybe(space.all if way.node is None else taken.may)
    chains = chained_out(trail.network, source, way)
    if chains:
        taken = taken.doubtful()
    named = f" {way.node.root.label}" if way.node is not None else ""
    by = "default outbound access" if way.method == "default" else ""
    by = by or ("something" if way.method == "unknown" else f"{_METHODS.get(way.method)}{named}")
    addresses, reasons = egress_addresses(trail.network, source, way)
    whom = as_whom(addresses, reasons)
    says = {
        "none": f"nothing takes it to the internet ({way.fact})",
        "unknown": "it cannot be told how it leaves for the internet",
        "default": "default outbound access takes it to the internet (R-33)",
    }.get(way.method, f"{by} takes it to the internet{whom} ({way.fact})")
    if lacks:
        says = "it cannot be told whether the NAT gateway takes it to the internet (R-31)"
    trail = remark(
        trail,
        "egress",
        way.node.root.id if way.node is not None else subnet.id,
        lambda _: says,
        taken,
        reasons=lacks or chains or way.reasons or _unsaid(way, subnet),
        opening=_opening(way, space.version),
        stopped="" if way.method == "none" else f"{by} takes no such protocol to the internet",
        unsure=says
        if lacks
        else f"it cannot be told whether {by} takes it to the internet "
        f"({'E-19b' if chains else way.fact})",
    )
    if way.method == "public-ip":  # mapped one to one: the port stays
        return trail.becoming(source=addresses, reasons=reasons)
    return trail.becoming(source=addresses, source_port=EVERY_PORT, reasons=reasons)


def _balanced(trail: Trail, source: Point, way: Outbound) -> Bounds:
    """Give what a load balancer takes out: the protocols of its rules (R-35)."""
    space = trail.space
    if not isinstance(way.node, LoadBalancer):
        return Bounds.exactly(space.carrying(BOTH))
    sure, perhaps = protocols_out(trail.network, source, way.node)
    return Bounds(
        *(
            space.carrying(numbers) if (numbers := _numbers(names)) else space.empty
            for names in (perhaps, sure)
        )
    )


def _numbers(names: frozenset[str]) -> Intervals:
    return tuple(sorted(pair for name in names for pair in PROTOCOLS[name]))


def _opening(way: Outbound, version: Version) -> str | Callable[[Packet], str]:
    if way.method == "none" and version == 6:
        return _for_mapped("give it a public IPv6 address")  # a NAT gateway takes IPv4
    if way.method == "none":
        return _by_port("give the subnet a NAT gateway")
    if way.method == "load-balancer" and way.node is not None:
        return _by_port(f"add an outbound rule for its protocol to {way.node.label}")
    return ""


def _for_mapped(cure: str) -> Callable[[Packet], str]:
    """What opens the way for all that a public address of its own carries (R-36)."""
    return for_ports(cure, (*PORTED, "icmp", "esp"))


def _by_port(cure: str) -> Callable[[Packet], str]:
    """What opens the way for TCP and UDP; for others a public address does (R-30, R-36)."""
    address = _for_mapped("give it a public IP address")
    return lambda packet: for_ports(cure)(packet) or address(packet)


def _lacks(network: Network, subnet: Subnet, way: Outbound) -> tuple[Reason, ...]:
    """Tell why a subnet's NAT gateway may take nothing out: it, or its addresses, are not told."""
    ref = walk.peek(walk.peek(subnet, "properties"), "nat_gateway")
    named = walk.peek(ref, "id")
    if not named or way.method not in ("nat-gateway", "none"):
        return ()
    nat = network.find(named)
    if not isinstance(nat, NatGateway):
        return (Reason("collection-gap", f"the NAT gateway {ids.name(named)}", subnet.id),)
    if way.method == "none":
        return ()
    try:
        if nat.addresses or nat.prefixes:
            return ()
    except Undetermined as unknown:
        return (gap(unknown, nat.id),)
    return (Reason("collection-gap", f"a public address of NAT gateway {nat.label}", nat.id),)


def _unsaid(way: Outbound, subnet: Subnet) -> tuple[Reason, ...]:
    if way.method == "load-balancer" and way.node is not None:
        detail = f"which protocols {way.node.label} takes out"
        return (Reason("semantics:R-35", detail, way.node.id),)
    if way.method != "default":
        return ()
    return (Reason("semantics:R-33", "which protocols default outbound access takes", subnet.id),)
