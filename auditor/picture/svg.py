"""The picture as SVG: no script, no font, no request; light and dark as the viewer likes."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from auditor.picture.layout import Box, layout
from auditor.picture.text import about, fitted, label
from auditor.topology import Kind, Line, Picture, Spot, Tie

_STYLE = """
svg{--paper:#fff;--ink:#1b2430;--soft:#5b6675;--net:#f3f6fb;--netline:#9db2cf;--sub:#fff;
--subline:#c5d2e3;--chip:#fff;--chipline:#8796aa;--entrance:#c2410c;--peering:#4466aa;
--backend:#5b6675;--link:#0f766e;--doubt:#a16207;font:12px system-ui,'Segoe UI',Roboto,sans-serif}
@media (prefers-color-scheme:dark){svg{--paper:#12161c;--ink:#e6ebf2;--soft:#9aa7b8;--net:#1a212b;
--netline:#4a5f7d;--sub:#202935;--subline:#3a4a5f;--chip:#273241;--chipline:#5f7088;
--entrance:#fb923c;--peering:#8ab0f0;--backend:#9aa7b8;--link:#5eead4;--doubt:#facc15}}
.paper{fill:var(--paper)}text{fill:var(--ink)}.soft{fill:var(--soft);font-size:10.5px}
.box{fill:var(--net);stroke:var(--netline)}.subnet .box{fill:var(--sub);stroke:var(--subline)}
.chip{fill:var(--chip);stroke:var(--chipline)}.name{font-weight:600}
.missing .box,.missing .chip{stroke-dasharray:5 4;fill:none}
.doubt{fill:var(--doubt);font-weight:700}
.line{fill:none;stroke:var(--backend);stroke-width:1.4;opacity:.85}
.entrance{stroke:var(--entrance)}.peering{stroke:var(--peering);stroke-width:2.4}
.link{stroke:var(--link);stroke-dasharray:2 3}.connection{stroke:var(--peering)}
.egress,.part{stroke-dasharray:6 4}.down{stroke-dasharray:1 5;opacity:.6}
.way-in{fill:var(--entrance)}
.bar{fill:var(--backend)}.internet .bar,.door .bar{fill:var(--entrance)}
.gateway .bar,.balancer .bar,.firewall .bar{fill:#2563eb}.cluster .bar{fill:#7c3aed}
.database .bar,.service .bar{fill:#0f766e}.endpoint .bar,.link-service .bar{fill:#0d9488}
.machines .bar{fill:#64748b}.site .bar,.vpn .bar{fill:#a16207}
"""

CROWD = 24
"""Lines from the internet beyond which each becomes a mark at what it leads to."""

_NEXT = 40.0
"""The most pixels between two that are next to each other, one above the other."""


def svg(picture: Picture) -> str:
    """Write the picture. Names are text whatever they look like."""
    sheet = layout(picture)
    size = f"{sheet.width:.0f} {sheet.height:.0f}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}"'
        f' width="{sheet.width:.0f}" height="{sheet.height:.0f}" role="img">',
        f"<title>{escape(_summary(picture))}</title>",
        f"<style>{_STYLE}</style>",
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7"'
        ' markerHeight="7" orient="auto-start-reverse"><path d="M0 0L8 4L0 8z"'
        ' fill="context-stroke"/></marker></defs>',
        '<rect class="paper" width="100%" height="100%"/>',
    ]
    boxes = [spot for spot in picture.spots if spot.kind.holds]
    chips = [spot for spot in picture.spots if not spot.kind.holds]
    parts += [text for spot in boxes for text in _box(spot, sheet.boxes[spot.id])]
    # Lines lie above: what passes by must not look as if it ended there.
    parts += [text for spot in chips for text in _chip(spot, sheet.boxes[spot.id])]
    entrances = [line for line in picture.lines if line.tie is Tie.ENTRANCE]
    crowd = len(entrances) > CROWD
    for line in picture.lines:
        if not crowd or line.tie is not Tie.ENTRANCE:
            parts += _line(line, sheet.boxes[line.source], sheet.boxes[line.target])
    for target in dict.fromkeys(line.target for line in entrances if crowd):
        parts.append(_entered(sheet.boxes[target]))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _summary(picture: Picture) -> str:
    networks = sum(spot.kind is Kind.NETWORK for spot in picture.spots)
    ways = sum(line.tie is Tie.ENTRANCE for line in picture.lines)
    said = f"{networks} virtual networks, {ways} public entry points"
    return f"{said}; networks are drawn closed" if picture.grouped else said


def _open(spot: Spot) -> str:
    names = f"{spot.kind.value}{' missing' if spot.missing else ''}"
    told = escape("\n".join(about(spot)))
    return f"<g class={quoteattr(names)}><title>{told}</title>"


def _box(spot: Spot, box: Box) -> Iterator[str]:
    yield _open(spot)
    yield _rect("box", box, 8)
    room = box.width - 12 - _aside(spot)
    yield _text("name", box.x + 12, box.y + 18, fitted(spot.name, room, 12, bold=True))
    told = [spot.kind.word, *spot.facts] if spot.kind is not Kind.SUBNET else [*spot.facts]
    yield _text("soft", box.x + 12, box.y + 33, fitted(" · ".join(told), box.width - 20, 10.5))
    yield from _mark(spot, box)
    yield "</g>"


def _chip(spot: Spot, box: Box) -> Iterator[str]:
    yield _open(spot)
    yield _rect("chip", box, 6)
    yield (
        f'<rect class="bar" x="{box.x:.1f}" y="{box.y + 8:.1f}" width="4"'
        f' height="{box.height - 16:.1f}" rx="2"/>'
    )
    name = f"{spot.count} × {spot.name}" if spot.count > 1 else spot.name
    yield _text(
        "name", box.x + 14, box.y + 21, fitted(name, box.width - 14 - _aside(spot), 12, bold=True)
    )
    told = " · ".join([spot.kind.word, *spot.facts])
    yield _text("soft", box.x + 14, box.y + 37, fitted(told, box.width - 22, 10.5))
    yield from _mark(spot, box)
    yield "</g>"


def _aside(spot: Spot) -> float:
    """What a name leaves free at its right: an edge, and the mark of what is not told."""
    return 24.0 if spot.doubts else 8.0


def _mark(spot: Spot, box: Box) -> Iterator[str]:
    if spot.doubts:
        yield _text("doubt", box.x + box.width - 16, box.y + 19, "?")


def _rect(name: str, box: Box, radius: int) -> str:
    return (
        f'<rect class="{name}" x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}"'
        f' height="{box.height:.1f}" rx="{radius}"/>'
    )


def _text(name: str, x: float, y: float, text: str) -> str:
    return f'<text class="{name}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'


def _line(line: Line, source: Box, target: Box) -> Iterator[str]:
    classes = f"line {line.tie.value}{' down' if line.down else ''}"
    tip = "" if line.tie in (Tie.PEERING, Tie.CONNECTION) else ' marker-end="url(#tip)"'
    told = escape(f"{line.tie.word}: {label(line)}" if label(line) else line.tie.word)
    yield f'<path class="{classes}" d="{_curve(source, target)}"{tip}><title>{told}</title></path>'


def _entered(box: Box) -> str:
    x, y = box.x - 9, box.y + box.height / 2 - 6
    told = escape(f"from the internet: {Tie.ENTRANCE.word}")
    return f'<path class="way-in" d="M{x:.1f} {y:.1f}l9 6l-9 6z"><title>{told}</title></path>'


def _curve(source: Box, target: Box) -> str:
    """A curve from the side that faces the other to the side that faces back."""
    (sx, sy), (tx, ty) = source.middle, target.middle
    right = source.x + source.width <= target.x
    if right or target.x + target.width <= source.x:
        sx = source.x + source.width if right else source.x
        tx = target.x if right else target.x + target.width
        bend = max(abs(tx - sx) / 2, 24) * (1 if right else -1)
        return _cubic((sx, sy), (sx + bend, sy), (tx - bend, ty), (tx, ty))
    down = sy <= ty
    between = max(source.y, target.y) - min(source.y + source.height, target.y + target.height)
    if between > _NEXT:  # past whatever stands between them
        sx, tx = source.x + source.width, target.x + target.width
        out = max(sx, tx) + 22 + between / 30
        return _cubic((sx, sy), (out, sy), (out, ty), (tx, ty))
    sy = source.y + source.height if down else source.y
    ty = target.y if down else target.y + target.height
    bend = max(abs(ty - sy) / 2, 24) * (1 if down else -1)
    return _cubic((sx, sy), (sx, sy + bend), (tx, ty - bend), (tx, ty))


def _cubic(start: tuple[float, float], *points: tuple[float, float]) -> str:
    told = " ".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return f"M{start[0]:.1f} {start[1]:.1f}C{told}"
