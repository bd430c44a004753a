"""What `auditor report` does beside the audit: open a history, record, read what was before."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from auditor.commands.asking import plain
from auditor.errors import AuditorError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from auditor.assemble import Policy
    from auditor.finding import Report
    from auditor.history.address import Address
    from auditor.history.store import Store
    from auditor.history.taken import Taken
    from auditor.network.graph import Network
    from auditor.past import Past
    from auditor.rule import Rule
    from auditor.settings import HistorySettings, Settings
    from auditor.snapshot.document import Snapshot

HISTORY = click.Option(
    ["--history"],
    metavar="FILE|URL",
    help="Where audits are recorded (default: auditor-history.db); @FILE: its address is in FILE.",
)
ESTATE = click.Option(
    ["--estate"], metavar="NAME", help="Which of several estates of one history (default: default)."
)
KEEP = click.Option(
    ["--keep-days"],
    type=click.IntRange(min=1),
    metavar="DAYS",
    help="Forget which findings older runs had; their numbers stay.",
)
OPTIONS = (HISTORY, ESTATE, KEEP)


def library_needed() -> None:
    """Look for the library of histories, which an extra brings. Raises UsageError."""
    from auditor.history import address

    address.needed()


def address_of(option: str | None, configured: HistorySettings) -> Address:
    """Choose and parse the address of a history. Raises UsageError."""
    from auditor.history import address

    store = configured.store
    if store is not None and address.has_password(store):
        raise UsageError(
            "a password does not belong into a configuration",
            where="history.store",
            advice=f"give the URL in the environment, {address.VARIABLE}, or in a file: @FILE",
        )
    return address.parse(address.wanted(option, store, os.environ))


def open_book(options: Mapping[str, Any], settings: Settings) -> Book:
    """Open the history before the audit: damage is told at once, and no audit is made.

    What is whole and cannot be written is told after the report, which is worth having.
    """
    configured = settings.history
    address = address_of(options["history"], configured)  # first: it tells of a missing library
    from auditor.history import estates
    from auditor.history.store import Store

    name = estates.named(options["estate"] or configured.estate or estates.DEFAULT)
    keep = options["keep_days"] or configured.keep_days
    since = options["since"] or settings.since
    tags = options["tags"] or settings.service_tags
    files = tuple(file for file in (since, tags) if file)
    try:
        return Book(Store.for_writing(address), name, keep, files)
    except UsageError as fault:
        return Book(fault, name, keep, files)


class Book:
    """The history that an audit is recorded in."""

    def __init__(
        self,
        store: Store | AuditorError,
        estate: str,
        keep_days: int | None,
        files: Sequence[str] = (),
    ) -> None:
        """`store` may be why there is none; `files` are others that the answers depend on.

        `fault` says what kept the report from being recorded, if anything did.
        """
        self._store = store
        self._estate = estate
        self._keep_days = keep_days
        self._files = files
        self._context: dict[str, Any] = {}
        self.fault = store if isinstance(store, AuditorError) else None

    def watch(
        self,
        snapshot: Snapshot,
        network: Network,
        rules: Sequence[Rule[Any]],
        parameters: Mapping[str, Any],
        policy: Policy,
    ) -> None:
        """Take down what went into an audit."""
        from auditor.history import marks, moments
        from auditor.history.sight import Sighted

        others = [marks.file_mark(file) for file in self._files]
        asked = marks.rules_mark(rules, parameters, policy, network.intents, *others)
        at = moments.read(snapshot.taken_at)
        self._context = {
            "at": moments.written(at or network.as_of),
            "timed": at is not None,
            "mark": marks.run_mark(marks.snapshot_mark(snapshot), asked),
            "rules_mark": asked,
            "sight": Sighted(snapshot, network),
            "about_audit": frozenset(rule.id for rule in rules if rule.after),
        }

    def add(self, report: Report) -> Report:
        """Record the report and give it its history.

        A report that cannot be recorded is shown all the same; `fault` says what was wrong.
        """
        if isinstance(self._store, AuditorError):
            return report
        from msgspec.structs import replace

        from auditor.history.taken import Taken

        try:
            taken = Taken(report, **self._context)
            return replace(report, history=self._add(self._store, taken))
        except AuditorError as error:
            self.fault = error
            return report

    def _add(self, store: Store, taken: Taken) -> Past:
        from auditor.history import estates, reading
        from auditor.history.record import record

        recorded = record(store, self._estate, taken, self._keep_days)
        done = "recorded" if recorded.new else "recorded before, nothing added,"
        told = f"{done} as run {recorded.run} of {self._estate} in {store.address.shown}"
        sys.stderr.write(plain(f"auditor: {told}") + "\n")
        with store.reading() as connection:
            number, name = estates.found(connection, self._estate, store.address)
            return reading.past(
                connection,
                number,
                name,
                run=recorded.run,
                day=taken.report.audit.as_of,
                recorded=recorded.new,
            )
