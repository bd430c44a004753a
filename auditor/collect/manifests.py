"""A Kubernetes object as it goes into a snapshot: told whose it is, without secrets in the clear.

What `kubectl get -o json` leaves out (`managedFields`) is left out. A container's variables and
command lines are where passwords end up that nobody put into a Secret.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from auditor.snapshot.redact import REDACTED

_APPLIED = re.compile(r"/(?:last-)?applied\b|/original\b", re.IGNORECASE)
"""Annotations in which tools keep the whole manifest once more, as a text."""

_OPTION = re.compile(r"--[A-Za-z][\w.-]*(?:=|$)")
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
    _quieten(told)
    named = "/".join(str(part) for part in (metadata.get("namespace"), metadata["name"]) if part)
    head = {"cluster": cluster, "apiVersion": version, "kind": kind}
    return named, msgspec.json.encode(head | told | head)


def _quieten(told: Any) -> None:
    """Take out what variables and command lines hold, and copies of the manifest.

    No rule reads them, and they are where passwords are.
    """
    open_ = [told]
    while open_:
        value = open_.pop()
        if isinstance(value, dict):
            for key, inner in value.items():
                if key == "env" and isinstance(inner, list):
                    _variables(inner)
                elif key in _WORDS and isinstance(inner, list):
                    value[key] = _command(inner)
                elif key == "annotations" and isinstance(inner, dict):
                    value[key] = _annotations(inner)
                else:
                    open_.append(inner)
        elif isinstance(value, list):
            open_ += value


def _annotations(told: dict[str, Any]) -> dict[str, Any]:
    return {name: REDACTED if _APPLIED.search(name) else text for name, text in told.items()}


def _variables(variables: list[Any]) -> None:
    for each in variables:
        if isinstance(each, dict) and each.get("value"):
            each["value"] = REDACTED


def _command(words: list[Any]) -> list[Any]:
    """Leave the names of long options; what they are given, and all other words, may be secret."""
    found: list[Any] = []
    for word in words:
        option = _OPTION.match(word) if isinstance(word, str) else None
        if option is None:
            found.append(REDACTED)
        else:
            found.append(option[0] + REDACTED if option[0].endswith("=") else option[0])
    return found
