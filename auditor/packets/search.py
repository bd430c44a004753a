"""Inside one box: is the first of some boxes that holds a packet one of the bad ones?

That question decides what a rule is good for and whether one policy stays within another. It is
answered for groups of boxes as in `compile`, but only inside the box in question, and only until
the first such packet.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import reduce
from itertools import accumulate
from operator import and_, or_

from auditor.packets.intervals import Intervals, difference
from auditor.packets.partition import Partition, bits, sweep
from auditor.packets.space import Box, Shape

# A dimension with more cells than this, and than this many for each rule that matters, is cut anew
# at the bounds of those rules only.
_MANY_CELLS = 32
_CELLS_A_RULE = 6
# Up to this many rules, finding out which hides which costs more than it saves.
_FEW = 24
# After this many groups without a result the tables are worth their price.
_PATIENCE = 50


class Arrangement:
    """Boxes in order; bit i of a mask is box i."""

    def __init__(self, shape: Shape, boxes: Iterable[Box]) -> None:
        self.boxes = list(boxes)
        self.sizes = [dimension.size for dimension in shape.dimensions]
        self.partitions = [
            _Side([box[d] for box in self.boxes], size) for d, size in enumerate(self.sizes)
        ]

    def some_packet(self, box: Box, unheld: int) -> int:
        """Which boxes hold some packet of a box of the arrangement.

        One is looked for that none of `unheld` holds: in one dimension after the other, so that it
        may be missed.
        """
        found = (1 << len(self.boxes)) - 1
        for partition, side in zip(self.partitions, box, strict=True):
            cells = partition.cells_within(side)
            best, fewest = 0, len(self.boxes) + 1
            for cell in cells:
                holding = (found & cell & unheld).bit_count()
                if holding < fewest:
                    best, fewest = cell, holding
                    if not holding:
                        break
            found &= best
        return found


class _Side(Partition):
    """A partition that remembers its answers: few sets of one dimension differ."""

    __slots__ = ("known", "within_sets")

    def __init__(self, sets: Sequence[Intervals], size: int) -> None:
        super().__init__(sets, size)
        self.known: dict[Intervals, tuple[int, int]] = {}
        self.within_sets: dict[Intervals, list[int]] = {}

    def cells_within(self, intervals: Intervals) -> list[int]:
        """The masks of the cells of one of the sets, those that few sets hold first."""
        found = self.within_sets.get(intervals)
        if found is None:
            found = sorted(set(self.cells(intervals)), key=int.bit_count)
            self.within_sets[intervals] = found
        return found

    def meeting_and_covering(self, intervals: Intervals) -> tuple[int, int]:
        found = self.known.get(intervals)
        if found is None:
            cells = self.cells(intervals)
            covering = reduce(and_, cells, self.every)
            few = len(cells) <= _MANY_CELLS
            meeting = reduce(or_, cells, 0) if few else self.meeting(intervals)
            found = self.known[intervals] = meeting, covering
        return found


class Region:
    """One box, and how the bounds of all rules lie to it."""

    def __init__(self, arrangement: Arrangement, box: Box) -> None:
        self.box = box
        self.boxes = arrangement.boxes
        self.sizes = arrangement.sizes
        # Which lies inside which, for the bounds compared so far.
        self.compared = 0
        self.inside: _Inside | None = None
        self.partitions = arrangement.partitions
        self.cells: dict[int, list[int]] = {}
        self.meeting = (1 << len(arrangement.boxes)) - 1
        self.covering: list[int] = []
        for partition, side in zip(arrangement.partitions, box, strict=True):
            meeting, covering = partition.meeting_and_covering(side)
            self.meeting &= meeting
            self.covering.append(covering)
        # For each dimension, the bounds that hold all of the box from there on.
        self.whole = list(accumulate(reversed(self.covering), and_, initial=self.meeting))[::-1]

    def reaches(self, use: int, bad: int, otherwise: bool) -> bool:
        """Whether for some packet of the box the first of `use` that holds it is in `bad`.

        `otherwise` tells if a packet that none of them holds counts as well. All of `use` meet the
        box.
        """
        final = use & self.whole[0]
        if final:
            use &= ((final & -final) << 1) - 1
        if use.bit_count() > _FEW:
            # Mostly such a packet is near, and tables of what hides what would come too late.
            quick = self._search(use, bad, otherwise, _PATIENCE)
            if quick is not None:
                return quick
            if use & ~self.compared:
                self.compared, self.inside = use, _Inside(self, use)
        return bool(self._search(use, bad, otherwise, 0))

    def unhidden(self, use: int, bad: int) -> int:
        """The part of `use` that answers every question as all of it does."""
        if self.inside is None or use & ~self.compared:
            return use
        return self.inside.left(use, 0, (bad & -bad) - 1)

    def _search(self, use: int, bad: int, otherwise: bool, patience: int) -> bool | None:
        """As `reaches`, but None once patience, if positive, is over."""
        inside = None if patience or use & ~self.compared else self.inside
        return _Search(self, bad, otherwise, patience, inside).look(0, use)

    def cells_of(self, level: int, group: int) -> set[int]:
        """The parts of the group that hold the cells of a dimension within the box."""
        cells = self.cells.get(level)
        if cells is None:
            cells = self.cells[level] = self.partitions[level].cells(self.box[level])
        partly = group & ~self.covering[level]
        if len(cells) <= max(_MANY_CELLS, partly.bit_count() * _CELLS_A_RULE):
            return {cell & group for cell in cells}
        here = 1 << len(self.boxes)
        sides = [(1 << bit, self.boxes[bit][level]) for bit in bits(partly)]
        swept = sweep([(here, self.box[level]), *sides], self.sizes[level], group & ~partly)
        return {cell ^ here for cell in swept.values() if cell & here}


class _Search:
    """One search of a region, see `Region.reaches`; `patience` as there, 0 for no end of it."""

    __slots__ = ("bad", "clear", "front", "inside", "otherwise", "patience", "region")

    def __init__(
        self,
        region: Region,
        bad: int,
        otherwise: bool,
        patience: int,
        inside: _Inside | None,
    ) -> None:
        self.region = region
        self.bad = bad
        self.otherwise = otherwise
        self.patience = patience
        self.inside = inside
        self.front = (bad & -bad) - 1
        self.clear: list[set[int]] = [set() for _ in region.box]

    def look(self, level: int, group: int) -> bool | None:
        """Look from a dimension on, where the group holds the packets; None out of patience."""
        region = self.region
        bad = self.bad
        final = group & region.whole[level]
        if final:
            final &= -final
            group &= (final << 1) - 1
        if not group:
            return self.otherwise
        if group & -group & bad:
            return True
        if not group & bad and (final or not self.otherwise):
            return False
        while not group & ~region.covering[level]:
            level += 1
        if self.inside is not None:
            group = self.inside.left(group, level, self.front)
        clear = self.clear[level]
        if group in clear:
            return False
        # The fewer rules hold a cell, the sooner one finds there what escapes them.
        cells = region.cells_of(level, group)
        for cell in sorted(cells, key=int.bit_count) if len(cells) > 1 else cells:
            found = self.look(level + 1, cell)
            if found is not False:
                return found
        clear.add(group)
        return None if 0 < self.patience < sum(map(len, self.clear)) else False


class _Inside:
    """Which bounds have no packet of a box, from a dimension on, that another one lacks.

    Of each bound, `at` keeps the dimensions that change the answer, counted from the last one
    backwards, and `masks` the answers: few dimensions do where there are hundreds, one for each
    name.
    """

    __slots__ = ("at", "masks")

    def __init__(self, region: Region, use: int) -> None:
        self.at: dict[int, list[int]] = {bit: [] for bit in bits(use)}
        self.masks: dict[int, list[int]] = {bit: [use] for bit in bits(use)}
        for d in range(len(region.box) - 1, -1, -1):
            within: dict[Intervals, int] = {}
            for bit in bits(use & ~region.covering[d]):
                side = region.boxes[bit][d]
                if side not in within:
                    lacking = difference(region.box[d], side)
                    within[side] = ~region.partitions[d].meeting(lacking)
                masks = self.masks[bit]
                masks.append(masks[-1] & within[side])
                self.at[bit].append(-d)

    def left(self, group: int, level: int, front: int) -> int:
        """Leave out of a group the bounds that lie inside another of it, which comes first.

        Within `front`, before the first bad one, it does not matter which comes first.
        """
        rest = group
        while rest:
            first = rest & -rest
            bit = first.bit_length() - 1
            after = -(first << 1)
            others = ~first if first & front else after
            inside = self.masks[bit][bisect_right(self.at[bit], -level)]
            group &= ~(inside & others)
            rest = group & after
        return group
