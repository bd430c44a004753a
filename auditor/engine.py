"""Rules times network gives outcomes; policy turns outcomes into a report."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

import msgspec
from msgspec.structs import replace

from auditor import ids
from auditor.errors import Undetermined
from auditor.finding import Cover, Evidence, Finding, Severity, Unknown
from auditor.ids import fold
from auditor.network.advice import advice, lone_subscription
from auditor.network.graph import Network
from auditor.network.reads import doubt, may_doubt, untold_subjects
from auditor.remedy import unless_alone
from auditor.rule import Outcome, Rule

_Told: TypeAlias = tuple[str, str, str]
"""An outcome: its rule's id, its folded subject and its key."""

_OURS = "this is a fault of the rule itself, not of the network"


class RuleRun(msgspec.Struct):
    """What one rule said: its outcomes, and how many subjects it found in order.

    `speaks_for` names, for each outcome, the general rules that said the same and fell silent.
    `silenced` are the subjects of outcomes that the rule left to a more special one; `left_to` are
    those more special ones, by folded subject.
    """

    rule: Rule[Any]
    kept: int = 0
    outcomes: list[Outcome] = msgspec.field(default_factory=list)
    speaks_for: dict[_Told, tuple[str, ...]] = msgspec.field(default_factory=dict)
    silenced: list[str] = msgspec.field(default_factory=list)
    left_to: dict[str, set[str]] = msgspec.field(default_factory=dict)

    def general(self, outcome: Outcome) -> tuple[str, ...]:
        """Give the general rules that an outcome speaks for."""
        return self.speaks_for.get(_told(self, outcome), ())


def judge(
    network: Network, rules: Iterable[Rule[Any]], parameters: Mapping[str, Any] | None = None
) -> list[RuleRun]:
    """Ask every rule about every one of its subjects; `parameters` replaces defaults by rule id.

    A rule that reads what the snapshot does not tell answers *unknown* for that subject; so does
    a rule that fails, with a sentence that says so.
    """
    runs = [_run(network, rule, (parameters or {}).get(rule.id)) for rule in rules]
    _leave_to_special(runs)
    return runs


def _run(network: Network, rule: Rule[Any], parameters: Any) -> RuleRun:
    run = RuleRun(rule)
    try:
        subjects: Collection[Any] = tuple(rule.subjects(network))
        asked = subjects if rule.suspects is None else rule.suspects(network)
    except Undetermined as unknown:
        run.outcomes.append(_advised(network, _unknown(None, unknown)))
        return run
    except (Exception, SystemExit) as error:
        run.outcomes.append(_failed("", error))
        return run
    outcomes = run.outcomes
    check = rule.check
    settings = () if rule.parameters is None else (parameters or rule.parameters,)
    spoken: list[Any] = []
    told = 0
    for subject in asked:
        try:
            for outcome in check(network, subject, *settings):
                outcomes.append(_sound(outcome))
        except Undetermined as unknown:
            outcomes.append(_unknown(subject, unknown))
        except (Exception, SystemExit) as error:
            outcomes.append(_failed(subject_id(subject), error))
        if len(outcomes) > told:
            told = len(outcomes)
            spoken.append(subject)
    run.kept = len(subjects) - len(spoken)
    if network.gaps:
        _doubt(run, network, subjects, spoken)
    run.outcomes = [_advised(network, outcome) for outcome in _once(outcomes)]
    return run


def _advised(network: Network, outcome: Outcome) -> Outcome:
    """Add what to do to what a rule cannot tell, where it does not say so itself.

    Commands name a subscription where the input has several.
    """
    remedy = outcome.remedy
    if isinstance(outcome, Unknown) and not remedy:
        remedy = advice(network, outcome)
    remedy = unless_alone(remedy, lone_subscription(network))
    return outcome if remedy == outcome.remedy else replace(outcome, remedy=remedy)


def _once(outcomes: list[Outcome]) -> list[Outcome]:
    """Leave out what cannot be told for the same reason as before: one gap, met on two ways."""
    told: set[tuple[str, ...]] = set()
    kept: list[Outcome] = []
    for outcome in outcomes:
        if isinstance(outcome, Unknown):
            said = (fold(outcome.subject), outcome.key, outcome.missing, *outcome.related)
            if said in told:
                continue
            told.add(said)
        kept.append(outcome)
    return kept


def _doubt(
    run: RuleRun, network: Network, subjects: Collection[Any], spoken: Iterable[Any]
) -> None:
    """Answer *unknown* where silence rests on a list that was not read."""
    run.outcomes.extend(untold_subjects(network, run.rule.reads, run.rule.judged))
    if not may_doubt(network, run.rule.reads):
        return
    heard = {id(subject) for subject in spoken}
    for subject in subjects:
        about = subject_id(subject)
        if about and id(subject) not in heard:
            unknown = doubt(network, run.rule.reads, about)
            if unknown is not None:
                run.outcomes.append(unknown)
                run.kept -= 1


def _sound(outcome: object) -> Outcome:
    """Refuse what no report could show. Raises TypeError."""
    if not isinstance(outcome, Finding | Unknown):
        raise TypeError(f"yielded {type(outcome).__name__}, neither Finding nor Unknown")
    said = outcome.message if isinstance(outcome, Finding) else outcome.missing
    texts = (outcome.subject, said, outcome.remedy, outcome.key, *outcome.related)
    for text in texts:
        if not isinstance(text, str):
            raise TypeError("yielded a subject, message, remedy, key or related id that is no text")
    for read in outcome.evidence:
        if not isinstance(read, Evidence):
            raise TypeError("yielded evidence that is not Evidence")
    if isinstance(outcome, Finding) and not isinstance(outcome.severity, Severity | None):
        raise TypeError(f"yielded severity {outcome.severity!r}, which is no Severity")
    return outcome


def subject_id(subject: object) -> str:
    """Give the ARM id of whatever a rule judges, empty for the network as a whole."""
    try:
        found = getattr(subject, "id", "")
    except Exception:
        return ""
    return found if isinstance(found, str) else ""


def _unknown(subject: object, unknown: Undetermined) -> Unknown:
    about = subject_id(subject) or unknown.resource
    related = (unknown.resource,) if unknown.resource and unknown.resource != about else ()
    missing = _in_words(unknown.missing, about, subject)
    return Unknown(
        about,
        missing=missing,
        remedy=unknown.remedy,
        related=related,
        told_by=unknown.resource,
    )


def _in_words(missing: str, about: str, subject: object) -> str:
    """Say of a bare JSON key whose it is, `subnets of hub`, or else who depends on it."""
    if not about or " " in missing:
        return missing
    whose = f"{missing} of {ids.name(about)}"
    return (
        whose if _declares(subject, missing) else f"{missing}, which {ids.name(about)} depends on"
    )


def _declares(subject: object, key: str) -> bool:
    """Whether a key is a field of a resource, or of its settings, by what their kinds declare."""
    try:
        kinds = (type(subject), type(getattr(subject, "properties", None)))
    except Undetermined:
        kinds = (type(subject), type(None))
    return any(key in getattr(kind, "__struct_encode_fields__", ()) for kind in kinds)


def _failed(subject: str, error: BaseException) -> Unknown:
    return Unknown(
        subject,
        missing=f"{type(error).__name__}: {error}; {_OURS}",
        remedy="report it with the JSON of this resource",
        key="failed",
    )


def _leave_to_special(runs: list[RuleRun]) -> None:
    """Where a special and a general rule both speak of one fault, let the special one speak."""
    found = _by_subject(_findings(runs))
    covers: dict[_Told, set[_Told]] = defaultdict(set)
    settled: dict[_Told, set[_Told]] = defaultdict(set)
    for run, finding in _findings(runs):
        for entry in finding.covers:
            covers[_told(run, finding)] |= _meant(entry, found)
        for rule, subject, *key in finding.settles:
            settled[_told(run, finding)].add((rule, fold(subject), "".join(key)))
    doubts = _doubts_covered(runs)
    if not covers and not settled and not doubts:
        return
    _hush(runs, covers, settled, doubts)


def _doubts_covered(runs: list[RuleRun]) -> dict[_Told, set[_Told]]:
    """What special rules cannot tell, and the same of general ones that each speaks for."""
    found = _by_subject(_outcomes(runs, Unknown))
    doubts: dict[_Told, set[_Told]] = defaultdict(set)
    for run, unknown in _outcomes(runs, Unknown):
        for entry in unknown.covers:
            doubts[_told(run, unknown)] |= _meant(entry, found)
    return doubts


def _hush(
    runs: list[RuleRun],
    covers: Mapping[_Told, set[_Told]],
    settled: Mapping[_Told, set[_Told]],
    doubts: Mapping[_Told, set[_Told]],
) -> None:
    """Take out what falls silent, and note who speaks for it.

    Of `settled` and `doubts`, what is unknown.
    """
    silent, answered = _covered(covers), _covered(doubts).union(*settled.values())
    speakers: dict[_Told, set[str]] = defaultdict(set)
    for special, generals in covers.items():
        for general in generals:
            speakers[general].add(special[0])
    hushed: set[_Told] = set()
    for run in runs:
        quiet = [
            outcome
            for outcome in run.outcomes
            if _told(run, outcome) in (silent if isinstance(outcome, Finding) else answered)
        ]
        hushed.update(_told(run, outcome) for outcome in quiet if isinstance(outcome, Unknown))
        run.silenced = [outcome.subject for outcome in quiet]
        for outcome in quiet:
            those = speakers.get(_told(run, outcome), set())
            run.left_to.setdefault(fold(outcome.subject), set()).update(those)
        gone = {id(outcome) for outcome in quiet}
        run.outcomes = [outcome for outcome in run.outcomes if id(outcome) not in gone]
    said: list[tuple[RuleRun, Outcome]] = [*_findings(runs), *_outcomes(runs, Unknown)]
    for run, outcome in said:
        told = _told(run, outcome)
        sure = covers.get(told, set()) if isinstance(outcome, Finding) else doubts.get(told, set())
        others = {rule for rule, *_ in sure}
        others.update(rule for rule, *_ in settled.get(told, set()) & hushed)
        others.discard(run.rule.id)  # of other subjects: a reader knows that this one is broken
        if others:
            run.speaks_for[told] = tuple(sorted(others))


def _findings(runs: list[RuleRun]) -> Iterator[tuple[RuleRun, Finding]]:
    return _outcomes(runs, Finding)


_Kind = TypeVar("_Kind", Finding, Unknown)


def _outcomes(runs: list[RuleRun], kind: type[_Kind]) -> Iterator[tuple[RuleRun, _Kind]]:
    for run in runs:
        for outcome in run.outcomes:
            if isinstance(outcome, kind):
                yield run, outcome


def _by_subject(told: Iterator[tuple[RuleRun, _Kind]]) -> dict[tuple[str, str], set[_Told]]:
    found: dict[tuple[str, str], set[_Told]] = defaultdict(set)
    for run, outcome in told:
        name = _told(run, outcome)
        found[name[:2]].add(name)
    return found


def _told(run: RuleRun, outcome: Outcome) -> _Told:
    return run.rule.id, fold(outcome.subject), outcome.key


def _meant(entry: Cover, found: Mapping[tuple[str, str], set[_Told]]) -> set[_Told]:
    """The findings that an entry of `covers` means: that with its key, or all where it has none."""
    every = found.get((entry[0], fold(entry[1])), set())
    return every if len(entry) == 2 else {told for told in every if told[2] == entry[2]}


def _covered(covers: Mapping[_Told, set[_Told]]) -> set[_Told]:
    """What falls silent: all that is covered, through others too, by what nobody covers.

    Rules that cover one another in a ring all speak: told twice is better than not at all.
    """
    waiting = list(covers.keys() - set().union(*covers.values()))
    silent: set[_Told] = set()
    while waiting:
        for general in covers.get(waiting.pop(), ()):
            if general not in silent:
                silent.add(general)
                waiting.append(general)
    return silent


def fingerprints(rule: Rule[Any], outcomes: Sequence[Outcome]) -> list[str]:
    """Give each outcome a name that survives reordering and reformatting of the export.

    Made of the rule, the subject without case, the finding's key and whether it is unknown; where
    that is not enough to tell two apart, of what they relate to and say as well, and at last of
    their number.
    """
    bases = [_base(rule, outcome) for outcome in outcomes]
    shared = {base for base, number in Counter(bases).items() if number > 1}
    seen: Counter[tuple[str, ...]] = Counter()
    marks = []
    for base, outcome in zip(bases, outcomes, strict=True):
        parts = (*base, *_details(outcome)) if base in shared else base
        again = (str(seen[parts]),) if seen[parts] else ()
        seen[parts] += 1
        marks.append(_digest((*parts, *again)))
    return marks


def _base(rule: Rule[Any], outcome: Outcome) -> tuple[str, ...]:
    kind = "unknown" if isinstance(outcome, Unknown) else "broken"
    return (rule.id, kind, fold(outcome.subject), outcome.key)


def _details(outcome: Outcome) -> tuple[str, ...]:
    said = outcome.missing if isinstance(outcome, Unknown) else outcome.message
    return (*sorted(fold(related) for related in outcome.related), said)


def _digest(parts: tuple[str, ...]) -> str:
    text = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()[:32]


def severity_of(rule: Rule[Any], outcome: Outcome) -> Severity:
    """Give the severity of an outcome: its own when it has one, else the rule's."""
    own = outcome.severity if isinstance(outcome, Finding) else None
    return rule.severity if own is None else own
