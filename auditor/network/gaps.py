"""What could not be read, asked about by what might be in it.

A list that Azure refused, cut short or failed to give, or that a template adds to without telling
what, is a gap whose subject is the path of the list. What is on it is not known to be absent:
whoever concludes from absence asks here first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from auditor.finding import Location
from auditor.ids import fold, subscription
from auditor.network.graph import Network, question
from auditor.snapshot.document import Gap

_INVENTORY = r"/subscriptions/[^/]+(?:/resourcegroups/[^/]+)?/resources"
_MACHINES = (
    "Microsoft.Network/networkInterfaces",
    "Microsoft.Compute/virtualMachineScaleSets",
    "Microsoft.ContainerService/managedClusters",
)
"""What puts machines into subnets."""
_UNREAD = frozenset({"partial", "denied", "failed", "undecided"})


_PLACE = r"(?s)(?P<file>.+?):(?P<line>\d+)(:\d+)?(: (?P<pointer>.*))?"


def location_of(where: str) -> Location | None:
    """The place that a gap names, `file:line[:column][: pointer]`; of a whole file its first line.

    None where it names none.
    """
    place = re.fullmatch(_PLACE, where)
    if place is None:
        return Location(where, 1, "") if where else None
    return Location(place["file"], int(place["line"]), place["pointer"] or "")


@question
def _unread(network: Network) -> dict[str, Gap]:
    """The lists that were not read whole, by their folded path."""
    return {
        path: gap
        for gap in network.gaps
        if gap.kind in _UNREAD
        for path in map(fold, gap.hides or (gap.subject,))
        if path.startswith("/subscriptions/")
    }


def unread_below(network: Network, arm_id: str, name: str) -> Gap | None:
    """Give the gap that hides what hangs from a resource, if there is one.

    `name` is what follows the resource's id in the path of the list: `flowLogs`,
    `providers/Microsoft.Insights/diagnosticSettings`.
    """
    known = _unread(network)
    return known.get(fold(f"{arm_id}/{name}")) if known else None


def unread_type(network: Network, arm_type: str, scope: str | None = None) -> Gap | None:
    """Give a gap that hides resources of a type: a list of them, a subscription, or a group.

    Of any subscription, or of the one in which `scope` (an id) lies. A list for each parent
    counts too, when `arm_type` is a child type; so does an inventory, which tells in which groups
    to look.
    """
    return next(iter(unread_lists(network, arm_type, scope)), None)


@question
def may_hide_machines(network: Network) -> bool:
    """Tell whether any gap hides machines or their NICs, wherever they may be."""
    return any(unread_type(network, each) is not None for each in _MACHINES)


def unread_machines(network: Network, places: Iterable[str]) -> Gap | None:
    """Give a gap that hides machines or their NICs in the subscriptions of some ids."""
    if not may_hide_machines(network):
        return None
    homes = dict.fromkeys((subscription(place) or "").lower() for place in places)
    return next(
        (
            gap
            for home in homes
            for each in _MACHINES
            if (gap := unread_type(network, each, f"/subscriptions/{home}")) is not None
        ),
        None,
    )


def undecided_list(network: Network, arm_type: str) -> Gap | None:
    """Give a gap of what people wrote that hides resources of a type: a template or a plan.

    Such a text names none of the back references that Azure gives: of what is not told, nothing
    else tells either.
    """
    found = (gap for gap in unread_lists(network, arm_type) if gap.kind == "undecided")
    return next(found, None)


def unread_lists(network: Network, arm_type: str, scope: str | None = None) -> Iterator[Gap]:
    """Give every gap that hides resources of a type; see `unread_type`."""
    known = _unread(network)
    if not known:
        return
    within = f"/subscriptions/{(subscription(scope) or '').lower()}" if scope else ""
    for path, gap in known.items():
        if not within or path == within or path.startswith(f"{within}/"):
            whole = path.count("/") in (2, 4) or re.fullmatch(_INVENTORY, path)
            if whole or _lists(path, arm_type.lower()):
                yield gap


def _lists(path: str, arm_type: str) -> bool:
    """Whether a folded path is that of a list of a type: pairs of kinds and names, and a kind."""
    namespace, *words = path.rpartition("/providers/")[2].split("/")
    return "/".join((namespace, *words[::2])) == arm_type
