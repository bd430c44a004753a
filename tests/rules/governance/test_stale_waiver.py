from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from auditor.finding import Location, WaiverState
from auditor.testing import Answer, ask, estate

from ...networks import vnet


def asked(**changes: Any) -> Answer:
    """As of 23 November 2026."""
    fields: dict[str, Any] = {
        "rule": "DEP-001",
        "resource": "*/pip-legacy",
        "reason": "goes with the gateway",
        "owner": "platform@contoso.example",
        "expires": date(2026, 12, 31),
        "lacking": (),
        "used": 1,
        "location": Location("auditor.toml", 3, "/waiver/0"),
    }
    network = estate(vnet("a", "10.0.0.0/16"))
    network.waivers = (WaiverState(**(fields | changes)),)
    return ask("GOV-008", network)


def test_a_waiver_in_force() -> None:
    assert asked().kept == 1


@pytest.mark.parametrize(
    ("day", "expired"), [(date(2026, 11, 23), False), (date(2026, 11, 22), True)]
)
def test_both_sides_of_the_last_day(day: date, expired: bool) -> None:
    assert bool(asked(expires=day).broken) is expired


def test_what_the_finding_says() -> None:
    [finding] = asked(expires=date(2026, 10, 31)).broken
    assert finding.subject == "*/pip-legacy"
    assert finding.message == ("the waiver of DEP-001 for */pip-legacy expired on 2026-10-31")
    assert "ask platform@contoso.example to mend the finding" in finding.remedy
    assert finding.remedy.endswith("in auditor.toml line 3")
    assert finding.location == Location("auditor.toml", 3, "/waiver/0")


def test_one_that_lacks_a_field() -> None:
    [finding] = asked(lacking=("owner", "expires"), owner="", expires=None).broken
    assert "has no owner and expires, so it waives nothing" in finding.message
    assert finding.remedy.startswith("add owner and expires")


def test_one_that_matches_nothing() -> None:
    [finding] = asked(used=0).broken
    assert finding.message.endswith("matches no finding")


def test_one_of_what_a_more_special_rule_tells_names_that_rule() -> None:
    [finding] = asked(used=0, spoken_for=("EXP-002",)).broken
    assert finding.message.endswith("matches no finding: EXP-002 speaks for it")
    assert finding.remedy.startswith("waive EXP-002 if that is meant, or delete it")
    assert asked(used=1, spoken_for=("EXP-002",)).kept == 1


def test_without_waivers_nothing_is_judged() -> None:
    answer = ask("GOV-008", estate(vnet("a", "10.0.0.0/16")))
    assert (answer.kept, answer.broken, answer.unknown) == (0, [], [])
