"""What a load balancer makes of a packet for one of its frontends (E-10 to E-18)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

import msgspec

from auditor import ids
from auditor.addresses import AddressSet, PortSet
from auditor.errors import Undetermined
from auditor.ids import fold
from auditor.network.exposure import InboundRule, use_of
from auditor.network.graph import Missing, Network, question, question_about
from auditor.network.interfaces import Interface
from auditor.network.reasons import Reason, gap
from auditor.packets.intervals import Intervals
from auditor.reach.frame import Packet
from auditor.reach.given_ports import NAT_PORT, has_one, ports_given
from auditor.reach.hidden_members import may_be_behind_any, perhaps_behind, untold_machines
from auditor.reach.membership import (
    Target,
    candidates,
    standing,
    standings_of,
    targets_of,
)
from auditor.reach.points import Kind, Point, keys_of
from auditor.reach.space import PORTED
from auditor.resources import walk
from auditor.resources.base import Node
from auditor.resources.load_balancers import (
    BackendPool,
    InboundNatPool,
    InboundNatRule,
    LoadBalancerFrontend,
    LoadBalancerProbe,
    LoadBalancingRule,
)

TCP: Intervals = ((6, 6),)
UDP: Intervals = ((17, 17),)
BOTH: Intervals = ((6, 6), (17, 17))
MAPPED: Intervals = ((1, 1), (6, 6), (17, 17), (50, 50), (58, 58))
"""What a public address of a machine's own carries: ICMP and ICMPv6, TCP, UDP and ESP (R-36)."""
PROTOCOLS = {"tcp": TCP, "udp": UDP, "all": BOTH}


class Forward(msgspec.Struct, frozen=True):
    """One rule of a frontend, and one machine it sends to.

    `protocols` and `ports` are what it takes at the frontend. `backend_port` is None where the port
    stays as it is, and with `floating` the address does too (P-4, E-13); None: not told. `target`
    is the machine, None when the snapshot lacks it; behind a global load balancer the frontend of a
    regional one (E-19). `reasons` tell why it may not be so. `standing` is what somebody set for
    the machine: `up`, `down`, or nothing. `one_of` tells that one port surely leads there, though
    not which (E-18).
    """

    frontend: LoadBalancerFrontend
    rule: InboundRule
    protocols: Intervals
    ports: PortSet
    backend_port: int | None
    floating: bool | None
    target: Point | None
    member: str
    probe: LoadBalancerProbe | None = None
    reasons: tuple[Reason, ...] = ()
    standing: str = ""
    one_of: bool = False


class Forwards(msgspec.Struct, frozen=True):
    """What a frontend forwards; `reasons` tell why there may be more than listed."""

    known: tuple[Forward, ...]
    reasons: tuple[Reason, ...] = ()


@question_about
def forwards_of(network: Network, frontend: LoadBalancerFrontend) -> Forwards:
    """Give every rule of a frontend with every machine behind it.

    A frontend that outbound rules alone use forwards nothing (E-7), nor does an unused one (E-8).
    Never raises for what the snapshot lacks.
    """
    reasons: list[Reason] = []
    try:
        use = use_of(network, frontend)
    except Undetermined as unknown:
        return Forwards((), (gap(unknown, frontend.id),))
    if use.doubt is not None:
        reasons.append(gap(use.doubt, frontend.id))
    found: list[Forward] = []
    for rule in use.inbound:
        reasons += untold_machines(network, rule)
        try:
            for targets in (perhaps_behind(network, rule), targets_of(network, rule)):
                for forward in _forwards(network, frontend, rule, targets):
                    found.append(forward)
        except Undetermined as unknown:
            reasons.append(gap(unknown, rule.id))
    return Forwards(tuple(found), tuple(dict.fromkeys(reasons)))


def forwards_towards(
    network: Network, frontend: LoadBalancerFrontend, wanted: Point | None
) -> Sequence[Forward]:
    """Give what a frontend forwards, but for what surely ends at machines other than the wanted."""
    known = forwards_of(network, frontend).known
    if wanted is None or wanted.kind is not Kind.MACHINE:
        return known
    places = _by_machine(network, frontend)
    both = (*places.get("", ()), *places.get(wanted.id.lower(), ()))
    return [known[place] for place in sorted(both)]


@question_about
def _by_machine(network: Network, frontend: LoadBalancerFrontend) -> dict[str, list[int]]:
    """The places of what a frontend forwards by the keys of the machine; "" of all the rest."""
    found: dict[str, list[int]] = defaultdict(list)
    for place, forward in enumerate(forwards_of(network, frontend).known):
        target = forward.target
        alone = target is not None and target.kind is Kind.MACHINE
        for key in keys_of(target) if target is not None and alone else ("",):
            found[key].append(place)
    return found


def _forwards(
    network: Network,
    frontend: LoadBalancerFrontend,
    rule: InboundRule,
    targets: Iterable[Target],
) -> Iterator[Forward]:
    p = rule.properties
    protocols = PROTOCOLS.get((p.protocol or "").lower())
    if protocols is None:
        raise Undetermined(f"the protocol of {rule.label}", resource=rule.id)
    ports = _ports_of(rule)
    back = p.backend_port
    if not isinstance(rule, LoadBalancingRule) and not back:
        raise Undetermined(f"the backend port of {rule.label}", resource=rule.id)
    floating = False if isinstance(rule, InboundNatPool) else _floating(rule)
    port = None if not back or floating else back
    probe, lacks = _probe(network, rule)
    set_by_hand = standings_of(network, rule)
    for text, target, doubts in targets:
        reasons = (*lacks, *doubts)
        by_hand = standing(set_by_hand, text)
        own = ports
        if isinstance(rule, InboundNatRule):
            own = ports_given(network, rule, text, ports)
        # As each of those who may be meant, too, where it is not told who is.
        others = () if target is not None else candidates(network, rule, text)
        in_doubt = {reason.label for reason in reasons}
        one_of = in_doubt == {NAT_PORT} and has_one(network, rule, text)
        for point in (target, *others):
            yield Forward(
                frontend,
                rule,
                protocols,
                own,
                port,
                floating,
                point,
                text,
                probe,
                reasons,
                by_hand,
                one_of,
            )


def _probe(
    network: Network, rule: InboundRule
) -> tuple[LoadBalancerProbe | None, tuple[Reason, ...]]:
    """The probe of a rule, or why it is not told whom it lets the load balancer choose."""
    try:
        if isinstance(rule, LoadBalancingRule):
            return network.get(rule.properties.probe, LoadBalancerProbe), ()
    except Undetermined as unknown:
        return None, (gap(unknown, rule.id),)
    return None, ()


def _floating(rule: LoadBalancingRule | InboundNatRule) -> bool | None:
    """Whether the frontend's address stays; a rule of a complete export that is silent has none."""
    return rule.properties.enable_floating_ip


def _ports_of(rule: InboundRule) -> PortSet:
    """The ports a rule takes at its frontend. Raises Undetermined when it does not tell them."""
    p = rule.properties
    start = getattr(p, "frontend_port_range_start", None)
    end = getattr(p, "frontend_port_range_end", None)
    if start and end and start <= end:
        return PortSet.of(start, end)
    port = getattr(p, "frontend_port", None)
    if port is None:
        raise Undetermined(f"the frontend port of {rule.label}", resource=rule.id)
    if port == 0 and isinstance(rule, LoadBalancingRule):
        return PortSet.of(0, 65535)  # HA ports (E-11)
    return PortSet.of(port)


def to_nobody(network: Network, frontend: LoadBalancerFrontend, packet: Packet) -> str:
    """Name the rule of a frontend that takes a packet and has nobody behind it, if there is one.

    Raises Undetermined when the load balancer is not in the snapshot.
    """
    for rule in _with_nobody(network, frontend):
        if _takes(rule, packet):
            return rule.label
    return ""


def taken_by(
    network: Network, frontend: LoadBalancerFrontend, packet: Packet
) -> InboundRule | None:
    """Give the rule of a frontend that takes a packet, whoever is behind it: no other may (E-10).

    Raises Undetermined when the load balancer is not in the snapshot, or hides a port.
    """
    return next((r for r in use_of(network, frontend).inbound if _takes(r, packet)), None)


@question_about
def _with_nobody(network: Network, frontend: LoadBalancerFrontend) -> tuple[InboundRule, ...]:
    """The rules of a frontend that have nobody behind them, for all that is told."""
    found = forwards_of(network, frontend)
    others = {each.rule.key for each in found.known} | {fold(r.resource) for r in found.reasons}
    return tuple([r for r in use_of(network, frontend).inbound if r.key not in others])


def _takes(rule: InboundRule, packet: Packet) -> bool:
    named = (rule.properties.protocol or "").lower()
    carried = packet.protocol in PORTED and named in (packet.protocol, "all")
    return carried and packet.destination_port in _ports_of(rule)


@question_about
def forwards_to(network: Network, there: Node) -> tuple[Forward, ...]:
    """Give what frontends forward to a machine, by its ip configuration, by the frontends' keys.

    To a frontend of a region: what those of global load balancers do (E-19).
    """
    fronts = {front.key: front for front in _by_address(network).get(there.key, ())}
    for balancer in {part.root.key for part in _leading_to(network, there)}:
        fronts.update((front.key, front) for front in _fronts_of(network).get(balancer, ()))
    if may_be_behind_any(network, there):
        fronts.update((front.key, front) for front in network.all(LoadBalancerFrontend))
    return tuple(
        forward
        for key in sorted(fronts)
        for forward in forwards_of(network, fronts[key]).known
        if forward.target is not None and forward.target.node is there
    )


_NAMED = (
    "load_balancer_backend_address_pools",
    "load_balancer_inbound_nat_rules",
    "load_balancer_inbound_nat_pools",
)
"""How ip configurations name what sends to them."""


def _leading_to(network: Network, there: Node) -> Iterator[Node]:
    """The pools and rules that list somebody, or that it names, and whoever names these.

    Each rule that leads there is among them; whatever else is does no harm.
    """
    settings = walk.peek(there, "properties")
    refs = [ref for field in _NAMED for ref in walk.peek(settings, field) or ()]
    named = [network.find(walk.peek(ref, "id")) for ref in refs]
    for part in (*(edge.source for edge in network.referrers(there)), *named):
        if isinstance(part, Node):
            yield part
        if part is not None:
            yield from (edge.source for edge in network.referrers(part))


@question
def _fronts_of(network: Network) -> dict[str, list[LoadBalancerFrontend]]:
    """The frontends of each load balancer, by its key."""
    found: dict[str, list[LoadBalancerFrontend]] = defaultdict(list)
    for frontend in network.all(LoadBalancerFrontend):
        found[frontend.root.key].append(frontend)
    return dict(found)


@question
def _by_address(network: Network) -> dict[str, list[LoadBalancerFrontend]]:
    """The frontends with members by address, which nothing names, by the keys of these."""
    roots: set[str] = set()
    for pool in network.all(BackendPool):
        entries = walk.peek(walk.peek(pool, "properties"), "load_balancer_backend_addresses")
        if any(walk.peek(walk.peek(each, "properties"), "ip_address") for each in entries or ()):
            users = (edge.source for edge in network.referrers(pool))
            roots.update(part.root.key for part in (pool, *users))
    found: dict[str, list[LoadBalancerFrontend]] = defaultdict(list)
    for frontend in chain.from_iterable(_fronts_of(network).get(root, ()) for root in roots):
        for forward in forwards_of(network, frontend).known:
            if forward.target is not None and forward.target.node is not None:
                found[forward.target.node.key].append(frontend)
    return dict(found)


def addresses_of_frontend(network: Network, frontend: LoadBalancerFrontend) -> AddressSet:
    """Give the address of a frontend, public or private; nothing when it is not told."""
    settings = walk.peek(frontend, "properties")
    public = network.find(walk.peek(settings, "public_ip_address"))
    text = walk.peek(settings, "private_ip_address")
    if isinstance(public, Node):
        text = walk.peek(walk.peek(public, "properties"), "ip_address")
    elif isinstance(public, Missing):
        text = None
    return AddressSet.from_text([text]) if text else AddressSet()


def floating_to(network: Network, nic: Interface) -> AddressSet:
    """Give the addresses of frontends that stay as they are on the way to a NIC (P-4, E-13)."""
    total = AddressSet()
    for frontend in _floating_to(network, nic):
        total = total | addresses_of_frontend(network, frontend)
        for over in _floating_to(network, frontend):  # of all regions (E-19)
            total = total | addresses_of_frontend(network, over)
    return total


def _floating_to(
    network: Network, there: Interface | LoadBalancerFrontend
) -> Iterator[LoadBalancerFrontend]:
    """Give the frontends that send packets to a NIC, or to a frontend, with their address."""
    for frontend in network.all(LoadBalancerFrontend):
        for each in forwards_of(network, frontend).known:
            target = each.target
            if each.floating and target and (target.nic is there or target.node is there):
                yield frontend
                break


def chained(node: Node) -> tuple[Reason, ...]:
    """Tell of a Gateway Load Balancer that packets go through first: nobody tells what it does."""
    ref = walk.peek(walk.peek(node, "properties"), "gateway_load_balancer")
    if ref is None:
        return ()
    arm_id = walk.peek(ref, "id") or node.id
    return (Reason("gwlb", f"what the appliances behind {ids.name(arm_id)} do with it", arm_id),)
