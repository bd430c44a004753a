"""Libraries that only some commands need: how to get them."""

from __future__ import annotations

from auditor.errors import UsageError


def lacking(what: str, module: str, extra: str, where: str = "") -> UsageError:
    """Give the error that says which library is not installed, and the line that installs it.

    From a clone: `auditor` on PyPI is another project's name.
    """
    return UsageError(
        f"{what} needs {module}, which is not installed",
        where=where,
        advice=f"in your clone of auditor: uv tool install --force '.[{extra}]' "
        f"(or pip install '.[{extra}]')",
    )
