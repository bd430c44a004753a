"""Whether a load balancer sends anything to a machine: its probe, and its state (E-15, E-16).

An administrative state counts for rules with a probe alone, and stands above what the probe says:
https://learn.microsoft.com/azure/load-balancer/admin-state-overview
"""

from __future__ import annotations

from msgspec.structs import replace

from auditor import ids
from auditor.addresses import AddressSet, PortSet, Version
from auditor.network.effective_rules import Direction
from auditor.network.graph import Missing, Network, question_about
from auditor.network.interfaces import Interface
from auditor.network.layers import holder_of
from auditor.network.reasons import Reason
from auditor.network.service_tags import ServiceTags
from auditor.network.surroundings import HOSTS
from auditor.packets.diagram import PacketSet
from auditor.reach.balancing import Forward, forwards_of
from auditor.reach.bounds import Bounds
from auditor.reach.filter_stage import filters
from auditor.reach.filtering import admitted
from auditor.reach.points import INTERNET, Kind, Point
from auditor.reach.samples import some_packet
from auditor.reach.space import FlowSpace, space_of
from auditor.reach.stages import remark
from auditor.reach.trail import Step, Trail
from auditor.resources import walk
from auditor.resources.load_balancers import LoadBalancerProbe
from auditor.resources.virtual_networks import Subnet
from auditor.special_addresses import PLATFORM_HOST


def chosen(trail: Trail, forward: Forward, target: Point) -> Trail:
    """Add that a load balancer sends new flows to a machine: it is healthy, or set up by hand."""
    if forward.standing:
        return set_aside(trail, forward)
    return probed(trail, forward, target)


def set_aside(trail: Trail, forward: Forward) -> Trail:
    """Add that a machine, or a region, which is set down by hand gets no new flows (E-15)."""
    if not forward.standing:
        return trail
    down = forward.standing == "down"
    says = "down: it gets no new flows" if down else "up: it gets flows whatever its probe says"
    where = _name(forward.target, forward.member)
    return remark(
        replace(trail, down=trail.down or down),
        "load-balancer",
        forward.rule.root.id,
        lambda _: f"{where} is set {says} (E-15)",
        Bounds.nothing(trail.space) if down else Bounds.everything(trail.space),
        opening=f"set the administrative state of {where} to None",
        rule=forward.rule,
    )


def probed(trail: Trail, forward: Forward, target: Point) -> Trail:
    """Add that the health probe has to get in, or the load balancer sends nothing (E-16, N-15)."""
    probe = forward.probe
    if probe is None:
        return trail
    port = walk.peek(walk.peek(probe, "properties"), "port")
    if port is None:
        lacks = Reason("collection-gap", f"the port of probe {probe.label}", probe.id)
        healthy: bool | None = None
        reasons: tuple[Reason, ...] = (lacks,)
    else:
        healthy = _gets_in(trail, target, port)
        reasons = target.reasons
    words = _WORDS[healthy]
    if healthy is not True and _spreads(probe):
        last = _alone(trail, forward, port)
        healthy = True if last else healthy if last is False else None
        words = _SPREAD[healthy]
        what = f"whether all machines of {forward.rule.label} are down, so that all get packets"
        reasons = (*reasons, Reason("health-assumed", what, probe.id))
    here = {
        True: Bounds.everything(trail.space),
        None: Bounds.maybe(trail.space.all),
        False: Bounds.nothing(trail.space),
    }[healthy]
    return remark(
        replace(trail, down=trail.down or healthy is False),
        "probe",
        probe.root.id,
        lambda _: (
            f"the health probe {probe.label} from {PLATFORM_HOST} "
            + (words if healthy is not False else _with_denier(words, trail, target, port))
        ),
        here,
        reasons=reasons,
        opening=lambda _: _let_in(trail, target, port),
        rule=probe,
    )


_WORDS = {True: "gets in", None: "may get in or not", False: "is denied: it counts as down"}
_SPREAD = {
    True: "is denied everywhere: all machines get packets (AllProbedUp)",
    None: "may be denied everywhere, and then all machines get packets (AllProbedUp)",
    False: "is denied here, and gets in elsewhere: it counts as down",
}


def _name(target: Point | None, member: str) -> str:
    nic = target.nic if target is not None else None
    return ids.name(nic.id if nic is not None else target.id if target is not None else member)


def _spreads(probe: LoadBalancerProbe) -> bool:
    """Whether all machines get packets when none is healthy."""
    told = walk.peek(walk.peek(probe, "properties"), "no_healthy_backends_behavior") or ""
    return bool(told.lower() == "allprobedup")


def _alone(trail: Trail, forward: Forward, port: int | None) -> bool | None:
    """Whether no machine of a rule is healthy; None when that is not told."""
    found = forwards_of(trail.network, forward.frontend)
    if found.reasons or port is None:
        return None
    states: set[bool | None] = set()
    for each in found.known:
        if each.rule is not forward.rule or each.standing == "down":
            continue
        known = each.target is not None and each.target.kind is not Kind.FRONTEND
        sure = known and not each.reasons and each.target is not None
        up = _gets_in(trail, each.target, port) if sure and each.target is not None else None
        states.add(True if each.standing == "up" else up)
    if True in states:
        return False
    return True if states == {False} else None


def is_up(trail: Trail, forward: Forward, target: Point) -> bool | None:
    """Tell whether a probe finds a machine up, which nobody set so by hand.

    None too where machines that are down get packets when all are (AllProbedUp).
    """
    port = walk.peek(walk.peek(forward.probe, "properties"), "port")
    up = _gets_in(trail, target, port) if port is not None else None
    spreads = forward.probe is not None and _spreads(forward.probe)
    return None if up is False and spreads else up


def _gets_in(trail: Trail, target: Point, port: int) -> bool | None:
    version = trail.space.version
    where = target.nic, target.subnet, target.addresses
    return _answers(trail.network, *where, port, version, trail.tags)


@question_about
def _answers(
    network: Network,
    nic: Interface | None,
    subnet: Subnet | Missing | None,
    addresses: AddressSet,
    port: int,
    version: Version,
    tags: ServiceTags,
) -> bool | None:
    """Tell whether probes of a port get in at a machine, for all rules with one that asks it."""
    admits = admitted(network, nic, Direction.INBOUND, version, subnet, tags)
    return _told(_asks(space_of(network, version), addresses, port), admits)


def _asks(space: FlowSpace, addresses: AddressSet, port: int) -> PacketSet:
    """Give the packets of a probe to a machine, which come from Azure's host."""
    return space.having(
        source=HOSTS,
        destination=addresses,
        protocols=((6, 6),),
        destination_ports=PortSet.of(port),
    )


def _with_denier(words: str, trail: Trail, target: Point, port: int | None) -> str:
    """Say of a denied probe which rules deny it: `is denied by securityRules/rest of nsg`."""
    names = [
        f"{step.rule} of {ids.name(holder_of(step.resource))}"
        for step in _denials(trail, target, port)
        if step.rule
    ]
    return words.replace("is denied", f"is denied by {' and '.join(names)}", 1) if names else words


def _let_in(trail: Trail, target: Point, port: int | None) -> str:
    """Say which rules to add before those that deny a probe."""
    told = [
        step.opening.replace(f" from {PLATFORM_HOST} ", " from AzureLoadBalancer ", 1)
        for step in _denials(trail, target, port)
        if step.opening
    ]
    general = f"allow AzureLoadBalancer to port {port} inbound at {_name(target, target.id)}"
    return " and ".join(told) or general


def _denials(trail: Trail, target: Point, port: int | None) -> list[Step]:
    """What denies a probe to a machine, at each layer."""
    asked = _asks(trail.space, target.addresses, port) if port is not None else trail.space.empty
    packet = some_packet(asked)
    if packet is None:
        return []
    own = Trail(trail.network, trail.space, INTERNET, asked, trail.tags)
    stages = filters(own, target, Direction.INBOUND).stages
    steps = (step for stage in stages for step in stage.tell(packet, False))
    return [step for step in steps if step.passes is False]


def _told(asked: PacketSet, bounds: Bounds) -> bool | None:
    if (asked & bounds.may).is_empty:
        return False
    return True if asked <= bounds.must else None
