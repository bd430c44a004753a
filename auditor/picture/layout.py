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
        self.children: dict[str, list[Spot]] = defaultdict(list)
        for spot in picture.spots:
            self.children[spot.parent].append(spot)
        self.degree: dict[str, int] = defaultdict(int)
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
        x, bottom = MARGIN, 0.0
        heights = []
        starts = []
        for number, column in enumerate(columns):
            if not column:
                heights.append(0.0)
                starts.append(x)
                continue
            area = sum(width * height for width, height in map(self._size, column))
            across = (2.2 * area) ** 0.5 if number == 2 else 0.0
            width, height = self._pack(self._ordered(column), x, MARGIN, across, 2.6 * GAP)
            starts.append(x)
            heights.append(height)
            bottom = max(bottom, height)
            x += width + COLUMN
        for column, height in zip(columns, heights, strict=True):
            self._move(column, 0.0, (bottom - height) / 2)
        return Sheet(self.boxes, x - COLUMN + MARGIN, bottom + 2 * MARGIN)

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
