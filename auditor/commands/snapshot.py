"""`auditor snapshot`: read a live estate and write the document that `auditor check` reads."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from auditor.commands.asking import plain
from auditor.errors import NothingRead, UsageError
from auditor.snapshot.signing_in import CREDENTIALS

if TYPE_CHECKING:
    from auditor.collect.crew import Crew
    from auditor.collect.run import Run
    from auditor.collect.spool import Spool
    from auditor.snapshot.signing_in import Cloud
    from auditor.snapshot.transport import Traffic


@click.command()
@click.option("--subscription", "subscriptions", metavar="ID", multiple=True, help="Repeats.")
@click.option(
    "--management-group",
    "management_groups",
    metavar="ID",
    multiple=True,
    help="All subscriptions below it; repeats.",
)
@click.option(
    "--resource-group",
    "resource_groups",
    metavar="NAME",
    multiple=True,
    help="Only these, and the node resource groups of their clusters; repeats.",
)
@click.option("--tenant", metavar="ID", help="The tenant to sign in to.")
@click.option("--cloud", type=click.Choice(["public", "china", "usgov"]), help="Which Azure.")
@click.option("--arm-endpoint", metavar="URL", help="An Azure of its own: its Resource Manager.")
@click.option("--authority", metavar="URL", help="And where one signs in to it.")
@click.option(
    "--credential",
    type=click.Choice(CREDENTIALS),
    default="auto",
    help="Where the credential comes from (default: auto, the first that works).",
)
@click.option(
    "--sweep",
    type=click.Choice(["auto", "arm", "graph"]),
    default="auto",
    help="By lists of each subscription, or by Resource Graph (default: by their number).",
)
@click.option("--effective", is_flag=True, help="Also the effective routes and rules of NICs.")
@click.option(
    "--kubernetes",
    metavar="[CONTEXT]",
    is_flag=False,
    flag_value="",
    help="Also what a cluster holds: of a kubeconfig context, or of the clusters in scope.",
)
@click.option("--kubeconfig", metavar="FILE", help="The kubeconfig to use.")
@click.option(
    "--concurrency", type=click.IntRange(1, 64), default=16, help="Requests at once (default: 16)."
)
@click.option("--resume", is_flag=True, help="Go on with a run that was interrupted.")
@click.option("--output", metavar="FILE", default="-", help="Where to write; - is standard output.")
def snapshot(output: str, resume: bool, **options: Any) -> int:
    """Read a live estate: write the document that `auditor check` reads.

    Reads only; the role Reader is enough (but for --effective and --kubernetes). Without a scope:
    every subscription that the credential sees. What cannot be read is told, here and in the
    snapshot. Exit status 0: written, 2: usage, 3: nothing could be read, 130: interrupted.
    """
    from auditor.collect.crew import Crew
    from auditor.collect.run import Run, traffic_for
    from auditor.commands.bars import bars
    from auditor.snapshot.azure import connect

    gc.enable()  # answers leave circles of objects behind, many thousands of them
    _writable(output, resume)
    cloud = _cloud(options)
    crew = Crew(options["concurrency"])
    traffic = traffic_for(crew)
    with _spool(output, resume, _about(cloud, options)) as spool, _ending(crew):
        transport = connect(
            cloud,
            credential=options["credential"],
            tenant=options["tenant"],
            concurrency=options["concurrency"],
            traffic=traffic,
        )
        with closing(transport), bars() as watcher:
            run = Run(transport, spool, _options(options), crew, watcher)
            run.collect()
        number = _write(run, output)
        _sum_up(run, number, traffic)
    return 0


@contextmanager
def _ending(crew: Crew) -> Iterator[None]:
    """Let no thread begin anything new once the run has ended, however it ended.

    A polite request to end (SIGTERM) is taken as an interruption.
    """
    import signal
    import threading

    def interrupt(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    ours = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, interrupt) if ours else None
    try:
        yield
    finally:
        crew.stopping.set()
        if ours:
            signal.signal(signal.SIGTERM, before)


def _options(given: dict[str, Any]) -> Any:
    from auditor.collect.options import Options

    return Options(
        subscriptions=given["subscriptions"],
        management_groups=given["management_groups"],
        resource_groups=given["resource_groups"],
        sweep=given["sweep"],
        effective=given["effective"],
        kubernetes=given["kubernetes"],
        kubeconfig=given["kubeconfig"],
        concurrency=given["concurrency"],
    )


def _about(cloud: Cloud, given: dict[str, Any]) -> bytes:
    from datetime import UTC, datetime

    import msgspec

    from auditor import __version__

    told = {
        **_options(given).told(),
        "tool": __version__,
        "endpoint": cloud.endpoint,
        "tenant": given["tenant"],
        "taken_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    return msgspec.json.encode(told)


def _writable(output: str, resume: bool) -> None:
    """See, before hours of reading, whether there is where to write."""
    path = Path(output).absolute()
    if resume and _is_stream(output):
        raise UsageError("--resume needs --output FILE: the remains of a run lie beside its output")
    if output == "-" and (sys.stdout is None or sys.stdout.isatty()):
        raise UsageError(
            "a snapshot is not for a terminal",
            advice="write --output FILE, or pipe it: auditor snapshot | auditor check -",
        )
    if output != "-" and path.is_dir():
        raise UsageError("is a folder", where=output, advice="name a file in it")
    if output != "-" and not path.parent.is_dir():
        raise UsageError("there is no such folder", where=output, advice="make it first")


def _is_stream(output: str) -> bool:
    """Tell what is written to as it is, not replaced: standard output, a pipe, a device."""
    return output == "-" or (Path(output).exists() and not Path(output).is_file())


def _cloud(given: dict[str, Any]) -> Cloud:
    from auditor.snapshot.signing_in import CLOUDS, Cloud

    endpoint, authority = given["arm_endpoint"], given["authority"]
    if endpoint is None and authority is None:
        return CLOUDS[given["cloud"] or "public"]
    if given["cloud"] or not endpoint or not authority:
        raise UsageError(
            "an Azure of its own is named by --arm-endpoint and --authority together, "
            "without --cloud"
        )
    for name, url in (("--arm-endpoint", endpoint), ("--authority", authority)):
        if not url.startswith("https://"):
            raise UsageError("must begin with https://: a token travels there", where=name)
    return Cloud(endpoint.rstrip("/"), authority.rstrip("/"))


@contextmanager
def _spool(output: str, resume: bool, about: bytes) -> Iterator[Spool]:
    """Give the spool; it stays when the run is cut off and has an output to lie beside."""
    import tempfile

    from auditor.collect.spool import Spool

    if _is_stream(output):
        with tempfile.TemporaryDirectory(prefix="auditor-", ignore_cleanup_errors=True) as folder:
            spool = Spool(Path(folder), about)
            try:
                yield spool
            finally:
                spool.close()
        return
    part = Path(output + ".part")
    if part.exists() and not resume:
        sys.stderr.write(f"auditor: begun anew; --resume would go on with {plain(str(part))}\n")
    spool = Spool(part, about, resume=resume)
    try:
        yield spool
    except BaseException as error:
        if spool.holds_records() and type(error) is not NothingRead:
            spool.close()
            sys.stderr.write(_HOW_TO_GO_ON.format(plain(str(spool.folder))))
        else:
            spool.remove()
        raise
    spool.remove()


_HOW_TO_GO_ON = (
    "auditor: the run was cut off; what was read is kept in {}\n"
    "  help: give the same command with --resume to go on\n"
)


def _write(run: Run, output: str) -> int:
    """Write the document; give the number of resources in it."""
    import msgspec

    from auditor.collect import document
    from auditor.streams import output as standard_output

    pieces: dict[str, Any] = {
        "taken_at": msgspec.json.decode(run.spool.about)["taken_at"],
        "endpoint": run.transport.endpoint,
        "scope": run.told_scope(),
        "missing": run.missing,
    }
    if not _is_stream(output):
        with document.replacing(Path(os.path.realpath(output))) as out:
            return document.write(out, run.spool, **pieces)
    if output != "-":
        with document.onto(output) as device:
            return document.write(device, run.spool, **pieces)
    number = 0
    with standard_output() as stream:
        number = document.write(stream.buffer, run.spool, **pieces)
    return number


_MOST_GAPS = 30


def _sum_up(run: Run, number: int, traffic: Traffic) -> None:
    """Tell what was read, what was not and what to do about it, and what it took."""
    lines = [f"not read ({gap.kind}): {gap.subject}: {gap.detail}" for gap in run.missing]
    if len(lines) > _MOST_GAPS:
        rest = len(lines) - _MOST_GAPS
        lines[_MOST_GAPS:] = [f"and {rest} gaps more; the snapshot tells them all"]
    seconds = time.monotonic() - traffic.started
    lines.append(
        f"{_count(number, 'resource')}, {_count(len(run.missing), 'gap')}; "
        f"{_count(traffic.calls, 'call')}, {_count(traffic.retries, 'retry', 'retries')}, "
        f"{seconds:.0f} s"
    )
    for line in lines:
        sys.stderr.write(f"auditor: {plain(line)}\n")


def _count(number: int, noun: str, many: str = "") -> str:
    return f"{number:,} {noun if number == 1 else many or noun + 's'}"
