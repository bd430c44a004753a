"""Commands that let some alone in on a port, by the security group before a machine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from auditor.addresses import EVERY_PORT, EVERYTHING, AddressSet, PortSet, Version
from auditor.errors import Undetermined
from auditor.network.clusters import cluster_of
from auditor.network.filters import VIRTUAL_NETWORK, compiled, custom_rules
from auditor.network.graph import Network
from auditor.network.group_commands import (
    changed_rule,
    delete_rule,
    heeding_endpoints,
    new_rule,
)
from auditor.network.layers import holder_of
from auditor.reach.answer import Answer
from auditor.reach.closing import by_cluster, group_of, prefixes_of, probes_by
from auditor.reach.filter_stage import groups_apply
from auditor.reach.own_filters import is_whole
from auditor.reach.points import Kind, Point
from auditor.reach.talking import Intruders
from auditor.resources.security import NetworkSecurityGroup, SecurityRule
from auditor.resources.virtual_networks import Subnet
from auditor.special_addresses import PRIVATE

_FIRST, _LAST = 100, 4096
_TCP = frozenset({"tcp"})


class Meant(msgspec.Struct, frozen=True):
    """Who is meant to get in; `who` names them in a rule.

    The Deny names `others` alone where it must not name all of `VirtualNetwork`.
    """

    who: str
    subnets: tuple[Subnet, ...]
    others: tuple[Subnet, ...] = ()


def meant_of(
    network: Network, who: str, keys: Iterable[str], intruders: Intruders, *, onprem: bool
) -> Meant:
    """Give those meant by the keys of their subnets.

    With `onprem`, sites on premises are too, which belong to `VirtualNetwork`: the intruders are
    denied by name.
    """
    nodes = (network.nodes.get(key) for key in sorted(keys))
    others = (point.place for point in intruders.sure if onprem)
    return Meant(
        who,
        tuple(node for node in nodes if isinstance(node, Subnet)),
        tuple(place for place in others if place is not None),
    )


def only_from(network: Network, answer: Answer, meant: Meant, port: int) -> str:
    """Give the commands that let some alone in on a port where the packet of an answer gets in.

    An Allow and a Deny come right before the first rule that may have others in, which stays for
    its other ports; in words where there is no room. Empty where no security group of the input
    lets the packet in, or a cluster's own, which is not to be written into (K-44).
    """
    if answer.target.kind is Kind.ENDPOINT and groups_apply(answer.target) is False:
        return _made_to_count(network, answer, meant, port)
    for step in reversed(answer.hops):
        group = network.find(holder_of(step.resource)) if step.code == "nsg-inbound" else None
        if isinstance(group, NetworkSecurityGroup) and not cluster_of(network, group):
            there = AddressSet.from_range(step.packet.destination, step.packet.destination)
            return fenced(
                network, group, there, meant, step.packet.destination_port, answer.version
            )
    return ""


def heeded(target: Point) -> str:
    """Give the beginning of a remedy where no group counts for an endpoint; else nothing."""
    here = target.place if target.kind is Kind.ENDPOINT else None
    if here is None or groups_apply(target) is not False:
        return ""
    return (
        f"set privateEndpointNetworkPolicies of {here.label} to Enabled, so that its "
        "security group counts for its endpoints, and "
    )


def _made_to_count(network: Network, answer: Answer, meant: Meant, port: int) -> str:
    """The commands that make the group of an endpoint's subnet count (N-48).

    The rules come first: from then on those that stand there count, too.
    """
    place = answer.target.place
    if place is None:
        return ""
    group = group_of(network, place)
    rules = (
        fenced(network, group, answer.target.addresses, meant, port, answer.version)
        if group
        else ""
    )
    return " && ".join(filter(None, (rules, heeding_endpoints(place))))


class _Room(msgspec.Struct, frozen=True):
    """The priorities of an Allow and a Deny, and that to which the rule after them moves."""

    allow: int
    deny: int
    moved: int = 0


def fenced(
    network: Network,
    group: NetworkSecurityGroup,
    there: AddressSet,
    meant: Meant,
    port: int,
    version: Version = 4,
) -> str:
    """Give the commands that let some alone in on a port by the group before a machine.

    None for what its rules do already. Rules that would let in nobody behind the Deny go.
    """
    prefixes = prefixes_of(meant.subnets, version)
    if not prefixes:
        return ""
    rules = custom_rules(network, group, inbound=True)
    own = AddressSet.from_text(prefixes)
    first = _first(rules, own, there, port)
    idle = [] if meant.others else [each for each in _behind(rules, first) if _idle(each, port)]
    left = [each for each in rules if each not in idle]
    after = _first(left, own, there, port)
    room = _before(rules, first)
    early = room is None or bool(room.moved and idle)
    if early:
        first, room = after, _before(left, after)
    if room is None or (first is not None and room.moved and by_cluster(first)):
        where = f"{first.label} of {group.label}" if first is not None else group.label
        return (
            f"there are no two free priorities before {where}: move it behind two, and give "
            f"them to a rule that allows {', '.join(prefixes)} and one that denies VirtualNetwork"
        )
    moves = [changed_rule(first, priority=str(room.moved))] if first and room.moved else []
    inside = prefixes + probes_by(network, group, PortSet.of(port), version)
    lets = any(_lets_in(each, AddressSet.from_text(inside), port, room.deny) for each in left)
    new = _pair(group, meant, port, room, inside, prefixes_of(meant.others, version))
    wanted = new[lets : 1 if after is not None and _denies_all(after) else 2]
    gone = [delete_rule(each) for each in idle]
    made = [*moves, *wanted] if wanted else []
    return " && ".join([*gone, *made] if early else [*made, *gone])


def _pair(
    group: NetworkSecurityGroup,
    meant: Meant,
    port: int,
    room: _Room,
    inside: tuple[str, ...],
    others: tuple[str, ...],
) -> tuple[str, str]:
    """The commands that make an Allow and a Deny."""
    tcp = {"protocol": "Tcp", "ports": str(port)}
    name = f"allow-{meant.who}-{port}"
    allow = new_rule(group, name, room.allow, access="Allow", sources=inside, **tcp)
    rest = others or "VirtualNetwork"
    return allow, new_rule(group, f"deny-others-{port}", room.deny, sources=rest, **tcp)


def _first(
    rules: Iterable[SecurityRule], meant: AddressSet, there: AddressSet, port: int
) -> SecurityRule | None:
    return next((each for each in rules if _decides(each, meant, there or EVERYTHING, port)), None)


def _before(rules: Iterable[SecurityRule], first: SecurityRule | None) -> _Room | None:
    taken = {rule.properties.priority or 0 for rule in rules}
    return _room(taken, _LAST + 1 if first is None else first.properties.priority or 0)


def _behind(rules: Sequence[SecurityRule], first: SecurityRule | None) -> tuple[SecurityRule, ...]:
    """A rule and those after it, as far as they are told."""
    return tuple(rules[rules.index(first) :]) if first is not None else ()


def _idle(rule: SecurityRule, port: int) -> bool:
    """Whether a Deny of `VirtualNetwork` on a port leaves a rule behind it nothing to let in.

    Nobody else has a private address here. What a cluster wrote it would write again.
    """
    try:
        filtering = compiled(rule)
    except Undetermined:
        return False
    told, ports = filtering.sources, filtering.destination_ports
    private = told.told and told.addresses <= PRIVATE and not told.groups
    return (
        filtering.allow
        and filtering.protocols == _TCP
        and ports is not None
        and ports <= PortSet.of(port)
        and private
        and told.tags <= {VIRTUAL_NETWORK}
        and not by_cluster(rule)
    )


def _lets_in(rule: SecurityRule, inside: AddressSet, port: int, before: int) -> bool:
    """Whether a rule lets some in everywhere on a port already, before a priority."""
    try:
        filtering = compiled(rule)
    except Undetermined:
        return False
    ports, back = filtering.destination_ports, filtering.source_ports
    return (
        filtering.told
        and filtering.allow
        and filtering.priority < before
        and filtering.speaks_of("tcp")
        and ports is not None
        and port in ports
        and back == EVERY_PORT
        and filtering.destinations.everything
        and inside <= filtering.sources.addresses
    )


def _denies_all(rule: SecurityRule) -> bool:
    try:
        filtering = compiled(rule)
    except Undetermined:
        return False
    return not filtering.allow and is_whole(filtering)


def _decides(rule: SecurityRule, meant: AddressSet, there: AddressSet, port: int) -> bool:
    """Whether a rule may be the one that lets others in on a port, or keeps those meant out.

    Of the tags, `VirtualNetwork` alone holds machines of networks and sites.
    """
    try:
        filtering = compiled(rule)
    except Undetermined:
        return True
    if not filtering.speaks_of("tcp") or port not in (filtering.destination_ports or EVERY_PORT):
        return False
    sources, side = filtering.sources, filtering.destinations
    if side.told and not (side.tags or side.groups or side.addresses.overlaps(there)):
        return False
    if not sources.told or sources.groups or VIRTUAL_NETWORK in sources.tags:
        return True
    if filtering.allow:
        return not sources.addresses <= meant
    return sources.addresses.overlaps(meant)


def _room(taken: set[int], end: int) -> _Room | None:
    """Find two priorities that no rule has before that of another, which may make way for them.

    It moves only where no other rule comes to stand before it.
    """
    before = [each for each in range(_FIRST, end) if each not in taken][-2:]
    if len(before) == 2:
        return _Room(*before)
    if end > _LAST:
        return None
    free = [*before, end, end + 1, end + 2][:3]
    behind = range(end + 1, free[2] + 1)
    if free[2] > _LAST or any(each in taken for each in behind):
        return None
    return _Room(*free)
