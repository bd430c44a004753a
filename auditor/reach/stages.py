"""The stages that packets meet: routes, replies, translations; each says what it does."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from auditor import ids
from auditor.addresses import AddressSet
from auditor.network.graph import Network
from auditor.network.reasons import Reason
from auditor.network.routing import EffectiveRoute, Hop
from auditor.network.routing_domains import spelled
from auditor.reach.bounds import Bounds
from auditor.reach.cures import way_for
from auditor.reach.frame import Packet
from auditor.reach.points import Point
from auditor.reach.trail import Step, Tell, Trail
from auditor.reach.ways import Way, lead, lead_alike, ways_from
from auditor.resources.base import Node
from auditor.resources.interfaces import NetworkInterface
from auditor.resources.virtual_networks import Subnet

Ask = Callable[[Way], "bool | None"]

Doubts = Callable[[Way], tuple[Reason, ...]]
"""Says why it may be that an `Ask` does not know of a way, besides what the way itself tells."""


def _no_doubts(_: Way) -> tuple[Reason, ...]:
    return ()


Reply = Callable[[Trail, Point], Trail]
"""Adds the way back from whoever answers, which depends on how the packet came."""


def goes(
    trail: Trail,
    point: Point,
    to: AddressSet,
    ask: Ask,
    expected: str,
    doubts: Doubts = _no_doubts,
    *,
    alike: bool = False,
) -> Trail:
    """Add the way of the packet from a point: `ask` tells whether a way is the one looked for.

    `to` are the destinations it may have; `expected` says where it ought to go, for a sentence.
    `doubts` and `alike` are as for `replies`.
    """
    return _routed(trail, point, to, ask, expected, reply=False, doubts=doubts, alike=alike)


def replies(
    trail: Trail,
    point: Point,
    to: AddressSet,
    ask: Ask,
    expected: str,
    doubts: Doubts = _no_doubts,
    *,
    alike: bool = False,
    home: str = "",
) -> Trail:
    """Add the way of the reply from a point, to the source that the packet has there (P-11).

    `home` is the key of the network that it ought to get to, where it is one. `doubts` tell why
    `ask` may answer that it does not know, where the routes themselves do; `alike`, that it is one
    function for all points, or an equal one, so that what it answers is remembered.
    """
    return _routed(
        trail, point, to, ask, expected, reply=True, doubts=doubts, alike=alike, home=home
    )


def _routed(
    trail: Trail,
    point: Point,
    to: AddressSet,
    ask: Ask,
    expected: str,
    *,
    reply: bool,
    doubts: Doubts = _no_doubts,
    alike: bool = False,
    home: str = "",
) -> Trail:
    subnet = point.place
    name = "source" if reply else "destination"
    if subnet is None:
        lacks = point.reasons or (Reason("collection-gap", f"the subnet of {point.id}", point.id),)
        unsure = Bounds.maybe(trail.space.all)
        return trail.through(unsure, _gap_teller(point, reply, lacks), reply=reply)
    ways = ways_from(trail.network, subnet, trail.space.version, trail.tags)
    known = lead_alike(trail.network, ways, trail.space.version, name, to, ask) if alike else None
    here = known or lead(ways, trail.space, name, to, ask)

    def tell(packet: Packet, passes: bool | None) -> tuple[Step, ...]:
        address = packet.source if reply else packet.destination
        way = ways.at(address)
        step = _route_step(trail.network, subnet, packet, way, passes, expected, reply, home)
        if passes is not None:
            return (step,)
        reasons = tuple(dict.fromkeys((*step.reasons, *doubts(way))))
        return (replace(step, reasons=reasons) if reasons else if_so(step, packet, trail),)

    return trail.through(here, tell, reply=reply)


def _gap_teller(point: Point, reply: bool, reasons: tuple[Reason, ...]) -> Tell:
    code = "return-route" if reply else "route"

    def tell(packet: Packet, passes: bool | None) -> tuple[Step, ...]:
        says = "it cannot be told which routes apply"
        return (Step(code, point.id, says, packet, passes, reasons=reasons),)

    return tell


def _route_step(
    network: Network,
    subnet: Subnet,
    packet: Packet,
    way: Way,
    passes: bool | None,
    expected: str,
    reply: bool,
    home: str,
) -> Step:
    address = packet.source if reply else packet.destination
    what = "the reply" if reply else "it"
    route = way.possible[0] if way.possible else None
    code = "return-route" if reply else "route"
    if route is None:
        return Step(code, subnet.id, f"no route takes {what} to {address}", packet, passes,
                    reasons=way.reasons, opening=f"give {address} a route")  # fmt: skip
    where = f" {route.address}" if route.address is not None else ""
    if route.hop is Hop.GATEWAY and route.far:
        where = f", and on to {ids.name(spelled(network, route.far))}"
    kind = route.hop.value
    if route.hop is not Hop.APPLIANCE and route.address is not None:
        kind, where = Hop.APPLIANCE.value, f"{where}, whom it is for"
    says = f"{_route_name(route)} sends {what} to {kind}{where}"
    if passes is None and len(way.possible) > 1:
        may = dict.fromkeys(f"{_route_name(each)} to {each.hop.value}" for each in way.possible)
        says = f"it cannot be told which route takes {what} to {address}: {', or '.join(may)}"
    opening = ""
    if passes is False:
        black_hole = reply and route.hop is Hop.NONE
        why = ", a black hole (R-10)" if black_hole else f", not {expected}"
        says += why if not route.fault else f"; {route.fault}"
        opening = way_for(network, route, subnet, address, expected, home)
        if reply and not black_hole:
            code = "asymmetric-return"
    return Step(
        code,
        route.node.root.id if route.node is not None else subnet.id,
        says,
        packet,
        passes,
        route.name or str(route.prefix),
        route.node.id if route.node is not None else "",
        route.node.pointer + route.pointer if route.node is not None else route.pointer,
        None,
        (*way.reasons, *route.doubts),
        opening,
    )


def _route_name(route: EffectiveRoute) -> str:
    if route.name:
        return f"route {route.name} ({route.prefix})" if route.told else f"route {route.name}"
    return f"the {route.source.value} route {route.prefix}" if route.told else "a route not told"


def if_so(step: Step, packet: Packet, trail: Trail) -> Step:
    """Say of a denial that it is one of what the packet may look like, where that is not told."""
    says = f"{step.says} as {packet.source} to {packet.destination}, if that is how it looks here"
    return replace(step, says=says, passes=None, opening="", reasons=trail.frame.reasons)


def if_somebody(trail: Trail, point: Point) -> Trail:
    """Add that nobody listed has the address of a point: perhaps nobody has it at all."""
    [address] = point.addresses.prefixes()
    held = point.node if isinstance(point.node, NetworkInterface) else None
    perhaps = f", but {ids.name(point.nic.id)} may" if point.nic is not None else ""
    return remark(
        trail,
        "nobody",
        point.id,
        lambda _: (
            f"{held.label} has {address.address}, and is no machine's"
            if held is not None
            else f"nobody that the input lists has {address.address}{perhaps}"
            if point.reasons
            else f"nobody has {address.address}"
        ),
        Bounds.maybe(trail.space.all) if point.reasons else Bounds.nothing(trail.space),
        reasons=point.reasons,
        opening="" if point.reasons else f"give {address.address} to a machine",
    )


def remark(
    trail: Trail,
    code: str,
    resource: str,
    says: Callable[[Packet], str],
    here: Bounds | None = None,
    *,
    reasons: tuple[Reason, ...] = (),
    opening: str | Callable[[Packet], str] = "",
    rule: Node | Callable[[Packet], Node | None] | None = None,
    passed: str = "",
    stopped: str | Callable[[Packet], str] = "",
    unsure: str = "",
    reply: bool = False,
) -> Trail:
    """Add a stage that is told in one sentence; without `here`, everything gets through it.

    `passed`, `stopped` and `unsure` are the sentence instead, where a packet does, does not or may.
    `rule` decides, whatever the packet or by it. `reply` tells that it is about the way back.
    """
    words = {True: passed, False: stopped, None: unsure}

    def tell(packet: Packet, passes: bool | None) -> tuple[Step, ...]:
        said = words[passes]
        opens = ""
        if passes is False:
            opens = opening if isinstance(opening, str) else opening(packet)
        by = rule if rule is None or isinstance(rule, Node) else rule(packet)
        return (
            Step(
                code,
                resource,
                (said if isinstance(said, str) else said(packet)) or says(packet),
                packet,
                passes,
                by.label if by is not None else "",
                by.id if by is not None else "",
                by.pointer if by is not None else "",
                reasons=reasons if passes is None else (),
                opening=opens,
            ),
        )

    all_of_it = Bounds.everything(trail.space)
    return trail.through(here if here is not None else all_of_it, tell, reply=reply)
