"""The contracts of the JSON that is written, as JSON Schemas (draft 2020-12)."""

from __future__ import annotations

from auditor import data

REPORT = "auditor.report/1"
"""The version of the JSON report's shape; a change that breaks a reader makes it `/2`."""

DOCUMENTS = ("report", "reach", "matrix", "diff", "history", "notification")
"""Whose schema can be had: the report of `check`, the answers of commands, what webhooks get."""


def schema_of(document: str) -> str:
    """Give the JSON Schema of one of `DOCUMENTS` as text."""
    return data.text(f"{document}.schema.json")


def report_schema() -> str:
    """Give the JSON Schema of `auditor.report/1` as text."""
    return schema_of("report")
