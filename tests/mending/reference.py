"""What commands of az take: an option that is not theirs, or one too few, and az does nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

TABLE = Path(__file__).parents[1] / "data/az-commands.txt"
GENERIC = ("set", "add", "remove")


class Command(NamedTuple):
    """A command: the options that it asks for, and the others that remedies give it."""

    asked: frozenset[str]
    others: frozenset[str]


@cache
def known() -> Mapping[str, Command]:
    """The commands that remedies may use, by their words."""
    found: dict[str, Command] = {}
    for line in TABLE.read_text().splitlines():
        if line and not line.startswith("#"):
            words, _, options = line.partition(":")
            asked, _, others = options.partition("|")
            found[words] = Command(frozenset(asked.split()), frozenset(others.split()))
    return found


def refusals(words: str, options: Collection[str]) -> Iterator[str]:
    """Tell why az would not take a command with these options."""
    command = known().get(words)
    if command is None:
        yield f"no command of {TABLE.name}: az {words}"
        return
    ours = command.asked | command.others | {"subscription", "ids"}
    if words.endswith(" update"):
        ours |= set(GENERIC)
    if "ids" not in options:
        yield from (f"az {words} wants --{name}" for name in sorted(command.asked - set(options)))
    yield from (f"az {words} takes no --{name}" for name in sorted(set(options) - ours))
