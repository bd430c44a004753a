from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from auditor.certificates import Validity, days_left, lifetime_days, parse_root, validity

from .issuing import BEGINS, ENDS, base64, family

LEAF = parse_root(base64(family()[0].der))
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (BEGINS - SECOND, Validity.NOT_YET),
        (BEGINS, Validity.VALID),
        (ENDS, Validity.VALID),
        (ENDS + SECOND, Validity.EXPIRED),
    ],
)
def test_both_ends_belong_to_the_lifetime(now: datetime, expected: Validity) -> None:
    assert validity(LEAF, now) is expected


def test_T_11_days_left_run_below_zero() -> None:
    assert days_left(LEAF, ENDS - timedelta(days=30)) == 30.0
    assert days_left(LEAF, ENDS - timedelta(hours=12)) == 0.5
    assert days_left(LEAF, ENDS) == 0.0
    assert days_left(LEAF, ENDS + timedelta(days=3)) == -3.0


def test_other_time_zones_are_the_same_moment() -> None:
    east = ENDS.astimezone(timezone(timedelta(hours=9)))

    assert days_left(LEAF, east) == 0.0
    assert validity(LEAF, east + SECOND) is Validity.EXPIRED


def test_a_lifetime_is_counted_in_days() -> None:
    assert lifetime_days(LEAF) == 90.0


def test_a_moment_without_time_zone_is_a_mistake() -> None:
    naive = datetime(2026, 11, 1, tzinfo=UTC).replace(tzinfo=None)

    for ask in (days_left, validity):
        with pytest.raises(ValueError, match="timezone"):
            ask(LEAF, naive)
