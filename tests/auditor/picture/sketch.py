"""Pictures in a line each: spots and lines by their names."""

from __future__ import annotations

from typing import Any

from auditor.picture import picture
from auditor.testing import estate
from auditor.topology import Line, Picture, Spot

from ...networks import nic, vnet

Json = dict[str, Any]

NASTY = "a\"]]><img src=x onerror=alert(1)>\x1b[31m\u202e';--%%{init}%%\n-->"
"""A name with an attack on each format."""


def sketch(*resources: Json, **more: Any) -> Picture:
    return picture(estate(*resources, **more))


def spot(drawn: Picture, name: str) -> Spot:
    """The one spot with a name."""
    (found,) = (each for each in drawn.spots if each.name == name)
    return found


def inside(drawn: Picture, name: str) -> list[str]:
    """The names of what a spot holds."""
    return sorted(each.name for each in drawn.spots if each.parent == spot(drawn, name).id)


def line(drawn: Picture, source: str, target: str) -> Line:
    """The one line between two spots, by their names."""
    names = {each.id: each.name for each in drawn.spots}
    (found,) = (
        each for each in drawn.lines if (names[each.source], names[each.target]) == (source, target)
    )
    return found


def lines(drawn: Picture, tie: str) -> list[tuple[str, str]]:
    """The ends of all lines of a kind."""
    names = {each.id: each.name for each in drawn.spots}
    return sorted((names[each.source], names[each.target]) for each in drawn.lines
                  if each.tie == tie)  # fmt: skip


def farm(number: int, pool: Json | None = None) -> list[Json]:
    """A network with machines in one subnet."""
    more: Json = {"configuration": {"loadBalancerBackendAddressPools": [pool]}} if pool else {}
    return [
        vnet("app", "10.0.0.0/16", subnets={"web": "10.0.1.0/24"}),
        *(
            nic(f"nic-{each:03}", f"10.0.1.{each + 4}", ("app", "web"), **more)
            for each in range(number)
        ),
    ]


def nasty() -> Picture:
    """A picture in which every name is an attack."""
    return sketch(
        vnet(NASTY, "10.0.0.0/16", subnets={NASTY: "10.0.1.0/24"}),
        nic(NASTY, "10.0.1.4", (NASTY, NASTY)),
    )
