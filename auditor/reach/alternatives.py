"""The other machines that a load balancer may choose for a packet: what stops it there.

Which one is chosen nobody knows: a way is open when it is at all of them, but for those that are
down while another is up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import inf

from auditor.reach.path import Path
from auditor.reach.samples import coordinates
from auditor.reach.showing import Shown, routed
from auditor.reach.trail import Step


def least_stopped(ways: Iterable[Shown]) -> Shown | None:
    """Choose the way with the fewest obstacles, of those that packets take.

    By a public entrance none has less than one: of the thousands that lead through a load balancer,
    the others need no look, unless routes lead past it.
    """
    found: list[Shown] = []
    down: set[tuple[str, str]] | None = set()
    for shown in ways:
        trail = shown.path.trail
        outside = shown.path.entrance is not None
        near = outside and down is not None and down <= {trail.chosen_by}
        if near and not trail.down and shown.stops <= 1 and shown.legs == inf:
            return shown
        if outside and down is not None and trail.down and trail.choice:
            down.add(trail.chosen_by)
        else:
            down = None
        found.append(shown)
    return min(_chosen_ever(routed(found)), key=lambda each: each.stops, default=None)


def _chosen_ever(found: Sequence[Shown]) -> list[Shown]:
    """Leave out machines that are down, beside one that is up: nothing is sent there."""
    up = {each.path.trail.chosen_by for each in found if not each.path.trail.down}
    return [
        each
        for each in found
        if not (each.path.trail.down and each.path.trail.choice)
        or each.path.trail.chosen_by not in up
    ]


def stops_elsewhere(shown: Shown, paths: Iterable[Path]) -> tuple[Step, ...]:
    """Give what stops a packet at the other machines that may be chosen for it.

    By one of the ways to each, that with the fewest obstacles. Where the machine on which it is
    shown is down, all are: that which is opened gets all packets.
    """
    trail = shown.path.trail
    if not trail.choice or trail.down:
        return ()
    at = coordinates(shown.packet)
    ways: dict[str, list[Shown]] = defaultdict(list)
    for path in paths:
        other, target = path.trail, path.target.id.lower()
        if other.chosen_by != trail.chosen_by or other.down or not other.taken.at(at):
            continue
        if target != shown.path.target.id.lower():
            ways[target].append(Shown(shown.packet, path))
    found: dict[tuple[str, ...], Step] = {}
    for target in sorted(ways):
        for step in min(ways[target], key=lambda each: each.stops).blockers:
            found.setdefault(_words(step), step)
    for step in shown.blockers:
        found.pop(_words(step), None)
    return tuple(found.values())


def _words(step: Step) -> tuple[str, ...]:
    return step.code, step.resource, step.rule, step.says, step.opening


def openings_of(blockers: Iterable[Step]) -> list[str]:
    """Give the changes that open a way together, each once.

    What one rule keeps from several machines is one change, that names all of them.
    """
    alike: dict[tuple[str, str], dict[str, None]] = {}
    for step in blockers:
        if step.opening:
            machine = f" to {step.packet.destination} "
            kept = step.opening.replace(machine, _MACHINE, 1)
            addresses = alike.setdefault((step.resource, kept), {})
            if kept != step.opening:
                addresses[str(step.packet.destination)] = None
    told = (
        kept.replace(_MACHINE, f" to {', '.join(addresses)} ", 1)
        for (_, kept), addresses in alike.items()
    )
    return list(dict.fromkeys(told))


_MACHINE = " to \0 "
