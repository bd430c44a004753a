"""Can one reach another? The answer for every packet asked about, with a proof.

Packets are grouped by protocol and destination port, as sent; each group has one verdict. A witness
is a packet of the group that anyone can try; the hops say what happens to it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property

import msgspec
from msgspec.structs import replace

from auditor.addresses import EVERY_PORT, EVERYTHING, Address, AddressSet, PortSet, Version
from auditor.network.graph import Network
from auditor.network.reasons import Reason
from auditor.network.service_tags import NO_TAGS, ServiceTags
from auditor.packets.diagram import PacketSet
from auditor.reach.along import furthest, hops_of, together
from auditor.reach.alternatives import least_stopped, stops_elsewhere
from auditor.reach.as_if_public import let_in, stopped_behind_sender, stopped_besides
from auditor.reach.borrowing import to_borrow
from auditor.reach.bounds import Bounds
from auditor.reach.by_name import at_each, whichever_address
from auditor.reach.doubting import explained, others_of, reasons_of, unsure
from auditor.reach.entrances import entrances_at
from auditor.reach.first_steps import entrance_for
from auditor.reach.frame import Packet
from auditor.reach.from_inside import private_paths
from auditor.reach.path import SILENT, Path, start
from auditor.reach.paths import paths
from auditor.reach.pod_sources import in_one_cluster
from auditor.reach.points import Kind, Point, vnet_of
from auditor.reach.refusing import refused
from auditor.reach.samples import some_packet
from auditor.reach.showing import Shown, stopped_by
from auditor.reach.space import space_of
from auditor.reach.trail import Step
from auditor.reach.verdicts import Verdict, asked_for, parts_of
from auditor.resources.load_balancers import LoadBalancerFrontend

__all__ = [
    "PROTOCOLS", "Answer", "Verdict", "answer_on", "answers", "common_versions",
    "judged", "private_answers",
]  # fmt: skip

PROTOCOLS = ("tcp", "udp", "icmp")
"""What is asked about unless told otherwise."""


class Answer(msgspec.Struct, frozen=True, dict=True):
    """The verdict on the packets of some protocols to some ports, as sent.

    `protocol` is `*` when it is the same for all that were asked about. The `witness` is shown on
    `path`: that which its routes take, and of several that with the fewest `blockers`, those that
    stop it, with what would let it pass; those at other machines too, of which a load balancer may
    choose any. `reasons` tell what is not told. `via` names the gateways
    that open connections of their own on the way; such an answer is apart from the others.
    `bounds` are all packets asked about that arrive, whatever their verdict, on any path.
    """

    source: Point
    target: Point
    protocol: str
    ports: PortSet
    verdict: Verdict
    witness: Packet | None
    blockers: tuple[Step, ...]
    reasons: tuple[Reason, ...]
    path: Path | None = None
    version: Version = 4
    bounds: Bounds | None = None

    @cached_property
    def hops(self) -> tuple[Step, ...]:
        """What happens to the witness on its path; said when asked, as many never are."""
        if self.path is None or self.witness is None:
            return ()
        return tuple(hops_of(self.path, self.witness))

    @property
    def via(self) -> tuple[str, ...]:
        """The gateways that open connections of their own on the way, as ARM ids."""
        return self.path.trail.via if self.path is not None else ()

    @property
    def arrives_as(self) -> Packet | None:
        """What the witness looks like when it arrives."""
        if self.path is None or self.witness is None:
            return None
        return self.path.trail.frame.applied(self.witness)


def answers(
    network: Network,
    source: Point,
    target: Point,
    *,
    protocols: Sequence[str] = PROTOCOLS,
    ports: PortSet = EVERY_PORT,
    tags: ServiceTags = NO_TAGS,
    blocked: bool = True,
    unknown: bool = True,
    relays: bool = True,
    pings: bool = True,
    online: bool = True,
    refusals: bool = False,
) -> tuple[Answer, ...]:
    """Tell whether one point can reach another, for each group of packets with one verdict.

    Straight ways first; ways by gateways that open connections of their own apart, and only where
    something may pass. IPv4 and IPv6 are two questions (P-12). Without `blocked`, what is blocked
    is left out: to say by whom costs more than all the rest; without `unknown`, so is what is not
    told. Without `relays`, so are ways by gateways; without `pings`, those that a frontend answers
    itself; without `online`, those over the internet of who is inside a network. With `refusals`, a
    gateway that means to send packets on and lets none of them get there is told of as well.
    """
    within = in_one_cluster(network, source, target)
    if within is not None:
        whole = "*" if len(protocols) > 1 else protocols[0]
        return (Answer(source, target, whole, ports, Verdict.UNKNOWN, None, (), (within,)),)
    found: list[Answer] = []
    unasked = _left_out(blocked=blocked, unknown=unknown)
    for version in common_versions(network, source, target):
        every = paths(
            network, source, target, version, tags, relays=relays, pings=pings, online=online
        )
        straight = [path for path in every if not path.relayed]
        there = judged(
            network, source, target, straight, version, protocols, ports, without=unasked
        )
        # Where a gateway leads there, nobody needs another entrance.
        found += there if len(straight) == len(every) else map(_without_entrance, there)
        without = unasked | {Verdict.BLOCKED}
        for group in _by_relay(every):
            there = judged(
                network, source, target, group, version, protocols, ports, without=without
            )
            asked = asked_for(space_of(network, version), protocols, ports)
            found += there or (_refusal(network, group, asked) if refusals else [])
    return tuple(found)


def _left_out(*, blocked: bool, unknown: bool) -> frozenset[Verdict]:
    wanted = {Verdict.BLOCKED: blocked, Verdict.UNKNOWN: unknown}
    return frozenset(verdict for verdict, asked in wanted.items() if not asked)


def _without_entrance(answer: Answer) -> Answer:
    missing = [step for step in answer.blockers if step.code == "no-entrance"]
    alone = tuple(replace(step, opening="") for step in missing)
    return replace(answer, blockers=alone) if alone else answer


def _refusal(network: Network, group: Sequence[Path], asked: PacketSet) -> list[Answer]:
    found = refused(group, asked)
    if found is None:
        return []
    shown, ports = found
    answer = answer_on(shown.path, shown.packet, Verdict.BLOCKED)
    besides = stopped_behind_sender(network, shown, group)
    return [replace(answer, ports=ports, blockers=(*answer.blockers, *besides))]


def answer_on(path: Path, packet: Packet, verdict: Verdict) -> Answer:
    """Give the answer that is about one packet on one path."""
    shown = Shown(packet, path)
    return Answer(
        path.source,
        path.target,
        packet.protocol,
        PortSet.of(packet.destination_port),
        verdict,
        packet,
        shown.blockers if verdict is not Verdict.REACHABLE else (),
        explained(reasons_of(path, shown.steps)) if verdict is Verdict.UNKNOWN else (),
        path,
        packet.source.version,
    )


def private_answers(
    network: Network,
    source: Point,
    target: Point,
    *,
    protocols: Sequence[str] = PROTOCOLS,
    ports: PortSet = EVERY_PORT,
    tags: ServiceTags = NO_TAGS,
) -> tuple[Answer, ...]:
    """Tell the same of two points of VNets, leaving out every way over the internet."""
    found: list[Answer] = []
    for version in common_versions(network, source, target):
        group = list(private_paths(network, source, target, version, tags))
        found += judged(network, source, target, group, version, protocols, ports)
    return tuple(found)


def common_versions(network: Network, source: Point, target: Point) -> list[Version]:
    """Give the versions of IP to ask about: those of both points, or 4 if there is none (P-12)."""
    asked = _versions(network, target)
    return [version for version in source.versions if version in asked] or [4]


def _versions(network: Network, point: Point) -> tuple[Version, ...]:
    """The versions of IP of a point; a public frontend has those of its public addresses."""
    if not isinstance(point.node, LoadBalancerFrontend) or point.addresses:
        return point.versions
    every = entrances_at(network, point.node)
    return tuple(sorted({entrance.version for entrance in every}))


def judged(
    network: Network,
    source: Point,
    target: Point,
    group: Sequence[Path],
    version: Version = 4,
    protocols: Sequence[str] = PROTOCOLS,
    ports: PortSet = EVERY_PORT,
    *,
    without: Collection[Verdict] = (),
) -> list[Answer]:
    """Give the answers that some paths together are for the packets asked about.

    Those of some verdicts may be left out: `without`.
    """
    asked = asked_for(space_of(network, version), protocols, ports)
    to = target.entry or target.addresses or EVERYTHING
    question = _Question(network, source, target, version, group, asked, to)
    return question.answers(protocols, ports, without)


def _by_relay(every: Iterable[Path]) -> list[list[Path]]:
    grouped: dict[tuple[str, ...], list[Path]] = {}
    for path in every:
        if path.relayed:
            grouped.setdefault(path.trail.via, []).append(path)
    return [grouped[key] for key in sorted(grouped)]


class _Question:
    """What is asked about a pair, and the paths that may answer it."""

    def __init__(
        self,
        network: Network,
        source: Point,
        target: Point,
        version: Version,
        group: Sequence[Path],
        asked: PacketSet,
        to: AddressSet,
    ) -> None:
        self.network = network
        self.source = source
        self.target = target
        self.version: Version = version
        self.paths = group
        self.space = space_of(network, version)
        self.asked = asked
        self.to = to
        self.total = together(self.space, group).within(asked)
        tags = group[0].trail.tags if group else NO_TAGS
        places, self.unplaced = whichever_address(network, source, target, tags, self.space)
        if self.unplaced is not None:
            self.total = at_each(self.space, self.total, places)

    def answers(
        self, protocols: Sequence[str], ports: PortSet, without: Collection[Verdict]
    ) -> list[Answer]:
        """Give an answer for each verdict of each protocol, like ones of all protocols as one."""
        return [
            self._answer(verdict, protocol, found, named)
            for verdict, protocol, found, named in parts_of(
                self.space, self.total, protocols, ports
            )
            if verdict not in without
        ]

    def _answer(
        self, verdict: Verdict, protocol: str, ports: PortSet, named: Sequence[str]
    ) -> Answer:
        packets = asked_for(self.space, named if protocol == "*" else (protocol,), ports)
        if verdict is Verdict.REACHABLE:
            packets &= self.total.must
        elif verdict is Verdict.UNKNOWN:
            packets &= self.total.may
        shown = self._shown(verdict, packets)
        packet = shown.packet if shown is not None else self._some_sent(packets)
        path = shown.path if shown is not None else None
        return Answer(
            self.source,
            self.target,
            protocol,
            ports,
            verdict,
            packet,
            self._blockers(verdict, shown, packet),
            self._doubts(shown, packets) if verdict is Verdict.UNKNOWN else (),
            path,
            self.version,
            self.total,
        )

    def _some_sent(self, packets: PacketSet) -> Packet | None:
        """Give one of some packets that the source sends, when no path can show one."""
        sent = start(self.network, self.source, self.version, self.to).sent
        return some_packet(packets & sent)

    def _shown(self, verdict: Verdict, packets: PacketSet) -> Shown | None:
        """Choose a packet of a group, and the path on which to show what happens to it."""
        told = ((some_packet(here), path) for path, here in self._candidates(verdict, packets))
        found = (Shown(packet, path) for packet, path in told if packet is not None)
        if verdict is Verdict.REACHABLE:
            return next(found, None)  # nothing stops it there: no other way is better
        return least_stopped(found)

    def _candidates(self, verdict: Verdict, packets: PacketSet) -> Iterator[tuple[Path, PacketSet]]:
        """Give the paths that show a verdict, and of a group of packets those to show on each."""
        if verdict is Verdict.BLOCKED:
            for path, here in stopped_by(self.paths, self.space, packets):
                yield path, furthest(path, here)
            return
        for path in self.paths:
            bounds = path.bounds
            here = bounds.must if verdict is Verdict.REACHABLE else bounds.may
            yield path, packets & here

    def _blockers(
        self, verdict: Verdict, shown: Shown | None, packet: Packet | None
    ) -> tuple[Step, ...]:
        if verdict is Verdict.REACHABLE:
            return ()
        found = shown.blockers if shown is not None else ()
        if verdict is not Verdict.BLOCKED:
            return found
        elsewhere = stops_elsewhere(shown, self.paths) if shown is not None and found else ()
        found = found or (self._nowhere(packet),)
        at = packet or _PLACEHOLDER[self.version]
        ends = self.source, self.target, let_in(self.target, shown, self.paths)
        by = shown.path.entrance if shown is not None and not shown.path.relayed else None
        besides = stopped_besides(self.network, *ends, at, found, by)
        if shown is not None and not besides:
            besides = stopped_behind_sender(self.network, shown, self.paths)
        return (*found, *elsewhere, *besides)

    def _doubts(self, shown: Shown | None, packets: PacketSet) -> tuple[Reason, ...]:
        if shown is None:
            return explained(())
        unplaced = (self.unplaced,) if self.unplaced is not None else ()
        reasons = explained(self._reasons(shown) or unplaced)
        others = others_of(shown.path, packets, shown.packet)
        rest = {reason for steps in others for reason in reasons_of(shown.path, steps)}
        return tuple(sorted({*reasons, *rest}))

    def _reasons(self, shown: Shown) -> tuple[Reason, ...]:
        found = reasons_of(shown.path, shown.steps)
        trail = shown.path.trail
        chosen = [path for path in self.paths if path.trail.chosen_by == trail.chosen_by]
        if trail.choice and len(chosen) > 1 and not unsure(shown.steps):
            what = "which of the machines behind the load balancer gets it"
            there = {why for path in chosen for why in unsure(hops_of(path, shown.packet))}
            found = tuple(sorted({*found, *there, Reason("balancer-choice", what, trail.choice)}))
        return found

    def _nowhere(self, packet: Packet | None) -> Step:
        at = packet or _PLACEHOLDER[self.version]
        if self.source.kind is Kind.INTERNET:
            there = _called(self.target)
            says = f"no public address and no load balancer leads straight to {there}"
            opening = entrance_for(self.network, self.target, there, at)
            return Step("no-entrance", self.target.id, says, at, False, opening=opening)
        if self.source.kind in SILENT:
            says = f"{_called(self.source)} starts no flows of its own"
            return Step("starts-nothing", self.source.id, says, at, False)
        says = f"no path leads to {_called(self.target)}"
        return Step("no-path", self.target.id, says, at, False, opening=self._gateway(at))

    def _gateway(self, packet: Packet) -> str:
        """Say which gateway the target's network could use, that a site gets to it."""
        vnet = vnet_of(self.network, self.target)
        if self.source.kind is not Kind.ON_PREMISES or vnet is None:
            return ""
        return to_borrow(self.network, vnet, packet.source)


def _called(point: Point) -> str:
    """Name a point for a sentence: `nic-web/primary`, `vnet/subnet`, `internet`."""
    if point.node is None:
        return point.id
    root = point.node.root
    own = "" if point.node is root else f"/{point.node.label}"
    return f"{root.label}{own}"


_ZERO: dict[Version, Address] = {4: Address(4, 0), 6: Address(6, 0)}
_PLACEHOLDER = {version: Packet(_ZERO[version], _ZERO[version], "tcp", 0, 0) for version in _ZERO}
