"""Which inputs a list of paths means, in an order that does not depend on the list's."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from auditor.errors import InputError
from auditor.snapshot.faults import shown

SUFFIXES = tuple(
    suffix + packed
    for suffix in (".json", ".jsonl", ".ndjson")
    for packed in ("", ".gz", ".zst", ".gzip", ".zstd")
)
"""What is read of a directory; a file named on the command line is read whatever its name."""

_NO_EXPORTS = (".md", ".toml")
"""What nobody takes for an export: a folder may hold words about itself, and settings."""

STDIN = "-"


class Input(msgspec.Struct, frozen=True, order=True):
    """One file to read. `named` tells a path that was given from one found in a directory."""

    name: str
    named: bool = True
    problem: str = ""
    """Why it cannot be read, when that is known already."""


class Discovery(msgspec.Struct, frozen=True):
    """What a list of paths means: inputs, each once and sorted by name.

    `passed_over` are the files of directories that are not read for their names, sorted; but for
    words and settings, which nobody takes for exports.
    """

    inputs: tuple[Input, ...]
    passed_over: tuple[str, ...] = ()


def discover(paths: Sequence[str]) -> Discovery:
    """Give every input once.

    A directory is read to the bottom; hidden entries, files with other suffixes and what is no
    regular file are passed over; a directory reached twice through symbolic links is read once.

    Raises InputError when a path does not exist or nothing is found at all.
    """
    found: dict[str, Input] = {}
    others: set[str] = set()
    for path in paths:
        for item in _below(path, others):
            known = found.get(item.name)
            found[item.name] = item if known is None or item.named else known
    if not found:
        raise InputError(
            "no export found" + (" in " + ", ".join(map(shown, paths)) if paths else ""),
            advice="give JSON files, or a directory that holds " + ", ".join(SUFFIXES[::5]),
        )
    return Discovery(tuple(sorted(found.values())), _unread(others, found))


def _unread(others: Iterable[str], found: Iterable[str]) -> tuple[str, ...]:
    """Those of other files that nobody named besides, however spelled."""
    read = {os.path.abspath(name) for name in found} if others else set()
    return tuple(sorted(name for name in others if os.path.abspath(name) not in read))


def short_names(items: Iterable[Input]) -> dict[str, str]:
    """Give each input's name without its folders; as many as tell it from others of that name."""
    left = {item.name: os.path.abspath(item.name).replace(os.sep, "/") for item in items}
    found: dict[str, str] = {}
    number = 0
    while left:
        number += 1
        often = Counter(_end(path, number) for path in set(left.values()))
        for name, path in left.items():
            end = _end(path, number)
            if often[end] == 1 or end == path:
                found[name] = end
        left = {name: path for name, path in left.items() if name not in found}
    return found


def _end(path: str, number: int) -> str:
    return "/".join(path.rsplit("/", number)[-number:])


def _below(path: str, others: set[str]) -> Iterable[Input]:
    if path == STDIN:
        return [Input(STDIN)]
    try:
        kind = os.stat(path).st_mode
    except (OSError, ValueError) as error:
        return [Input(path, problem=_reason(error))]
    return _walk(path, set(), others) if stat.S_ISDIR(kind) else [Input(path)]


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else str(error)) or type(error).__name__


def _walk(folder: str, seen: set[tuple[int, int]], others: set[str]) -> Iterator[Input]:
    """Give the inputs below a folder not seen before, and add to the files with other names."""
    try:
        here = os.stat(folder)
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield Input(folder, named=False, problem=_reason(error))
        return
    if (here.st_dev, here.st_ino) in seen:
        return
    seen.add((here.st_dev, here.st_ino))
    for entry in entries:
        if not entry.name.startswith("."):
            yield from _entry(entry, seen, others)


def _entry(
    entry: os.DirEntry[str], seen: set[tuple[int, int]], others: set[str]
) -> Iterator[Input]:
    path = entry.path.replace(os.sep, "/")
    wanted = entry.name.lower().endswith(SUFFIXES)
    try:
        kind = entry.stat().st_mode
    except OSError as error:
        if wanted:
            yield Input(path, named=False, problem=_reason(error))
        return
    if stat.S_ISDIR(kind):
        yield from _walk(entry.path, seen, others)
    elif not stat.S_ISREG(kind):
        return
    elif wanted:
        yield Input(path, named=False)
    elif not entry.name.lower().endswith(_NO_EXPORTS):
        others.add(path)
