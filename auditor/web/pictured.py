"""A picture as pages take it: data for the script that draws, a list for those who listen."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from auditor.picture.grouping import grouped
from auditor.picture.text import about, label, shown, title
from auditor.topology import Kind, Line, Picture, Spot, Tie
from auditor.web import vendor

STYLES = ("page.css", "picture.css")
SCRIPTS = (vendor.ELK, "picture.js", "page.js")
MOST = 6000
"""Spots that a page holds; beyond, networks are closed and cannot be opened."""


def prepared(picture: Picture) -> Picture:
    """Give what a page can hold."""
    return grouped(picture, MOST)


def data_of(picture: Picture) -> dict[str, Any]:
    """Give the data of the drawing script: spots by number, everything else by theirs."""
    numbers = {spot.id: number for number, spot in enumerate(picture.spots)}

    def listed(found: dict[str, tuple[str, ...]]) -> dict[str, list[int]]:
        return {shown(key): [numbers[each] for each in ids] for key, ids in sorted(found.items())}

    return {
        "spots": [_spot(spot, numbers) for spot in picture.spots],
        "lines": [_line(line, numbers) for line in picture.lines],
        "words": {kind.value: kind.word for kind in Kind},
        "ties": {tie.value: tie.word for tie in Tie},
        "places": listed(dict(picture.places)),
        "paths": listed(dict(picture.paths)),
    }


def _spot(spot: Spot, numbers: dict[str, int]) -> dict[str, Any]:
    told: dict[str, Any] = {"k": spot.kind.value, "n": shown(spot.name)}
    if spot.parent:
        told["p"] = numbers[spot.parent]
    if spot.facts:
        told["f"] = [shown(fact) for fact in spot.facts]
    if spot.doubts:
        told["d"] = [shown(doubt) for doubt in spot.doubts]
    if spot.count > 1:
        told["c"] = spot.count
        told["m"] = [shown(name) for name in spot.names[:50]]
    if spot.missing:
        told["x"] = 1
    if spot.id.startswith("/") and "#" not in spot.id:
        told["i"] = shown(spot.id)
    return told


def _line(line: Line, numbers: dict[str, int]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "s": numbers[line.source],
        "t": numbers[line.target],
        "k": line.tie.value,
    }
    if label(line):
        told["l"] = label(line)
    if line.down:
        told["x"] = 1
    if line.doubts:
        told["d"] = [shown(doubt) for doubt in line.doubts]
    return told


def values_of(picture: Picture) -> dict[str, Any]:
    """Give what the template shows without the script."""
    said = ""
    if picture.grouped:
        said = f"Networks are drawn closed: {picture.grouped:,} things are inside them."
    return {"said": said, "tree": _tree(picture), "findings": bool(picture.places)}


def _tree(picture: Picture) -> list[dict[str, Any]]:
    names = {spot.id: title(spot) for spot in picture.spots}
    lines: dict[str, list[str]] = defaultdict(list)
    for line in picture.lines:
        if line.tie is Tie.ENTRANCE:
            lines[line.target].append(f"{line.tie.word} {label(line)}".strip())
            continue
        told = f" {label(line)}" if label(line) else ""
        lines[line.source].append(f"{line.tie.word} {names[line.target]}{told}")
    nodes: dict[str, dict[str, Any]] = {}
    top: list[dict[str, Any]] = []
    for spot in picture.spots:
        text = "; ".join(about(spot)[: 1 + len(spot.facts) + len(spot.doubts)])
        node = {"text": text, "lines": lines[spot.id], "inside": []}
        nodes[spot.id] = node
        (nodes[spot.parent]["inside"] if spot.parent else top).append(node)
    return top


def summary(picture: Picture) -> str:
    """Say in a line what there is."""
    kinds = [spot.kind for spot in picture.spots if not spot.missing]
    ways = {line.target for line in picture.lines if line.tie is Tie.ENTRANCE}
    absent = sum(spot.missing for spot in picture.spots)
    said = (
        f"{kinds.count(Kind.NETWORK):,} virtual networks, {kinds.count(Kind.SUBNET):,} subnets,"
        f" {len(ways):,} things with a public address or name"
    )
    return f"{said}; {absent:,} are referred to and not in the snapshot" if absent else said
