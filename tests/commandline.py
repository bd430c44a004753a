"""Commands as they are read from a command line, for tests."""

from __future__ import annotations

import click

from auditor.cli import cli


def read(command: list[str]) -> click.Context:
    """Read the words after `auditor`, without running them. Raises click.UsageError.

    As a command of auditor's, whose settings it has: by itself it would keep a help option without
    `-h`, and show that in whatever is generated later.
    """
    above = click.Context(cli, **cli.context_settings)
    name, *words = command
    return cli.commands[name].make_context(name, words, parent=above)
