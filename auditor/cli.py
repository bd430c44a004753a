"""The command line: its commands, exit statuses, and how a failure is told.

Exit status 0: nothing broken at or above --fail-on; 1: something is; 2: the command line or the
configuration cannot be followed; 3: no audit was performed.
"""

from __future__ import annotations

import gc
import os
import sys
from collections import UserDict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import ClassVar, NoReturn

import click

from auditor import __version__, streams
from auditor.errors import AuditorError
from auditor.schema import DOCUMENTS, schema_of
from auditor.streams import say

_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def run() -> NoReturn:
    """Run the command line as a program: end the process with the exit status.

    The process ends at once. Python would take a large network apart object by object first, a
    second for every hundred thousand resources, for memory the system takes back anyway. For the
    same reason the garbage collector rests: it would walk through all of the network at its end.
    """
    gc.disable()
    status = main()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            with suppress(OSError, ValueError):
                stream.flush()
    os._exit(status)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; give the exit status. Raises nothing."""
    with streams.errors():
        return _run(arguments)


def _run(arguments: Sequence[str] | None) -> int:
    try:
        status = cli.main(args=arguments, prog_name="auditor", standalone_mode=False)
        return status if isinstance(status, int) else 0
    except AuditorError as error:
        return _tell(error)
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.ClickException as error:
        error.show(sys.stderr)
        return 2
    except click.Abort:
        sys.stderr.write("auditor: interrupted\n")
        return 130
    except SystemExit as leave:  # shell completion
        return leave.code if isinstance(leave.code, int) else 3
    except Exception as error:
        return _tell(_our_fault(error))


def _our_fault(error: Exception) -> AuditorError:
    """Say that a failure is ours: status 3, for 1 would read as a verdict."""
    import traceback  # not a reason to start later

    frames = traceback.extract_tb(error.__traceback__)
    at = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return AuditorError(
        f"a fault of auditor's own, not of the input: {type(error).__name__}: {error}{at}",
        advice="report it, with the part of the input that it is about",
    )


def _tell(error: AuditorError) -> int:
    lines = [f"auditor: {error}"]
    if error.exit_status == 3:
        lines.insert(0, f"auditor: {error.headline}")
    if error.advice:
        lines.append(f"  help: {error.advice}")
    for line in lines:
        sys.stderr.write("".join(c if c.isprintable() else ascii(c)[1:-1] for c in line) + "\n")
    return error.exit_status


class _Commands(UserDict[str, click.Command]):
    """The commands by name, each read from its module when it is asked for: most runs ask one."""

    _MODULES: ClassVar = {
        "check": "auditing:check",
        "compliance": "complying:compliance",
        "diff": "diff:diff",
        "effective-routes": "routes:effective_routes",
        "effective-rules": "filters:effective_rules",
        "explain": "rulebook:explain",
        "flow": "filters:flow",
        "graph": "graph:graph",
        "history": "history:history",
        "next-hop": "routes:next_hop",
        "reach": "reach:reach",
        "report": "auditing:report_",
        "rules": "rulebook:rules",
        "snapshot": "snapshot:snapshot",
        "verify": "verify:verify",
    }

    def __getitem__(self, name: str) -> click.Command:
        if name not in self.data:
            module, _, attribute = self._MODULES[name].partition(":")
            self.data[name] = getattr(import_module(f"auditor.commands.{module}"), attribute)
        return self.data[name]

    def __contains__(self, name: object) -> bool:
        return name in self._MODULES or name in self.data

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({*self._MODULES, *self.data}))

    def __len__(self) -> int:
        return len({*self._MODULES, *self.data})


@click.group(commands=_Commands(), context_settings=_CONTEXT)
@click.version_option(__version__, prog_name="auditor")
def cli() -> None:
    """Tell, with proof, whether an Azure network is what its architecture says it is."""


@cli.command()
@click.argument("document", type=click.Choice(DOCUMENTS), default="report")
def schema(document: str) -> None:
    """Print the JSON Schema of the JSON report.

    Or of what reach, reach --matrix (matrix), diff and history write with --report json, or of
    what --notify posts (notification).
    """
    say(schema_of(document).rstrip())


@cli.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script for a shell: eval "$(auditor completion bash)"."""
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    if found is not None:
        say(found(cli, {}, "auditor", "_AUDITOR_COMPLETE").source())
