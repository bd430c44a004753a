from __future__ import annotations

from typing import Any

import pytest

from auditor.testing import Answer, ask, estate

from ...command import Command
from ...networks import vnet


def asked(taken_at: str | None, **parameters: Any) -> Answer:
    """As of noon on 23 November 2026."""
    return ask("GOV-007", estate(vnet("a", "10.0.0.0/16"), taken_at=taken_at), **parameters)


@pytest.mark.parametrize(
    ("taken_at", "broken"),
    [
        ("2026-11-16T12:00:00Z", False),
        ("2026-11-16T11:59:59Z", True),
        ("2026-11-16T13:30:00+02:00", True),
        ("2026-11-16T12:00:00", False),
        ("2026-11-17", False),
        ("2026-11-24T00:00:00Z", False),
    ],
)
def test_both_sides_of_seven_days(taken_at: str, broken: bool) -> None:
    answer = asked(taken_at)
    assert bool(answer.broken) is broken
    assert bool(answer.kept) is not broken


def test_what_the_finding_says() -> None:
    [finding] = asked("2026-10-01T06:00:00Z").broken
    assert finding.message == (
        "the snapshot was taken on 2026-10-01, 53 days before this audit (at most 7)"
    )
    assert finding.subject == ""


TAKEN = "2026-10-01T06:00:00Z"
HEAD = {"schema": "auditor.snapshot/1", "taken_at": TAKEN}
LISTED = {"resources": [vnet("a", "10.0.0.0/16")]}


@pytest.mark.parametrize(
    ("document", "line", "pointer"),
    [
        ({**HEAD, **LISTED}, 3, "/taken_at"),
        ({**HEAD, **LISTED, "taken_at": "last Monday"}, 3, "/taken_at"),
        ({**LISTED, **HEAD}, 1, ""),  # to look behind the resources takes as long as to read them
    ],
)
def test_the_place_is_where_the_snapshot_tells_its_time(
    auditor: Command, document: Any, line: int, pointer: str
) -> None:
    younger = {**HEAD, **LISTED, "taken_at": "x 2026-11-23"}
    paths = auditor.write("b.json", document), auditor.write("a.json", younger)

    ran = auditor("check", *paths, "--select", "GOV-007", "--report", "json")

    (finding,) = ran.report["findings"]
    assert finding["location"] == {"file": str(paths[0]), "line": line, "pointer": pointer}


def test_the_age_is_a_parameter() -> None:
    assert asked("2026-10-01T06:00:00Z", max_age_days=60).kept == 1
    assert len(asked("2026-11-22T06:00:00Z", max_age_days=0).broken) == 1
    with pytest.raises(ValueError, match="0 or more"):
        asked("2026-11-22T06:00:00Z", max_age_days=-1)


def test_a_time_that_is_none_is_unknown() -> None:
    answer = asked("last Monday")
    assert (answer.kept, answer.broken) == (0, [])
    assert "not ISO 8601" in answer.unknown[0].missing


def test_plain_exports_are_not_judged() -> None:
    answer = asked(None)
    assert (answer.kept, answer.broken, answer.unknown) == (0, [], [])
