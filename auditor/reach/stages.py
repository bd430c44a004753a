"""The stages that packets meet: filters, routes, replies, translations; each says what it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from auditor import ids
from auditor.addresses import AddressSet, PortSet
from auditor.errors import Undetermined
from auditor.network.effective_rules import Direction
from auditor.network.filters import place_name
from auditor.network.flow import Access, Verdict, flow
from auditor.network.layers import EffectiveRule
from auditor.network.reasons import Reason
from auditor.network.routing import EffectiveRoute
from auditor.reach.bounds import Bounds
from auditor.reach.filtering import admitted
from auditor.reach.frame import Packet
from auditor.reach.points import Kind, Point
from auditor.reach.trail import Step, Tell, Trail
from auditor.reach.ways import Way, lead, ways_from
from auditor.resources.base import Node

_FIRST = 100
"""The first priority that a rule of a security group may have."""

_FILTERED = frozenset({Kind.MACHINE, Kind.SUBNET, Kind.GATEWAY, Kind.ENDPOINT, Kind.PLATFORM})


def filters(trail: Trail, point: Point, direction: Direction) -> Trail:
    """Add what the security rules at a point let through (P-1, P-2)."""
    if point.kind not in _FILTERED:
        return trail
    here = admitted(
        trail.network, point.nic, direction, trail.space.version, point.subnet, trail.tags
    )
    if point.kind is Kind.ENDPOINT and point.nic is None:
        return _without_nic(trail, point, direction, here)
    return trail.through(here, _filter_teller(trail, point, direction))


def _without_nic(trail: Trail, point: Point, direction: Direction, here: Bounds) -> Trail:
    """Add the rules before a private endpoint whose NIC is not in the input (N-44, N-48)."""
    policy = groups_apply(point)
    if policy is True:
        return trail.through(here, _filter_teller(trail, point, direction))
    reason = Reason("collection-gap", "privateEndpointNetworkPolicies", point.id)
    return remark(
        trail,
        "nsg-inbound",
        point.id,
        lambda _: (
            "it cannot be told whether security groups apply to the private endpoint"
            if policy is None
            else "no security group applies to the private endpoint (N-48)"
        ),
        None if policy is False else Bounds(trail.space.all, here.must),
        reasons=(reason,),
    )


def groups_apply(point: Point) -> bool | None:
    """Whether the groups of a subnet apply to private endpoints in it; None: not told."""
    try:
        told = point.place.properties.private_endpoint_network_policies if point.place else None
    except Undetermined:
        return None
    return told.lower() in ("enabled", "networksecuritygroupenabled") if told else None


def _filter_teller(trail: Trail, point: Point, direction: Direction) -> Tell:
    inbound = direction is Direction.INBOUND

    def tell(packet: Packet, passes: bool | None) -> tuple[Step, ...]:
        local, remote = packet.destination, packet.source
        ports = packet.destination_port, packet.source_port
        if not inbound:
            local, remote, ports = remote, local, ports[::-1]
        verdict = flow(
            trail.network,
            point.nic,
            direction,
            local,
            remote,
            packet.protocol,
            local_ports=PortSet.of(ports[0]),
            remote_ports=PortSet.of(ports[1]),
            tags=trail.tags,
            subnet=point.subnet,
        ).verdicts[0]
        return tuple(_layer_steps(verdict, point, packet, inbound, passes))

    return tell


def _layer_steps(
    verdict: Verdict, point: Point, packet: Packet, inbound: bool, passes: bool | None
) -> list[Step]:
    code = "nsg-inbound" if inbound else "nsg-outbound"
    steps = []
    for answer in verdict.layers:
        rule = answer.rule
        at = answer.layer.at
        kind = "admin-rule" if answer.layer.kind.value == "admin" else code
        if rule is not None:
            word = "allows" if answer.passes else "denies"
            says = f"{rule.name} of {ids.name(rule.resource)} at {ids.name(at)} {word} it"
        elif answer.passes is None:
            says = f"it cannot be told what the rules at {ids.name(at)} do"
        elif answer.rules:
            names = " or ".join(each.name for each in answer.rules)
            word = "allows" if answer.passes else "denies"
            says = f"{names} of {ids.name(answer.rules[0].resource)} at {ids.name(at)} {word} it"
        else:
            says = f"the rules at {ids.name(at)} do not concern it"
        uncertain = answer.passes is None
        steps.append(
            Step(
                kind,
                rule.resource if rule is not None else at,
                says,
                packet,
                answer.passes,
                rule.name if rule is not None else "",
                rule.id if rule is not None else "",
                rule.pointer if rule is not None else "",
                rule.priority if rule is not None else None,
                verdict.reasons if uncertain else (),
                _opening(rule, packet, inbound) if answer.passes is False else "",
            )
        )
        if answer.passes is False:
            break
    if not steps:
        where = place_name(point.node) if point.node is not None else point.id
        steps.append(Step(code, point.id, f"nothing filters it at {where}", packet, True))
    if passes and verdict.access is Access.DENY:
        raise AssertionError(f"{code} at {point.id}: the filter sets say {passes}, its rules Deny")
    if passes is False and verdict.access is Access.ALLOW:
        says = f"it has none of the addresses that the input tells of {ids.name(point.id)}"
        steps.append(Step(code, point.id, says, packet, False))
    return steps


def _opening(rule: EffectiveRule | None, packet: Packet, inbound: bool) -> str:
    """The smallest change to a security group that lets a packet pass a rule that denies it."""
    if rule is None:
        return ""
    group = ids.name(rule.resource)
    way = "inbound" if inbound else "outbound"
    port = f" to port {packet.destination_port}" if packet.protocol in ("tcp", "udp") else ""
    what = f"{packet.protocol.upper()} from {packet.source} to {packet.destination}{port}"
    where = f"with a priority below {rule.priority} ({rule.name})"
    if rule.name.startswith("securityRules/") and rule.priority <= _FIRST:
        where = f"before {rule.name}, which has to get a priority above {rule.priority} first"
    return f"add an {way} Allow rule for {what} to {group}, {where}"


Ask = Callable[[Way], "bool | None"]


def goes(trail: Trail, point: Point, to: AddressSet, ask: Ask, expected: str) -> Trail:
    """Add the way of the packet from a point: `ask` tells whether a way is the one looked for.

    `to` are the destinations it may have; `expected` says where it ought to go, for a sentence.
    """
    return _routed(trail, point, to, ask, expected, reply=False)


def replies(
    trail: Trail,
    point: Point,
    to: AddressSet,
    ask: Ask,
    expected: str,
    doubts: tuple[Reason, ...] = (),
) -> Trail:
    """Add the way of the reply from a point, to the source that the packet has there (P-11).

    `doubts` tell why `ask` may answer that it does not know, where the routes themselves do.
    """
    return _routed(trail, point, to, ask, expected, reply=True, doubts=doubts)


def _routed(
    trail: Trail,
    point: Point,
    to: AddressSet,
    ask: Ask,
    expected: str,
    *,
    reply: bool,
    doubts: tuple[Reason, ...] = (),
) -> Trail:
    subnet = point.place
    name = "source" if reply else "destination"
    if subnet is None:
        lacks = point.reasons or (Reason("collection-gap", f"the subnet of {point.id}", point.id),)
        unsure = Bounds.maybe(trail.space.all)
        return trail.through(unsure, _gap_teller(point, reply, lacks), reply=reply)
    ways = ways_from(trail.network, subnet, trail.space.version, trail.tags)
    here = lead(ways, trail.space, name, to, ask)

    def tell(packet: Packet, passes: bool | None) -> tuple[Step, ...]:
        address = packet.source if reply else packet.destination
        step = _route_step(subnet, packet, ways.at(address), passes, expected, reply)
        if passes is None:
            step = replace(step, reasons=tuple(dict.fromkeys((*step.reasons, *doubts))))
        return (step,)

    return trail.through(here, tell, reply=reply)


def _gap_teller(point: Point, reply: bool, reasons: tuple[Reason, ...]) -> Tell:
    code = "return-route" if reply else "route"

    def tell(packet: Packet, passes: bool | None) -> tuple[Step, ...]:
        says = "it cannot be told which routes apply"
        return (Step(code, point.id, says, packet, passes, reasons=reasons),)

    return tell


def _route_step(
    subnet: Node,
    packet: Packet,
    way: Way,
    passes: bool | None,
    expected: str,
    reply: bool,
) -> Step:
    address = packet.source if reply else packet.destination
    what = "the reply" if reply else "it"
    route = way.possible[0] if way.possible else None
    code = "return-route" if reply else "route"
    if route is None:
        return Step(code, subnet.id, f"no route takes {what} to {address}", packet, passes,
                    reasons=way.reasons, opening=f"give {address} a route")  # fmt: skip
    where = f" {route.address}" if route.address is not None else ""
    says = f"{_route_name(route)} sends {what} to {route.hop.value}{where}"
    opening = ""
    if passes is False:
        says += f", not {expected}" if not route.fault else f"; {route.fault}"
        opening = f"let {address} go {expected} from {place_name(subnet)}"
    return Step(
        code if passes is not False or not reply else "asymmetric-return",
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
        return f"route {route.name} ({route.prefix})"
    return f"the {route.source.value} route {route.prefix}" if route.told else "a route not told"


def remark(
    trail: Trail,
    code: str,
    resource: str,
    says: Callable[[Packet], str],
    here: Bounds | None = None,
    *,
    reasons: tuple[Reason, ...] = (),
    opening: str = "",
    rule: Node | None = None,
) -> Trail:
    """Add a stage that is told in one sentence; without `here`, everything gets through it."""

    def tell(packet: Packet, passes: bool | None) -> tuple[Step, ...]:
        return (
            Step(
                code,
                resource,
                says(packet),
                packet,
                passes,
                rule.label if rule is not None else "",
                rule.id if rule is not None else "",
                rule.pointer if rule is not None else "",
                reasons=reasons if passes is None else (),
                opening=opening if passes is False else "",
            ),
        )

    return trail.through(here if here is not None else Bounds.everything(trail.space), tell)
