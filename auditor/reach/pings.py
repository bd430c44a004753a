"""Pings that a Standard public load balancer answers itself: no machine behind it gets them (E-11).

It answers while a probe finds one machine up. What it does without a probe, for machines that
somebody set up or down, and where all that are down get packets, is told nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from auditor.network.reasons import Reason
from auditor.reach.balancing import Forward, forwards_of
from auditor.reach.bounds import Bounds
from auditor.reach.entering import by_address
from auditor.reach.entrances import Entrance
from auditor.reach.health import is_up
from auditor.reach.path import Path
from auditor.reach.points import Kind, Point
from auditor.reach.samples import numbers_of
from auditor.reach.stages import remark
from auditor.reach.trail import Trail
from auditor.resources import walk
from auditor.resources.load_balancers import LoadBalancerFrontend, LoadBalancingRule


def pings(trail: Trail, source: Point, target: Point, entrance: Entrance) -> Iterator[Path]:
    """Give the path of pings by a public entrance to a frontend, where they end.

    None where the frontend that carries the entrance is not the target.
    """
    front = entrance.node
    if isinstance(front, LoadBalancerFrontend) and target.node is front:
        yield Path(source, target, _answered(trail, entrance, front), entrance, pinged=True)


def _answered(trail: Trail, entrance: Entrance, front: LoadBalancerFrontend) -> Trail:
    icmp = trail.space.having(protocols=numbers_of("icmp", trail.space.version))
    trail = by_address(replace(trail, sent=trail.sent & icmp), entrance)
    answers, says, reasons = _answers(trail, front)
    here = {
        True: Bounds.everything(trail.space),
        None: Bounds.maybe(trail.space.all),
        False: Bounds.nothing(trail.space),
    }[answers]
    return remark(trail, "load-balancer", front.root.id, lambda _: says, here, reasons=reasons)


def _answers(
    trail: Trail, front: LoadBalancerFrontend
) -> tuple[bool | None, str, tuple[Reason, ...]]:
    """Tell whether a frontend answers pings, in a sentence, and why that is not told."""
    sku = (walk.peek(walk.peek(front.root, "sku"), "name") or "").lower()
    if sku in ("basic", "gateway"):
        return False, f"a {sku.capitalize()} load balancer answers no pings (E-11)", ()
    found = forwards_of(trail.network, front)
    rules = [each for each in found.known if isinstance(each.rule, LoadBalancingRule)]
    if any(_leads_to_region(each) for each in rules):
        return False, "a global load balancer answers no pings (E-11)", ()
    doubts = dict(zip(rules, (_doubts(trail, each) for each in rules), strict=True))
    up = next((each for each in rules if doubts[each] == ()), None)
    if up is not None and sku == "standard":
        return True, (
            f"{front.label} answers pings itself while a machine behind {up.rule.label} is up: "
            "none of them gets it (E-11)"
        ), ()  # fmt: skip
    why = {reason for each in rules for reason in doubts[each] or ()} | {*found.reasons}
    if up is not None:
        why.add(Reason("collection-gap", f"the SKU of {front.root.label}", front.root.id))
    elif not why:
        return False, f"{front.label} answers no pings: {_nobody_up(rules)} (E-11)", ()
    says = f"it cannot be told whether {front.label} answers pings itself (E-11)"
    return None, says, tuple(sorted(why))


def _leads_to_region(forward: Forward) -> bool:
    return forward.target is not None and forward.target.kind is Kind.FRONTEND


def _nobody_up(rules: list[Forward]) -> str:
    names = ", ".join(dict.fromkeys(each.rule.label for each in rules))
    if not names:
        return "it has no load-balancing rule with a machine behind it"
    return f"all machines behind {names} are down"


def _doubts(trail: Trail, forward: Forward) -> tuple[Reason, ...] | None:
    """Why it is not told that a machine is up, by the probe of a rule; None: it is down."""
    what = f"whether a machine behind {forward.rule.label} is up, so that pings are answered"
    mine = Reason("semantics:E-11", what, forward.rule.id)
    target = forward.target
    if target is None or forward.probe is None or forward.standing:
        return tuple({mine, *forward.reasons})
    up = is_up(trail, forward, target)
    if up is False:
        return None
    return forward.reasons if up else tuple({mine, *forward.reasons, *target.reasons})
