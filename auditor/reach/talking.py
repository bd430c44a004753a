"""Whether some machines can talk to a service on one port, whichever of its ends they use."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, islice, product

import msgspec
from msgspec.structs import replace

from auditor.addresses import PortSet
from auditor.network.graph import Network
from auditor.network.reasons import remedy, teller
from auditor.reach.answer import Answer, Verdict, answers
from auditor.reach.ends import points_of
from auditor.reach.path import SILENT
from auditor.reach.plain import surely_talks
from auditor.reach.points import Kind, Point
from auditor.reach.wording import name_of, one_or_many
from auditor.resources.virtual_networks import Subnet

_RANK = {Verdict.REACHABLE: 0, Verdict.UNKNOWN: 1, Verdict.BLOCKED: 2}


def obstacle(
    network: Network,
    sources: Iterable[Point],
    targets: Iterable[Point],
    port: int,
    *,
    straight: bool = False,
) -> Answer | None:
    """Give the answer of the pair that gets furthest over TCP, when nobody certainly gets through.

    None when somebody does, and when there is no pair. Blocked: no source reaches any target. What
    starts no flows, as a frontend beside the machines, is asked only where nothing else is there.
    `straight`: by the targets' own addresses alone, as who is given an address sends there, and not
    to a public one of the same machine, to a balancer or to a gateway before it (A-28).
    """
    given = tuple(sources)
    senders = [source for source in given if source.kind not in SILENT] or given
    ends = [replace(end, entry=end.addresses) for end in targets] if straight else targets
    pairs = [(source, end) for source, end in product(senders, ends) if source.id != end.id]
    if any(surely_talks(network, source, end, port) for source, end in pairs):
        return None
    best: Answer | None = None
    told = (_asked(network, *pair, port, relays=not straight) for pair in pairs)
    for answer in chain.from_iterable(told):
        if best is None or _order(answer) < _order(best):
            best = answer
            if answer.verdict is Verdict.REACHABLE:
                break
    return None if best is None or best.verdict is Verdict.REACHABLE else best


def _asked(
    network: Network,
    source: Point,
    target: Point,
    port: int,
    *,
    blocked: bool = True,
    relays: bool = True,
    online: bool = True,
) -> tuple[Answer, ...]:
    return answers(
        network,
        source,
        target,
        protocols=("tcp",),
        ports=PortSet.of(port),
        tags=network.tags,
        blocked=blocked,
        relays=relays,
        online=online,
    )


def _order(answer: Answer) -> tuple[int, bool, int]:
    """Where there is no path at all, as between versions of IP, nobody gets anywhere."""
    return _RANK[answer.verdict], answer.witness is None, len(answer.blockers)


class Intruders(msgspec.Struct, frozen=True):
    """Who reaches something besides those who should: surely, and perhaps.

    `first` is the answer about the first of the sure ones.
    """

    sure: tuple[Point, ...]
    first: Answer | None
    perhaps: tuple[Answer, ...]

    @property
    def names(self) -> str:
        """Name the sources, the sure ones if there are any; many are counted."""
        names = self._names
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        return ", ".join(names[:_SHOWN]) + more

    @property
    def reach(self) -> str:
        """Say that they reach something: `vnet/app reaches`, `on premises, vnet/app reach`."""
        return f"{self.names} {one_or_many(len(self._names), 'reaches', 'reach')}"

    @property
    def _names(self) -> list[str]:
        sources = self.sure or [answer.source for answer in self.perhaps]
        return list(dict.fromkeys(map(name_of, sources)))

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the sure sources that are in Azure."""
        return tuple(dict.fromkeys(p.id for p in self.sure if p.node is not None))

    @property
    def reasons(self) -> str:
        """Why it is not told of the others."""
        return "; ".join(dict.fromkeys(str(r) for a in self.perhaps for r in a.reasons))

    @property
    def told_by(self) -> str:
        """Who would tell it, if a reason names anybody."""
        return teller(r for a in self.perhaps for r in a.reasons)

    @property
    def remedy(self) -> str:
        """What to do that it is told, where a reason says so itself."""
        return remedy(r for a in self.perhaps for r in a.reasons)


_SHOWN = 5


def intruders(
    network: Network, sources: Iterable[Point], targets: Iterable[Point], port: int
) -> Intruders:
    """Tell which sources reach one of some targets straight, over TCP on one port.

    By networks: what the internet lets in is told of the internet.
    """
    ends = tuple(targets)
    sure: list[Point] = []
    first: Answer | None = None
    perhaps: list[Answer] = []
    for source in sources:
        others = [end for end in ends if source.id != end.id]
        if first and any(surely_talks(network, source, end, port) for end in others):
            sure.append(source)
            continue
        told = (_straight(network, source, end, port) for end in others)
        found = list(chain.from_iterable(told))
        reached = [answer for answer in found if answer.verdict is Verdict.REACHABLE]
        if reached:
            sure.append(source)
            first = first or reached[0]
        else:
            perhaps += [answer for answer in found if answer.verdict is Verdict.UNKNOWN][:1]
    return Intruders(tuple(sure), first and _by_somebody(network, first, port), tuple(perhaps))


def _straight(network: Network, source: Point, target: Point, port: int) -> tuple[Answer, ...]:
    return _asked(network, source, target, port, blocked=False, relays=False, online=False)


def _by_somebody(network: Network, told: Answer, port: int) -> Answer:
    """Give the answer about a machine of a subnet in place of one about any machine of it.

    Its packet can be tried. Only few are asked, as no more hangs on it.
    """
    subnet = told.source.node
    if told.source.kind is not Kind.SUBNET or not isinstance(subnet, Subnet):
        return told
    machines = (point for point in points_of(subnet, network) if point.kind is Kind.MACHINE)
    for machine in islice(machines, _TRIED):
        for answer in _straight(network, machine, told.target, port):
            if answer.verdict is Verdict.REACHABLE:
                return answer
    return told


_TRIED = 5
