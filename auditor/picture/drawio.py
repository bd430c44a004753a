"""The picture as a draw.io (diagrams.net) file: boxes that can be moved, lines that follow."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from auditor.picture.layout import Box, layout
from auditor.picture.text import about, label, shown
from auditor.topology import Kind, Picture, Spot, Tie

_BOX = (
    "rounded=1;arcSize=3;html=0;whiteSpace=wrap;container=1;collapsible=1;verticalAlign=top;"
    "align=left;spacingLeft=8;fontStyle=1;"
)
_CHIP = "rounded=1;arcSize=10;html=0;whiteSpace=wrap;align=left;spacingLeft=10;"
_COLOURS = {
    Kind.INTERNET: "fillColor=#fff7ed;strokeColor=#c2410c;",
    Kind.DOOR: "fillColor=#fff7ed;strokeColor=#c2410c;",
    Kind.NETWORK: "fillColor=#f3f6fb;strokeColor=#9db2cf;",
    Kind.HUB: "fillColor=#f3f6fb;strokeColor=#9db2cf;",
    Kind.SUBNET: "fillColor=#ffffff;strokeColor=#c5d2e3;",
    Kind.CLUSTER: "fillColor=#f5f3ff;strokeColor=#7c3aed;",
}
_LINES = {
    Tie.ENTRANCE: "strokeColor=#c2410c;endArrow=block;",
    Tie.PEERING: "strokeColor=#4466aa;strokeWidth=2;endArrow=none;",
    Tie.CONNECTION: "strokeColor=#4466aa;endArrow=none;",
    Tie.LINK: "strokeColor=#0f766e;dashed=1;endArrow=block;",
    Tie.EGRESS: "dashed=1;endArrow=open;",
    Tie.PART: "dashed=1;endArrow=none;",
    Tie.BACKEND: "strokeColor=#5b6675;endArrow=block;",
}


def drawio(picture: Picture) -> str:
    """Write the picture. `html=0` keeps every label a text."""
    sheet = layout(picture)
    file = ET.Element("mxfile", {"host": "auditor"})
    diagram = ET.SubElement(file, "diagram", {"id": "network", "name": "network"})
    size = {"pageWidth": f"{sheet.width:.0f}", "pageHeight": f"{sheet.height:.0f}"}
    model = ET.SubElement(diagram, "mxGraphModel", {"grid": "1", "page": "1", **size})
    root = ET.SubElement(model, "root")
    ET.SubElement(root, "mxCell", {"id": "0"})
    ET.SubElement(root, "mxCell", {"id": "1", "parent": "0"})
    cells = {spot.id: f"s{number}" for number, spot in enumerate(picture.spots)}
    for spot in picture.spots:
        above = sheet.boxes.get(spot.parent, Box(0.0, 0.0, 0.0, 0.0))
        _spot(root, spot, cells, sheet.boxes[spot.id], above)
    for number, line in enumerate(picture.lines):
        style = _LINES[line.tie] + ("dashPattern=1 5;dashed=1;" if line.down else "")
        ends = {"source": cells[line.source], "target": cells[line.target]}
        cell = ET.SubElement(
            root,
            "mxCell",
            {"id": f"l{number}", "value": label(line), "edge": "1", "parent": "1", **ends,
             "style": "html=0;curved=1;fontSize=10;" + style},
        )  # fmt: skip
        ET.SubElement(cell, "mxGeometry", {"relative": "1", "as": "geometry"})
    ET.indent(file)
    return ET.tostring(file, encoding="unicode") + "\n"


def _spot(root: ET.Element, spot: Spot, cells: dict[str, str], box: Box, above: Box) -> None:
    name = f"{spot.count} × {spot.name}" if spot.count > 1 else spot.name
    facts = [spot.kind.word, *spot.facts[:1], *(["?"] if spot.doubts else [])]
    style = (_BOX if spot.kind.holds else _CHIP) + _COLOURS.get(spot.kind, "")
    held = ET.SubElement(
        root,
        "object",
        {
            "id": cells[spot.id],
            "label": f"{shown(name, 40)}\n{shown(' · '.join(facts), 44)}",
            "tooltip": "\n".join(about(spot)),
        },
    )
    cell = ET.SubElement(
        held,
        "mxCell",
        {
            "vertex": "1",
            "parent": cells.get(spot.parent, "1"),
            "style": style + ("dashed=1;" if spot.missing else ""),
        },
    )
    place = {"x": f"{box.x - above.x:.0f}", "y": f"{box.y - above.y:.0f}"}
    size = {"width": f"{box.width:.0f}", "height": f"{box.height:.0f}"}
    ET.SubElement(cell, "mxGeometry", {**place, **size, "as": "geometry"})
