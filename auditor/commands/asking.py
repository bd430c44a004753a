"""What the commands that ask one question share: reading the input, and saying the answer."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from auditor.errors import UsageError
from auditor.streams import say, stdin_for

if TYPE_CHECKING:
    from auditor.network.graph import Network
    from auditor.network.reasons import Reason
    from auditor.network.service_tags import ServiceTags
    from auditor.settings import Settings
    from auditor.snapshot.document import Snapshot

F = TypeVar("F", bound=Callable[..., Any])

REPORT = click.option(
    "--report", type=click.Choice(["text", "json"]), default="text", help="How to tell it."
)
PATHS = click.argument("paths", nargs=-1, required=True, metavar="PATH...")
KEEP_GOING = click.option(
    "--keep-going", is_flag=True, help="Answer from what can be read when some cannot."
)
SERVICE_TAGS = click.option(
    "--service-tags", "tags", metavar="FILE", help="What tags stand for: Microsoft's weekly file."
)
NIC = click.option(
    "--nic", required=True, metavar="NIC", help="A network interface, by id or unique name."
)

FOLDERS = click.option(
    "--rules", "folders", metavar="DIR", multiple=True, help="Also the rules in this folder."
)


def settings_of(path: str | None) -> Settings:
    """Read the configuration: the one named, else one found upwards from here."""
    from auditor import settings

    if path is not None:
        return settings.read(Path(path))
    try:
        here = Path.cwd()
    except OSError as error:
        raise UsageError(
            f"the working directory cannot be read: {error.strerror}", advice="go to another"
        ) from error
    found = settings.find(here)
    return settings.read(found) if found else settings.Settings()


def read_network(paths: Sequence[str], keep_going: bool) -> Network:
    """Read and join the input. Raises InputError when there is no answer to be had from it."""
    from auditor.network.build import build
    from auditor.progress import stages
    from auditor.snapshot.load import load

    with stages() as stage:
        stage("reading")
        snapshot = load(paths, keep_going=keep_going, stdin=stdin_for(paths))
        stage("joining")
        network = build(snapshot, keep_going=keep_going).network
    tell_passed_over(snapshot)
    _keep_for_good()
    return network


_NAMED = 5
"""How many files that were passed over are named."""


def tell_passed_over(snapshot: Snapshot) -> None:
    """Say on standard error which files of folders were not read, for their names."""
    from auditor.snapshot.discover import SUFFIXES

    others = snapshot.passed_over
    if not others:
        return
    number = f"{len(others)} file{'s' if len(others) > 1 else ''}"
    names = ", ".join(map(plain, others[:_NAMED]))
    more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
    sys.stderr.write(f"auditor: {number} passed over: {names}{more}\n")
    sys.stderr.write(
        f"  help: of a folder, only {', '.join(SUFFIXES[::5])} are read; name a file to read it\n"
    )


def _keep_for_good() -> None:
    """Spare the collector what was read; what answers leave behind is little, and may wait."""
    import gc

    gc.freeze()
    gc.set_threshold(200_000, 20, 50)


def read_tags(file: str | None) -> ServiceTags:
    """Read a tag file, when there is one. Raises InputError."""
    from auditor.network.service_tags import NO_TAGS, read_service_tags

    return read_service_tags(file) if file else NO_TAGS


def say_json(answer: Any) -> None:
    """Write JSON, indented, in ASCII: no name can do anything to a terminal or a pipeline."""
    import json

    say(inert_json(json.dumps(answer, indent=2)))


def inert_json(text: str) -> str:
    """Give JSON in ASCII without what acts in a log: the same to every parser."""
    return text.replace("##", "#\\u0023").replace("\x7f", "\\u007f")


# What the agent of a pipeline obeys in a log: `##[...]` and `##vso[...]` anywhere (Azure
# Pipelines), `::name ...::` where a line begins (GitHub Actions).
# No command is called like a group of an IPv6 address.
_COMMANDING = (
    "(?i)"
    r"(?<=#)#(?=(?:vso)?\[)"
    r"|(?<=:):(?![0-9a-f]{1,4}(?![\w-]))(?=[a-z][a-z-]*(?:[ \t].*?)?::)"
)


def plain(text: str) -> str:
    """Give foreign text fit for a terminal and a log: what acts instead of showing is escaped."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    if "##" in text or "::" in text:
        text = re.sub(_COMMANDING, lambda match: f"\\x{ord(match[0]):02x}", text)
    return text


def columns(rows: Iterable[Sequence[str]]) -> list[str]:
    """Give rows of words as lines, each column as wide as its widest word."""
    table = [[plain(word) for word in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]


def reasons_json(reasons: Iterable[Reason]) -> list[dict[str, str]]:
    """Give reasons as JSON."""
    return [
        {"label": reason.label, "detail": reason.detail, "resource": reason.resource}
        for reason in reasons
    ]
