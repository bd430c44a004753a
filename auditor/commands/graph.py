"""`auditor graph`: the network as a picture."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from auditor.commands.asking import KEEP_GOING, PATHS, SERVICE_TAGS, read_network, read_tags

if TYPE_CHECKING:
    from auditor.topology import Picture

FORMATS = ("svg", "html", "mermaid", "graphml", "drawio")


@click.command()
@PATHS
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="svg",
    show_default=True,
    help="What to draw it as.",
)
@click.option("--output", metavar="FILE", help="Where to write it (default: standard output).")
@click.option(
    "--detail",
    type=click.Choice(["auto", "all", "networks"]),
    default="auto",
    help="Draw networks closed: when there is too much (auto), never, always.",
)
@SERVICE_TAGS
@KEEP_GOING
def graph(
    paths: tuple[str, ...],
    form: str,
    output: str | None,
    detail: str,
    tags: str | None,
    keep_going: bool,
) -> int:
    """Draw the network: what stands where, who is joined to whom, where the internet gets in.

    A line from the internet is a public address or name, no verdict: ask `auditor reach` who gets
    in. What the snapshot does not tell has a question mark. Exit status 0; 2: usage, 3: the input
    cannot be read.
    """
    from auditor.network.build import paused_gc
    from auditor.picture import picture

    known = read_tags(tags)
    with paused_gc():
        network = read_network(paths, keep_going)
        network.tags = known
        # A page opens and closes networks itself.
        drawn = picture(network)
        if form != "html" or detail != "auto":
            drawn = _detailed(drawn, detail)
        text = _writer(form)(drawn)
        if form == "mermaid":
            text = _within_limits(drawn, text, detail)
    _write(text, output)
    return 0


def _detailed(drawn: Picture, detail: str) -> Picture:
    from auditor.picture.grouping import by_network, grouped

    if detail == "auto":
        return grouped(drawn)
    return by_network(drawn) if detail == "networks" else drawn


def _within_limits(drawn: Picture, text: str, detail: str) -> str:
    """Close the networks of what Mermaid would refuse to draw; say so when that is not enough."""
    from auditor.picture.grouping import by_network
    from auditor.picture.mermaid import MOST_LINES, MOST_TEXT, is_drawn, mermaid

    if detail == "auto" and not is_drawn(drawn, text):
        drawn = by_network(drawn)
        text = mermaid(drawn)
    if not is_drawn(drawn, text):
        sys.stderr.write(
            f"auditor: {len(drawn.lines):,} lines and {len(text):,} characters; Mermaid draws"
            f" {MOST_LINES} and {MOST_TEXT:,} unless maxEdges and maxTextSize say otherwise\n"
            "  help: --format svg draws all\n"
        )
    return text


def _writer(form: str) -> Callable[[Picture], str]:
    from importlib import import_module

    if form == "html":
        from auditor.web.graph import html

        return html
    writer: Callable[[Picture], str] = getattr(import_module(f"auditor.picture.{form}"), form)
    return writer


def _write(text: str, output: str | None) -> None:
    from auditor.baseline import replace
    from auditor.streams import output as standard_output

    if output and output != "-":
        replace(output, text.encode("utf-8", "backslashreplace"))
        return
    with standard_output() as out:
        out.write(text)
