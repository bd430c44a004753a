"""Where everything goes on paper: boxes within boxes, packed in rows, the internet at the left.

Four columns: the internet and sites, what stands at the edge, networks, services outside of any.
All sizes are in pixels of an SVG.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from auditor.topology import Kind, Picture, Spot, Tie

CHIP = (176.0, 50.0)
GAP = 14.0
HEAD = 40.0
"""What the title of a box takes at its top, its facts included."""
COLUMN = 120.0
"""Between columns, for lines."""
MARGIN = 28.0

_EDGE = (Kind.DOOR, Kind.BALANCER, Kind.GATEWAY, Kind.FIREWALL, Kind.NAT, Kind.VPN, Kind.BASTION)


@dataclass(slots=True)
class Box:
    """A rectangle; `x` and `y` are of the whole sheet."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> tuple[float, float]:
        """Its centre."""
        return self.x + self.width / 2, self.y + self.height / 2


@dataclass(slots=True)
class Sheet:
    """The boxes of all spots by id, and the size of the whole."""

    boxes: dict[str, Box]
    width: float
    height: float


def layout(picture: Picture) -> Sheet:
    """Place every spot."""
    return _Layout(picture).sheet()


class _Layout:
    def __init__(self, picture: Picture) -> None:
        self.lines = picture.lines
        self.children: dict[str, list[Spot]] = defaultdict(list)
        for spot in picture.spots:
            self.children[spot.parent].append(spot)
        self.degree: dict[str, int] = defaultdict(int)
        self.joins: dict[str, int] = defaultdict(int)
        """Lines from network to network, once `_joined` has counted them."""
        self.entered: set[str] = set()
        parents = {spot.id: spot.parent for spot in picture.spots}
        for line in picture.lines:
            for end in (line.source, line.target):
                self.degree[end] += 1
            here = line.target if line.tie is Tie.ENTRANCE else ""
            while here:
                self.entered.add(here)
                here = parents[here]
        self.boxes: dict[str, Box] = {}

    def sheet(self) -> Sheet:
        columns: list[list[Spot]] = [[], [], [], []]
        for spot in self.children[""]:
            columns[_column(spot)].append(spot)
        networks = [self._ordered(part) for part in self._joined(columns[2])]
        tall = self._blocks(networks)[1] if networks else 0.0
        x, heights = MARGIN, []
        for number, column in enumerate(columns):
            if not column:
                heights.append(0.0)
                continue
            if number == 2:
                width, height = self._blocks(networks, x)
            else:
                rows = max(8, int(tall / (CHIP[1] + GAP)))
                across = -(-len(column) // rows) * (CHIP[0] + GAP)
                gap = 2.6 * GAP if len(column) <= rows / 2 else GAP
                ordered = self._facing(column) if number == 3 else self._ordered(column)
                width, height = self._pack(ordered, x, MARGIN, across, gap)
            heights.append(height)
            x += width + COLUMN
        bottom = max(heights)
        for column, height in zip(columns, heights, strict=True):
            self._move(column, 0.0, (bottom - height) / 2)
        return Sheet(self.boxes, x - COLUMN + MARGIN, bottom + 2 * MARGIN)

    def _joined(self, spots: Sequence[Spot]) -> list[list[Spot]]:
        """Networks that are joined with one another stand together; the largest groups first."""
        root = {spot.id: spot.id for spot in spots}

        def find(one: str) -> str:
            while root[one] != one:
                root[one] = one = root[root[one]]
            return one

        for line in self.lines:
            if line.source in root and line.target in root:
                root[find(line.source)] = find(line.target)
                self.joins[line.source] += 1
                self.joins[line.target] += 1
        parts: dict[str, list[Spot]] = defaultdict(list)
        for spot in spots:
            parts[find(spot.id)].append(spot)
        return sorted(parts.values(), key=lambda part: (-len(part), part[0].id))

    def _blocks(self, parts: list[list[Spot]], x: float = MARGIN) -> tuple[float, float]:
        """Place groups of networks in rows, each packed for itself; give the size of it all."""
        sizes = []
        for part in parts:
            sizes.append(self._group(part))
        across = (2.2 * sum(width * height for width, height in sizes)) ** 0.5
        left, top, row, widest = x, MARGIN, 0.0, 0.0
        for part, (width, height) in zip(parts, sizes, strict=True):
            if left > x and left + width - x > max(across, width):
                left, top, row = x, top + row + 4 * GAP, 0.0
            self._move(part, left, top)
            left += width + 4 * GAP
            row = max(row, height)
            widest = max(widest, left - 4 * GAP - x)
        return widest, top + row - MARGIN

    def _group(self, part: list[Spot]) -> tuple[float, float]:
        """Place networks that are joined: the one that most lines lead to left of the others."""
        hub = max(part, key=lambda spot: self.joins[spot.id])
        others = [spot for spot in part if spot is not hub]
        area = sum(width * height for width, height in map(self._size, others))
        across = (0.8 * area) ** 0.5 if len(others) > 6 else 0.0
        wide, tall = self._pack([hub], 0.0, 0.0, 0.0, 0.0)
        if not others:
            return wide, tall
        start = wide + 0.6 * COLUMN
        width, height = self._pack(others, start, 0.0, across, 2.0 * GAP)
        self._move([hub], 0.0, max(0.0, (height - tall) / 2))
        self._move(others, 0.0, max(0.0, (tall - height) / 2))
        return start + width, max(tall, height)

    def _facing(self, spots: Sequence[Spot]) -> list[Spot]:
        """Services from top to bottom as what leads to them stands."""
        heights: dict[str, list[float]] = defaultdict(list)
        for line in self.lines:
            for one, other in ((line.source, line.target), (line.target, line.source)):
                if other in self.boxes:
                    heights[one].append(self.boxes[other].middle[1])
        mean = {one: sum(found) / len(found) for one, found in heights.items()}
        return sorted(spots, key=lambda spot: (mean.get(spot.id, 0.0), spot.name.lower(), spot.id))

    def _ordered(self, spots: Sequence[Spot]) -> list[Spot]:
        """What the internet enters first, then what has most lines, then by name."""
        return sorted(
            spots,
            key=lambda spot: (
                spot.kind is not Kind.INTERNET,
                spot.id not in self.entered,
                -self.degree[spot.id],
                spot.name.lower(),
                spot.id,
            ),
        )

    def _size(self, spot: Spot) -> tuple[float, float]:
        box = self.boxes.get(spot.id)
        if box is None:
            box = self.boxes[spot.id] = Box(0.0, 0.0, *self._place_inside(spot))
        return box.width, box.height

    def _place_inside(self, spot: Spot) -> tuple[float, float]:
        inner = self._ordered(self.children[spot.id])
        if not inner:
            return (CHIP[0] + 2 * GAP, HEAD + GAP) if spot.kind.holds else CHIP
        area = sum(width * height for width, height in map(self._size, inner))
        across = (1.7 * area) ** 0.5
        width, height = self._pack(inner, GAP, HEAD, across, GAP)
        return width + 2 * GAP, height + HEAD + GAP

    def _pack(
        self, spots: list[Spot], x: float, y: float, across: float, gap: float
    ) -> tuple[float, float]:
        """Put boxes in rows that are about `across` wide; give the size of it all."""
        left, widest, row = x, 0.0, 0.0
        top = y
        for spot in spots:
            width, height = self._size(spot)
            if left > x and left + width - x > max(across, width):
                left, top, row = x, top + row + gap, 0.0
            self._move([spot], left - self.boxes[spot.id].x, top - self.boxes[spot.id].y)
            left += width + gap
            row = max(row, height)
            widest = max(widest, left - gap - x)
        return widest, top + row - y

    def _move(self, spots: Sequence[Spot], right: float, down: float) -> None:
        for spot in spots:
            box = self.boxes[spot.id]
            box.x += right
            box.y += down
            self._move(self.children[spot.id], right, down)


def _column(spot: Spot) -> int:
    if spot.kind in (Kind.INTERNET, Kind.SITE):
        return 0
    if spot.kind in _EDGE:
        return 1
    return 2 if spot.kind.holds else 3
