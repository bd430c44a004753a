"""What stands among a rule's subjects for those that the snapshot hides.

A rule judges subjects one by one. Where the input names a list and does not give it, or a part
without saying what it belongs to, there may be subjects that nobody can name: a `Doubt` takes
their place, so that the rule answers *unknown* and is not silent.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from auditor.errors import Undetermined
from auditor.network.graph import Network

S = TypeVar("S")


class Doubt(msgspec.Struct, frozen=True):
    """`id` is the resource or part that does not tell, `missing` what it does not tell.

    `told_by` is who would tell it where that is another, `remedy` what to do for it.
    """

    id: str
    missing: str
    told_by: str = ""
    remedy: str = ""

    @property
    def unknown(self) -> Undetermined:
        """What to raise when the rule is asked about it."""
        return Undetermined(self.missing, resource=self.told_by or self.id, remedy=self.remedy)


def doubt(id: str, unknown: Undetermined) -> Doubt:
    """Give the doubt that an answer leaves about a resource."""
    missing = unknown.missing
    words = missing if " " in missing else f"its {missing}"
    return Doubt(id, words, unknown.resource, unknown.remedy)


def absent_parts(network: Network, *kinds: str) -> tuple[Doubt, ...]:
    """Give a doubt for each part that is named under some keys, and that its resource lacks."""
    lost = {edge.target: edge for edge in network.dangling() if edge.kind in kinds}
    return tuple(
        Doubt(edge.source.root.id, f"{edge.spelled} is not in the snapshot")
        for _, edge in sorted(lost.items())
        if edge.target.startswith(f"{edge.source.root.key}/")
    )


def settled(subject: S | Doubt) -> S:
    """Give a subject. Raises Undetermined for a doubt."""
    if isinstance(subject, Doubt):
        raise subject.unknown
    return subject
