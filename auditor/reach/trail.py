"""A packet's way as far as it is followed: the stages so far, and what it looks like now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from auditor.addresses import AddressSet, PortSet
from auditor.network.graph import Network
from auditor.network.reasons import Reason
from auditor.network.service_tags import NO_TAGS, ServiceTags
from auditor.packets.diagram import PacketSet
from auditor.reach.bounds import Bounds
from auditor.reach.frame import SENT, Frame, Packet
from auditor.reach.points import Point
from auditor.reach.space import FlowSpace


@dataclass(frozen=True, slots=True)
class Step:
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


@dataclass(frozen=True, slots=True)
class Stage:
    """One thing a packet has to get through: the packets *as sent* that do, and how to say it."""

    bounds: Bounds
    frame: Frame
    tell: Tell


@dataclass(frozen=True, slots=True)
class Trail:
    """A way from `source`: `sent` are the packets that set out on it, `stages` what they meet.

    `frame` is what they look like now. `via` names proxies that started a connection of their own
    on the way, as ARM ids.
    """

    network: Network
    space: FlowSpace
    source: Point
    sent: PacketSet
    tags: ServiceTags = NO_TAGS
    frame: Frame = SENT
    stages: tuple[Stage, ...] = ()
    via: tuple[str, ...] = ()

    def through(self, here: Bounds, tell: Tell) -> Trail:
        """Add a stage: `here` are the packets, as they look now, that get through it."""
        seen = self.frame.seen_from_before(self.space, here)
        return replace(self, stages=(*self.stages, Stage(seen, self.frame, tell)))

    def becoming(
        self,
        *,
        source: AddressSet | None = None,
        destination: AddressSet | None = None,
        source_port: PortSet | None = None,
        destination_port: PortSet | None = None,
        reasons: tuple[Reason, ...] = (),
    ) -> Trail:
        """Rewrite the packet."""
        frame = self.frame.rewritten(
            source=source,
            destination=destination,
            source_port=source_port,
            destination_port=destination_port,
            reasons=reasons,
        )
        return replace(self, frame=frame)

    @property
    def bounds(self) -> Bounds:
        """The packets as sent that get through all stages."""
        total = Bounds.exactly(self.sent)
        for stage in self.stages:
            total = total & stage.bounds
        return total

    def sources(self, fallback: AddressSet) -> AddressSet:
        """Give the source addresses that packets may have now, as sent ones from `fallback`."""
        return self.frame.source if self.frame.source is not None else fallback
