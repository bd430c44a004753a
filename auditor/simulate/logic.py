"""Three answers: yes, no, and None for what cannot be told (Kleene's strong logic)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from auditor.addresses import AddressSet
from auditor.errors import Undetermined
from auditor.network.graph import Missing, Network
from auditor.resources.base import Node, Ref

Truth = bool | None
T = TypeVar("T")
D = TypeVar("D")
S = TypeVar("S")


def both(*answers: Truth) -> Truth:
    """Whether all hold."""
    if False in answers:
        return False
    return None if None in answers else True


def either(*answers: Truth) -> Truth:
    """Whether one of them holds."""
    if True in answers:
        return True
    return None if None in answers else False


def opposite(answer: Truth) -> Truth:
    """Whether it does not hold."""
    return None if answer is None else not answer


def agreed(answers: Iterable[Truth]) -> Truth:
    """The answer that all worlds give; None when they differ, or when there is no world."""
    found = set(answers)
    return found.pop() if len(found) == 1 else None


def told(read: Callable[[], T], otherwise: D) -> T | D:
    """Read a value of the snapshot, or give another when it does not hold it."""
    try:
        return read()
    except Undetermined:
        return otherwise


def told_of(subject: S, read: Callable[[S], T], otherwise: D) -> T | D:
    """Read a value of a subject, or give another when the snapshot does not hold it."""
    try:
        return read(subject)
    except Undetermined:
        return otherwise


def lies(candidates: AddressSet, within: AddressSet) -> Truth:
    """Whether an address, of which only the candidates are known, lies within a set."""
    if candidates <= within:
        return True
    return None if candidates.overlaps(within) else False


def follow(network: Network, read: Callable[[], Ref | str | None]) -> Node | Missing | None:
    """Follow a reference of the snapshot; `Missing` too when the field itself is not told."""
    try:
        return network.find(read())
    except Undetermined as gap:
        return Missing(gap.missing, "")


def follow_of(
    network: Network, subject: S, read: Callable[[S], Ref | str | None]
) -> Node | Missing | None:
    """Follow a reference that a subject holds, like `follow`."""
    return follow(network, lambda: read(subject))
