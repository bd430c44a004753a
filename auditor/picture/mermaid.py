"""The picture as a Mermaid flowchart, for READMEs and wikis that draw it (GitHub, Azure DevOps)."""

from __future__ import annotations

from collections import defaultdict

from auditor.picture.text import label, shown
from auditor.topology import Picture, Spot, Tie

_ARROWS = {
    Tie.ENTRANCE: "==>",
    Tie.PEERING: "<-->",
    Tie.BACKEND: "-->",
    Tie.LINK: "-.->",
    Tie.CONNECTION: "<-->",
    Tie.EGRESS: "-.->",
    Tie.PART: "---",
}
_ROUND = {"internet": ("((", "))"), "site": ("[/", "/]"), "database": ("[(", ")]")}


MOST_LINES = 500
MOST_TEXT = 50_000
"""What Mermaid draws unless its page tells it otherwise (`maxEdges`, `maxTextSize`); GitHub and
Azure DevOps do not: https://mermaid.js.org/config/schema-docs/config.html
"""


def is_drawn(picture: Picture, text: str) -> bool:
    """Tell whether places that draw Mermaid draw a picture that is written as this text."""
    return len(picture.lines) <= MOST_LINES and len(text) <= MOST_TEXT


def mermaid(picture: Picture) -> str:
    """Write the picture; names are quoted, so that none ends its quotes or begins a directive."""
    nodes = {spot.id: f"n{number}" for number, spot in enumerate(picture.spots)}
    children: dict[str, list[Spot]] = defaultdict(list)
    for spot in picture.spots:
        children[spot.parent].append(spot)
    lines = ["flowchart LR"]
    for spot in children[""]:
        lines += _spot(spot, nodes, children, 1)
    for line in picture.lines:
        text = label(line) or ("down" if line.down else "")
        arrow = "-.-" if line.down else _ARROWS[line.tie]
        said = f"|{_quoted(text)}|" if text else ""
        lines.append(f"  {nodes[line.source]} {arrow}{said} {nodes[line.target]}")
    lines += [f"  class {nodes[spot.id]} missing" for spot in picture.spots if spot.missing]
    lines.append("  classDef missing stroke-dasharray: 5 4")
    return "\n".join(lines) + "\n"


def _spot(
    spot: Spot, nodes: dict[str, str], children: dict[str, list[Spot]], depth: int
) -> list[str]:
    indent = "  " * depth
    name = shown(f"{spot.count} × {spot.name}" if spot.count > 1 else spot.name, 60)
    facts = [shown(fact, 40) for fact in spot.facts[:2]]
    if spot.doubts:
        facts.append("?")
    if not children[spot.id]:
        words = [] if spot.kind.holds else [spot.kind.word]
        told = _quoted("\n".join([name, *words, *facts]))
        left, right = _ROUND.get(spot.kind.value, ("[", "]"))
        return [f"{indent}{nodes[spot.id]}{left}{told}{right}"]
    told = _quoted(", ".join([name, *facts]))  # a box's title has room for one line
    inside = [
        line for each in children[spot.id] for line in _spot(each, nodes, children, depth + 1)
    ]
    return [f"{indent}subgraph {nodes[spot.id]} [{told}]", *inside, f"{indent}end"]


def _quoted(text: str) -> str:
    """Write a text in Mermaid's quotes: letters and digits as they are, all else by number."""
    safe = (
        char if char.isalnum() or char in " .,:/-_×*?" else "<br/>" if char == "\n" else
        f"#{ord(char)};" for char in text
    )  # fmt: skip
    return '"' + "".join(safe) + '"'
