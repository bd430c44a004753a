"""Health probes of load balancers: whom they ask, and whom they do not get at (N-15, E-16)."""

from __future__ import annotations

import msgspec

from auditor.addresses import PortSet
from auditor.errors import Undetermined
from auditor.network.doubt import Doubt, absent_parts, doubt
from auditor.network.graph import Network, question, question_about
from auditor.network.reasons import Reason, gap
from auditor.reach.demands import Refusal, met_all_around, probes, refusal
from auditor.reach.membership import targets_of
from auditor.reach.points import Kind, Point
from auditor.resources import walk
from auditor.resources.load_balancers import (
    LoadBalancer,
    LoadBalancerFrontend,
    LoadBalancerProbe,
    LoadBalancingRule,
)


class Asked(msgspec.Struct):
    """The machines that a probe asks, by id; `untold` tells why of those that nobody tells."""

    machines: dict[str, Point] = msgspec.field(default_factory=dict)
    untold: list[Reason] = msgspec.field(default_factory=list)


@question
def asking(network: Network) -> tuple[LoadBalancerProbe, ...]:
    """Give the probes that some rule uses; the others ask nobody."""
    return tuple(
        probe for probe in network.all(LoadBalancerProbe) if network.referrers(probe, "probe")
    )


@question
def perhaps_asking(network: Network) -> tuple[Doubt, ...]:
    """Give the load balancers that may have more probes in use than they tell."""
    found = [*absent_parts(network, "probe")]
    for balancer in network.all(LoadBalancer):
        try:
            for rule in balancer.rules:
                _ = rule.properties.probe
        except Undetermined as unknown:
            if walk.peek(walk.peek(balancer, "properties"), "probes"):
                found.append(doubt(balancer.id, unknown))
    return tuple(found)


@question_about
def asked(network: Network, probe: LoadBalancerProbe) -> Asked:
    """Give whom a probe asks: the members of the pools of its rules."""
    found = Asked()
    for edge in network.referrers(probe, "probe"):
        if not isinstance(edge.source, LoadBalancingRule):
            continue
        try:
            for text, target, doubts in targets_of(network, edge.source):
                if target is not None and target.kind is not Kind.FRONTEND:
                    found.machines.setdefault(target.id, target)
                elif not isinstance(network.find(text), LoadBalancerFrontend):
                    found.untold += doubts
        except Undetermined as unknown:
            found.untold.append(gap(unknown))
    return found


def port_of(probe: LoadBalancerProbe) -> PortSet:
    """Give the port that a probe asks on. Raises Undetermined when it is not told."""
    port = probe.properties.port
    if port is None:
        raise Undetermined(f"the port of the probe {probe.label}", resource=probe.id)
    return PortSet.of(port)


@question
def probed_by_group(network: Network) -> dict[str, PortSet]:
    """Give the ports on which probes come by a security group, by the group's key."""
    found: dict[str, PortSet] = {}
    for probe in asking(network):
        try:
            port = port_of(probe)
        except Undetermined:
            continue
        for machine in asked(network, probe).machines.values():
            for group in _groups(network, machine):
                found[group] = found.get(group, PortSet()) | port
    return found


def _groups(network: Network, machine: Point) -> list[str]:
    found: list[str] = []
    for place in (machine.place, machine.nic):
        try:
            ref = place.properties.network_security_group if place is not None else None
        except Undetermined:
            continue
        group = network.find(ref) if ref is not None else None
        if group is not None:
            found.append(group.key)
    return found


@question_about
def unsure(network: Network, probe: LoadBalancerProbe) -> tuple[Point, ...]:
    """Give the machines of which it takes a closer look to tell whether a probe gets at them."""
    machines = tuple(asked(network, probe).machines.values())
    try:
        demand = probes(port_of(probe))
        return tuple([each for each in machines if not met_all_around(network, each, demand)])
    except Undetermined:
        return machines


@question_about
def denied(network: Network, probe: LoadBalancerProbe, machine: str) -> Refusal | None:
    """Give a packet of a probe that does not get at a machine (its id), or may not.

    Raises Undetermined.
    """
    return refusal(network, asked(network, probe).machines[machine], probes(port_of(probe)))
