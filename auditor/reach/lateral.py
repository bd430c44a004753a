"""Who reaches machines on their management ports from other subnets than those of managers.

Groups are asked first, which is cheap: what they keep out needs no path. Then the paths of some
machine of each kind (by the group at its NIC) decide, with outbound rules, routes and peerings.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import TypeAlias

import msgspec

from auditor.addresses import EVERYTHING, NOTHING, AddressSet, PortSet
from auditor.errors import Undetermined
from auditor.network.approval import approved
from auditor.network.effective_rules import Direction, EffectiveRules, effective_rules
from auditor.network.egress import machine_subnets
from auditor.network.filters import (
    AZURE_LOAD_BALANCER,
    Filter,
    attachments,
    filters_of,
    subnet_name,
)
from auditor.network.gaps import unread_machines
from auditor.network.graph import Network, question, question_about
from auditor.network.layers import Action, EffectiveRule, LayerKind
from auditor.network.passage import may_pass
from auditor.packets.measure import values
from auditor.reach.answer import Answer, Verdict, answers
from auditor.reach.deciding import decided, decider
from auditor.reach.handed_on import put_by_any
from auditor.reach.kept_back import ends_of, kept_back
from auditor.reach.neighbourhood import PLATFORM_SUBNETS, subnets_around
from auditor.reach.own_filters import VERSIONS, allowing_first, at_subnet, only
from auditor.reach.points import Kind, Point, anywhere_in
from auditor.reach.replay import check
from auditor.reach.samples import coordinates
from auditor.reach.sending_subnets import bears, machines_in, may_reach, senders
from auditor.reach.space import space_of
from auditor.reach.subnet_addresses import usable
from auditor.resources.security import NetworkSecurityGroup
from auditor.resources.virtual_networks import Subnet
from auditor.snapshot.document import Gap

_TCP = ((6, 6),)


class Lateral(msgspec.Struct, frozen=True):
    """Machines of one subnet reach those of another; `rule` lets them in, if there is a group."""

    source: Subnet
    target: Subnet
    answer: Answer
    rule: EffectiveRule | None = None

    @property
    def sure(self) -> bool:
        """Whether it is certain."""
        return self.answer.verdict is Verdict.REACHABLE


@question
def guarded(network: Network) -> tuple[NetworkSecurityGroup | Subnet, ...]:
    """Name the subjects: the groups at subnets with machines, and such subnets without a group.

    Not subnets of Azure's own, which take no group or demand what it says (N-40 to N-43): that a
    machine is there is ADR-017's fault.
    """
    found: dict[str, NetworkSecurityGroup | Subnet] = {}
    homes = set(_with_machines(network))
    for group in network.all(NetworkSecurityGroup):
        try:
            places = attachments(network, group)
        except Undetermined:
            continue
        here = [place.key for place in places if place.key in homes]
        homes.difference_update(here)
        if here:
            found[group.key] = group
    for key in homes:
        subnet = network.nodes[key]
        if isinstance(subnet, Subnet):
            found[key] = subnet
    return tuple(found[key] for key in sorted(found))


def places_of(network: Network, subject: NetworkSecurityGroup | Subnet) -> tuple[Subnet, ...]:
    """Give the subnets with machines that a subject stands for."""
    if isinstance(subject, Subnet):
        return (subject,)
    places = attachments(network, subject)
    return tuple(p for p in places if isinstance(p, Subnet) and p.key in _with_machines(network))


@question
def _with_machines(network: Network) -> frozenset[str]:
    """The keys of the subnets with machines."""
    return frozenset(
        subnet.key
        for subnet in machine_subnets(network)
        if subnet_name(subnet).lower() not in PLATFORM_SUBNETS
    )


def laterals(
    network: Network, target: Subnet, ports: tuple[int, ...], managers: tuple[str, ...]
) -> Iterator[Lateral]:
    """Give who reaches the machines of a subnet from elsewhere, one for each rule and port.

    `managers` are globs of ids of subnets from where machines are managed. What is only possible
    is given where nothing is certain.
    """
    home = anywhere_in(network, target).home
    around = _workloads(network, home, managers)
    for port in _not_shut(network, target, ports, around):
        rules = at_subnet(network, target, Direction.INBOUND)
        let_in = may_pass(rules, usable(target), PortSet.of(port))
        others = [each for each in _nearest_first(network, home, managers) if each is not target]
        there, _ = AddressSet.union([ends_of(network, one) for one in machines_in(network, target)])
        near = senders(network, around, home, there, port)
        if not any(
            may_reach(network, each, there, port, let_in) for each in near if each is not target
        ):
            continue
        doors = _doors(network, rules, target, port)
        if doors:
            yield from _reached(network, rules, target, others, port, doors)


_Doors: TypeAlias = dict[str, AddressSet]
"""Whom each rule of a group may let in, by the rule's id; all, by no id, without a group."""


def _doors(network: Network, rules: EffectiveRules, target: Subnet, port: int) -> _Doors:
    found: dict[str, AddressSet] = defaultdict(AddressSet)
    own = usable(target)
    if not rules.layers or rules.layers[0].unknown is not None:
        return {"": EVERYTHING}
    for version in VERSIONS:
        if not own.intervals(version):
            continue
        asked = space_of(network, version).having(
            destination=own, protocols=_TCP, destination_ports=PortSet.of(port)
        )
        each = decided(network, rules, version, port)
        for number, rule in enumerate(rules.layers[0].rules):
            if rule.action is Action.ALLOW and _speaks_of(rule.filter, port):
                let_in = each.by(number).may & asked
                pairs = values(let_in, "source")
                if pairs:
                    more = AddressSet(v4=pairs) if version == 4 else AddressSet(v6=pairs)
                    found[rule.id] = found[rule.id] | more
    return dict(found)


def _filters_at(network: Network, target: Subnet) -> tuple[Filter, ...] | None:
    """The inbound rules of the subnet's group; None where they are not told."""
    try:
        group = network.get(target.properties.network_security_group, NetworkSecurityGroup)
        return filters_of(network, group, inbound=True) if group is not None else ()
    except Undetermined:
        return None


def _not_shut(
    network: Network, target: Subnet, ports: tuple[int, ...], around: frozenset[Subnet]
) -> Iterator[int]:
    """The ports on which the subnet's group may let others in before it denies everything.

    The cheap answer for most; one for all ports on which it lets in the same.
    """
    filters = _filters_at(network, target)
    if filters is None:
        yield from ports
        return
    coming: dict[AddressSet, bool] = {}
    for port, let_in in _let_in_on(network, filters, ports):
        if let_in is None:
            yield port
            continue
        if let_in not in coming:
            coming[let_in] = _may_come(network, let_in, target, around)
        if coming[let_in]:
            yield port


@question_about
def _let_in_on(
    network: Network, filters: tuple[Filter, ...], ports: tuple[int, ...]
) -> tuple[tuple[int, AddressSet | None], ...]:
    """Whom rules let in by TCP on each of some ports before they deny all else.

    None where that is not plain: where they deny nothing like it, or names tell whom. Asked once
    for all groups that say the same.
    """
    openers = allowing_first(network, filters)
    if openers is None:
        return tuple([(port, None) for port in ports])
    by_tcp = [each for each in openers if each.speaks_of("tcp")]
    return tuple([(port, _let_in(by_tcp, port)) for port in ports])


def _let_in(openers: Iterable[Filter], port: int) -> AddressSet | None:
    """Whom Allow rules for TCP let in on a port; None where names tell whom."""
    let_in = NOTHING
    for each in openers:
        side, ports = each.sources, each.destination_ports
        if ports is not None and port not in ports:
            continue
        if side.groups or side.tags - {AZURE_LOAD_BALANCER} or not side.told:
            return None
        let_in = let_in | side.addresses
    return let_in


def _may_come(
    network: Network, let_in: AddressSet, target: Subnet, around: frozenset[Subnet]
) -> bool:
    """Whether packets of machines around a subnet, not in it, may bear an address let in."""
    if not let_in:
        return False
    if let_in.overlaps(_put_by_any(network, around)):
        return True
    total, apart = _all_of(network, around)
    if target not in around:
        return let_in.overlaps(total)
    if apart:
        return (let_in - anywhere_in(network, target).addresses).overlaps(total)
    return any(
        anywhere_in(network, other).addresses.overlaps(let_in)
        for other in around
        if other is not target
    )


@question_about
def _put_by_any(network: Network, subnets: frozenset[Subnet]) -> AddressSet:
    """What appliances may put in the place of the source of what any of some subnets sends."""
    return put_by_any(network, subnets)


@question_about
def _all_of(network: Network, subnets: frozenset[Subnet]) -> tuple[AddressSet, bool]:
    """What all machines of some subnets may have, and whether no two of them may have the same."""
    return AddressSet.union([anywhere_in(network, subnet).addresses for subnet in subnets])


def _speaks_of(each: Filter, port: int) -> bool:
    ports = each.destination_ports
    return each.speaks_of("tcp") and (ports is None or port in ports)


def _workloads(network: Network, home: str, managers: tuple[str, ...]) -> frozenset[Subnet]:
    """The subnets around a VNet (its key) from where nobody manages anything."""
    return _sources_among(network, subnets_around(network, home), managers)


@question_about
def _sources_among(
    network: Network, subnets: tuple[Subnet, ...], managers: tuple[str, ...]
) -> frozenset[Subnet]:
    """Those of some subnets: the same ones around each network of one hub."""
    return _sources(network, managers).intersection(subnets)


@question_about
def _sources(network: Network, managers: tuple[str, ...]) -> frozenset[Subnet]:
    """All subnets with machines from where nobody manages anything."""
    return frozenset(
        each
        for each in machine_subnets(network)
        if each.name.lower() not in PLATFORM_SUBNETS and not approved(managers, each.id)
    )


@question_about
def _nearest_first(network: Network, home: str, managers: tuple[str, ...]) -> tuple[Subnet, ...]:
    """The same in order: those of the VNet itself, then the others."""
    ordered = _in_order(network, _workloads(network, home, managers))
    return tuple(sorted(ordered, key=lambda each: anywhere_in(network, each).home != home))


@question_about
def _in_order(_: Network, subnets: frozenset[Subnet]) -> tuple[Subnet, ...]:
    return tuple(sorted(subnets, key=attrgetter("key")))


def _reached(
    network: Network,
    rules: EffectiveRules,
    target: Subnet,
    sources: Sequence[Subnet],
    port: int,
    doors: _Doors,
) -> Iterator[Lateral]:
    """Give the first source of each door; where there is none, one that is only possible."""
    left = dict(doors)
    perhaps: dict[str, Lateral] = {}
    tried = 0
    for source in sources:
        here = bears(network, source)
        if not any(here.overlaps(let_in) for let_in in left.values()):
            continue
        tried += 1
        doubtful = perhaps.keys() >= {*left, ""}  # of each door one is known: more say nothing
        for answer in _answers(network, source, target, port, unknown=not doubtful):
            found = Lateral(source, target, answer, _by(network, rules, answer))
            door = found.rule.id if found.rule is not None and rules.layers else ""
            if answer.verdict is Verdict.UNKNOWN:
                perhaps.setdefault(door, found)
            elif found.sure and (door in left or not door):
                left.pop(door, None)
                check(network, answer, network.tags)
                yield found
                if not left or not door:
                    return
        if tried == _MOST:
            break
    yield from (found for door, found in perhaps.items() if door in left or not door)


_MOST = 40
"""As many sources are asked for paths at most; where nobody is found by then, nobody is named."""


def _answers(
    network: Network, source: Subnet, target: Subnet, port: int, *, unknown: bool
) -> Iterator[Answer]:
    """Give what is said of machines of two subnets, but of what is blocked: nobody asks why."""
    for one in machines_in(network, source):
        for other in machines_in(network, target):
            if kept_back(network, one, other, port):
                continue
            yield from answers(
                network,
                one,
                other,
                protocols=("tcp",),
                ports=PortSet.of(port),
                tags=network.tags,
                blocked=False,
                unknown=unknown,
                relays=False,
            )


def hidden_at(network: Network, *ends: Point) -> Gap | None:
    """Give the gap that hides which machines there are where an end is any machine of a subnet.

    It hides the groups at their NICs, too, which may keep out what the subnet lets through.
    """
    return unread_machines(network, [end.id for end in ends if end.kind is Kind.SUBNET])


def _by(network: Network, rules: EffectiveRules, answer: Answer) -> EffectiveRule | None:
    """The rule of the subnet's group that lets the witness in; of the NIC's where there is none."""
    packet = answer.arrives_as
    if packet is None:
        return None
    if not rules.layers:
        nic = answer.target.nic
        if nic is None:
            return None
        there = effective_rules(network, nic, Direction.INBOUND, answer.target.place, network.tags)
        rules = only(there, LayerKind.NIC)
        if not rules.layers:
            return None
    at = coordinates(packet)
    return decider(network, rules, at, answer.version, packet.destination_port)
