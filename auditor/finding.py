"""What an audit says: plain values, no behaviour, no output."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, TypeAlias

import msgspec

if TYPE_CHECKING:
    from auditor.past import Past
    from auditor.topology import Picture

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"


class Severity(enum.IntEnum):
    """How bad a broken rule is; larger is worse."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def word(self) -> str:
        """The name people and reports use: `critical`, `high`, `medium`, `low`, `info`."""
        return self.name.lower()


class Status(enum.StrEnum):
    """What became of a finding."""

    BROKEN = "broken"
    UNKNOWN = "unknown"
    WAIVED = "waived"
    BASELINE = "baseline"


class Evidence(msgspec.Struct, frozen=True):
    """One value that was read: `pointer` is the RFC 6901 pointer inside the ARM resource."""

    resource: str
    pointer: str
    value: Json


class Location(msgspec.Struct, frozen=True):
    """Where in the input: `line` counts from 1, None when the input has no lines of its own."""

    file: str
    line: int | None
    pointer: str


class Hop(msgspec.Struct, frozen=True):
    """One step of a path: who decided, by which rule, and a stable reason code."""

    resource: str
    rule: str
    reason: str


Cover: TypeAlias = tuple[str, str] | tuple[str, str, str]
"""A rule's id and a subject, and a key where not all its findings about that are meant."""


class Finding(msgspec.Struct, frozen=True):
    """What a rule yields when a subject breaks it.

    `subject` and `related` are ARM ids as spelled in the input. `message` is one sentence that
    names what is wrong; `remedy` says what to do, an az command where there is one.
    `severity` replaces the rule's own when the case is worse or milder (a certificate with three
    days left). `key` tells two findings of one rule about one subject apart, in words that
    survive reordering: a rule name, a host, a prefix; never an index.

    `covers` keeps one fault from being told twice: a more general rule's id and the subject it
    would name, and the key where another finding about that subject is another fault. When both
    rules find it, this finding speaks and names the general rule. What is in `settles` as
    well it speaks for, too, where the general rule cannot tell.
    """

    subject: str
    message: str
    remedy: str
    related: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    severity: Severity | None = None
    key: str = ""
    covers: tuple[Cover, ...] = ()
    settles: tuple[Cover, ...] = ()
    location: Location | None = None
    """Only when the place is not in a resource (a waiver in a configuration file)."""
    witness: Mapping[str, Json] | None = None
    hops: tuple[Hop, ...] = ()


class Unknown(msgspec.Struct, frozen=True):
    """What a rule yields when the snapshot lacks what it needs to judge a subject.

    `missing` says what is needed, for a person: "the subnet's route table /subscriptions/...".
    `covers` names more general rules and their subjects, as findings do: what these cannot tell
    for the same reason falls silent, and this speaks for it. `told_by` is the id of the resource
    whose export would tell it, where that is not the subject.
    """

    subject: str
    missing: str
    remedy: str = ""
    related: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    key: str = ""
    covers: tuple[Cover, ...] = ()
    location: Location | None = None
    told_by: str = ""


class Waiver(msgspec.Struct, frozen=True):
    """Why a finding is accepted for now (auditor.toml, `[[waiver]]`)."""

    reason: str
    owner: str
    expires: date


class WaiverState(msgspec.Struct, frozen=True):
    """A waiver of the configuration and what became of it in this audit.

    `lacking` names required fields it does not have; `used` counts the findings it speaks of,
    whether or not it still holds. `spoken_for` are the rules that tell what it would waive in place
    of its own.
    """

    rule: str
    resource: str
    reason: str
    owner: str
    expires: date | None
    lacking: tuple[str, ...]
    used: int
    location: Location
    spoken_for: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """What it is about: an ARM id or a glob."""
        return self.resource


class IntentState(msgspec.Struct, frozen=True):
    """An intent of the configuration and what became of it in this audit.

    `expect` is as written; `outcome` is `kept`, `broken` or `unknown`; `message` is one sentence.
    A broken one has the packet that breaks it, and what happens to that on its way.
    """

    name: str
    expect: str
    outcome: str
    message: str
    location: Location | None = None
    witness: Mapping[str, Json] | None = None
    hops: tuple[Hop, ...] = ()


class Judged(msgspec.Struct, frozen=True):
    """A finding as reports show it: everything decided, nothing left to look up."""

    rule: str
    name: str
    title: str
    family: str
    severity: Severity
    status: Status
    subject: str
    message: str
    remedy: str
    fingerprint: str
    related: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    """Ids of more general rules that the same fault breaks and that leave it to this one."""
    evidence: tuple[Evidence, ...] = ()
    location: Location | None = None
    witness: Mapping[str, Json] | None = None
    hops: tuple[Hop, ...] = ()
    waiver: Waiver | None = None
    untold: bool = False
    """True for what cannot be told, whatever its status: a waiver may cover that as well."""


class RuleSummary(msgspec.Struct, frozen=True):
    """How one rule fared: numbers of subjects, by answer.

    All zero means that the snapshot holds nothing the rule judges, or that more special rules tell
    all it would have told (`Judged.also`).
    """

    rule: str
    name: str
    title: str
    family: str
    severity: Severity
    kept: int = 0
    broken: int = 0
    unknown: int = 0
    waived: int = 0
    baseline: int = 0


class TypeCount(msgspec.Struct, frozen=True):
    """How many resources of one ARM type were read; `understood` is false when only counted."""

    type: str
    count: int
    understood: bool


class SourceSummary(msgspec.Struct, frozen=True):
    """One input: its name as given, the shape recognised, how many records it gave."""

    name: str
    shape: str
    records: int


class Unread(msgspec.Struct, frozen=True):
    """What of the input could not be read: a list, a subscription, a file; and why.

    Whole resources may be behind it, of which no rule says a word: they were never subjects.
    """

    subject: str
    reason: str


class Audit(msgspec.Struct, frozen=True):
    """What was audited, with what, as of when, and what should have been and was not read."""

    version: str
    as_of: date
    sources: tuple[SourceSummary, ...] = ()
    scope: tuple[str, ...] = ()
    taken_at: str | None = None
    resources: tuple[TypeCount, ...] = ()
    unread: tuple[Unread, ...] = ()


class ControlOutcome(enum.StrEnum):
    """What an audit says of a compliance control.

    Satisfied only when every rule of it was asked, found something to judge, told all of it and
    found nothing broken, accepted or not, and when the rules look at all that the control asks.
    """

    NOT_SATISFIED = "not satisfied"
    NOT_TOLD = "not told"
    SATISFIED = "satisfied"
    NOTHING = "nothing to judge"
    NOT_COVERED = "not covered"


class ControlResult(msgspec.Struct, frozen=True):
    """How one control fared. `reason` is one sentence.

    `broken`, `unknown` and `accepted` (by a waiver or the baseline) count findings, which
    `fingerprints` names in the report's order; `intents` are those of the configuration.
    """

    id: str
    title: str
    outcome: ControlOutcome
    reason: str
    rules: tuple[str, ...] = ()
    intents: tuple[str, ...] = ()
    broken: int = 0
    unknown: int = 0
    accepted: int = 0
    fingerprints: tuple[str, ...] = ()


class FrameworkResult(msgspec.Struct, frozen=True):
    """How the controls of one framework fared, in its own order; `note` says what it leaves out."""

    name: str
    title: str
    controls: tuple[ControlResult, ...]
    note: str = ""


class Report(msgspec.Struct, frozen=True):
    """The whole outcome. `findings` is sorted; a renderer adds and reorders nothing.

    `findings` order: broken before unknown before waived before baseline, then by severity from
    critical down, then rule, subject and fingerprint.
    `fixed` counts findings of the baseline that are gone.
    `failed` is true when a finding at or above the threshold makes the exit status 1.
    """

    audit: Audit
    rules: tuple[RuleSummary, ...]
    findings: tuple[Judged, ...]
    threshold: Severity = Severity.HIGH
    strict: bool = False
    failed: bool = False
    fixed: int = 0
    intents: tuple[IntentState, ...] = ()
    """The intents of the configuration, in its order."""
    pages: Mapping[str, str] = msgspec.field(default_factory=dict)
    """The documentation page of each rule that has a finding, by rule id (Markdown)."""
    controls: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """The compliance controls of each rule that was asked and has some, by rule id."""
    compliance: tuple[FrameworkResult, ...] = ()
    """What became of the controls of each framework that was asked for."""
    picture: Picture | None = None
    """The network as a picture, where a renderer asked for it (`needs_picture`)."""
    silenced: frozenset[tuple[str, str]] = frozenset()
    """Rule and subject of what is broken and told by a more special rule's finding instead."""
    history: Past | None = None
    """What audits said before, when there is a history (`auditor report`)."""
