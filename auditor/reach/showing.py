"""On which of several ways to show what happens to a packet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from auditor.reach.along import hops_of
from auditor.reach.frame import Packet
from auditor.reach.path import Path
from auditor.reach.trail import Step


@dataclass(frozen=True)
class Shown:
    """A packet on a path, and what happens to it there."""

    packet: Packet
    path: Path

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """What happens to it, stage by stage."""
        return tuple(hops_of(self.path, self.packet))

    @property
    def blockers(self) -> tuple[Step, ...]:
        """Those that stop it."""
        return tuple(step for step in self.steps if step.passes is False)

    @property
    def stops(self) -> int:
        """How many stop it."""
        return len(self.blockers)

    @property
    def passed_by(self) -> bool:
        """Whether routes lead its packets past this way, or drop them."""
        return any(step.code == "route" and step.passes is False for step in self.steps)


def routed(found: Sequence[Shown]) -> Sequence[Shown]:
    """Leave out ways inside networks that routes lead past, where they lead along another.

    What stands on a way that packets do not take does not stop them.
    """
    inside = [each for each in found if each.path.entrance is None]
    taken = [each for each in inside if not each.passed_by]
    if not taken or len(taken) == len(inside):
        return found
    return [each for each in found if each.path.entrance is not None or not each.passed_by]
