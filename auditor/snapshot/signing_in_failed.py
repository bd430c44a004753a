"""Why nobody could be signed in, in a line that a person can act on.

A chain of credentials tells of each of them over many lines; most only say that they are not there.
"""

from __future__ import annotations

import re

from auditor.snapshot.signing_in import ADVICE
from auditor.snapshot.transport import NoCredential

_ATTEMPT = re.compile(r"^\t(\w+): (.+)$", re.MULTILINE)
"""What a chain of credentials says of one of them."""

_ABSENT = re.compile(
    r"unavailable|not found|not be found|not installed|requires the", re.IGNORECASE
)
_POINTER = re.compile(r"\s*(?:See the|(?:Please )?visit|To mitigate)\b.*", re.IGNORECASE)
_UNREACHED = re.compile(r"HTTPS?Connection|Max retries|SSL|timed out|Connection aborted")
_REACH = (
    "see that this address answers from here; behind a proxy set HTTPS_PROXY, and "
    "REQUESTS_CA_BUNDLE to the file of its certificate"
)


def unknown_caller(error: Exception, kind: str) -> NoCredential:
    """Give the error for a credential of a kind that did not give a token, with what to do."""
    why = reason_of(error)
    advice = _REACH if _UNREACHED.search(why) else ADVICE[kind]
    return NoCredential(f"no credential for Azure: {why}", advice=advice)


def reason_of(error: Exception) -> str:
    """Say why, in one line: of a chain of credentials what those said that were there."""
    said = str(error)
    attempts = _ATTEMPT.findall(said)
    told = [f"{who}: {_line(why)}" for who, why in attempts if not _ABSENT.search(why)]
    if attempts and not told:
        return "there is none in the environment, of a workload, of this machine, or of az"
    return "; ".join(told) or _line(said) or type(error).__name__


def _line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    first = _POINTER.sub("", lines[0]) if lines else ""
    return first[:300].rstrip(".: ")
