"""Delivery on the command line: whom to tell, and what becomes of it when they cannot be told."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from auditor.delivery.message import Message
    from auditor.delivery.send import Ready
    from auditor.delivery.targets import Mail
    from auditor.errors import AuditorError
    from auditor.finding import Report
    from auditor.settings import Settings

UNDELIVERED = 5
"""The exit status when all is well but for the delivery."""

NOTIFY = click.option(
    "--notify",
    metavar="NAME|URL",
    multiple=True,
    help="Tell [notify.NAME] of auditor.toml, or a webhook; repeats.",
)


class Delivery:
    """Whom to tell, ready to be told; `attachments` are renderers by the name of their format."""

    def __init__(
        self,
        targets: tuple[Ready, ...] = (),
        attachments: Mapping[str, Callable[..., None]] | None = None,
    ) -> None:
        self.targets = targets
        self.attachments = attachments or {}

    @contextmanager
    def of_failure(self) -> Iterator[None]:
        """Tell of an audit that comes to no end, for whatever reason; the reason goes on."""
        try:
            yield
        except Exception as error:
            if self.targets:
                from auditor.delivery.message import of_error

                self._deliver(of_error(error))
            raise

    def of_report(self, report: Report, unrecorded: AuditorError | None = None) -> int:
        """Tell of a report, and give the exit status: that of the audit before our own.

        `unrecorded` is why a history does not hold the report; the caller's to raise.
        """
        delivered = True
        if self.targets:
            from auditor.delivery.message import of_report

            delivered = self._deliver(of_report(report, unrecorded), report)
        return 1 if report.failed else 0 if delivered else UNDELIVERED

    def _deliver(self, message: Message, report: Report | None = None) -> bool:
        from auditor.delivery.send import deliver
        from auditor.rendering import rendered

        def attached(mail: Mail) -> dict[str, bytes]:
            if report is None:
                return {}
            return {name: rendered(self.attachments[name], report) for name in mail.attach}

        failures = deliver(self.targets, message, attached)
        for failure in failures:
            sys.stderr.write(_line(f"auditor: {failure.label} was not told: {failure.why}"))
        if failures and report is not None:
            sys.stderr.write("  help: the reports are written, and the verdict stands\n")
        return not failures


def _line(text: str) -> str:
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text) + "\n"


def prepared(wanted: Sequence[str], settings: Settings) -> Delivery:
    """Read whom to tell, their secrets, and the reports to attach. Raises UsageError."""
    if not wanted:
        return Delivery()
    from auditor import registry
    from auditor.delivery.send import ready
    from auditor.delivery.targets import chosen

    targets = tuple(ready(each) for each in chosen(tuple(wanted), settings.targets))
    names: dict[str, Any] = {}
    for each in targets:
        for name in getattr(each.target, "attach", ()):
            names.setdefault(name, registry.renderer(name))
    return Delivery(targets, names)
