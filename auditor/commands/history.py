"""`auditor history`: what audits said over time."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from auditor.commands.asking import say_json, settings_of
from auditor.commands.recording import ESTATE, HISTORY, address_of, library_needed
from auditor.streams import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.history.address import Address
    from auditor.history.store import Connection

F = TypeVar("F", bound=Callable[..., Any])

_REPORT = click.option(
    "--report", type=click.Choice(["text", "json"]), default="text", help="How to tell it."
)


def _place(command: F) -> F:
    """Give a command the options that say which history is meant."""
    config = click.Option(
        ["--config"], metavar="FILE", help="auditor.toml to use; else found upwards from here."
    )
    for option in (ESTATE, HISTORY, config):
        params = command.__dict__.setdefault("__click_params__", [])
        params.append(option)
    return command


@click.group()
def history() -> None:
    """Tell what audits said over time: runs, findings, trends.

    `auditor report` records them. Exit status 0: told, 2: usage, 3: there is no history, or it is
    damaged, or the server cannot be reached.
    """


@history.command("list")
@_REPORT
@_place
def list_(report: str, **where: Any) -> None:
    """List the recorded runs, the newest last: numbers, and what changed."""
    library_needed()
    from auditor.commands import telling
    from auditor.history import estates, reading

    with _reading(where) as (connection, address, chosen):
        names: Sequence[str | None] = [chosen] if chosen else estates.all_of(connection)
        found = []
        for each in names or [None]:  # of none, the error says so
            number, name = estates.found(connection, each, address)
            found.append((name, reading.entries(connection, number)))
    if report == "json":
        say_json(telling.runs_as_json(found))
    else:
        say("\n".join(telling.runs_as_lines(found)))


@history.command()
@click.argument("what", metavar="[RUN|FINDING]", default="latest")
@_REPORT
@_place
def show(what: str, report: str, **where: Any) -> None:
    """Show a run (its number, or latest), or the life of a finding (its fingerprint's beginning).

    A run is told by what changed: new, reopened, fixed, removed, not told any more.
    """
    library_needed()
    from auditor.commands import telling
    from auditor.history import estates, reading

    run = int(what) if what.isascii() and what.isdigit() and len(what) < 10 else None
    with _reading(where) as (connection, address, chosen):
        number, name = estates.found(connection, chosen, address)
        if run is not None or what == "latest":
            past = reading.past(connection, number, name, run=run)
        else:
            life, runs = reading.life(connection, number, what)
    if run is not None or what == "latest":
        told = telling.past_as_json(past) if report == "json" else telling.past_as_lines(past)
    else:
        told = (
            telling.life_as_json(name, life, runs)
            if report == "json"
            else telling.life_as_lines(life, runs)
        )
    say_json(told) if report == "json" else say("\n".join(told))


@history.command()
@click.option(
    "--runs", type=click.IntRange(min=1), metavar="N", default=40, help="Of the last N runs (40)."
)
@_REPORT
@_place
def trend(runs: int, report: str, **where: Any) -> None:
    """Draw how numbers went: findings by severity, unknown answers, coverage, ages."""
    from auditor import trends

    library_needed()
    from auditor.commands import telling
    from auditor.history import estates, reading

    with _reading(where) as (connection, address, chosen):
        number, name = estates.found(connection, chosen, address)
        past = reading.past(connection, number, name)
    if report == "json":
        say_json(telling.trend_as_json(past, runs))
    else:
        text = "\n".join(telling.trend_as_lines(past, runs))
        say(trends.shown(text, getattr(sys.stdout, "encoding", None)))


@history.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["json", "csv"]),
    default="json",
    help="json: runs and findings; csv: a row for each finding.",
)
@click.option("--output", metavar="FILE", help="Where to (default: standard output).")
@_place
def export(form: str, output: str | None, **where: Any) -> None:
    """Write all that is recorded of an estate, for other programs."""
    from auditor.baseline import replace

    library_needed()
    from auditor.commands import telling
    from auditor.history import estates, reading

    with _reading(where) as (connection, address, chosen):
        number, name = estates.found(connection, chosen, address)
        entries = reading.entries(connection, number)
        lives = reading.sorted_lives(reading.of_estate(connection, number, entries[-1].at).values())
    if form == "csv":
        text = telling.lives_as_csv(lives)
    else:
        text = telling.dump(telling.export_as_json(name, entries, lives)) + "\n"
    if output is None or output == "-":
        say(text.removesuffix("\n"))
    else:
        replace(output, text.encode("utf-8", "backslashreplace"))


@contextmanager
def _reading(where: dict[str, Any]) -> Iterator[tuple[Connection, Address, str | None]]:
    """Open the history that the options name; give the estate's name when one is chosen."""
    from auditor.history.store import Store

    configured = settings_of(where["config"]).history
    address = address_of(where["history"], configured)
    store = Store.for_reading(address)
    with store.reading() as connection:
        yield connection, address, where["estate"] or configured.estate
