"""Packets at a frontend of a load balancer that nothing forwards, or of which nobody tells."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from auditor.addresses import AddressSet
from auditor.errors import Undetermined
from auditor.network.exposure import use_of
from auditor.reach.balancing import Forwards, forwards_of, taken_by, to_nobody
from auditor.reach.bounds import Bounds
from auditor.reach.cures import for_ports
from auditor.reach.frame import Packet
from auditor.reach.points import Kind, Point
from auditor.reach.stages import remark
from auditor.reach.trail import Trail
from auditor.resources import walk
from auditor.resources.load_balancers import LoadBalancerFrontend, LoadBalancingRule


def beside_the_known(
    trail: Trail, frontend: LoadBalancerFrontend, found: Forwards, at: str
) -> Iterator[tuple[Trail, Point]]:
    """Follow a packet that none of the known rules of a frontend forwards; `at` names who doubts.

    It ends at the frontend: nobody tells whether it is forwarded, or nothing is. No path where
    all rules are known, and there are some.
    """
    if found.reasons:
        doubt = remark(
            trail,
            "load-balancer",
            at,
            lambda _: f"it cannot be told what {frontend.label} forwards",
            Bounds.maybe(trail.space.all),
            reasons=found.reasons,
        )
        yield doubt, frontend_point(frontend)
    elif not found.known:
        yield _unforwarded(trail, frontend), frontend_point(frontend)


def _unforwarded(trail: Trail, frontend: LoadBalancerFrontend) -> Trail:
    """Add that no rule of its load balancer takes anything at a frontend, or to nobody."""
    rules = ", ".join(rule.label for rule in use_of(trail.network, frontend).inbound)
    says = f"no rule of the load balancer takes it at {frontend.label} (E-7, E-8)"
    if rules:
        says = f"there is no machine behind {rules} of {frontend.label} (E-10)"
    return remark(
        trail,
        "load-balancer",
        frontend.id,
        lambda _: says,
        Bounds.nothing(trail.space),
        opening=forwarding(trail, frontend, ", with a machine behind it"),
    )


def forwarding(
    trail: Trail, frontend: LoadBalancerFrontend, lacks: str = ""
) -> Callable[[Packet], str]:
    """Say what makes a frontend forward a packet: a rule for it, or a machine behind its rule."""

    def opening(packet: Packet) -> str:
        rule = to_nobody(trail.network, frontend, packet)
        if rule:
            return f"put a machine behind {rule} of {frontend.label}"
        taken = _taken(trail, frontend, packet)
        if taken is not None:
            return taken
        what = f"{packet.protocol.upper()} {packet.destination_port}"
        known = forwards_of(trail.network, frontend).known
        regional = any(
            each.target is not None and each.target.kind is Kind.FRONTEND for each in known
        )
        to = ", to a port that the balancers behind it forward" if regional else lacks
        at = f"{frontend.label} of {frontend.root.label}" if trail.rules else frontend.label
        cure = f"add a load-balancing rule for {what} at {at}{to}"
        return for_ports(cure)(packet)

    return opening


def _taken(trail: Trail, frontend: LoadBalancerFrontend, packet: Packet) -> str | None:
    """Say what opens a port that a rule takes for others; None: none takes it.

    Of a range of ports each member of a pool gets one from Azure, and nobody chooses which (E-18).
    """
    try:
        rule = taken_by(trail.network, frontend, packet)
    except Undetermined:
        return None
    if rule is None:
        return None
    if isinstance(rule, LoadBalancingRule):
        return f"put it behind {rule.label} of {frontend.label}, which takes that port"
    if walk.peek(walk.peek(rule, "properties"), "frontend_port_range_end"):
        return ""
    return f"lead {rule.label} of {frontend.label}, which takes that port, to it"


def frontend_point(node: LoadBalancerFrontend) -> Point:
    """Give a frontend as the end of a path of which nothing further is known."""
    return Point(Kind.FRONTEND, node.id, AddressSet(), node)
