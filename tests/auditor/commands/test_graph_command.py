"""`auditor graph`, as typed."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from ...command import Command
from ...networks import vnet

ESTATE = Path(__file__).parents[3] / "fixtures" / "estates" / "docker-to-aks-broken"
ONE = json.dumps({"value": [vnet("app", "10.0.0.0/16", subnets={"web": "10.0.1.0/24"})]})


def test_svg_is_what_it_draws_unless_told_otherwise(auditor: Command) -> None:
    ran = auditor("graph", "-", stdin=ONE.encode())

    assert (ran.status, ran.err) == (0, "")
    assert ET.fromstring(ran.out).tag.endswith("svg")


@pytest.mark.parametrize("form", ["svg", "html", "mermaid", "graphml", "drawio"])
def test_each_format_draws_a_whole_estate_into_a_file(auditor: Command, form: str) -> None:
    ran = auditor("graph", ESTATE, "--format", form, "--output", "picture")
    text = (auditor.folder / "picture").read_text(encoding="utf-8")

    assert (ran.status, ran.out) == (0, "")
    assert "agw-shop" in text
    assert "vnet-legacy" in text


def test_networks_can_be_drawn_closed(auditor: Command) -> None:
    ran = auditor("graph", ESTATE, "--format", "mermaid", "--detail", "networks")

    assert "subgraph" not in ran.out
    assert "vnet-shop" in ran.out


def networks(number: int, subnets: int) -> bytes:
    names = {f"a-subnet-with-a-long-name-{n}": f"10.0.{n}.0/24" for n in range(subnets)}
    value = [vnet(f"net-{n}", "10.0.0.0/16", subnets=names) for n in range(number)]
    return json.dumps({"value": value}).encode()


def test_what_mermaid_would_not_draw_has_its_networks_closed(auditor: Command) -> None:
    ran = auditor("graph", "-", "--format", "mermaid", stdin=networks(8, 120))

    assert (ran.status, ran.err) == (0, "")
    assert "120 × subnet" in ran.out
    assert len(ran.out) < 50_000


def test_what_mermaid_does_not_draw_all_the_same_is_told(auditor: Command) -> None:
    ran = auditor("graph", "-", "--format", "mermaid", "--detail", "all", stdin=networks(8, 120))

    assert ran.status == 0
    assert "a-subnet-with-a-long-name-119" in ran.out
    assert "Mermaid draws 500 and 50,000 unless" in ran.err


def test_an_unreadable_input_is_status_3(auditor: Command) -> None:
    assert auditor("graph", "nowhere.json").status == 3


def test_a_file_that_cannot_be_written_is_status_2(auditor: Command) -> None:
    ran = auditor("graph", "-", "--output", "no/such/folder/x.svg", stdin=ONE.encode())
    assert ran.status == 2


def test_a_page_opens_networks_itself_unless_they_are_asked_closed(auditor: Command) -> None:
    whole = auditor("graph", ESTATE, "--format", "html").out
    closed = auditor("graph", ESTATE, "--format", "html", "--detail", "networks").out

    assert "snet-aks" in whole
    assert "snet-aks" not in closed
    assert "Networks are drawn closed" in closed
