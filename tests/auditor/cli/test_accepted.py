"""Findings that are known: baselines and waivers."""

from __future__ import annotations

import pytest

from ...command import Command, Ran
from .own_rules import BROKEN, UNSURE, network, own, statuses


def test_a_baseline_makes_only_new_findings_fail(auditor: Command) -> None:
    own(auditor)
    two = {"value": [network("a"), network("b")]}

    wrote = auditor.check({"value": [network("a"), network("gone")]}, "--write-baseline", "known")
    again = auditor.check(two, "--baseline", "known")

    assert wrote.status == 0
    assert statuses(wrote) == ["baseline", "baseline"]
    assert "2 findings recorded as known in known" in wrote.err
    assert again.status == 1
    assert statuses(again) == ["broken", "baseline"]
    assert again.report["findings"][0]["subject"].endswith("/b")
    assert again.report["summary"]["fixed"] == 1


def test_an_unknown_in_the_baseline_does_not_fail_a_strict_audit(auditor: Command) -> None:
    own(auditor, body=UNSURE)

    auditor.check(network(), "--write-baseline", "known")

    assert auditor.check(network(), "--baseline", "known", "--strict").status == 0


def test_what_becomes_broken_is_new_though_it_was_unknown(auditor: Command) -> None:
    own(auditor, body="vnet.subnets; " + BROKEN)
    hollow = {key: value for key, value in network().items() if key != "properties"}

    auditor.check({"value": [hollow, network("b")]}, "--write-baseline", "known")
    ran = auditor.check({"value": [network(), network("b")]}, "--baseline", "known")

    assert statuses(ran) == ["broken", "baseline"]
    assert ran.report["summary"]["fixed"] == 0


# waivers


WAIVER = """
rules = ["own"]
select = ["OWN", "GOV-008"]
[[waiver]]
rule = "OWN-001"
resource = "{resource}"
{rest}
"""
REST = 'reason = "r"\nowner = "o"\nexpires = 2027-01-31'


def waived(auditor: Command, resource: str = "hub", rest: str = REST, day: str = "") -> Ran:
    own(auditor)
    auditor.write("auditor.toml", WAIVER.format(resource=resource, rest=rest))
    return auditor.check(network(), "--as-of", day or "2026-11-23")


def test_a_waiver_that_holds(auditor: Command) -> None:
    ran = waived(auditor)

    assert ran.status == 0
    assert statuses(ran) == ["waived"]
    assert ran.report["summary"]["waivers"] == [
        {
            "fingerprint": ran.report["findings"][0]["fingerprint"],
            "reason": "r",
            "owner": "o",
            "expires": "2027-01-31",
        }
    ]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"day": "2027-02-01"}, "expired on 2027-01-31"),
        ({"rest": 'reason = "r"\nowner = "o"'}, "has no expires, so it waives nothing"),
        ({"rest": "expires = 2027-01-31"}, "has no reason and owner, so it waives nothing"),
        ({"resource": "other"}, "matches no finding"),
    ],
)
def test_a_waiver_that_does_not_hold_is_a_finding_and_waives_nothing(
    change: dict[str, str], told: str, auditor: Command
) -> None:
    ran = waived(auditor, **change)

    assert ran.status == 1
    own_, stale = ran.report["findings"]
    assert (own_["rule"], own_["status"]) == ("OWN-001", "broken")
    assert (stale["rule"], stale["status"]) == ("GOV-008", "broken")
    assert told in stale["message"]
    assert stale["location"]["file"].endswith("auditor.toml")
    assert stale["location"]["line"] == 4


def test_a_waiver_holds_on_its_last_day(auditor: Command) -> None:
    assert waived(auditor, day="2027-01-31").status == 0


def test_a_waiver_of_a_rule_that_did_not_run_is_not_judged(auditor: Command) -> None:
    own(auditor)
    own(auditor, 2, body="yield from ()")
    auditor.write("auditor.toml", WAIVER.format(resource="nothing", rest=REST))

    ran = auditor.check(network(), "--select", "OWN-002,GOV-008")

    assert ran.report["findings"] == []


def test_a_waiver_of_a_rule_that_does_not_exist_is_2(auditor: Command) -> None:
    own(auditor)
    text = WAIVER.format(resource="hub", rest=REST).replace("OWN-001", "OWN-0O1")
    path = auditor.write("auditor.toml", text)

    ran = auditor.check(network())

    assert ran.status == 2
    assert f'{path}:4: no rule matches "OWN-0O1"' in ran.err
    assert "did you mean OWN-001?" in ran.err
