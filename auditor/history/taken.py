"""One audit, ready to be recorded."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.finding import Report
from auditor.history.absence import Sight


@dataclass(frozen=True, slots=True)
class Taken:
    """A report with what a history needs beside it.

    `at` is when the snapshot was taken, as `moments.written` writes it. `mark` names the snapshot
    and the rules: what has the same is recorded once. `rules_mark` names the rules alone. `sight`
    looks into what was audited; `about_audit` are the rules that judge the configuration.
    `timed` tells whether the snapshot itself says when it was taken: exports do not, and the same
    export after another one is a return to an earlier state, not the earlier run.
    """

    report: Report
    at: str
    mark: str
    rules_mark: str
    sight: Sight
    about_audit: frozenset[str] = frozenset()
    timed: bool = True
