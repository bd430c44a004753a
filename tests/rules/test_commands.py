"""The commands on the pages of rules, and in remedies of whole estates, are such as az takes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from auditor.engine import judge
from auditor.network.build import build
from auditor.registry import rules
from auditor.snapshot.load import load

from ..mending import commands
from ..mending.reference import known, refusals
from .test_parts_apart import NOW, ROOT

ESTATES = sorted(path for path in (ROOT / "fixtures/estates").iterdir() if any(path.glob("*.json")))


def on_pages() -> list[str]:
    """The commands that stand by themselves on pages, each on one line."""
    pages = (rule.page.replace("\\\n", " ") for rule in rules().values())
    return [found for page in pages for found in re.findall(r"(?m)^ {4}(az .+)$", page)]


def refused(told: str) -> list[str]:
    """Why az would not take the commands of a text."""
    found = [(words, tuple(options)) for words, options in commands(told)]
    return [why for words, options in found for why in refusals(words, options)]


def test_az_takes_what_pages_tell() -> None:
    told = on_pages()
    assert len(told) > 20
    assert [why for one in told for why in refused(one)] == []


@pytest.mark.parametrize("folder", ESTATES, ids=lambda path: path.name)
def test_az_takes_what_remedies_of_an_estate_tell(folder: Path) -> None:
    network = build(load((str(folder),)), as_of=NOW).network
    runs = judge(network, list(rules().values()))
    told = {one.remedy for run in runs for one in run.outcomes}
    assert [why for one in sorted(told) for why in refused(one)] == []


def test_an_option_of_another_command_is_refused() -> None:
    assert list(refusals("network nsg delete", ("resource-group", "nsg-name"))) == [
        "az network nsg delete wants --name",
        "az network nsg delete takes no --nsg-name",
    ]
    assert len(known()) > 100
