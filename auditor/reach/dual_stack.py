"""Denials that name IPv4 addresses alone, before machines that have an IPv6 address too.

What such a rule denies over IPv4 may get in over IPv6, where the next rule decides that names no
version: `*`, a service tag, the default rules (P-12: the two versions are two questions).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec
from msgspec.structs import replace

from auditor.addresses import EVERY_V4, EVERY_V6, AddressSet, PortSet
from auditor.errors import Undetermined
from auditor.network.doubt import Doubt, doubt
from auditor.network.effective_rules import Direction
from auditor.network.filters import Filter, Selector, compiled, custom_rules, filters_of
from auditor.network.flow import Access, flow
from auditor.network.graph import Missing, Network, question
from auditor.network.interfaces import Configuration, Interface
from auditor.network.layers import EffectiveRule
from auditor.network.strays import irregular
from auditor.reach.answer import Answer, Verdict, answers
from auditor.reach.demands import Demand, refusal
from auditor.reach.frame import Packet
from auditor.reach.neighbourhood import subnets_around
from auditor.reach.openings import Opening, openings, within
from auditor.reach.points import INTERNET, Point, anywhere_in
from auditor.reach.points import machine as point_of
from auditor.reach.replay import check
from auditor.reach.trail import Step
from auditor.reach.wording import name_of
from auditor.resources.compute import ScaleSetInterface
from auditor.resources.security import NetworkSecurityGroup, SecurityRule
from auditor.resources.virtual_networks import Subnet


class Machine(msgspec.Struct, frozen=True):
    """A NIC with addresses of both versions, each as a point of that version alone."""

    nic: Interface
    v4: tuple[Point, ...]
    v6: tuple[Point, ...]


class Guard(msgspec.Struct, frozen=True):
    """A rule that denies over IPv4 alone, and the machines of both versions that it filters."""

    rule: SecurityRule
    group: NetworkSecurityGroup
    machines: tuple[Machine, ...]

    @property
    def id(self) -> str:
        """The id of the rule."""
        return self.rule.id


class Escape(msgspec.Struct, frozen=True):
    """A packet that gets in over IPv6, or may, though the same is denied over IPv4."""

    machine: Machine
    source: Point
    packet: Packet
    steps: tuple[Step, ...]
    certain: bool

    @property
    def who(self) -> str:
        """Name who sends it, for a sentence."""
        return name_of(self.source)


@question
def guards(network: Network) -> tuple[Guard | Doubt, ...]:
    """Give the rules that deny over IPv4 alone before machines of both versions.

    A doubt for each machine of which it is not told whether there are such.
    """
    found: dict[str, Guard] = {}
    doubts: list[Doubt] = []
    every: tuple[Interface, ...] = (*irregular(network), *network.all(ScaleSetInterface))
    nics = [nic for nic in every if _may_be_dual(nic)]  # in most estates none, and soon told
    if nics and not any(_may_deny(network, group) for group in network.all(NetworkSecurityGroup)):
        return ()
    for nic in nics:
        try:
            dual = _dual(network, nic)
            for group in _groups(network, dual) if dual is not None else ():
                for rule in _denials(network, group):
                    known = found.get(rule.key)
                    before = known.machines if known is not None else ()
                    found[rule.key] = Guard(rule, group, (*before, *([dual] if dual else [])))
        except Undetermined as unknown:
            doubts.append(doubt(nic.id, unknown))
    return (*(found[key] for key in sorted(found)), *doubts)


def _may_be_dual(nic: Interface) -> bool:
    """Whether a NIC has an address of IPv6, or does not tell."""
    try:
        return any(map(_is_v6, nic.ip_configurations))
    except Undetermined:
        return True


def _may_deny(network: Network, group: NetworkSecurityGroup) -> bool:
    """Whether a group has such a rule, or does not tell: most have none."""
    try:
        return any(map(_is_denial, filters_of(network, group, inbound=True)))
    except Undetermined:
        return True


def _is_denial(each: Filter) -> bool:
    return not each.allow and (_literal(each.sources, 4) or _literal(each.destinations, 4))


def _dual(network: Network, nic: Interface) -> Machine | None:
    """Give a NIC with addresses of both versions; None when it has only one."""
    configurations: tuple[Configuration, ...] = nic.ip_configurations
    if not any(map(_is_v6, configurations)):
        return None
    points = [(_is_v6(each), point_of(network, each)) for each in configurations]
    v4 = tuple(replace(p, addresses=p.addresses & EVERY_V4) for is_v6, p in points if not is_v6)
    v6 = tuple(replace(p, addresses=p.addresses & EVERY_V6) for is_v6, p in points if is_v6)
    return Machine(nic, v4, v6) if v4 else None


def _is_v6(configuration: Configuration) -> bool:
    return (configuration.properties.private_ip_address_version or "").lower() == "ipv6"


def _groups(network: Network, machine: Machine) -> Iterator[NetworkSecurityGroup]:
    refs = [machine.nic.properties.network_security_group]
    for point in machine.v4:
        if isinstance(point.subnet, Missing):
            raise Undetermined(f"{point.subnet.id} is not in the snapshot", resource=point.id)
        if point.subnet is not None:
            refs.append(point.subnet.properties.network_security_group)
    found = (network.get(ref, NetworkSecurityGroup) for ref in refs)
    yield from {group.key: group for group in found if group is not None}.values()


def _denials(network: Network, group: NetworkSecurityGroup) -> Iterator[SecurityRule]:
    for rule in custom_rules(network, group, inbound=True):
        if _is_denial(compiled(rule)):
            yield rule


def _literal(side: Selector, version: int) -> bool:
    """Whether a side of a rule names addresses of one version and nothing else."""
    these, others = side.addresses.v4, side.addresses.v6
    if version == 6:
        these, others = others, these
    return bool(these) and not (others or side.tags or side.groups)


def escapes(network: Network, guard: Guard) -> Iterator[Escape]:
    """Give who gets in over IPv6 where a rule keeps them out over IPv4: the first of each source.

    Raises Undetermined when the input does not tell what the rule matches.
    """
    each = compiled(guard.rule)
    if not each.told or each.destination_ports is None:
        raise Undetermined(f"what {guard.rule.label} matches", resource=guard.rule.id)
    for machine in guard.machines:
        for protocol in ("tcp", "udp"):
            if each.speaks_of(protocol):
                yield from _from_internet(network, guard, each, machine, protocol)
                yield from _from_subnets(network, guard, each, machine, protocol)


def _from_internet(
    network: Network, guard: Guard, each: Filter, machine: Machine, protocol: str
) -> Iterator[Escape]:
    entrances = [o for o in openings(network) if _leads_to(o, machine)]
    if not entrances:
        return
    surely, perhaps = _denied(network, guard, each, machine, protocol, INTERNET)
    for certain, denied in ((True, surely), (False, perhaps)):
        for opening in entrances if denied else ():
            for sure, held in ((True, opening.certain), (False, opening.possible)):
                if certain and not sure:
                    continue
                ports = within(held, {protocol: opening.sent_for(denied)})
                shown = opening.shown(ports, certain=sure)
                packet = shown.witness if shown is not None else None
                if shown is None or packet is None or _meant(network, shown.hops):
                    continue
                yield Escape(machine, INTERNET, packet, shown.hops, certain)
                return


def _leads_to(opening: Opening, machine: Machine) -> bool:
    return opening.entrance.version == 6 and opening.target.nic is machine.nic


def _from_subnets(
    network: Network, guard: Guard, each: Filter, machine: Machine, protocol: str
) -> Iterator[Escape]:
    for subnet in _around(network, machine):
        source = anywhere_in(network, subnet)
        old, new = source.addresses & EVERY_V4, source.addresses & EVERY_V6
        literal = _literal(each.sources, 4) and not each.sources.addresses & old
        if not old or not new or literal:
            continue
        over4 = replace(source, addresses=old)
        over6 = replace(source, addresses=new)
        denied = _denied(network, guard, each, machine, protocol, over4)
        found = (
            escape
            for certain, ports in zip((True, False), denied, strict=True)
            for escape in _reached(network, machine, over6, protocol, ports, certain)
        )
        yield from islice(found, 1)


def _around(network: Network, machine: Machine) -> Iterable[Subnet]:
    homes = sorted({point.home for point in machine.v6} - {""})
    return {s.key: s for home in homes for s in subnets_around(network, home)}.values()


def _reached(
    network: Network,
    machine: Machine,
    source: Point,
    protocol: str,
    ports: PortSet,
    certain: bool,
) -> Iterator[Escape]:
    """Give an escape from a source to some ports, if there is one: a certain one, or else any."""
    found: list[Answer] = []
    for target in machine.v6 if ports else ():
        found += answers(
            network,
            source,
            target,
            protocols=(protocol,),
            ports=ports,
            tags=network.tags,
            relays=False,
        )
    wanted = (Verdict.REACHABLE,) if certain else (Verdict.REACHABLE, Verdict.UNKNOWN)
    for answer in found:
        if answer.verdict not in wanted or answer.witness is None:
            continue
        if not _meant(network, answer.hops):
            check(network, answer, network.tags)
            yield Escape(machine, source, answer.witness, answer.hops, certain)


def _denied(
    network: Network,
    guard: Guard,
    each: Filter,
    machine: Machine,
    protocol: str,
    source: Point,
) -> tuple[PortSet, PortSet]:
    """The ports on which the rule denies everything of a source over IPv4: surely, and perhaps."""
    peers = source.addresses & EVERY_V4
    surely, perhaps = PortSet(), PortSet()
    for point in machine.v4:
        decided, possible = _decided(network, guard, each, point, protocol, peers)
        for ports in (decided, possible):
            refused = None
            if ports:
                demand = Demand(source.id, ports, peers, protocol=protocol)
                refused = refusal(network, point, demand)
            if refused is None or refused.some:
                continue
            perhaps = perhaps | refused.ports
            if ports is decided and refused.certain:
                surely = surely | refused.ports
    return surely, perhaps


def _decided(
    network: Network, guard: Guard, each: Filter, point: Point, protocol: str, peers: AddressSet
) -> tuple[PortSet, PortSet]:
    """The ports on which the rule decides for one packet over IPv4, and those where it may."""
    local = point.addresses.smallest()
    remote = (peers & each.sources.addresses or peers).smallest()
    decided, possible = PortSet(), PortSet()
    if local is None or remote is None:
        return decided, possible
    answer = flow(
        network,
        point.nic,
        Direction.INBOUND,
        local,
        remote,
        protocol,
        local_ports=each.destination_ports or PortSet(),
        tags=network.tags,
        subnet=point.subnet,
    )
    for verdict in answer.verdicts:
        total = PortSet()
        for ports, _ in verdict.ports:
            total = total | ports
        if verdict.access is Access.DENY and _is(verdict.rule, guard):
            decided = decided | total
        elif verdict.access is not Access.ALLOW and any(_is(r, guard) for r in verdict.possible):
            possible = possible | total
    return decided, possible


def _is(rule: EffectiveRule | None, guard: Guard) -> bool:
    return rule is not None and rule.id == guard.rule.id


def _meant(network: Network, steps: Iterable[Step]) -> bool:
    """Whether a rule for IPv6 alone lets the packet in: somebody thought of it."""
    rules = (network.find(step.rule_id) for step in steps if step.code == "nsg-inbound")
    filters = (compiled(rule) for rule in rules if isinstance(rule, SecurityRule))
    return any(_literal(f.sources, 6) or _literal(f.destinations, 6) for f in filters)
