"""What the pages are made of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from auditor.topology import Kind, Line, Picture, Spot, Tie
from auditor.web.graph import html

from ..exposed import deny, nsg, pip
from ..networks import nic, peer, vnet

ESTATE = Path(__file__).parents[2] / "fixtures" / "estates" / "docker-to-aks-broken"
BEFORE = ESTATE.with_name("docker-to-aks")

ATTACKS = (
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(2)>',
    "'-alert(3)-'",
    "<script>alert(4)<",
    "{{7*7}}${7*7}",
    "<!--<script>",
    "\u202egnp.exe",
    "]]>&lt;b&gt;",
)


def hostile() -> bytes:
    """An export in which every name is an attack."""
    resources: list[dict[str, Any]] = [nsg(deny(ATTACKS[1], 100), name=ATTACKS[2])]
    for number, name in enumerate(ATTACKS):
        resources.append(
            vnet(
                name,
                f"10.{number}.0.0/16",
                subnets={name: f"10.{number}.1.0/24"},
                peers=[peer(ATTACKS[(number + 1) % len(ATTACKS)])],
            )
        )
        public = {"publicIPAddress": {"id": pip(name)["id"]}}
        resources.append(nic(name, f"10.{number}.1.4", (name, name), configuration=public))
        resources.append(pip(name, address=f"20.1.2.{number + 1}"))
    return json.dumps({"value": resources}).encode()


def many() -> str:
    """The page of a picture with more than 2,000 spots in 60 networks around a hub."""
    spots, lines = [Spot("internet", Kind.INTERNET, "internet")], []
    for number in range(60):
        spots.append(Spot(f"/v{number}", Kind.NETWORK, f"vnet-{number}", facts=("10.0.0.0/16",)))
        if number:
            lines.append(Line("/v0", f"/v{number}", Tie.PEERING))
    for number in range(60):
        for net in range(4):
            spots.append(Spot(f"/v{number}/s{net}", Kind.SUBNET, f"snet-{net}", f"/v{number}"))
    for number in range(60):
        for net in range(4):
            for one in range(8):
                name = f"vm-{number}-{net}-{one}"
                home = f"/v{number}/s{net}"
                spots.append(Spot(f"{home}/{name}", Kind.MACHINES, name, home))
                lines.append(Line("internet", f"{home}/{name}", Tie.ENTRANCE, ("20.0.0.1",)))
    return html(Picture(tuple(spots), tuple(lines)))


UNUSUAL = (
    "W" * 40,
    "i" * 64,
    "a-very-long-name-" * 5,
    "\u05e8\u05e9\u05ea-" * 8,
    "\u30cd\u30c3\u30c8" * 9,
    "\U0001f525" * 30,
)


def unusual() -> str:
    """The page of a picture whose names are wide, narrow, long, or read from the right."""
    spots, lines = [Spot("internet", Kind.INTERNET, "internet")], []
    for number, name in enumerate(UNUSUAL):
        home, net = f"/v{number}", f"/v{number}/s"
        spots.append(Spot(home, Kind.NETWORK, name, facts=(name,)))
        spots.append(Spot(net, Kind.SUBNET, name, home, facts=("10.0.0.0/24", name)))
        spots.append(Spot(f"{net}/m", Kind.MACHINES, name, net, facts=(name,), doubts=("why",)))
        lines.append(Line("internet", f"{net}/m", Tie.ENTRANCE, ("20.0.0.1",)))
    return html(Picture(tuple(spots), tuple(lines)))
