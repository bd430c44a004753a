"""The stage at which security groups and admin rules pass or stop a packet, rule by rule."""

from __future__ import annotations

from msgspec.structs import replace

from auditor import ids
from auditor.addresses import EVERYTHING, AddressSet, PortSet
from auditor.errors import Undetermined
from auditor.network.effective_rules import Direction
from auditor.network.filters import place_name
from auditor.network.flow import Access, LayerAnswer, Verdict, flow
from auditor.network.layers import EffectiveRule, holder_of
from auditor.network.reasons import Reason
from auditor.reach.bounds import Bounds
from auditor.reach.cures import named, rule_before
from auditor.reach.filtering import admitted
from auditor.reach.frame import Packet
from auditor.reach.narrowing import narrowed
from auditor.reach.points import Kind, Point
from auditor.reach.stages import if_so, remark
from auditor.reach.trail import Step, Tell, Trail
from auditor.resources.dns_resolvers import ResolverInboundEndpoint

_FILTERED = frozenset(
    {Kind.MACHINE, Kind.SUBNET, Kind.GATEWAY, Kind.ENDPOINT, Kind.PLATFORM, Kind.NOBODY}
)


def filters(
    trail: Trail, point: Point, direction: Direction, *, towards: AddressSet = EVERYTHING
) -> Trail:
    """Add what the security rules at a point let through (P-1, P-2).

    Of packets that are not `towards` some addresses it is not told whether the rules see them.
    """
    if point.kind not in _FILTERED:
        return trail
    here = narrowed(trail, point, direction)
    if here is None:
        here = admitted(
            trail.network, point.nic, direction, trail.space.version, point.subnet, trail.tags
        )
    if towards != EVERYTHING:
        elsewhere = trail.space.having(destination=EVERYTHING - towards)
        here = Bounds(here.may | elsewhere, here.must)
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
    """Whether the groups of a subnet apply to private endpoints in it; None: not told.

    Of the endpoints of a DNS resolver no fact tells.
    """
    if isinstance(point.node, ResolverInboundEndpoint):
        return None
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
        ends = ("", "") if passes else ends_seen(trail, packet)
        steps = _layer_steps(verdict, point, packet, inbound, passes, ends)
        if passes is None:
            told = verdict.access is not Access.UNKNOWN
            # Where all let it pass, some rule stops another of the packets that it may look like.
            in_doubt = {True} if all(each.passes for each in steps) else {False}
            steps = [
                each
                if each.passes not in in_doubt
                else if_so(each, packet, trail)
                if told
                else _unless_admitted(each, verdict)
                for each in steps
            ]
        return tuple(steps)

    return tell


def _unless_admitted(step: Step, verdict: Verdict) -> Step:
    """Say of a group's denial that an admin rule before it may skip the groups (N-50)."""
    says = f"{step.says}, unless an admin rule before it always allows it"
    return replace(step, says=says, passes=None, opening="", reasons=verdict.reasons)


def ends_seen(trail: Trail, packet: Packet) -> tuple[str, str]:
    """Name the addresses that a packet may have here, for a rule that is to let it in."""
    version = packet.source.version
    words = []
    for own, told in (
        (packet.source, [frame.source for frame in trail.frames]),
        (packet.destination, [frame.destination for frame in trail.frames]),
    ):
        total = AddressSet.from_range(own, own)
        for each in told:
            total = total | each if each is not None else total
        words.append(named(total, version, "whichever address it has there"))
    return words[0], words[1]


def _layer_steps(
    verdict: Verdict,
    point: Point,
    packet: Packet,
    inbound: bool,
    passes: bool | None,
    ends: tuple[str, str],
) -> list[Step]:
    code = "nsg-inbound" if inbound else "nsg-outbound"
    steps = [_layer_step(each, verdict, packet, inbound, code, ends) for each in verdict.layers]
    if not steps:
        steps.append(Step(code, point.id, f"nothing filters it at {_where(point)}", packet, True))
    if passes and verdict.access is Access.DENY:
        raise AssertionError(f"{code} at {point.id}: the filter sets say {passes}, its rules Deny")
    if passes is False and verdict.access is Access.ALLOW:
        says = f"it has none of the addresses that the input tells of {ids.name(point.id)}"
        steps.append(Step(code, point.id, says, packet, False))
    elif passes is False and not any(each.passes is False for each in steps):
        # What the one needs to let it pass is what makes the other deny it.
        says = f"whatever is so, one of the rules at {_where(point)} denies it"
        steps.append(Step(code, point.id, says, packet, False))
    return steps


def _where(point: Point) -> str:
    return place_name(point.node) if point.node is not None else point.id


def _layer_step(
    answer: LayerAnswer,
    verdict: Verdict,
    packet: Packet,
    inbound: bool,
    code: str,
    ends: tuple[str, str],
) -> Step:
    rule = answer.rule
    admin = answer.layer.kind.value == "admin"
    opening = ""
    if answer.passes is False:
        source, destination = ends
        opening = rule_before(
            answer.rules, packet, inbound, admin=admin, source=source, destination=destination
        )
    return Step(
        "admin-rule" if admin else code,
        rule.resource if rule is not None else answer.layer.at,
        _layer_says(answer),
        packet,
        answer.passes,
        rule.name if rule is not None else "",
        rule.id if rule is not None else "",
        rule.pointer if rule is not None else "",
        rule.priority if rule is not None else None,
        verdict.reasons if answer.passes is None else (),
        opening,
    )


def _layer_says(answer: LayerAnswer) -> str:
    """Say which rule decides at a layer, or may."""
    at = ids.name(answer.layer.at) or "its subnet"
    word = "allows" if answer.passes else "denies"
    if answer.rule is not None:
        return f"{answer.rule.name}{_holder(answer.rule)} at {at} {word} it"
    if answer.passes is None and answer.rules:
        may = (f"{each.name} ({each.action.value})" for each in answer.rules)
        return f"it cannot be told which rule at {at} decides: {' or '.join(may)}"
    if answer.passes is None:
        return f"it cannot be told what the rules at {at} do"
    if answer.rules:
        names = " or ".join(each.name for each in answer.rules)
        return f"{names}{_holder(answer.rules[0])} at {at} {word} it"
    return f"the rules at {at} do not concern it"


def _holder(rule: EffectiveRule) -> str:
    """Name the group of a rule; an admin rule is a resource itself."""
    holder = ids.name(holder_of(rule.resource))
    return "" if holder == rule.name else f" of {holder}"
