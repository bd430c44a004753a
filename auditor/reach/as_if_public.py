"""What stops packets besides the entrance, or the rule of a balancer or firewall, that is missing.

A machine that gets a public address, or to which a rule of a balancer or firewall leads, is still
behind its groups, is closed to the internet without any (E-3), and has to answer straight (R-13):
what opens a way names all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from auditor import ids
from auditor.addresses import AddressSet
from auditor.network.effective_rules import Direction
from auditor.network.graph import Network
from auditor.reach.along import hops_of, told_of
from auditor.reach.bounds import Bounds
from auditor.reach.delivery import is_basic
from auditor.reach.entrances import Entrance
from auditor.reach.filter_stage import filters
from auditor.reach.filtering import unfiltered
from auditor.reach.frame import Packet
from auditor.reach.gatewaying import point_of
from auditor.reach.linking import sender_of
from auditor.reach.path import Path, start
from auditor.reach.points import Kind, Point, part_in_subnet
from auditor.reach.replying import straight_to, to_internet
from auditor.reach.showing import Shown
from auditor.reach.stages import remark
from auditor.reach.trail import Step, Trail
from auditor.reach.translating import sent_inside
from auditor.resources.application_gateways import ApplicationGateway
from auditor.resources.firewalls import Firewall, FirewallIpConfiguration
from auditor.resources.load_balancers import LoadBalancerFrontend
from auditor.resources.private_endpoints import PrivateLinkService

_ENTRANCES = frozenset({"no-entrance", "load-balancer", "firewall-nat"})
"""Codes of hops that stop a packet where no rule or no address lets it in."""


def let_in(target: Point, shown: Shown | None, paths: Iterable[Path]) -> tuple[Point, ...]:
    """Give who would get what an entrance does not take yet: of a frontend, who is behind its rule.

    Where one of all regions has no rule for it nobody: those of regions know other ports (E-19).
    """
    if shown is None:
        return (target,)
    trail = shown.path.trail
    alike = shown.path.trail.chosen_by
    if target.kind is not Kind.FRONTEND:
        named = [target]
    elif len(trail.rules) <= 1:
        named = [path.target for path in paths if path.trail.chosen_by == alike]
    else:
        lacks = _lacking(shown.path, shown.packet)
        named = [
            path.target
            for path in paths
            if lacks and path.trail.chosen_by == alike and _lacking(path, shown.packet) == lacks
        ]
    kept = _kept(trail, shown)
    if kept is not None:
        named = [replace(point, addresses=kept) for point in named]
    return tuple({point.id.lower(): point for point in named}.values())


def _lacking(path: Path, packet: Packet) -> str:
    """The balancer of a region that lacks a rule for a packet; empty: that of all does."""
    first, last = (path.trail.stages[path.trail.rules[at]] for at in (0, -1))
    if first.passes(packet) is False:
        return ""
    return told_of(last, packet)[-1].resource.lower()


def _kept(trail: Trail, shown: Shown) -> AddressSet | None:
    """The address that stays where a rule has floating IP (P-4): of a region's frontend too."""
    if not trail.rules:
        return None
    if trail.frame.destination is None:
        return AddressSet.from_range(shown.packet.destination, shown.packet.destination)
    by_region = len(trail.rules) > 1 and trail.frame.destination != shown.path.target.addresses
    return trail.frame.destination if by_region else None


def stopped_besides(
    network: Network,
    source: Point,
    target: Point,
    machines: Iterable[Point],
    packet: Packet,
    known: Sequence[Step],
    entrance: Entrance | None = None,
) -> tuple[Step, ...]:
    """Give what stops a packet for a point once the last of the known obstacles is gone.

    At all the machines that it would be let in to, by the entrance that it is for.
    """
    missing = known[-1] if known else None
    if missing is None or missing.code not in _ENTRANCES or not missing.opening:
        return ()
    if source.kind not in (Kind.INTERNET, Kind.MACHINE, Kind.SUBNET, Kind.GATEWAY):
        return ()
    if missing.code == "firewall-nat":
        return tuple(_stops_behind(network, source, target, packet, entrance))
    closed = source.kind is Kind.INTERNET and not _is_basic(target)
    packet = replace(packet, destination_port=missing.packet.destination_port)
    found = (
        step
        for each in machines
        for step in _stops_at(network, source, each, packet, closed=closed)
    )
    return _once(found)


def stopped_behind_sender(
    network: Network, shown: Shown, paths: Iterable[Path]
) -> tuple[Step, ...]:
    """Give what stops the own connection of a gateway or service once the balancer takes it.

    At all the machines that this may choose.
    """
    missing, *_ = (*reversed(shown.blockers), None)
    if missing is None or missing.code != "load-balancer" or not missing.opening:
        return ()
    sender = _sender(network, shown)
    if sender is None:
        return ()
    found = (
        step
        for path in paths
        if path.trail.chosen_by == shown.path.trail.chosen_by
        for step in _stops_at(network, sender, _as_seen(path), missing.packet, closed=False)
    )
    return _once(found)


def _sender(network: Network, shown: Shown) -> Point | None:
    """Who opens a connection of its own in the client's place (P-6)."""
    via = shown.path.trail.via
    linking = (step.resource for step in shown.steps if step.code == "private-link")
    node = network.find(via[-1] if via else next(linking, ""))
    if isinstance(node, ApplicationGateway) and via:
        return point_of(network, node)
    return sender_of(network, node) if isinstance(node, PrivateLinkService) else None


def _as_seen(path: Path) -> Point:
    """A machine by the address that its rules see: the frontend's where that stays (P-4)."""
    there = path.trail.frame.destination
    return replace(path.target, addresses=there) if there is not None else path.target


def _once(steps: Iterable[Step]) -> tuple[Step, ...]:
    return tuple({(each.resource, each.says, each.opening): each for each in steps}.values())


def _is_basic(target: Point) -> bool:
    return isinstance(target.node, LoadBalancerFrontend) and is_basic(target.node)


def _stops_at(
    network: Network, source: Point, target: Point, packet: Packet, *, closed: bool
) -> Iterator[Step]:
    there = target.addresses.smallest() if target.kind is Kind.MACHINE else None
    if there is None or there.version != packet.source.version:
        return
    arriving = replace(packet, destination=there)
    trail = start(network, source, there.version, target.addresses, network.tags)
    inside = filters(_closed(trail, target) if closed else trail, target, Direction.INBOUND)
    reply = to_internet(trail) if source.kind is Kind.INTERNET else straight_to(source)
    path = Path(source, target, reply(inside, target))
    yield from (step for step in hops_of(path, arriving) if step.passes is False)


def _stops_behind(
    network: Network, source: Point, target: Point, packet: Packet, entrance: Entrance | None
) -> Iterator[Step]:
    """Give what stops a packet for a machine once a firewall's NAT rule leads it there (E-20)."""
    there = target.addresses.smallest() if target.kind is Kind.MACHINE else None
    node = entrance.node if entrance is not None else None
    if there is None or not isinstance(node, FirewallIpConfiguration):
        return
    firewall = node.root
    if not isinstance(firewall, Firewall) or there.version != packet.source.version:
        return
    here = part_in_subnet(network, Kind.FIREWALL, node)
    trail = start(network, source, there.version, target.addresses, network.tags)
    for inside, end in sent_inside(trail, firewall, here, [target]):
        steps = hops_of(Path(source, end, inside), replace(packet, destination=there))
        yield from (step for step in steps if step.passes is False)


def _closed(trail: Trail, target: Point) -> Trail:
    """Add that a Standard address is closed where certainly no security group stands (E-3)."""
    if unfiltered(trail.network, target.nic, target.subnet, trail.tags) is not True:
        return trail
    owner = ids.name(target.nic.id if target.nic is not None else target.id)
    return remark(
        trail,
        "closed-by-default",
        target.id,
        lambda _: "a Standard address without a network security group is closed (E-3)",
        Bounds.nothing(trail.space),
        opening=f"give the subnet of {owner} a network security group that allows it",
    )
