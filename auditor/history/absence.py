"""What it means that a finding is gone: mended, removed, told otherwise, or not told at all.

Gone is fixed only where the rule ran, judged the subject and found nothing. All else is untold:
a rule that was not selected, a subject that the input does not hold, an answer that is unknown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from auditor.finding import Judged, Report, Status
from auditor.history.lives import Kind, State, Verdict
from auditor.history.schema import storable
from auditor.ids import fold, parent


@dataclass(frozen=True, slots=True)
class Look:
    """Whether the input holds a subject: True, False (surely not), None (it does not tell).

    `whole` is true when all around it was read too: then no rule is silent for want of input.
    """

    there: bool | None
    why: str = ""
    whole: bool = False


Sight: TypeAlias = Callable[[str], Look]
"""Looks for a subject in what was audited."""


@dataclass(frozen=True, slots=True)
class Gone:
    """A finding that was open before and that a run has not.

    `related` are ids of what else it spoke of and was there; `types` the folded types of the
    resources that rules read in the last run that had it.
    """

    rule: str
    subject: str
    kind: Kind
    related: tuple[str, ...] = ()
    types: frozenset[str] = frozenset()


def kind_of(finding: Judged) -> Kind:
    """Tell a fault from a missing answer; a waived or known one is of the kind it was before."""
    untold = finding.untold or finding.status is Status.UNKNOWN
    return Kind.UNKNOWN if untold else Kind.BROKEN


class Hearing:
    """One run, asked about findings that it has not."""

    def __init__(
        self,
        report: Report,
        new: Collection[str],
        sight: Sight,
        about_audit: Collection[str] = (),
    ) -> None:
        """Take what was said and, as `new`, the fingerprints that were not open before.

        Rules `about_audit` judge the configuration: their subjects need not be in the input.
        """
        self._about_audit = about_audit
        self._ran = {rule.rule for rule in report.rules}
        self._silenced = {(rule, fold(storable(subject))) for rule, subject in report.silenced}
        self._types = types_of(report)
        self._sight = sight
        self._unknown: dict[str, dict[str, str]] = defaultdict(dict)
        self._above: dict[str, set[str]] = defaultdict(set)
        self._wide: dict[str, str] = {}
        self._retold: dict[tuple[str, str], Kind] = {}
        for finding in report.findings:
            self._hear(finding, finding.fingerprint in new)

    def _hear(self, finding: Judged, is_new: bool) -> None:
        subject, kind = storable(finding.subject), kind_of(finding)
        if is_new:
            key = (finding.rule, fold(subject))
            if self._retold.get(key) is not Kind.BROKEN:
                self._retold[key] = kind
        if kind is Kind.BROKEN:
            return
        if not subject.startswith("/"):
            self._wide[finding.rule] = finding.message
        for each in (subject, *map(storable, finding.related)):
            self._unknown[finding.rule].setdefault(fold(each), finding.message)
            self._above[finding.rule].update(_holders(each))

    def verdict(self, gone: Gone) -> Verdict:
        """Say what became of a finding that is gone."""
        if gone.rule not in self._ran:
            return Verdict(State.UNTOLD, f"{gone.rule} did not run")
        if (gone.rule, fold(gone.subject)) in self._silenced:
            return Verdict(State.RETOLD, "a more special rule tells it")
        again = self._retold.get((gone.rule, fold(gone.subject)))
        if gone.kind is Kind.UNKNOWN and again is Kind.BROKEN:
            return Verdict(State.ANSWERED, "it is broken")
        if gone.kind is Kind.UNKNOWN and again is Kind.UNKNOWN:
            return Verdict(State.RETOLD, "the rule tells it in other words")
        doubt = self._doubt(gone)
        if doubt:
            return Verdict(State.UNTOLD, doubt)
        if gone.rule in self._about_audit:
            return self._settled(gone)
        look = self._sight(gone.subject)
        if look.there is None:
            return Verdict(State.UNTOLD, look.why)
        if not look.there:
            state = State.REMOVED if gone.kind is Kind.BROKEN else State.ANSWERED
            return Verdict(state, look.why)
        unproved = self._unproved(gone, look)
        if unproved:
            return Verdict(State.UNTOLD, unproved)
        if again is not None:
            return Verdict(State.RETOLD, "the rule tells it in other words")
        return self._settled(gone)

    def _settled(self, gone: Gone) -> Verdict:
        if gone.kind is Kind.UNKNOWN:
            return Verdict(State.ANSWERED, "it is kept")
        return Verdict(State.FIXED)

    def _unproved(self, gone: Gone, look: Look) -> str:
        """Why the silence of the rule proves nothing, if it does not.

        A subnet of a gateway that was not exported is no gateway's subnet: nobody judges it. An
        export without connections knows of nothing on premises that a network could overlap.
        """
        for each in gone.related:
            if self._sight(each).there is None:
                return f"{each}, of which it spoke, is not in the input"
        lost = () if look.whole else sorted(gone.types - self._types)
        return f"the input has no {lost[0]} any more, and does not tell why" if lost else ""

    def _doubt(self, gone: Gone) -> str:
        """What the rule could not tell of the subject, of what holds it, or of what it holds."""
        if gone.rule in self._wide:
            return self._wide[gone.rule]
        unknown = self._unknown.get(gone.rule)
        if not unknown:
            return ""
        for each in (fold(gone.subject), *_holders(gone.subject)):
            if each in unknown:
                return unknown[each]
        if fold(gone.subject) in self._above[gone.rule]:
            return "a part of it cannot be told"
        return ""


def types_of(report: Report) -> frozenset[str]:
    """The folded types of the resources that rules read."""
    return frozenset(
        storable(kind.type).lower() for kind in report.audit.resources if kind.understood
    )


def related_to(finding: Judged, sight: Sight) -> tuple[str, ...]:
    """The ids of all that a finding speaks of beside its subject, as far as they are there."""
    spoken = (
        *finding.related,
        *(read.resource for read in finding.evidence),
        *(hop.resource for hop in finding.hops),
    )
    found = {fold(each): each for each in spoken if each.startswith(("/", "kubernetes/"))}
    found.pop(fold(finding.subject), None)
    return tuple(storable(found[key]) for key in sorted(found) if sight(found[key]).there)


def _holders(subject: str) -> Iterable[str]:
    """The folded ids of what holds a resource, nearest first, up to the resource itself."""
    holder = parent(subject) if subject.startswith("/") else None
    while holder is not None:
        yield fold(holder)
        holder = parent(holder)


def in_a_table(table: Mapping[str, Look]) -> Sight:
    """Give the sight of what a table tells, for those who have no network (tests, imports)."""
    known = {fold(subject): look for subject, look in table.items()}
    return lambda subject: known.get(fold(subject), Look(True))
