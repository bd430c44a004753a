"""How controls fared, in the reports for people and for programs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from . import sample
from .rendering import rendered

SECTION = """\
Compliance Microsoft cloud security benchmark v1
  controls  2 not satisfied, 1 not told, 1 satisfied, 1 nothing to judge, 1 not covered
  A part.
  not satisfied    NS-1  Networks are segmented
                   NSG-001: 2 findings
  not told         NS-2  Services are reached privately
                   RTE-002, no way in: 2 answers missing
  satisfied        NS-6  Certificates are valid
                   TLS-001: all that its rules judge is in order
  nothing to judge NS-7  Peerings have two sides
                   PER-001: the snapshot holds nothing that its rules judge
  not satisfied    DP-3  Traffic is encrypted
                   DEP-001: 1 finding accepted by a waiver or the baseline
  no rule looks at NS-8
"""


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "TERM", "CI"):
        monkeypatch.delenv(name, raising=False)


def test_the_console_tells_of_each_control_and_names_those_without_rules() -> None:
    assert SECTION in rendered("console", sample.complied())


def test_a_page_tells_of_each_control() -> None:
    text = rendered("markdown", sample.complied())

    assert "<summary>Compliance, Microsoft cloud security benchmark v1: 2 not satisfied" in text
    assert "| NS-1 | Networks are segmented | **not satisfied** | NSG-001 | 2 findings |" in text
    assert "No rule looks at NS-8." in text


def test_programs_get_every_control_with_the_findings_that_count() -> None:
    (framework,) = json.loads(rendered("json", sample.complied()))["compliance"]
    first: dict[str, Any] = framework["controls"][0]

    assert framework["framework"] == "MCSB"
    assert first["outcome"] == "not satisfied"
    assert first["findings"] == [each.fingerprint for each in sample.BARE_SUBNETS]
    assert len(framework["controls"]) == 6


@pytest.mark.parametrize("name", ["console", "markdown", "json"])
def test_nothing_is_said_of_compliance_when_none_was_asked_for(name: str) -> None:
    assert "ompliance" not in rendered(name, sample.full())
