"""What can go wrong: each error says what, where, and what to do."""

from __future__ import annotations


class AuditorError(Exception):
    """Anything a person can mend.

    `what` is one sentence, `where` a file (with line, offset or JSON pointer) or an option,
    `advice` the next thing to do. `exit_status` is the command's (DESIGN 4).
    """

    exit_status = 3
    headline = "no audit was performed"
    """What is said first when the exit status is 3."""

    def __init__(self, what: str, *, where: str = "", advice: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" if self.where else self.what


class UsageError(AuditorError):
    """The command line or the configuration cannot be followed. Exit status 2."""

    exit_status = 2


class InputError(AuditorError):
    """No audit was performed, because the input is absent, damaged or empty. Exit status 3."""

    exit_status = 3


class NothingRead(AuditorError):
    """No snapshot was taken, because nobody could be signed in or nothing may be read. Status 3."""

    headline = "no snapshot was taken"


class Undetermined(Exception):
    """The snapshot does not tell.

    Raised by reading a value that the input names but does not give: an ARM template expression,
    a value known only after deployment, a damaged field, settings left out of an inventory.
    The engine turns it into the answer *unknown* for the subject at hand.
    `missing` says, for a person, what would have to be known, `remedy` what to do for it where that
    does not follow from what is missing.
    """

    def __init__(
        self, missing: str, *, resource: str = "", pointer: str = "", remedy: str = ""
    ) -> None:
        super().__init__(missing)
        self.missing = missing
        self.resource = resource
        self.pointer = pointer
        self.remedy = remedy


def quoted(text: str, limit: int = 60) -> str:
    """Give foreign text fit for a sentence: quoted, one line, printable, `limit` characters."""
    shown = text if len(text) <= limit else text[: limit - 1] + "…"
    safe = (c if c.isprintable() else ascii(c)[1:-1] for c in shown)
    return '"' + "".join(safe) + '"'
