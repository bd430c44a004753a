"""Where reports go, and what they show."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from auditor import registry

from ...command import Command
from .own_rules import network, own


def test_several_reports_at_once(auditor: Command) -> None:
    own(auditor)

    reports = [f"--report={name}=out/{name}" for name in registry.renderer_names()]
    (auditor.folder / "out").mkdir()
    ran = auditor("check", "-", "--report", "json", *reports, stdin=network())

    assert ran.status == 1
    assert sorted(os.listdir("out")) == list(registry.renderer_names())
    assert (auditor.folder / "out/json").read_text() == ran.out


def test_one_dash_is_standard_output(auditor: Command) -> None:
    own(auditor)

    assert auditor("check", "-", "--report=json=-", stdin=network()).report["findings"]
    assert not (auditor.folder / "-").exists()


def test_a_report_to_a_device_leaves_the_device_alone(auditor: Command) -> None:
    own(auditor)

    ran = auditor("check", "-", "--report", f"json={os.devnull}", stdin=network())

    assert ran.status == 1
    assert not Path(os.devnull).is_file()


def test_as_of_sets_the_day(auditor: Command) -> None:
    own(auditor)

    for given in ("2031-02-03", "2031-02-03T04:05:06Z", "2031-02-03T04:05:06+02:00"):
        ran = auditor.check(network(), "--as-of", given)
        assert ran.report["audit"]["as_of"] == "2031-02-03"


@pytest.mark.parametrize("given", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {}])
def test_no_colour_where_it_is_not_wanted(given: dict[str, str], auditor: Command) -> None:
    own(auditor)
    for name, value in given.items():
        auditor.patch.setenv(name, value)

    assert "\x1b" not in auditor("check", "-", stdin=network()).out


def test_hostile_names_do_not_reach_the_terminal(auditor: Command) -> None:
    own(auditor, body='yield Finding(vnet.id, vnet.name, "mend")')
    name = "\x1b[31m[bold]red[/]\r\nauditor: fine"

    ran = auditor("check", "-", stdin=network() | {"name": name})

    assert ran.status == 1
    assert "\x1b" not in ran.out
    assert "\r" not in ran.out
