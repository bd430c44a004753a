"""Where a check writes to, and what it must not write over."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from auditor.errors import UsageError

if TYPE_CHECKING:
    from auditor.settings import Settings
    from auditor.snapshot.document import Snapshot

_STANDARD = (None, "", "-")
"""How standard output is written, as `-` among the inputs is standard input."""


def targets_of(wanted: Sequence[str]) -> list[tuple[Callable[..., None], str]]:
    """Give each report's renderer and its file; empty: standard output. Raises UsageError."""
    from auditor import registry

    targets = []
    for each in wanted:
        name, given, file = each.partition("=")
        render = registry.renderer(name)
        if given and not file:
            raise UsageError(f"{name}= names no file", where="--report", advice="write FORMAT=FILE")
        file = "" if file == "-" else file
        if not file and getattr(render, "is_binary", False):
            raise UsageError(
                f"{name} is no text for a terminal", where="--report", advice=f"write {name}=FILE"
            )
        targets.append((render, file))
    files = [os.path.realpath(file) if file else "" for _, file in targets]
    for file in files:
        if files.count(file) > 1:
            place = file or "standard output"
            raise UsageError(
                f"two reports go to {place}", where="--report", advice="write FORMAT=FILE"
            )
    return targets


def require_names(options: dict[str, Any]) -> None:
    """Refuse an empty name of a file, which a variable that is not set leaves."""
    for name in ("config", "baseline", "write_baseline", "since", "tags"):
        if options[name] == "":
            option = "service-tags" if name == "tags" else name.replace("_", "-")
            raise UsageError("names no file", where=f"--{option}")


def spare_what_is_told(options: dict[str, Any], settings: Settings) -> None:
    """Refuse to write over what an audit is told besides its inputs, or twice to one file."""
    told = (
        settings.file,
        options["baseline"],
        options["since"] or settings.since,
        options["tags"] or settings.service_tags,
    )
    places = {os.path.realpath(file) for file in told if file}
    for file in _written(options):
        if os.path.realpath(file) in places:
            raise _lost(file, "read")
    kept = options["write_baseline"]
    reports = {os.path.realpath(file) for file in _reports(options)}
    if kept not in _STANDARD and os.path.realpath(kept) in reports:
        raise UsageError(f"a report and the baseline go to {kept}", advice="write one elsewhere")


def spare_what_was_read(snapshot: Snapshot, options: dict[str, Any]) -> None:
    """Refuse to write over an export; over a report of last time, lying beside it, is well."""
    from auditor.snapshot.document import PARAMETERS

    for file in _written(options):
        place = os.path.realpath(file)
        for number, source in enumerate(snapshot.sources):
            if os.path.realpath(source.name) == place and (
                source.shape == PARAMETERS
                or any(record.source == number for record in snapshot.records)
            ):
                raise _lost(file, "audited")


def _written(options: dict[str, Any]) -> Iterator[str]:
    yield from _reports(options)
    if options["write_baseline"] not in _STANDARD:
        yield options["write_baseline"]


def _reports(options: dict[str, Any]) -> Iterator[str]:
    files = (each.partition("=")[2] for each in options["reports"])
    return (file for file in files if file not in _STANDARD)


def _lost(file: str, how: str) -> UsageError:
    return UsageError(f"{file} is {how} here: it would be lost", advice="write elsewhere")
