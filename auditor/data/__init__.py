"""Data files: JSON Schemas, and dated facts that rules read."""

from __future__ import annotations

from pkgutil import get_data


def text(name: str) -> str:
    """Give the text of a data file. Raises OSError when there is none of that name."""
    # `importlib.resources` does the same, and makes every command start later.
    found = get_data(__name__, name)
    if found is None:
        raise FileNotFoundError(name)
    return found.decode()
