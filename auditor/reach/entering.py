"""What becomes of a packet at an entrance: who takes it, and what filters it on the way."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import ids
from auditor.addresses import Address, PortSet
from auditor.errors import Undetermined
from auditor.network.effective_rules import Direction
from auditor.network.exposure import is_basic
from auditor.network.graph import Network
from auditor.network.reasons import Reason
from auditor.network.routing.model import Hop
from auditor.packets.diagram import PacketSet
from auditor.packets.intervals import Intervals
from auditor.reach.balancing import MAPPED, TCP, UDP, forwards_of, forwards_towards
from auditor.reach.bounds import Bounds
from auditor.reach.delivery import behind
from auditor.reach.entrances import Entrance, entrances_by_address
from auditor.reach.filter_stage import filters
from auditor.reach.filtering import unfiltered
from auditor.reach.gatewaying import at_listeners, back_from
from auditor.reach.hub_points import hub_gateway
from auditor.reach.leading import leaves_by
from auditor.reach.points import Kind, Point, machine, part_in_subnet
from auditor.reach.replying import to_internet
from auditor.reach.space import FlowSpace
from auditor.reach.stages import Reply, remark, replies
from auditor.reach.trail import Trail
from auditor.reach.translating import at_firewall, at_hub_firewall
from auditor.reach.unforwarded import beside_the_known
from auditor.reach.ways import Way
from auditor.resources import walk
from auditor.resources.application_gateways import ApplicationGateway, GatewayFrontend
from auditor.resources.bastion import BastionIpConfiguration
from auditor.resources.compute import ScaleSetIpConfiguration
from auditor.resources.firewalls import Firewall, FirewallIpConfiguration
from auditor.resources.hybrid import VpnGatewayIpConfiguration
from auditor.resources.interfaces import IpConfiguration
from auditor.resources.load_balancers import LoadBalancer, LoadBalancerFrontend
from auditor.resources.virtual_wan import HubVpnGateway


def enter(
    trail: Trail, entrance: Entrance, wanted: Point | None = None
) -> Iterator[tuple[Trail, Point]]:
    """Follow packets from the internet through an entrance to whoever answers there.

    `wanted`: leave out the machines behind a load balancer that surely are not that.
    """
    reply = to_internet(trail)
    node = entrance.node
    trail = by_address(trail, entrance)
    if isinstance(node, IpConfiguration | ScaleSetIpConfiguration):
        yield from _at_machine(trail, entrance, machine(trail.network, node), reply)
    elif isinstance(node, LoadBalancerFrontend):
        yield from _at_frontend(trail, node, reply, wanted)
    elif isinstance(node, GatewayFrontend):
        gateway = node.root
        if isinstance(gateway, ApplicationGateway):
            yield from at_listeners(trail, gateway, node, back_from(trail))
    elif isinstance(node, FirewallIpConfiguration):
        yield from at_firewall(trail, node, _outwards)
    elif isinstance(node, Firewall):
        yield from at_hub_firewall(trail, node)
    elif isinstance(node, BastionIpConfiguration | VpnGatewayIpConfiguration):
        yield at_platform(trail, entrance, node)
    elif isinstance(node, HubVpnGateway):
        yield _at_hub_gateway(trail, node)


def by_address(trail: Trail, entrance: Entrance) -> Trail:
    """Add why it is not told whether packets get in by the address of an entrance, if so."""
    if not entrance.reasons:
        return trail
    return remark(
        trail,
        "public-address",
        entrance.address,
        lambda _: "it cannot be told whether packets get in by this public address",
        Bounds.maybe(trail.space.all),
        reasons=entrance.reasons,
    )


def _outwards(trail: Trail, address: Address) -> Iterator[tuple[Trail, Point]]:
    """Follow what a firewall sends to a public address; what a further one does is not followed."""
    for entrance in entrances_by_address(trail.network).get(address, ()):
        if not isinstance(entrance.node, FirewallIpConfiguration | Firewall):
            yield from enter(trail, entrance)


_ESP: Intervals = ((50, 50),)


def at_platform(
    trail: Trail, entrance: Entrance, node: BastionIpConfiguration | VpnGatewayIpConfiguration
) -> tuple[Trail, Point]:
    """Follow packets for a Bastion, or for a VPN gateway, which answer by themselves (3.2)."""
    space = trail.space
    here = part_in_subnet(trail.network, Kind.PLATFORM, node)
    web = space.having(protocols=TCP, destination_ports=PortSet.of(443))
    taken = Bounds.exactly(web)
    what = "Bastion answers HTTPS, and lets in whom Azure knows"
    only = "Bastion answers HTTPS only"
    if isinstance(node, VpnGatewayIpConfiguration):
        tunnel = _tunnels(space)
        kind = (walk.peek(walk.peek(node.root, "properties"), "gateway_type") or "").lower()
        clients = walk.peek(walk.peek(node.root, "properties"), "vpn_client_configuration")
        taken = Bounds(tunnel | web, tunnel if clients is None else tunnel | web)
        if kind == "expressroute":
            taken = Bounds.nothing(space)
        elif clients is None:
            taken = Bounds.exactly(tunnel)
        what = "the gateway answers tunnels"
        only = "the gateway answers tunnels only"
    if taken.may.is_empty:
        only = "an ExpressRoute gateway answers nobody"
    trail = remark(trail, "platform", node.root.id, lambda _: what, taken, stopped=only)
    trail = trail.becoming(destination=here.addresses or None, reasons=here.reasons)
    if isinstance(node, BastionIpConfiguration):
        trail = _answered(filters(trail, here, Direction.INBOUND), here)
    return trail, here


def _answered(trail: Trail, bastion: Point) -> Trail:
    """Add the replies of a Bastion; one whose routes lead elsewhere may work or not (R-13)."""

    def ask(way: Way) -> bool | None:
        return True if leaves_by(way, Hop.INTERNET) else None

    what = "whether a Bastion works whose replies go another way"
    why = Reason("semantics:R-13", what, bastion.id)
    return replies(
        trail, bastion, trail.sources(), ask, "straight to the internet", lambda _: (why,)
    )


def _tunnels(space: FlowSpace) -> PacketSet:
    ports = PortSet.of(500) | PortSet.of(4500)
    return space.having(protocols=UDP, destination_ports=ports) | space.carrying(_ESP)


def _at_hub_gateway(trail: Trail, node: HubVpnGateway) -> tuple[Trail, Point]:
    """Follow packets for the VPN gateway of a virtual hub; clients have one of their own."""
    here = hub_gateway(node)
    trail = remark(
        trail,
        "platform",
        node.id,
        lambda _: "the gateway answers tunnels",
        Bounds.exactly(_tunnels(trail.space)),
        stopped="the gateway answers tunnels only",
    )
    return trail.becoming(destination=here.addresses or None), here


def _at_machine(
    trail: Trail, entrance: Entrance, target: Point, reply: Reply
) -> Iterator[tuple[Trail, Point]]:
    name = ids.name(entrance.address)
    where = ids.name(target.nic.id) if target.nic is not None else target.id
    trail = remark(
        trail,
        "public-address",
        entrance.address,
        lambda _: f"the public address {name} is that of {where}",
        Bounds.exactly(trail.space.carrying(MAPPED)),
        stopped=f"the public address {name} carries TCP, UDP, ICMP and ESP only (R-36)",
    )
    trail = trail.becoming(destination=target.addresses, reasons=target.reasons)
    basic = _is_basic(trail.network, entrance)
    trail = open_by_default(trail, entrance.address, basic, target)
    yield reply(filters(trail, target, Direction.INBOUND), target), target


def _is_basic(network: Network, entrance: Entrance) -> bool | None:
    if isinstance(entrance.node, ScaleSetIpConfiguration):
        settings = walk.peek(entrance.node, "properties")
        model = walk.peek(settings, "public_ip_address_configuration")
        name = walk.peek(walk.peek(model, "sku"), "name")
        return name.lower() == "basic" if name else None
    try:
        return is_basic(network, entrance.address)
    except Undetermined:
        return None


def open_by_default(trail: Trail, resource: str, basic: bool | None, target: Point) -> Trail:
    """Add that a Standard address is closed where no security group stands (E-3)."""
    if basic is True:
        return trail
    bare = unfiltered(trail.network, target.nic, target.subnet, trail.tags)
    if bare is False:
        return trail
    name = ids.name(resource)
    owner = ids.name(target.nic.id if target.nic is not None else target.id)
    sure = bare is True and basic is False
    what = f"the SKU of {name}" if basic is None else f"the security groups before {owner}"
    reason = Reason("collection-gap", what, resource)
    return remark(
        trail,
        "closed-by-default",
        resource,
        lambda _: (
            f"{name} is Standard, and without a network security group closed (E-3)"
            if sure
            else f"it cannot be told whether {name} is open without a network security group (E-3)"
        ),
        Bounds.nothing(trail.space) if sure else Bounds.maybe(trail.space.all),
        reasons=(reason,),
        opening=f"give the subnet of {owner} a network security group that allows it",
    )


def _at_frontend(
    trail: Trail, frontend: LoadBalancerFrontend, reply: Reply, wanted: Point | None
) -> Iterator[tuple[Trail, Point]]:
    basic = _balancer_is_basic(trail.network, frontend)
    found = forwards_of(trail.network, frontend)
    for forward in forwards_towards(trail.network, frontend, wanted):
        for each, target in behind(trail, forward, reply):
            if target.kind is not Kind.FRONTEND:
                each = open_by_default(each, frontend.root.id, basic, target)
            yield each, target
    yield from beside_the_known(trail, frontend, found, frontend.root.id)


def _balancer_is_basic(network: Network, frontend: LoadBalancerFrontend) -> bool | None:
    balancer = network.holder(frontend, LoadBalancer)
    name = walk.peek(walk.peek(balancer, "sku"), "name") if balancer is not None else None
    return name.lower() == "basic" if name else None
