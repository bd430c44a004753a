"""A packet's way as far as it is followed: the stages so far, and what it looks like now."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from msgspec.structs import replace

from auditor.addresses import AddressSet
from auditor.network.graph import Network
from auditor.network.reasons import Reason
from auditor.network.service_tags import NO_TAGS, ServiceTags
from auditor.packets.diagram import PacketSet
from auditor.reach.bounds import Bounds
from auditor.reach.frame import SENT, Frame, Packet
from auditor.reach.points import Point
from auditor.reach.samples import coordinates
from auditor.reach.space import FlowSpace


class Step(msgspec.Struct, frozen=True):
    """What happens to one packet at one place.

    `code` is a stable word for it, `resource` the ARM id of who decides (a VNet's word where nobody
    does), `rule` the name of the deciding rule or route, `rule_id` its id, `pointer` where it is
    written in `resource`. `passes` is None when that is not told, with `reasons`. `opening` says
    what would let the packet pass, when it does not.
    """

    code: str
    resource: str
    says: str
    packet: Packet
    passes: bool | None
    rule: str = ""
    rule_id: str = ""
    pointer: str = ""
    priority: int | None = None
    reasons: tuple[Reason, ...] = ()
    opening: str = ""


Tell = Callable[[Packet, bool | None], tuple[Step, ...]]
"""Says what a stage does with one packet, as it looks there, given whether it passes."""


class Stage(msgspec.Struct, frozen=True):
    """One thing a packet has to get through: the packets *as sent* that do, and how to say it."""

    bounds: Bounds
    frame: Frame
    tell: Tell
    reply: bool = False
    """Whether it is about the way back."""

    def passes(self, packet: Packet) -> bool | None:
        """Whether a packet, as sent, gets through; None: not told."""
        at = coordinates(packet)
        return True if self.bounds.must.at(at) else None if self.bounds.may.at(at) else False


class Trail(msgspec.Struct, frozen=True):
    """A way from `source`: `sent` are the packets that set out on it, `stages` what they meet.

    `frame` is what they look like now; `others` are what they may look like instead, where nobody
    tells. `via` names proxies that started a connection of their own on the way, as ARM ids.
    `listener` is the key of one that answered last, and `lead` tells apart the connections that one
    proxy opens. `choice` is the key of the load
    balancer's rule that chose among machines, and `down` tells that it never chooses this one.
    `rules` are the places among the stages of rules that take packets: of load balancers, and NAT.
    `ranges` are those of rules that give each machine one of their ports, where nobody tells which.
    """

    network: Network
    space: FlowSpace
    source: Point
    sent: PacketSet
    tags: ServiceTags = NO_TAGS
    frame: Frame = SENT
    others: tuple[Frame, ...] = ()
    stages: tuple[Stage, ...] = ()
    via: tuple[str, ...] = ()
    listener: str = ""
    lead: str = ""
    choice: str = ""
    down: bool = False
    rules: tuple[int, ...] = ()
    ranges: tuple[int, ...] = ()

    def through(self, here: Bounds, tell: Tell, *, reply: bool = False) -> Trail:
        """Add a stage: `here` are the packets, as they look now, that get through it."""
        seen = self.frame.seen_from_before(self.space, here)
        for other in self.others:
            also = other.seen_from_before(self.space, here)
            seen = Bounds(seen.may | also.may, seen.must & also.must)
        return replace(self, stages=(*self.stages, Stage(seen, self.frame, tell, reply)))

    def becoming(self, **values: Any) -> Trail:
        """Rewrite the packet: `values` as for `Frame.rewritten`."""
        frames = [frame.rewritten(**values) for frame in (self.frame, *self.others)]
        return replace(self, frame=frames[0], others=tuple(dict.fromkeys(frames[1:])))

    def perhaps_becoming(self, **values: Any) -> Trail:
        """Rewrite the packet, or not: nobody tells."""
        return replace(self, others=(*self.others, self.frame.rewritten(**values)))

    @property
    def frames(self) -> tuple[Frame, ...]:
        """What the packets may look like now."""
        return (self.frame, *self.others)

    @property
    def bounds(self) -> Bounds:
        """The packets as sent that get through all stages."""
        return self._through(reversed(self.stages))  # replies first: they tell few apart

    @property
    def delivered(self) -> Bounds:
        """The packets as sent that arrive, whatever becomes of replies."""
        return self._through(stage for stage in self.stages if not stage.reply)

    @property
    def answered(self) -> Bounds:
        """The packets as sent whose replies get back, whether or not they arrive."""
        return self._through(stage for stage in self.stages if stage.reply)

    def _through(self, stages: Iterable[Stage]) -> Bounds:
        total = Bounds.exactly(self.sent)
        for stage in stages:
            total = total & stage.bounds
        return total

    def by_rule(self) -> Trail:
        """Note that the stage that was added last is a rule that takes packets."""
        return replace(self, rules=(*self.rules, len(self.stages) - 1))

    def by_range(self) -> Trail:
        """Note that the stage that was added last surely lets some port through (E-18)."""
        return replace(self, ranges=(*self.ranges, len(self.stages) - 1))

    def as_if_given(self) -> Trail:
        """Give the same way as if each port of a range led along it: one port surely does."""
        stages = list(self.stages)
        for place in self.ranges:
            given = Bounds.exactly(stages[place].bounds.may)
            stages[place] = replace(stages[place], bounds=given)
        return replace(self, stages=tuple(stages))

    @property
    def taken(self) -> PacketSet:
        """The packets as sent that all rules on the way may take."""
        total = self.sent
        for place in self.rules:
            total &= self.stages[place].bounds.may
        return total

    @property
    def chosen_by(self) -> tuple[str, str]:
        """What chose among machines: paths that share it are each other's alternatives."""
        return self.lead, self.choice

    def sources(self) -> AddressSet:
        """Give the source addresses that packets may have now."""
        total = AddressSet()
        for frame in (self.frame, *self.others):
            total = total | (self.source.addresses if frame.source is None else frame.source)
        return total
