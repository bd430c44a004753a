"""The picture in each format: well formed, whatever names hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest

from auditor.picture.drawio import drawio
from auditor.picture.graphml import graphml
from auditor.picture.layout import layout
from auditor.picture.mermaid import mermaid
from auditor.picture.svg import CROWD, svg
from auditor.picture.text import fitted
from auditor.topology import Picture

from ...exposed import pip
from ...networks import peer, vnet
from .sketch import farm, nasty, sketch

SVG = "{http://www.w3.org/2000/svg}"
GRAPHML = "{http://graphml.graphdrawing.org/xmlns}"
WRITERS = [svg, mermaid, graphml, drawio]
Write = Callable[[Picture], str]


def small() -> Picture:
    return sketch(*farm(2), vnet("far", "10.1.0.0/16", peers=[peer("app"), peer("gone")]))


@pytest.mark.parametrize("write", WRITERS)
def test_no_character_of_a_name_acts(write: Write) -> None:
    text = write(nasty())

    assert not set(text) & set("\x1b\u202e\x00")
    assert "<img" not in text


@pytest.mark.parametrize("write", WRITERS)
def test_the_same_picture_is_the_same_text(write: Write) -> None:
    assert write(small()) == write(small())


def test_svg_holds_every_spot_and_no_script() -> None:
    drawn = small()
    root = ET.fromstring(svg(drawn))
    tags = {each.tag.removeprefix(SVG) for each in root.iter()}

    assert len(root.findall(f"{SVG}g")) == len(drawn.spots)
    assert not tags & {"script", "image", "foreignObject", "a", "use"}
    assert ET.fromstring(svg(nasty())).tag == f"{SVG}svg"


def test_nothing_in_svg_leads_outside() -> None:
    text = svg(small()).replace("http://www.w3.org/2000/svg", "")
    assert "http" not in text
    assert "url(" not in text.replace("url(#tip)", "")


def test_boxes_lie_within_what_holds_them_and_beside_their_like() -> None:
    drawn = small()
    boxes = layout(drawn).boxes
    for spot in drawn.spots:
        box = boxes[spot.id]
        if spot.parent:
            outer = boxes[spot.parent]
            assert outer.x <= box.x
            assert outer.y <= box.y
            assert box.x + box.width <= outer.x + outer.width
            assert box.y + box.height <= outer.y + outer.height
        for other in drawn.spots:
            if other.parent == spot.parent and other.id != spot.id:
                beside = boxes[other.id]
                apart = (
                    box.x + box.width <= beside.x
                    or beside.x + beside.width <= box.x
                    or box.y + box.height <= beside.y
                    or beside.y + beside.height <= box.y
                )
                assert apart, (spot.name, other.name)


def test_mermaid_begins_as_a_flowchart_and_quotes_every_name() -> None:
    lines = mermaid(nasty()).splitlines()

    assert lines[0] == "flowchart LR"
    for each in lines[1:]:
        rest = re.sub(r'"[\w .,:/\-×*?#;<>]*"', "", each)
        assert re.fullmatch(r"[\w \[\](){}/|<>=.\-:]*", rest), each


def test_graphml_keeps_what_stands_where_as_data() -> None:
    graph = ET.fromstring(graphml(small())).find(f"{GRAPHML}graph")
    assert graph is not None
    told = {
        node.get("id"): {data.get("key"): data.text for data in node}
        for node in graph.findall(f"{GRAPHML}node")
    }
    web = next(each for each in told.values() if each["node-name"] == "web")

    assert told[web["node-parent"]]["node-name"] == "app"
    assert len(graph.findall(f"{GRAPHML}edge")) == 2
    assert ET.fromstring(graphml(nasty())) is not None


def test_drawio_labels_are_texts() -> None:
    root = ET.fromstring(drawio(nasty()))
    styles = [cell.get("style") or "" for cell in root.iter("mxCell") if cell.get("vertex")]

    assert all("html=0" in style for style in styles)
    assert len(styles) == len(nasty().spots)


def test_the_network_that_most_lines_lead_to_stands_left_of_those() -> None:
    spokes = [vnet(f"spoke-{each}", f"10.{each}.0.0/16", peers=[peer("hub")]) for each in range(4)]
    drawn = sketch(vnet("hub", "10.9.0.0/16"), *spokes)
    boxes = {spot.name: layout(drawn).boxes[spot.id] for spot in drawn.spots}

    assert all(boxes["hub"].x + boxes["hub"].width < boxes[f"spoke-{n}"].x for n in range(4))


def test_a_crowd_of_ways_in_are_marks_and_not_lines() -> None:
    machines = farm(CROWD + 1)
    for number, each in enumerate(machines[1:]):
        settings = each["properties"]["ipConfigurations"][0]["properties"]
        settings["publicIPAddress"] = {"id": pip(f"pip-{number}")["id"]}
    text = svg(sketch(*machines))

    assert text.count('class="way-in"') == CROWD + 1
    assert 'class="line entrance' not in text


@pytest.mark.parametrize("letter", ["N", "W", "網"])
def test_wide_names_stay_within_their_boxes(letter: str) -> None:
    drawn = sketch(vnet(letter * 40, "10.0.0.0/16", subnets={letter * 40: "10.0.0.0/24"}))
    names = re.findall(r'class="name"[^>]*>([^<]*)<', svg(drawn))

    wide = [name for name in names if name.startswith(letter)]

    assert len(wide) == 2
    assert all(name.endswith("…") and len(name) < 22 for name in wide)


def test_narrow_names_use_the_room_there_is() -> None:
    assert fitted("i" * 30, 154, 12, bold=True) == "i" * 30
    assert fitted("m" * 30, 154, 12, bold=True) == "m" * 10 + "…"


def test_what_is_read_from_the_right_is_cut_at_its_left() -> None:
    hebrew = "\u05e8\u05e9\u05ea"

    assert fitted(hebrew, 154, 12) == f"\u2068{hebrew}\u2069"
    assert fitted(hebrew * 20, 154, 12).endswith("…\u2069")


@pytest.mark.parametrize("room", [-5.0, 0.0, 1.0])
def test_where_there_is_no_room_a_letter_is_left(room: float) -> None:
    assert fitted("name", room, 12) == "n…"
    assert fitted("", room, 12) == ""
