"""How reading a list ended, and the gap that this leaves."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from auditor.snapshot.document import Gap


class State(enum.Enum):
    """The ways in which reading a list can end."""

    COMPLETE = "complete"
    """Every page came: what is not there does not exist."""

    NOT_REGISTERED = "not-registered"
    """The subscription has never used the provider, so has none of its resources."""

    PARTIAL = "partial"
    DENIED = "denied"
    FAILED = "failed"

    @property
    def whole(self) -> bool:
        """Whether the answer leaves nothing open."""
        return self in (State.COMPLETE, State.NOT_REGISTERED)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How reading a list ended; `detail` says why it is not complete, and what to do."""

    state: State
    detail: str = ""

    def gap(self, subject: str) -> Gap | None:
        """Give what is missing of the list `subject`; None when nothing is."""
        if self.state.whole:
            return None
        return Gap(self.state.value, subject, self.detail)


COMPLETE = Outcome(State.COMPLETE)
