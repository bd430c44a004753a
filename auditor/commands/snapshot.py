"""`auditor snapshot`: read a live estate and write the document that `auditor check` reads."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from auditor.errors import UsageError

if TYPE_CHECKING:
    from auditor.collect.run import Run
    from auditor.collect.spool import Spool
    from auditor.snapshot.azure import Cloud
    from auditor.snapshot.transport import Traffic

_CREDENTIALS = (
    "auto",
    "cli",
    "environment",
    "workload-identity",
    "managed-identity",
    "browser",
    "device-code",
)


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
    type=click.Choice(_CREDENTIALS),
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
    metavar="CONTEXT",
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
    from auditor.snapshot.azure import connect

    _writable(output, resume)
    cloud = _cloud(options)
    crew = Crew(options["concurrency"])
    traffic = traffic_for(crew)
    with _spool(output, resume, _about(cloud, options)) as spool:
        transport = connect(
            cloud,
            credential=options["credential"],
            tenant=options["tenant"],
            concurrency=options["concurrency"],
            traffic=traffic,
        )
        run = Run(transport, spool, _options(options), crew)
        try:
            return _taken(run, traffic, output)
        except KeyboardInterrupt:
            crew.stopping.set()
            raise


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
    if output != "-":
        if not Path(output).absolute().parent.is_dir():
            raise UsageError("there is no such folder", where=output, advice="make it first")
        return
    if resume:
        raise UsageError("--resume needs --output: the remains of a run lie beside its output")
    if sys.stdout is None or sys.stdout.isatty():
        raise UsageError(
            "a snapshot is not for a terminal",
            advice="write --output FILE, or pipe it: auditor snapshot | auditor check -",
        )


def _cloud(given: dict[str, Any]) -> Cloud:
    from auditor.snapshot.azure import CLOUDS, Cloud

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

    if output == "-":
        with tempfile.TemporaryDirectory(prefix="auditor-", ignore_cleanup_errors=True) as folder:
            spool = Spool(Path(folder), about)
            yield spool
            spool.close()
        return
    spool = Spool(Path(output + ".part"), about, resume=resume)
    try:
        yield spool
    except KeyboardInterrupt:
        sys.stderr.write(
            "auditor: interrupted; what was read is kept\n"
            "  help: give the same command with --resume to go on\n"
        )
        raise
    spool.remove()


def _taken(run: Run, traffic: Traffic, output: str) -> int:
    from auditor.collect import document

    scope = run.collect()
    missing = document.gaps(run.spool)
    told = _scope_words(scope)
    import msgspec

    at = msgspec.json.decode(run.spool.about)["taken_at"]
    pieces: dict[str, Any] = {
        "taken_at": at,
        "endpoint": run.transport.endpoint,
        "scope": told,
        "missing": missing,
    }
    if output == "-":
        number = document.write(sys.stdout.buffer, run.spool, **pieces)
    else:
        with document.replacing(Path(output)) as out:
            number = document.write(out, run.spool, **pieces)
    seconds = time.monotonic() - traffic.started
    for gap in missing:
        sys.stderr.write(f"auditor: not read ({gap.kind}): {gap.subject}: {gap.detail}\n")
    sys.stderr.write(
        f"auditor: {number} resources, {len(missing)} gaps, {traffic.calls} calls, "
        f"{traffic.retries} retries, {seconds:.0f} s\n"
    )
    return 0


def _scope_words(scope: Any) -> list[str]:
    return [
        f"/subscriptions/{each}" + (f"/resourceGroups/{group}" if group else "")
        for each in scope.subscriptions
        for group in (sorted(scope.groups) or [""])
    ]
