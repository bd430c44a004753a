"""How a deployment is written down: a template, and the parameter file that gives it values."""

from __future__ import annotations

import re

from auditor.snapshot.formats.document import FOREIGN, Document, NotAnExport

_TEMPLATE = re.compile(r"/(\w*?)deploymenttemplate\.json", re.IGNORECASE)
_VALUES = "deploymentparameters.json"


class ParameterFile(NotAnExport):
    """A parameter file, which is no export of its own: it tells how a template deploys.

    Who takes one by itself reads a refusal.
    """

    def __init__(self, document: Document, why: str = "it stands among other documents") -> None:
        super().__init__(
            f"a parameter file of which no value is used, as {why}: "
            "templates are judged by their defaults",
            advice="give one template and its parameter file, or `bicep snapshot` of both",
            kind=FOREIGN,
        )
        self.document = document
        self.entries = document.parameters
        """What the file says of each parameter, as spelled."""


def is_parameter_file(document: Document) -> bool:
    """Tell a parameter file by its `$schema`."""
    return _VALUES in _schema(document).lower()


def level(document: Document) -> str | None:
    """Give what a template deploys to: "" is a resource group; None when it is no template."""
    envelope = document.envelope
    if envelope is None or not isinstance(envelope.resources, (list, dict)):
        return None
    schema = _schema(document)
    found = _TEMPLATE.search(schema)
    if found is not None:
        return found[1]
    return "" if isinstance(envelope.content_version, str) and not schema else None


def _schema(document: Document) -> str:
    envelope = document.envelope
    schema = envelope.json_schema if envelope is not None else None
    return schema if isinstance(schema, str) else ""
