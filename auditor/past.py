"""What a history tells beside a report: plain values, severities as the words people use.

Times are ISO 8601 in UTC, `2026-11-23T06:00:00Z`, so that their order as text is that in time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

SEVERITIES = ("critical", "high", "medium", "low", "info")
"""The words for severities, the worst first."""


@dataclass(frozen=True, slots=True)
class Changes:
    """How many findings changed their state from the run before to this one.

    Broken: `new`, `reopened` (was fixed or removed before), `fixed` (the rule judged the subject
    and found nothing), `removed` (the subject is gone, and nothing hides it). `untold` were open
    and are not told now, for want of input: they are not fixed. `retold` are told in other words
    or by another rule. Unknown: `unanswered` are new, `answered` no longer unknown.
    """

    new: int = 0
    reopened: int = 0
    fixed: int = 0
    removed: int = 0
    untold: int = 0
    retold: int = 0
    unanswered: int = 0
    answered: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One recorded audit: its numbers, and what changed since the one before.

    `number` is its name in the history, from 1, in the order of recording. `at` is when the
    snapshot was taken, else when it was audited. `kept` counts subjects of rules; the other
    numbers count findings. `hidden` are those that were open once and that this run does not tell
    of. `resources` are those that rules read, `ignored` those only counted.
    `rules_changed` is true when rules, their parameters, waivers or auditor itself are others
    than in the run before: then a finding may be gone for that reason.
    """

    number: int
    at: str
    as_of: str
    version: str
    failed: bool
    broken: Mapping[str, int]
    unknown: int
    waived: int
    baseline: int
    kept: int
    hidden: int
    resources: int
    ignored: int
    rules: int
    rules_changed: bool
    changes: Changes

    @property
    def total(self) -> int:
        """How many findings are broken, of any severity."""
        return sum(self.broken.values())

    @property
    def coverage(self) -> float | None:
        """The share of answers that could be told, 0 to 1; None when nothing was asked."""
        told = self.kept + self.total + self.waived + self.baseline
        asked = told + self.unknown
        return told / asked if asked else None


@dataclass(frozen=True, slots=True)
class Life:
    """A finding through time.

    `kind` is `broken` or `unknown`. `state` is `open`, `untold`, `fixed`, `removed`, `answered` or
    `retold`; `reason` says why, where it is not open. `status` is as of the last run that had it.
    `first_at` is when it was first seen, `last_at` when last, `opened_at` since when it has been
    open without having been fixed between, `changed_at` when it came to its state.
    """

    fingerprint: str
    rule: str
    title: str
    severity: str
    subject: str
    message: str
    kind: str
    status: str
    state: str
    reason: str
    first_at: str
    opened_at: str
    last_at: str
    changed_at: str
    reopened: int = 0


@dataclass(frozen=True, slots=True)
class Age:
    """How old the open broken findings of one severity are, in days since they opened.

    `buckets` counts those under 7, under 30, under 90 days, and older.
    """

    severity: str
    number: int
    median: int
    oldest: int
    buckets: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Ending:
    """A waiver that holds and ends soon: `days` are left, `findings` wait behind it."""

    rule: str
    owner: str
    reason: str
    expires: str
    days: int
    findings: int


@dataclass(frozen=True, slots=True)
class Past:
    """The history of an estate, as of one run.

    `entries` are the runs up to it, the oldest first, the run itself last. `lives` has the
    findings of the run by fingerprint, `new` and `reopened` those of them that are; `gone` those
    that changed from open, or from not told, to anything else.
    `recorded` is false when the same snapshot and rules had been recorded before.
    """

    estate: str
    entries: tuple[Entry, ...]
    lives: Mapping[str, Life] = field(default_factory=dict)
    new: tuple[Life, ...] = ()
    reopened: tuple[Life, ...] = ()
    gone: tuple[Life, ...] = ()
    untold: tuple[Life, ...] = ()
    """All that were open once and that nothing tells of now, not only since this run."""
    ages: tuple[Age, ...] = ()
    endings: tuple[Ending, ...] = ()
    recorded: bool = True

    @property
    def current(self) -> Entry:
        """The run that this is about."""
        return self.entries[-1]

    @property
    def previous(self) -> Entry | None:
        """The run before, None for the first."""
        return self.entries[-2] if len(self.entries) > 1 else None
