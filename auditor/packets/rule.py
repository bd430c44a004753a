"""Ordered rules: the first that matches a packet decides."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, NamedTuple, TypeVar

import msgspec

from auditor.packets.intervals import covers
from auditor.packets.space import Box

L = TypeVar("L", bound=Hashable)


class Rule(msgspec.Struct, Generic[L], frozen=True):
    """A label, a decision, and two bounds on the packets that the rule matches.

    The rule matches every packet of `must`, perhaps others of `may`, and none outside `may`. Where
    the match is known exactly the two are equal; where nothing is known of a part, `must` leaves
    that part out (an empty side if nothing is certain). ValueError: `must` is not within `may`.
    """

    label: L
    allow: bool
    may: Box
    must: Box

    def __post_init__(self) -> None:
        if self.must is not self.may and all(self.must):
            inside = map(covers, self.may, self.must)
            if not all(inside):
                raise ValueError("what a rule must match lies within what it may match")

    @property
    def is_exact(self) -> bool:
        """Whether it is known of every packet if the rule matches."""
        return self.must == self.may

    @property
    def is_empty(self) -> bool:
        """Whether no packet can match."""
        return not all(self.may)


def exact(label: L, allow: bool, box: Box) -> Rule[L]:
    """A rule of which it is known what it matches."""
    return Rule(label, allow, box, box)


class Decision(NamedTuple, Generic[L]):
    """What a policy does with a packet, and by which rule (None: no rule matched)."""

    label: L | None
    allow: bool
