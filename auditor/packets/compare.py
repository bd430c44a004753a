"""Two policies: does one allow no more than the other?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, chain
from operator import or_

from auditor.packets.diagram import PacketSet
from auditor.packets.rule import L, Rule
from auditor.packets.search import Arrangement, Region
from auditor.packets.space import Shape


def changes(old: PacketSet, new: PacketSet) -> tuple[PacketSet, PacketSet]:
    """What the new set has and the old lacks, and what the old has and the new lacks."""
    return new - old, old - new


def allows_no_more(
    shape: Shape,
    narrow: Sequence[Rule[L]],
    wide: Sequence[Rule[L]],
    *,
    narrow_default: bool = False,
    wide_default: bool = False,
) -> bool:
    """Whether everything that `narrow` allows is certainly allowed by `wide`.

    Rules in ascending order of priority; the defaults decide where none matches. Quicker than
    compiling both, which is the way to learn what the difference is (`compile.allowed`).

    Every rule of `narrow` that allows is asked for a packet of its `may` that no earlier rule of
    `narrow` must match, and on which `wide` may deny: the first of "Allow must" and "Deny may" of
    `wide` denies. Packets that an earlier rule allows are left to that rule. Sound: whatever the
    rules really match between their bounds, a packet that `narrow` allows and `wide` denies is such
    a packet for the rule that decides it in `narrow`. Complete where all rules are exact.
    """
    asked = [rule.allow for rule in narrow] + [narrow_default]
    mays = [*(rule.may for rule in narrow), shape.box()]
    least = [rule.must if rule.allow else rule.may for rule in wide]
    arrangement = Arrangement(shape, chain((rule.must for rule in narrow), least))
    earlier = [0, *accumulate((1 << i for i in range(len(narrow))), or_)]
    of_wide = [1 << (len(narrow) + i) for i in range(len(wide))]
    every = sum(of_wide)
    denying = sum(bit for bit, rule in zip(of_wide, wide, strict=True) if not rule.allow)

    def exceeds(i: int) -> bool:
        region = Region(arrangement, mays[i])
        use = (earlier[i] | every) & region.meeting
        return region.reaches(use, denying & use, not wide_default)

    return not any(exceeds(i) for i in range(len(asked)) if asked[i] and all(mays[i]))
