"""The sheet that spots and lines are put on, with an index of what stands for what."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from auditor import ids
from auditor.errors import Undetermined
from auditor.ids import fold, parent
from auditor.network.graph import Missing, Network
from auditor.resources import walk
from auditor.resources.base import Node
from auditor.topology import Kind, Line, Picture, Spot, Tie

N = TypeVar("N", bound=Node)

INTERNET = "internet"
"""The id of the spot that stands for the internet."""


@dataclass(slots=True)
class Canvas:
    """Spots by key (the folded id), lines by ends and tie, and who stands for which id."""

    network: Network
    spots: dict[str, Spot] = field(default_factory=dict)
    lines: dict[tuple[str, str, Tie], Line] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)

    def each(self, nodes: Iterable[N], draw: Callable[[Canvas, N], None]) -> None:
        """Draw nodes one by one; what the snapshot does not tell of one hides no other."""
        for node in nodes:
            try:
                draw(self, node)
            except Undetermined as unknown:
                key = self.at(node.id)
                if key is None:
                    kind = ids.type_of(node.id) or ""
                    facts = (kind.rpartition("/")[2],) if kind else ()
                    key = self.put(Spot(node.id, Kind.SERVICE, name_of(node), "", facts))
                self.add(key, doubts=(f"not told: {unknown.missing}",))

    def put(self, spot: Spot, *stands_for: str) -> str:
        """Draw a spot, once; give its key. It stands for the ids given as well."""
        key = key_of(spot.id)
        self.spots.setdefault(key, spot)
        for each in stands_for:
            self.aliases.setdefault(fold(each), key)
        return key

    def add(self, key: str, facts: Iterable[str] = (), doubts: Iterable[str] = ()) -> None:
        """Write more facts and doubts beside a spot; those it has are not repeated."""
        spot = self.spots[key]
        self.spots[key] = msgspec.structs.replace(
            spot,
            facts=tuple(dict.fromkeys((*spot.facts, *facts))),
            doubts=tuple(dict.fromkeys((*spot.doubts, *doubts))),
        )

    def join(
        self,
        source: str,
        target: str,
        tie: Tie,
        texts: Iterable[str] = (),
        doubts: Iterable[str] = (),
        *,
        down: bool = False,
    ) -> None:
        """Draw a line between two spots, by their keys; lines of one tie become one."""
        if source == target:
            return
        if tie is Tie.PEERING and target < source:
            source, target = target, source
        known = self.lines.get((source, target, tie)) or Line(source, target, tie, down=down)
        self.lines[source, target, tie] = msgspec.structs.replace(
            known,
            texts=tuple(dict.fromkeys((*known.texts, *(text for text in texts if text)))),
            doubts=tuple(dict.fromkeys((*known.doubts, *doubts))),
            down=known.down and down if tie is not Tie.PEERING else known.down or down,
        )

    def at(self, arm_id: str) -> str | None:
        """Give the key of the spot that shows a resource or a part of one; None when none does."""
        key: str | None = key_of(arm_id)
        while key:
            found = self.aliases.get(key, key)
            if found in self.spots:
                return found
            above = parent(key)
            key = fold(above) if above else None
        return None

    def missing(self, arm_id: str, kind: Kind, above: str = "") -> str:
        """Draw what is referred to and not in the snapshot; give its key."""
        return self.put(Spot(arm_id, kind, ids.name(arm_id) or arm_id, above, missing=True))

    def subnet(self, arm_id: str | None) -> str | None:
        """Give the key of a subnet by its id, drawn as missing if need be; None for None."""
        found = self.network.find(arm_id)
        if found is None:
            return None
        if isinstance(found, Missing):
            return self._missing_subnet(found.id)
        return self.at(found.id)

    def _missing_subnet(self, arm_id: str) -> str | None:
        if "/subnets/" not in arm_id.lower():
            return None
        vnet = parent(arm_id) or ""
        above = self.at(vnet) or self.missing(vnet, Kind.NETWORK)
        return self.missing(arm_id, Kind.SUBNET, self.spots[above].id)

    def finished(self) -> Picture:
        """Give the picture: what holds others first, the internet before all, then by id."""
        first = {INTERNET: 0}
        depth: dict[str, int] = {}
        for key, spot in self.spots.items():
            above, depth[key] = spot.parent, 0
            while above and depth[key] < 9:
                depth[key] += 1
                above = self.spots[key_of(above)].parent
        order = sorted(self.spots, key=lambda key: (first.get(key, 1), depth[key], key))
        spelled = {key: self.spots[key].id for key in order}
        lines = (
            msgspec.structs.replace(line, source=spelled[line.source], target=spelled[line.target])
            for _, line in sorted(self.lines.items())
        )
        return Picture(tuple(self.spots[key] for key in order), tuple(lines))


def key_of(spot_id: str) -> str:
    """Give the key of a spot's id: ARM ids compare without case."""
    return fold(spot_id) if spot_id.startswith("/") else spot_id


def told(doubts: list[str], struct: Any, *names: str) -> Any:
    """Read a field of a field; None and a doubt when the snapshot does not tell it."""
    value = struct
    for name in names:
        if value is None:
            return None
        try:
            value = getattr(value, name)
        except Undetermined as unknown:
            doubts.append(f"not told: {unknown.missing}")
            return None
    return value


def linked(doubts: list[str], struct: Any, *names: str) -> str | None:
    """Read a reference's id; None where there is no reference, and a doubt where it tells no id."""
    ref = told(doubts, struct, *names)
    if ref is None:
        return None
    before = len(doubts)
    target: str | None = told(doubts, ref, "id")
    if not target and len(doubts) == before:
        doubts.append(f"not told: {names[-1].replace('_', ' ')}")
    return target or None


def name_of(node: Node | Missing) -> str:
    """Give the name of a node, or of what is missing; its id's end where no name is told."""
    told_name = walk.peek(node, "name") if isinstance(node, Node) else None
    return told_name or ids.name(node.id)
