from __future__ import annotations

from datetime import date, timedelta

import pytest

from auditor.finding import Severity
from auditor.retirements import SOON, Retirement, _all, retirement

THING = Retirement("the thing", date(2027, 3, 15), "https://example.com", date(2026, 11, 23))


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (-1, "support for the thing ended on 2027-03-15"),
        (0, "support for the thing ends on 2027-03-15, today"),
        (1, "support for the thing ends on 2027-03-15, tomorrow"),
        (2, "support for the thing ends on 2027-03-15, in 2 days"),
    ],
)
def test_what_is_told(left: int, words: str) -> None:
    assert THING.told(THING.effective - timedelta(days=left)) == words


@pytest.mark.parametrize(
    ("usual", "left", "severity"),
    [
        (Severity.LOW, SOON + 1, Severity.LOW),
        (Severity.LOW, SOON, Severity.MEDIUM),
        (Severity.MEDIUM, 0, Severity.HIGH),
        (Severity.LOW, -1, Severity.HIGH),
        (Severity.CRITICAL, SOON, Severity.CRITICAL),
        (Severity.CRITICAL, -1, Severity.CRITICAL),
    ],
)
def test_the_weight_grows_as_the_day_nears(usual: Severity, left: int, severity: Severity) -> None:
    assert THING.severity(usual, THING.effective - timedelta(days=left)) is severity


def test_the_data_file_is_complete() -> None:
    assert len(_all()) >= 9
    for name, entry in _all().items():
        assert retirement(name) is entry
        assert entry.what
        assert entry.source.startswith("https://")
        assert entry.effective.year >= 2024
        assert entry.read >= date(2026, 1, 1)
