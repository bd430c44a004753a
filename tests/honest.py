"""Whether an answer says what it rests on: reasons, blockers, and hops that agree with it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditor.reach.answer import Answer, Verdict
from auditor.reach.doubting import UNEXPLAINED
from auditor.reach.trail import Step

_LETS = (" allows it", " gets in", "is approved (L-1)")
_STOPS = (" denies it", " is denied", "not approved", "does not let", "no route takes")
_DOUBTS = ("cannot be told", "may get in or not", "if that is how it looks")


def faults(answer: Answer) -> Iterator[str]:
    """Tell what of an answer does not fit together; nothing when all does."""
    told = {step.passes for step in answer.hops}
    if answer.verdict is Verdict.UNKNOWN:
        if not answer.reasons or any(each.label == UNEXPLAINED for each in answer.reasons):
            yield "unknown without a reason"
        if False in told:
            yield "unknown, and a hop stops it"
    elif answer.reasons:
        yield f"{answer.verdict.value} with reasons"
    if answer.verdict is Verdict.BLOCKED:
        if not answer.blockers:
            yield "blocked without a blocker"
        if answer.hops and False not in told:
            yield "blocked, and no hop stops it"
        if any(step.passes is not False for step in answer.blockers):
            yield "a blocker that does not stop it"
    elif answer.blockers:
        yield f"{answer.verdict.value} with blockers"
    if answer.verdict is Verdict.REACHABLE and told - {True}:
        yield "reachable, and a hop does not let it through"
    if answer.verdict is not Verdict.BLOCKED and answer.witness is None:
        yield "no packet to try"
    same = answer.source.addresses == answer.target.addresses
    packet = answer.witness
    if packet is not None and packet.source == packet.destination and not same:
        yield "a packet from an address to itself"
    for step in answer.hops or answer.blockers:
        yield from _wording(step)


def _wording(step: Step) -> Iterator[str]:
    says = re.sub(r"\bno (network|application) rule .* it\b", "", step.says)
    doubted = any(word in says for word in _DOUBTS)
    said = {
        True: any(word in says for word in _LETS) and not doubted,
        False: any(word in says for word in _STOPS) and not doubted,
        None: doubted,
    }
    if any(said.values()) and not said[step.passes]:
        yield f"{step.passes} in contradiction with: {step.code}: {step.says}"
    if not step.says:
        yield f"{step.code} without words"
