"""On which of several ways to show what happens to a packet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from auditor.reach.frame import Packet
from auditor.reach.path import Path
from auditor.reach.trail import Step


@dataclass(frozen=True, slots=True)
class Shown:
    """A packet on a path, and what happens to it there."""

    packet: Packet
    path: Path
    steps: list[Step]

    @property
    def stops(self) -> int:
        """How many stop it."""
        return sum(step.passes is False for step in self.steps)

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
