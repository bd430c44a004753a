"""Ways to a machine by balancers and gateways that the input lacks, or whose rules it lacks (U-2).

A machine names the pools that it is in, and the rules that lead to it. What these make of a packet
is then not told: which ports they take, what the port becomes, whether the address stays (P-4). So
such a way is possible, as far as the rules at the machine let anything of the kind in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from auditor import ids
from auditor.addresses import EVERY_PORT, EVERYTHING, AddressSet, Version, address_or_none
from auditor.errors import Undetermined
from auditor.ids import top_level
from auditor.network.blank_references import blank_references
from auditor.network.effective_rules import Direction
from auditor.network.firewalling import firewall_program
from auditor.network.gaps import undecided_list
from auditor.network.graph import Missing, Network, possibly, question
from auditor.network.reasons import Reason
from auditor.network.service_tags import ServiceTags
from auditor.reach.balancing import forwards_of
from auditor.reach.bounds import Bounds
from auditor.reach.delivery import arrives
from auditor.reach.egress import firewall_addresses
from auditor.reach.filter_stage import filters
from auditor.reach.hidden_members import why_hidden
from auditor.reach.path import Path, start
from auditor.reach.points import Kind, Point, part_in_subnet, vnet_of
from auditor.reach.replying import straight_to, to_gateway, to_internet
from auditor.reach.stages import Reply, remark
from auditor.reach.trail import Trail
from auditor.reach.translating import untold_rules
from auditor.resources import walk
from auditor.resources.application_gateways import ApplicationGateway
from auditor.resources.base import Node
from auditor.resources.compute import ScaleSetIpConfiguration
from auditor.resources.firewalls import Firewall
from auditor.resources.interfaces import IpConfiguration
from auditor.resources.load_balancers import LoadBalancer, LoadBalancerFrontend
from auditor.resources.public_addresses import PublicIp
from auditor.special_addresses import PUBLIC

_NAMING = (
    "loadBalancerBackendAddressPools",
    "loadBalancerInboundNatRules",
    "loadBalancerInboundNatPools",
    "applicationGatewayBackendAddressPools",
)
"""By which fields a machine names what sends to it."""


@question
def untold_before(network: Network) -> dict[str, tuple[Reason, ...]]:
    """Give why it is not told what is sent on to machines, by the keys of ip configurations."""
    found: dict[str, list[Reason]] = defaultdict(list)
    for edge in network.dangling():
        if edge.kind in _NAMING and isinstance(edge.source, IpConfiguration | _MODEL):
            lost = network.find(edge.spelled)
            if isinstance(lost, Missing):
                why = Reason("collection-gap", f"{lost.id} is not in the snapshot", lost.id)
                found[edge.source.key].append(why)
    for kind in _NAMING:
        for node in blank_references(network).get(kind, ()):
            if isinstance(node, IpConfiguration | _MODEL):
                found[node.key].append(why_hidden(node, kind))
    for balancer in network.all(LoadBalancer):
        reasons = _untold_rules(network, balancer)
        for key in _members(network, balancer) if reasons else ():
            found[key] += reasons
    return {key: tuple(dict.fromkeys(found[key])) for key in sorted(found)}


_MODEL = ScaleSetIpConfiguration


def _untold_rules(network: Network, balancer: LoadBalancer) -> tuple[Reason, ...]:
    try:
        fronts = balancer.frontends
    except Undetermined:
        return (Reason("collection-gap", f"the frontends of {balancer.label}", balancer.id),)
    return tuple(reason for front in fronts for reason in forwards_of(network, front).reasons)


def _members(network: Network, balancer: LoadBalancer) -> Iterator[str]:
    """Give the keys of the ip configurations in the pools of a balancer."""
    for pool in walk.peek(walk.peek(balancer, "properties"), "backend_address_pools") or ():
        for edge in network.referrers(pool, _NAMING[0]):
            yield edge.source.key
        listed = walk.peek(walk.peek(pool, "properties"), "backend_ip_configurations") or ()
        for node in (network.find(walk.peek(ref, "id")) for ref in listed):
            if node is not None and not isinstance(node, Missing):
                yield node.key


def from_outside_by_untold(
    network: Network, source: Point, target: Point, version: Version, tags: ServiceTags
) -> Iterator[Path]:
    """Give the ways from the internet by what is not told, if something may send to a point."""
    trail = start(network, source, version, PUBLIC, tags)
    reasons = _before(network, target)
    if reasons:
        yield Path(source, target, _sent_on(trail, target, reasons, to_internet(trail)))
    if may_be_behind_lost(network, target):
        yield Path(source, target, past_lost(trail, target))


_PASSING_ON = ("applicationgateways", "azurefirewalls", "loadbalancers")


class Lost(msgspec.Struct, frozen=True):
    """Something of public addresses that is not told, or whose rules are not: which, and why."""

    reason: Reason
    addresses: AddressSet


def may_be_behind_lost(network: Network, target: Point) -> bool:
    """Whether something that is not told may send to a point what comes to its public address."""
    return bool(entered_by_lost(network)) and _may_be_behind(target)


def past_lost(trail: Trail, target: Point) -> Trail:
    """Add that whoever is not told may send to a point what has come there over the internet."""
    there = _doubted(trail, target, tuple(each.reason for each in entered_by_lost(trail.network)))
    return filters(_anyhow(there, target), target, Direction.INBOUND)


def addresses_of_lost(network: Network) -> AddressSet:
    """Give the public addresses of those; any, where they are not told either."""
    return AddressSet.union(each.addresses for each in entered_by_lost(network))[0]


@question
def entered_by_lost(network: Network) -> tuple[Lost, ...]:
    """Give the balancers, gateways and firewalls that have a public address and are not told.

    Whom they send on what comes there, nobody tells; nor whom firewalls do whose rules are untold.
    """
    found: dict[str, Lost] = {}
    for firewall in network.all(Firewall):
        untold = (
            *untold_rules(network, firewall),
            *_homeless(network, firewall),
            *_untold_targets(network, firewall),
        )
        if untold:
            found[firewall.key] = Lost(untold[0], firewall_addresses(network, firewall)[0])
    for kind in _PASSING_ON:
        gap = undecided_list(network, f"Microsoft.Network/{kind}")
        if gap is not None:
            found[gap.subject] = Lost(Reason("collection-gap", gap.detail, gap.subject), PUBLIC)
    for edge in network.dangling():
        owner = top_level(edge.spelled) if edge.kind == "ipConfiguration" else ""
        kind = (ids.type_of(owner) or "").lower().rpartition("/")[2] if owner else ""
        if kind in _PASSING_ON and isinstance(edge.source, PublicIp) and _is_lost(network, owner):
            why = Reason("collection-gap", _lost_of(network, owner), owner)
            address = address_or_none(walk.peek(edge.source.properties, "ip_address"))
            own = AddressSet.from_range(address, address) if address is not None else PUBLIC
            known = found.get(owner.lower(), Lost(why, own))
            found[owner.lower()] = Lost(why, known.addresses | own)
    return tuple(found[key] for key in sorted(found))


def _lost_of(network: Network, arm_id: str) -> str:
    found = network.find(arm_id)
    if isinstance(found, Node) and walk.peek(found, "properties") is not None:
        return f"the frontends of {found.label}"
    return f"{arm_id} is not in the snapshot"


def _is_lost(network: Network, arm_id: str) -> bool:
    """Whether the input lacks a resource, its settings (an inventory), or what is public of it."""
    found = network.find(arm_id)
    if isinstance(found, Missing) or walk.peek(found, "properties") is None:
        return True
    try:
        if isinstance(found, ApplicationGateway | LoadBalancer):
            _ = found.frontends
        elif isinstance(found, Firewall):
            _ = found.ip_configurations
    except Undetermined:
        return True
    return False


def _homeless(network: Network, firewall: Firewall) -> Iterator[Reason]:
    """Tell of a firewall whose network the input lacks: nor does it tell whom that is joined to."""
    for part in walk.peek(walk.peek(firewall, "properties"), "ip_configurations") or ():
        here = part_in_subnet(network, Kind.FIREWALL, part)
        if here.place is None:
            what = f"the subnet of {firewall.label}"
            yield next(iter(here.reasons), Reason("collection-gap", what, firewall.id))


def _untold_targets(network: Network, firewall: Firewall) -> Iterator[Reason]:
    """Say of each NAT rule of a firewall that leads to a name, or nowhere told, why it is not."""
    for term in firewall_program(network, firewall, network.tags).nat:
        if term.translation is None or term.translation.address is None:
            lacks = Reason("collection-gap", f"where {term.name} leads", term.resource)
            told = term.translation.reasons if term.translation is not None else ()
            yield next(iter(told), lacks)


_BEHIND = (Kind.MACHINE, Kind.SUBNET, Kind.FRONTEND, Kind.ENDPOINT)


def _may_be_behind(target: Point) -> bool:
    if isinstance(target.node, LoadBalancerFrontend):
        return not possibly(_is_public, target.node)
    return target.kind in _BEHIND


def _is_public(frontend: LoadBalancerFrontend) -> bool:
    return frontend.public


def _anyhow(trail: Trail, target: Point) -> Trail:
    """Rewrite packets as whoever passes them on may: gateways send from addresses of their own."""
    own = trail.frame.rewritten(
        source=EVERYTHING, destination=target.addresses, destination_port=EVERY_PORT
    )
    return replace(trail, frame=own, others=(*trail.others, trail.frame))


def from_inside_by_untold(
    network: Network, source: Point, target: Point, version: Version, tags: ServiceTags
) -> Iterator[Path]:
    """Give the way inside networks by what is not told, if something may send to a machine."""
    reasons = _before(network, target)
    vnet = vnet_of(network, target)
    if not reasons or vnet is None:
        return
    try:
        space = AddressSet.from_prefixes(vnet.prefixes) - target.addresses
    except Undetermined:
        space = EVERYTHING
    trail = filters(start(network, source, version, space, tags), source, Direction.OUTBOUND)
    if source.home != target.home:
        trail = arrives(trail, source, target)
    yield Path(source, target, _sent_on(trail, target, reasons, straight_to(source)))


def from_sites_by_untold(
    network: Network, source: Point, target: Point, version: Version, tags: ServiceTags
) -> Iterator[Path]:
    """Give the way from sites that a network is joined to, if something may send to a machine."""
    reasons = _before(network, target)
    if reasons:
        trail = start(network, source, version, EVERYTHING - PUBLIC, tags)
        yield Path(source, target, _sent_on(trail, target, reasons, to_gateway(trail)))


def _before(network: Network, target: Point) -> tuple[Reason, ...]:
    if target.kind is not Kind.MACHINE or target.node is None:
        return ()
    return untold_before(network).get(target.node.key, ())


def _sent_on(trail: Trail, target: Point, reasons: tuple[Reason, ...], reply: Reply) -> Trail:
    """Add that somebody may send packets on to a machine, as whatever they then look like."""
    trail = _doubted(trail, target, reasons)
    rewritten = trail.frame.rewritten(
        destination=target.addresses, destination_port=EVERY_PORT, reasons=target.reasons
    )
    trail = replace(trail, frame=rewritten, others=(*trail.others, trail.frame))
    return reply(filters(trail, target, Direction.INBOUND), target)


def _doubted(trail: Trail, target: Point, reasons: tuple[Reason, ...]) -> Trail:
    lost, to = reasons[0].resource, ids.name(target.id)
    return remark(
        trail,
        "load-balancer",
        lost,
        lambda _: f"it cannot be told what {ids.top_name(lost)} sends to {to}",
        Bounds.maybe(trail.space.all),
        reasons=reasons,
    )
