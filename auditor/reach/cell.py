"""The answer in one cell of a matrix of subnets, as answers about the pair give it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from auditor.addresses import PortSet
from auditor.network.reasons import Reason
from auditor.network.routing.model import Hop
from auditor.reach.answer import Answer, Verdict
from auditor.reach.outcomes import Outcome, Stop
from auditor.reach.points import Point
from auditor.reach.subnet_views import View, group_of
from auditor.reach.trail import Step
from auditor.reach.ways import Way

Packets = tuple[str, PortSet]
"""A protocol (`*`: all that are asked about), and ports."""


class Blocker(NamedTuple):
    """The first thing that stops packets.

    `code` is that of a hop. `at` is `from` or `to` where it stands at that subnet; without a
    `resource` it is then the subnet itself, or the security group that it names.
    """

    code: str
    at: str
    resource: str
    rule: str


class Cell(NamedTuple):
    """The answer for a pair of subnets; `blocker` is there only if it is blocked."""

    verdict: Verdict
    reachable: tuple[Packets, ...] = ()
    unsure: tuple[Packets, ...] = ()
    reasons: tuple[Reason, ...] = ()
    blocker: Blocker | None = None


_FROM = frozenset({"nsg-outbound", "route", "egress"})


_TO = frozenset({"nsg-inbound", "return-route", "asymmetric-return"})


def cell_of(answers: Sequence[Answer]) -> Cell:
    """Give the cell of the answers about one pair, for one version of IP."""
    found = cell_in((each.verdict, each.protocol, each.ports) for each in answers)
    reasons = {r for each in answers if each.verdict is Verdict.UNKNOWN for r in each.reasons}
    blocker = None
    if found.verdict is Verdict.BLOCKED:
        blocker = _relative(answers[0].blockers[0], answers[0].source, answers[0].target)
    return found._replace(reasons=tuple(sorted(reasons)), blocker=blocker)


def _relative(step: Step, source: Point, target: Point) -> Blocker:
    at = "from" if step.code in _FROM else "to" if step.code in _TO else ""
    end = source if at == "from" else target
    own = {end.id.lower()} if at else set()
    if at and end.place is not None:
        own.add(group_of(end.place).lower())
    resource = "" if step.resource.lower() in own else step.resource
    return Blocker(step.code, at, resource, step.rule)


def stop_of(outcome: Outcome, at: str) -> Blocker | None:
    """Give the rule that is an outcome of the filters at one end, if one is that stops it."""
    if not isinstance(outcome, Stop):
        return None
    if outcome.admin:
        return Blocker("admin-rule", "", outcome.resource, outcome.rule)
    code = "nsg-outbound" if at == "from" else "nsg-inbound"
    return Blocker(code, at, outcome.resource, outcome.rule)


def route_of(view: View, way: Way, code: str, at: str) -> Blocker:
    """Give the route of one end that stops packets, or that there is none."""
    route = way.possible[0] if way.possible else None
    if route is None:
        return Blocker("route" if at == "from" else "return-route", at, "", "")
    resource = route.node.root.id if route.node is not None else ""
    return Blocker(code, at, resource, route.name or str(route.prefix))


def return_of(view: View, way: Way) -> Blocker:
    """Give the route of the target that loses replies: elsewhere, or in a black hole (R-10)."""
    route = way.possible[0] if way.possible else None
    lost = route is not None and route.hop is Hop.NONE
    return route_of(view, way, "return-route" if lost else "asymmetric-return", "to")


def cell_in(parts: Iterable[tuple[Verdict, str, PortSet]]) -> Cell:
    """Give the cell of verdicts on protocols and ports; without reasons or blocker."""
    named: dict[Verdict, list[Packets]] = {Verdict.REACHABLE: [], Verdict.UNKNOWN: []}
    for verdict, protocol, ports in parts:
        if verdict in named:
            named[verdict].append((protocol, ports))
    sure, unsure = (tuple(sorted(each, key=_order)) for each in named.values())
    verdict = Verdict.REACHABLE if sure else Verdict.UNKNOWN if unsure else Verdict.BLOCKED
    return Cell(verdict, sure, unsure)


def _order(packets: Packets) -> tuple[object, ...]:
    return packets[0], packets[1].intervals
