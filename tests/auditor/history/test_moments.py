from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from auditor.history import moments


def test_moments_are_written_in_utc_and_ordered_as_text() -> None:
    east = datetime(2026, 11, 23, 7, 30, tzinfo=timezone(timedelta(hours=9)))

    assert moments.written(east) == "2026-11-22T22:30:00Z"
    assert moments.written(datetime(999, 1, 1, tzinfo=UTC)) == "0999-01-01T00:00:00Z"


@pytest.mark.parametrize(
    "text", ["2026-11-22T22:30:00Z", "2026-11-23T07:30:00+09:00", "2026-11-22 22:30"]
)
def test_a_moment_without_a_zone_is_in_utc(text: str) -> None:
    found = moments.read(text)

    assert found is not None
    assert moments.written(found) == "2026-11-22T22:30:00Z"


@pytest.mark.parametrize("text", [None, "", "yesterday", "2026-13-01", "0001-01-01T00:00:00+14:00"])
def test_what_is_no_moment_is_none(text: str | None) -> None:
    assert moments.read(text) is None


def test_days_are_whole_days() -> None:
    assert moments.days_between("2026-11-01T06:00:00Z", "2026-11-03T05:59:59Z") == 1
    assert moments.before("2026-11-23T06:00:00Z", 23) == "2026-10-31T06:00:00Z"
    assert moments.before("2026-11-23T06:00:00Z", 10**6) == ""
    assert moments.before("2026-11-23T06:00:00Z", 10**12) == ""
