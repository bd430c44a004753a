"""OSCAL's kinds of text and names: what its schema lets through, with nothing in it that acts."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from typing import Any

from auditor.finding import Audit

from ._text import visible

VERSION = "1.2.1"
"""The version of OSCAL's models that is written."""
NAMESPACE = "urn:auditor:oscal"
"""Of the properties that are ours."""
_ROOT = uuid.uuid5(uuid.NAMESPACE_URL, NAMESPACE)
# What Markdown, or HTML inside it, would take for something else; OSCAL's {{ insert }} too.
_MARKUP = re.compile(r"[\\`*\[\]<>~^{}&|!#$]|(?<![^\W_])_|_(?![^\W_])")


def name_of(*parts: str) -> str:
    """Give the UUID of something: the same parts, the same UUID, in every run."""
    return str(uuid.uuid5(_ROOT, "\0".join(part.encode("utf-8", "backslashreplace").decode()
                                           for part in parts)))  # fmt: skip


def plain(text: str) -> str:
    """Write a string: one line, not empty, no blank at either end."""
    return visible(text).strip() or "-"


def markup(text: str) -> str:
    """Write a line of markup that is read as the text it is."""
    return _MARKUP.sub(lambda match: f"\\{match[0]}", plain(text))


def token(*parts: str) -> str:
    """Write an identifier: ASCII letters, digits, `.` and `-`, a letter first, no two alike.

    What has no place in it becomes its code (`_20` for a blank), so that different names stay so.
    """
    text = "/".join(parts).lower().encode("utf-8", "backslashreplace").decode()
    spelled = "".join(_spelled(char) for char in text)
    return spelled if spelled[:1].isalpha() else f"c_{spelled}"


def _spelled(char: str) -> str:
    if char.isascii() and (char.isalnum() or char in ".-"):
        return char
    return {" ": "-", "/": "_"}.get(char, f"_{ord(char):x}_")


def prop(name: str, value: str) -> dict[str, Any]:
    """Give a property of our own."""
    return {"name": name, "ns": NAMESPACE, "value": plain(value)}


def moment(audit: Audit) -> str:
    """Say when what was audited was so: when the snapshot was taken, else the day it was judged."""
    day = datetime(audit.as_of.year, audit.as_of.month, audit.as_of.day, tzinfo=UTC)
    try:
        taken = datetime.fromisoformat(audit.taken_at) if audit.taken_at else day
        taken = taken if taken.tzinfo else taken.replace(tzinfo=UTC)
        return taken.astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        return day.isoformat()
