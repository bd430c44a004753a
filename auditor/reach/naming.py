"""By what name clients call a destination of which no address is told."""

from __future__ import annotations

from auditor.reach.answer import Answer
from auditor.reach.by_name import public_name
from auditor.reach.path import Path
from auditor.reach.points import Kind, Point


def addressed_by_name(answer: Answer) -> str:
    """Give the name that a client uses where no address is told: see `destination_name`."""
    return destination_name(answer.path, answer.target)


def destination_name(path: Path | None, target: Point) -> str:
    """Give the name that a client uses where no address is told; empty where one is.

    A service's, or that of an entrance whose address was not given yet. The destination of a packet
    as sent then means nothing.
    """
    if path is not None and path.entrance is not None:
        entrance = path.entrance
        return "" if entrance.addresses else entrance.name or entrance.address.rpartition("/")[2]
    if target.kind is not Kind.SERVICE or target.node is None:
        return ""
    return public_name(target.node)


def arrives_by_name(answer: Answer) -> str:
    """Give the same name for the packet that arrives, where nobody on the way gave it an address.

    The destination in the packet is then only a stand-in.
    """
    if answer.path is None or answer.path.trail.frame.destination is not None:
        return ""
    return addressed_by_name(answer)
