"""`auditor verify`: hold what auditor works out against what Azure itself answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from auditor.commands.asking import (
    KEEP_GOING,
    PATHS,
    REPORT,
    SERVICE_TAGS,
    plain,
    read_network,
    read_tags,
    say_json,
)
from auditor.streams import say

if TYPE_CHECKING:
    from auditor.commands.recorded import Comparison


@click.command()
@PATHS
@SERVICE_TAGS
@REPORT
@KEEP_GOING
def verify(paths: tuple[str, ...], tags: str | None, report: str, keep_going: bool) -> int:
    """Compare effective routes and rules with Azure's own answers in a snapshot.

    The snapshot was taken with --effective. Exit status 0: nothing differs, 1: something does,
    2: usage, 3: there is nothing to compare, or the input cannot be read.
    """
    from auditor.commands.recorded import Verdict, compare
    from auditor.errors import InputError

    known = read_tags(tags)
    network = read_network(paths, keep_going)
    found = list(compare(network, known))
    if not found:
        raise InputError(
            "no answer of Azure to compare with",
            where=", ".join(paths),
            advice="take the snapshot with: auditor snapshot --effective",
        )
    if report == "json":
        say_json(_json(found))
    else:
        say("\n".join(_lines(found)))
    return int(any(each.verdict is Verdict.DIFFERS for each in found))


def _json(found: Sequence[Comparison]) -> dict[str, Any]:
    return {
        "answers": [
            {
                "nic": each.nic,
                "question": each.question,
                "verdict": each.verdict.name.lower(),
                "points": [
                    {
                        "what": point.what,
                        "azure": point.azure,
                        "auditor": point.auditor,
                        "certain": point.certain,
                    }
                    for point in each.points
                ],
            }
            for each in found
        ]
    }


def _lines(found: Sequence[Comparison]) -> Iterator[str]:
    for each in found:
        name = each.nic.rpartition("/")[2]
        yield plain(f"{name} {each.question}: {each.verdict.value}")
        for point in each.points:
            yield plain(f"  {point.what}: Azure {point.azure}; auditor {point.auditor}")
    counts = Counter(each.verdict.value for each in found)
    told = ", ".join(f"{number} {verdict}" for verdict, number in sorted(counts.items()))
    yield f"{len(found)} answers of Azure: {told}"
