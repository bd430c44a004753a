"""What the silence of a rule rests on besides its subjects, and what became of it.

A rule that finds nothing wrong has looked at other resources, too: it keeps *no firewall in the
hub* for proved because no firewall was listed. When Azure refused that list, nothing is proved;
`doubts` tells of which subjects, so that the engine answers *unknown* in the rule's stead.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from auditor.finding import Unknown
from auditor.ids import fold, name, parent, subscription
from auditor.network.gaps import unread_lists
from auditor.network.graph import Network, question_about
from auditor.resources.base import Node
from auditor.resources.listed import types_telling
from auditor.snapshot.document import Gap

CLUSTERS = "Microsoft.ContainerService/managedClusters"
DATABASES = "Microsoft.DBforMySQL/flexibleServers"
SCALE_SETS = "Microsoft.Compute/virtualMachineScaleSets"
INHABITANTS = ("networkInterfaces", "loadBalancers", CLUSTERS, SCALE_SETS)
"""What puts machines and their addresses into subnets."""


class Reads(msgspec.Struct, frozen=True):
    """The types whose lists must have been read whole for a rule's silence to prove anything.

    Types without a namespace are Microsoft.Network's; a child list goes by the last word of its
    path (`privateDnsZones/ALL`). The type of the subjects themselves is not named: what a rule
    judges says it.

    `subjects` are the types that tell what there is to judge: each of their unread lists is
    *unknown* by itself. `anywhere` may change the answer about a subject, wherever they are;
    `nearby` do so in its own subscription alone (as a NIC shares one with its network).
    """

    subjects: tuple[str, ...] = ()
    anywhere: tuple[str, ...] = ()
    nearby: tuple[str, ...] = ()


def untold_subjects(
    network: Network, reads: Reads, judged: Iterable[type[Node]] = ()
) -> Iterator[Unknown]:
    """Give an *unknown* for each unread list that tells what there is to judge.

    Lists of the classes judged are among them, and those of what holds such parts.
    """
    types = (*reads.subjects, *(each for cls in judged for each in types_telling(cls)))
    told = {fold(gap.subject): gap for each in types for gap in _lists(network, each, "")}
    for _, gap in sorted(told.items()):
        owner = parent(f"{gap.subject}/-")
        known = isinstance(network.find(owner), Node) if owner else False
        yield Unknown(
            owner if owner and known else gap.subject,
            missing=f"what there is to judge: {_words(gap)}",
            related=(gap.subject,) if known else (),
            key=f"unread {name(gap.subject).lower()}",
        )


@question_about
def may_doubt(network: Network, reads: Reads) -> bool:
    """Tell whether any list that a rule reads was not read whole, in whatever subscription."""
    return any(_lists(network, each, "") for each in (*reads.nearby, *reads.anywhere))


def doubt(network: Network, reads: Reads, subject: str) -> Unknown | None:
    """Give the *unknown* for a subject (an id) that a rule found in order, if there is one."""
    home = f"/subscriptions/{subscription(subject) or ''}".lower()
    places = [(each, home) for each in reads.nearby] + [(each, "") for each in reads.anywhere]
    for arm_type, scope in places:
        for gap in _lists(network, arm_type, scope):
            return Unknown(subject, missing=_words(gap), related=(gap.subject,), key="unread")
    return None


@question_about
def _lists(network: Network, arm_type: str, scope: str) -> tuple[Gap, ...]:
    whole = arm_type if "." in arm_type else f"Microsoft.Network/{arm_type}"
    return tuple(unread_lists(network, whole, scope or None))


def _words(gap: Gap) -> str:
    return f"{gap.subject}, which was not read whole ({gap.kind}: {gap.detail})"
