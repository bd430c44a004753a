"""What gets along paths: by some of them together, and what happens to one packet on one."""

from __future__ import annotations

from collections.abc import Sequence

from auditor.packets.diagram import PacketSet
from auditor.reach.bounds import Bounds, any_of
from auditor.reach.frame import Packet
from auditor.reach.path import Path
from auditor.reach.space import FlowSpace
from auditor.reach.trail import Stage, Step


def together(space: FlowSpace, group: Sequence[Path]) -> Bounds:
    """Give the packets that arrive by some path of a group.

    Which machine a load balancer chooses for a packet nobody knows: by one rule of it a packet
    arrives for certain when it would at every machine that the rule may choose.
    """
    if len(group) == 1:
        return group[0].bounds
    chosen: dict[tuple[str, str], list[Path]] = {}
    for path in group:
        alone = ("", f"{id(path)}")
        chosen.setdefault(path.trail.chosen_by if path.trail.choice else alone, []).append(path)
    return any_of(space, (_by_choice(paths) for paths in chosen.values()))


def furthest(path: Path, packets: PacketSet) -> PacketSet:
    """Give those of some packets that get through as much of a path as they can, from its start.

    So a packet that is stopped shows what stops it, and not what could be asked otherwise.
    """
    for stage in path.trail.stages:
        for passing in (stage.bounds.must, stage.bounds.may):
            better = packets & passing
            if not better.is_empty:
                packets = better
                break
    return packets


def hops_of(path: Path, packet: Packet) -> list[Step]:
    """Say what happens to one packet on a path, stage by stage, all the way.

    It ends at a rule that would send the packet on as another, and does not take it: what stands
    behind it is asked about that other packet, which nobody sends.
    """
    steps: list[Step] = []
    for number, stage in enumerate(path.trail.stages):
        steps += told_of(stage, packet)
        if number in path.trail.rules and stage.passes(packet) is False:
            break
    return steps


def told_of(stage: Stage, packet: Packet) -> tuple[Step, ...]:
    """Say what one stage does with a packet, as sent."""
    return stage.tell(stage.frame.applied(packet), stage.passes(packet))


def _by_choice(group: Sequence[Path]) -> Bounds:
    """What arrives whichever machine is chosen; to one machine there may be several ways."""
    if len(group) == 1:
        return group[0].bounds
    up = [path for path in group if not path.trail.down] or list(group)
    ways: dict[str, list[Bounds]] = {}
    for path in up:
        ways.setdefault(path.target.id.lower(), []).append(path.bounds)
    total, *others = (any_of(up[0].trail.space, each) for each in ways.values())
    for other in others:
        total = Bounds(total.may | other.may, total.must & other.must)
    return total
