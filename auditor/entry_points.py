"""What installed packages offer by name, read as `importlib.metadata` reads it, and sooner.

That module brings fifty others with it, for mail, archives and random numbers, which take longer
to import than all rules. It is asked where packages may stand elsewhere than in folders.
"""

from __future__ import annotations

import importlib.machinery
import os
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from operator import attrgetter
from typing import Any

import msgspec

_KINDS = (".dist-info", ".egg-info")
_MARKS = re.compile(r"[-_.]+")


class EntryPoint(msgspec.Struct, frozen=True):
    """A name that a package gives to one of its modules, or to something in it (`value`)."""

    name: str
    value: str

    def load(self) -> Any:
        """Import what the name stands for."""
        module, _, attribute = self.value.partition("[")[0].partition(":")
        found = import_module(module.strip())
        return attrgetter(attribute.strip())(found) if attribute.strip() else found


def entry_points(group: str) -> list[EntryPoint]:
    """Give the entry points of a group; of two copies of a package, those of the first."""
    if not _in_folders_only():
        from importlib import metadata

        return [EntryPoint(point.name, point.value) for point in metadata.entry_points(group=group)]
    return list(_told(tuple(sys.path)).get(group, ()))


def _in_folders_only() -> bool:
    """Tell whether packages stand in folders, where Python itself would look for them."""
    finders = [finder for finder in sys.meta_path if hasattr(finder, "find_distributions")]
    return finders == [importlib.machinery.PathFinder] and not any(map(_is_packed, sys.path))


def _is_packed(path: str) -> bool:
    return path.lower().endswith(".egg") or os.path.isfile(path)


@cache
def _told(folders: tuple[str, ...]) -> dict[str, list[EntryPoint]]:
    """Give the entry points of all packages by group."""
    found: dict[str, list[EntryPoint]] = {}
    for text in _texts(folders):
        for group, name, value in _entries(text):
            found.setdefault(group, []).append(EntryPoint(name, value))
    return found


def _texts(folders: Iterable[str]) -> Iterator[str]:
    """Give the text of each package that tells entry points."""
    seen: set[str] = set()
    for folder in folders:
        for name in _listed(folder or "."):
            stem, kind = os.path.splitext(name)
            package = _MARKS.sub("-", stem.partition("-")[0]).lower()
            if kind.lower() not in _KINDS or package in seen:
                continue
            seen.add(package)
            try:
                with open(os.path.join(folder, name, "entry_points.txt"), encoding="utf-8") as file:
                    yield file.read()
            except OSError:  # nothing to tell
                continue


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _entries(text: str) -> Iterator[tuple[str, str, str]]:
    """Give the group, the name and the value of each line."""
    group = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            group = line.strip("[]")
        elif line and not line.startswith("#"):
            name, _, value = line.partition("=")
            yield group, name.strip(), value.strip()
