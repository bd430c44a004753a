"""The picture as GraphML, for graph tools (Gephi, networkx, igraph): flat, `parent` as data."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from auditor.picture.text import shown
from auditor.topology import Picture

_NODE = ("kind", "name", "parent", "facts", "doubts", "count", "missing", "resource")
_EDGE = ("tie", "texts", "doubts", "down")
_TYPES = {"count": "int", "missing": "boolean", "down": "boolean"}


def graphml(picture: Picture) -> str:
    """Write the picture. Facts and doubts are joined by `; `."""
    root = ET.Element("graphml", {"xmlns": "http://graphml.graphdrawing.org/xmlns"})
    for place, names in (("node", _NODE), ("edge", _EDGE)):
        for name in names:
            key = {"id": f"{place}-{name}", "for": place, "attr.name": name}
            ET.SubElement(root, "key", {**key, "attr.type": _TYPES.get(name, "string")})
    graph = ET.SubElement(root, "graph", {"id": "network", "edgedefault": "directed"})
    numbers = {spot.id: f"n{number}" for number, spot in enumerate(picture.spots)}
    for spot in picture.spots:
        node = ET.SubElement(graph, "node", {"id": numbers[spot.id]})
        _data(node, "node", "kind", spot.kind.value)
        _data(node, "node", "name", spot.name)
        _data(node, "node", "parent", numbers.get(spot.parent, ""))
        _data(node, "node", "facts", "; ".join(spot.facts))
        _data(node, "node", "doubts", "; ".join(spot.doubts))
        _data(node, "node", "count", str(spot.count))
        _data(node, "node", "missing", str(spot.missing).lower())
        _data(node, "node", "resource", spot.id)
    for number, line in enumerate(picture.lines):
        ends = {"source": numbers[line.source], "target": numbers[line.target]}
        edge = ET.SubElement(graph, "edge", {"id": f"e{number}", **ends})
        _data(edge, "edge", "tie", line.tie.value)
        _data(edge, "edge", "texts", "; ".join(line.texts))
        _data(edge, "edge", "doubts", "; ".join(line.doubts))
        _data(edge, "edge", "down", str(line.down).lower())
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _data(parent: ET.Element, place: str, name: str, text: str) -> None:
    if text:
        ET.SubElement(parent, "data", {"key": f"{place}-{name}"}).text = shown(text)
