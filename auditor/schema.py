"""The contract of the JSON report, as a JSON Schema (draft 2020-12)."""

from __future__ import annotations

from importlib.resources import files

REPORT = "auditor.report/1"
"""The version of the JSON report's shape; a change that breaks a reader makes it `/2`."""


def report_schema() -> str:
    """Give the JSON Schema of `auditor.report/1` as text."""
    return files("auditor.data").joinpath("report.schema.json").read_text(encoding="utf-8")
