"""What a report asks of whoever runs it, said beside the report itself."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, TypeVar

from auditor.finding import Report

R = TypeVar("R", bound=Callable[..., None])


def needs(
    *,
    compliance: bool = False,
    binary: bool = False,
    extra: str = "",
    modules: tuple[str, ...] = (),
) -> Callable[[R], R]:
    """Mark a renderer.

    `compliance`: it tells of controls, of the newest frameworks when none are named.
    `binary`: it writes bytes, to a file. `extra`: the optional part of auditor that brings the
    `modules` it imports; without them it is refused before an audit begins.
    """

    def mark(render: R) -> R:
        vars(render).update(
            needs_compliance=compliance, is_binary=binary, extra=extra, modules=modules
        )
        return render

    return mark


def rendered(render: Callable[[Report, Any], None], report: Report) -> bytes:
    """Give what a renderer writes to a file."""
    if getattr(render, "is_binary", False):
        content = io.BytesIO()
        render(report, content)
        return content.getvalue()
    text = io.StringIO(newline="")
    render(report, text)
    return text.getvalue().encode("utf-8", "backslashreplace")
