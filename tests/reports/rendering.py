"""Reports as text, found as the command finds them."""

from __future__ import annotations

import io
from importlib.metadata import entry_points
from typing import Any

from auditor.finding import Report


def renderer(name: str) -> Any:
    (point,) = entry_points(group="auditor.reports", name=name)
    return point.load()


def written(name: str, report: Report) -> bytes:
    """What the file of a report holds that is no text."""
    out = io.BytesIO()
    renderer(name)(report, out)
    return out.getvalue()


def rendered(name: str, report: Report) -> str:
    out = io.StringIO()
    renderer(name)(report, out)
    return out.getvalue()
