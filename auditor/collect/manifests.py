"""A Kubernetes object as it goes into a snapshot: told whose it is, without secrets in the clear.

What `kubectl get -o json` leaves out (`managedFields`) is left out. A container's variables and
command lines are where passwords end up that nobody put into a Secret.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from auditor.snapshot.redact import REDACTED

_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""The whole manifest once more, as a text."""

_SENSITIVE = re.compile(r"pass|pwd|secret|token|key|credential|connection|auth", re.IGNORECASE)
_WORDS = frozenset({"args", "command"})


def manifest(raw: msgspec.Raw, cluster: str, version: str, kind: str) -> tuple[str, bytes] | None:
    """Give an object's name, `namespace/name`, and its text; None for what is no object.

    Elements of a list tell neither apiVersion nor kind; those of the list are put in front.
    """
    try:
        told = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return None
    metadata = told.get("metadata") if isinstance(told, dict) else None
    if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str):
        return None
    metadata.pop("managedFields", None)
    annotations = metadata.get("annotations")
    if isinstance(annotations, dict) and _APPLIED in annotations:
        annotations[_APPLIED] = REDACTED
    _quieten(told)
    named = "/".join(str(part) for part in (metadata.get("namespace"), metadata["name"]) if part)
    head = {"cluster": cluster, "apiVersion": version, "kind": kind}
    return named, msgspec.json.encode(head | told | head)


def _quieten(told: Any) -> None:
    """Take out what variables hold, and what options of command lines do whose names tell."""
    open_ = [told]
    while open_:
        value = open_.pop()
        if isinstance(value, dict):
            for key, inner in value.items():
                if key == "env" and isinstance(inner, list):
                    _variables(inner)
                elif key in _WORDS and isinstance(inner, list):
                    value[key] = _command(inner)
                else:
                    open_.append(inner)
        elif isinstance(value, list):
            open_ += value


def _variables(variables: list[Any]) -> None:
    for each in variables:
        if isinstance(each, dict) and each.get("value"):
            each["value"] = REDACTED


def _command(words: list[Any]) -> list[Any]:
    quiet = False
    found: list[Any] = []
    for word in words:
        told = word
        if isinstance(word, str):
            option, equals, _ = word.partition("=")
            sensitive = bool(_SENSITIVE.search(option))
            if quiet and not word.startswith("-"):
                told = REDACTED
            elif sensitive and equals:
                told = f"{option}={REDACTED}"
            elif sensitive and not word.startswith("-") and " " in word:
                told = REDACTED  # a script that speaks of a secret
            quiet = sensitive and word.startswith("-") and not equals
        found.append(told)
    return found
