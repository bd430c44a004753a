"""Sets of packets against the replay: `python -m tests.agreement --estates 500 [--seed N]`.

Of every two ends of a random estate (`tests.agreeing`) random packets are asked, of the sets and of
the simulator, which shares nothing with them. Where both are sure they say the same: what is in the
certain set is delivered and answered, what is outside the possible set is not. It is no test of one
witness, but of the whole of both answers.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from auditor import simulate
from auditor.addresses import Address, AddressSet, parse_address
from auditor.errors import Undetermined
from auditor.network.graph import Network
from auditor.network.service_tags import NO_TAGS, ServiceTags
from auditor.reach.along import together
from auditor.reach.ends import points_of
from auditor.reach.frame import Packet
from auditor.reach.path import Path
from auditor.reach.paths import paths
from auditor.reach.points import INTERNET, Kind, Point, on_premises
from auditor.reach.samples import coordinates
from auditor.resources.hybrid import LocalNetworkGateway
from auditor.simulate import Fate
from auditor.testing import estate

from .agreeing import BALANCED, FILTERED, INNER, MACHINES, PUBLIC, SITE, STRANGERS, Maker

TAGS = ServiceTags({"Storage": AddressSet.from_text(["52.10.0.0/24"])})
_PORTS = (22, 80, 443, 8443)
_AT_SITE = "192.168.7.9"
_SILENT = (Kind.ENDPOINT, Kind.FRONTEND)
_EACH = 8
"""Packets that are asked for each pair."""


@dataclass(frozen=True, slots=True)
class Quarrel:
    """A packet of which the two say opposite things, and how to see it again."""

    seed: int
    ends: str
    packet: str
    sets: bool
    replay: bool


def quarrels(seed: int, known: Counter[tuple[bool | None, bool | None]]) -> Iterator[Quarrel]:
    """Ask about all pairs of one estate; `known` counts what the two said together."""
    network = estate(*Maker(seed).estate())
    tags = TAGS if seed % 2 else NO_TAGS
    draw = random.Random(seed)
    points = _points(network)
    for source, start in points.items():
        for target, end in points.items():
            outside = start.outside and end.outside
            if source == target or outside or start.kind in _SILENT or end is INTERNET:
                continue
            every = [path for path in paths(network, start, end, 4, tags) if not path.relayed]
            for packet in (_packet(draw, source, target) for _ in range(_EACH)):
                said, replayed = _said(every, packet), _replayed(network, start, end, packet, tags)
                known[said, replayed] += 1
                if said is not None and replayed is not None and said is not replayed:
                    yield Quarrel(seed, f"{source} -> {target}", _words(packet), said, replayed)


def _points(network: Network) -> dict[str, Point]:
    found = {"internet": INTERNET}
    if network.all(LocalNetworkGateway):
        found["onprem"] = on_premises(AddressSet.from_text([SITE]))
    for node in network.nodes.values():
        if node.label in (*MACHINES, "pe", "outer"):
            try:
                for point in points_of(node, network)[:1]:
                    found.setdefault(node.label, point)
            except Undetermined:
                continue
    return found


def _packet(draw: random.Random, source: str, target: str) -> Packet:
    """A packet that may have to do with two ends."""
    here = {"internet": draw.choice(STRANGERS), "onprem": _AT_SITE}
    sent = parse_address(here.get(source) or MACHINES[source][2])
    public = [PUBLIC.get(target, BALANCED), BALANCED, FILTERED]
    others = {"pe": "10.1.1.50", "onprem": _AT_SITE, "outer": BALANCED}
    own = [others.get(target) or MACHINES[target][2]] * 4
    there: Address = parse_address(
        draw.choice(public if source == "internet" else [*own, *public, INNER])
    )
    protocol = draw.choice(["tcp", "tcp", "tcp", "udp", "icmp"])
    if target == "outer":
        protocol = "icmp"  # what it answers itself: all else ends at a machine behind it
    ports = (0, 0) if protocol == "icmp" else (50000, draw.choice(_PORTS))
    return Packet(sent, there, protocol, *ports)


def _said(every: list[Path], packet: Packet) -> bool | None:
    """Whether a packet arrives and is answered, by the sets; None: perhaps."""
    if not every:
        return False
    bounds = together(every[0].trail.space, every)
    at = coordinates(packet)
    return True if bounds.must.at(at) else None if bounds.may.at(at) else False


def _replayed(
    network: Network, start: Point, end: Point, packet: Packet, tags: ServiceTags
) -> bool | None:
    """The same, by the replay."""
    sent = simulate.Packet(
        packet.source, packet.destination, packet.protocol, packet.source_port,
        packet.destination_port,
    )  # fmt: skip
    every = simulate.replay(network, start.id, sent, tags)
    if any(each.fate is Fate.UNKNOWN for each in every):
        return None
    wanted = end.id.lower()
    returns = {
        each.returns
        for each in every
        if each.fate is Fate.DELIVERED and f"{wanted}/".startswith(f"{each.at.lower()}/")
    }
    if not returns:
        return False
    return returns.pop() if len(returns) == 1 else None


def _words(packet: Packet) -> str:
    return (
        f"{packet.protocol} {packet.source}:{packet.source_port} -> "
        f"{packet.destination}:{packet.destination_port}"
    )


def main(arguments: list[str] | None = None) -> int:
    """Ask about some estates; status 1 when the two quarrel."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--estates", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    known: Counter[tuple[bool | None, bool | None]] = Counter()
    found = [
        each
        for seed in range(given.seed, given.seed + given.estates)
        for each in quarrels(seed, known)
    ]
    for each in found:
        print(each)
    both = sum(count for pair, count in known.items() if None not in pair)
    print(f"{sum(known.values())} packets, both sure of {both}, {len(found)} quarrels")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
