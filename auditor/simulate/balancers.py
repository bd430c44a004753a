"""A packet at a frontend of a load balancer: rules, NAT rules, members (E-10 to E-19)."""

from __future__ import annotations

from collections.abc import Iterable

from auditor.network.graph import Missing, Network
from auditor.resources.base import Ref
from auditor.resources.compute import ScaleSetIpConfiguration
from auditor.resources.interfaces import IpConfiguration
from auditor.resources.load_balancers import (
    BackendPool,
    InboundNatPool,
    InboundNatRule,
    LoadBalancer,
    LoadBalancerFrontend,
    LoadBalancingRule,
)
from auditor.resources.managed_clusters import ManagedCluster
from auditor.resources.public_addresses import PublicIp
from auditor.simulate.chains import past_chain
from auditor.simulate.delivery import receive
from auditor.simulate.endpoints import address_of
from auditor.simulate.logic import Truth, both, either, follow, told, told_of
from auditor.simulate.mapping import owner_of_port
from auditor.simulate.packet import WITH_PORTS, Arrival, Fate
from auditor.simulate.places import subnet_of
from auditor.simulate.pools import (
    Member,
    addresses_of,
    heedless,
    members_of,
    own_address,
    peopled,
    probed,
)
from auditor.simulate.trip import Onward, Trip

Forwarder = LoadBalancingRule | InboundNatRule | InboundNatPool


def at_frontend(
    trip: Trip, frontend: LoadBalancerFrontend, *, behind_global: bool = False
) -> Onward:
    """Give what becomes of a packet at a frontend, one end for each member.

    Behind a global load balancer there are regional ones, and behind these machines only (E-19).
    """
    at = frontend.id
    trip = trip.note(f"{at}: {trip.seen.packet}")
    balancer = frontend.owner
    if not isinstance(balancer, LoadBalancer):
        return (trip.untold(at, "the load balancer is not told"),)
    if _is_api_servers(trip.network, frontend):
        return (trip.untold(at, "what Azure has behind the load balancer is not modelled"),)
    if trip.seen.packet.protocol == "icmp" and not behind_global:
        return (_pinged(trip, balancer, frontend),)
    if trip.seen.packet.protocol not in WITH_PORTS:
        return (trip.dropped(at, "a load balancer forwards TCP and UDP only"),)
    trip = past_chain(trip, frontend)
    tier = (told(lambda: _tier(balancer), "") or "regional").lower()
    if tier not in ("regional", "global") or (behind_global and tier == "global"):
        return (trip.untold(at, f"what a {tier} load balancer does there is not modelled"),)
    rules = told(lambda: _forwarders(balancer), None)
    if rules is None:
        return (trip.untold(at, "the rules of the load balancer are not told"),)
    serving = [(rule, _serves(trip, frontend, rule)) for rule in rules]
    sure = [rule for rule, serves in serving if serves is True]
    perhaps = [rule for rule, serves in serving if serves is None]
    if perhaps or len(sure) > 1:
        names = ", ".join(rule.label for rule in (*sure, *perhaps))
        return (trip.untold(at, f"which rule serves the port is not told: {names}"),)
    if not sure:
        return (trip.dropped(at, "no rule of the load balancer serves the port"),)
    return _forward(trip.note(f"{at}: rule {sure[0].label}"), balancer, frontend, sure[0])


def _is_api_servers(network: Network, frontend: LoadBalancerFrontend) -> bool:
    """Whether a frontend stands in a subnet that a cluster names for its API server (K-13)."""
    subnet = follow(network, lambda: frontend.properties.subnet)
    profiles = (
        told_of(cluster, lambda c: c.properties.api_server_access_profile, None)
        for cluster in network.all(ManagedCluster)
    )
    named = (profile.subnet_id for profile in profiles if profile and profile.subnet_id)
    return subnet is not None and any(network.find(each) is subnet for each in named)


def _pinged(trip: Trip, balancer: LoadBalancer, frontend: LoadBalancerFrontend) -> Arrival:
    """Let a public frontend answer a ping by itself, or nobody (E-11)."""
    answers = _answers_pings(trip, balancer, frontend)
    if answers is False:
        return trip.dropped(frontend.id, "the load balancer answers no pings, and forwards none")
    trip = past_chain(trip, frontend)
    if answers is None:
        return trip.untold(frontend.id, "whether the load balancer answers pings is not told")
    return trip.delivered(frontend.id, "the load balancer answers pings itself", True)


def _answers_pings(trip: Trip, balancer: LoadBalancer, frontend: LoadBalancerFrontend) -> Truth:
    p = frontend.properties
    if told(lambda: p.subnet, None) or told(lambda: p.private_ip_address, None):
        return False
    sku = (told(lambda: balancer.sku.name if balancer.sku else None, None) or "").lower()
    if sku in ("basic", "gateway") or (told(lambda: _tier(balancer), "") or "").lower() == "global":
        return False
    rules = told(lambda: balancer.rules, None)
    if rules is None:
        return None
    alive = either(*(_living(trip, frontend, rule) for rule in rules))
    return None if alive and sku != "standard" else alive


def _living(trip: Trip, frontend: LoadBalancerFrontend, rule: LoadBalancingRule) -> Truth:
    """Whether a rule of a frontend has a member that its probe finds alive."""
    node = follow(trip.network, lambda: rule.properties.frontend_ip_configuration)
    if node is not frontend:
        return None if isinstance(node, Missing) and not node.key else False
    probe = told(lambda: rule.properties.probe, None)
    members = _members(trip, rule)
    if probe is None or heedless(trip.network, probe):
        return None if members else False
    health = zip(members, probed(trip, probe, members), strict=True)
    return either(
        *(
            None if member.set_to or member.configuration is None else
            both(up, peopled(member.configuration))
            for member, up in health
        )
    )  # fmt: skip


def _tier(balancer: LoadBalancer) -> str | None:
    return balancer.sku.tier if balancer.sku else None


def _forwarders(balancer: LoadBalancer) -> tuple[Forwarder, ...]:
    p = balancer.properties
    return (
        *balancer.rules,
        *(p.inbound_nat_rules or ()),
        *(p.inbound_nat_pools or ()),
    )


def _serves(trip: Trip, frontend: LoadBalancerFrontend, rule: Forwarder) -> Truth:
    p = rule.properties
    node = follow(trip.network, lambda: p.frontend_ip_configuration)
    if node is None:
        here: Truth = None
    elif isinstance(node, Missing):
        here = None if not node.key else False
    else:
        here = node is frontend
    protocol = (told(lambda: p.protocol, None) or "").lower()
    packet = trip.seen.packet
    speaks: Truth = None
    if protocol in ("tcp", "udp"):
        speaks = protocol == packet.protocol
    elif protocol == "all":
        speaks = True
    return both(here, speaks, _on_port(rule, packet.destination_port))


def _on_port(rule: Forwarder, port: int) -> Truth:
    if not isinstance(rule, InboundNatPool):
        p = rule.properties
        single = told(lambda: p.frontend_port, -1)
        if single == -1:
            return None
        if single == 0:
            protocol = (told(lambda: p.protocol, None) or "").lower()
            if protocol == "all":
                return True
        if single:
            return single == port
        if isinstance(rule, LoadBalancingRule):
            return None
    ranged = rule.properties
    first = told(lambda: ranged.frontend_port_range_start, None)
    last = told(lambda: ranged.frontend_port_range_end, None)
    if not first or not last:
        return None
    return first <= port <= last


def _forward(
    trip: Trip, balancer: LoadBalancer, frontend: LoadBalancerFrontend, rule: Forwarder
) -> Onward:
    members = _members(trip, rule)
    if not members:
        return (trip.dropped(frontend.id, "the backend pool has no member"),)
    owner = owner_of_port(trip.network, rule, trip.seen.packet.destination_port, members)
    if owner is not None:
        members = owner
    if not members:
        return (trip.dropped(frontend.id, "no member was given the port"),)
    probe = (
        told(lambda: rule.properties.probe, Ref()) if isinstance(rule, LoadBalancingRule) else None
    )
    health = tuple(probed(trip, probe, members))
    ends: list[Arrival] = []
    for member, up in zip(members, health, strict=True):
        if member.frontend is not None and not member.set_to:
            ends += _to_region(trip, rule, member.frontend, balancer)
        else:
            ends.append(_to_member(trip, balancer, frontend, rule, member, up))
    alone = len(ends) == 1 and (_single(rule) or owner is not None)
    if isinstance(rule, LoadBalancingRule) or alone:
        return tuple(ends)
    return tuple(_one_of(end) for end in ends)


def _to_region(
    trip: Trip, rule: Forwarder, regional: LoadBalancerFrontend, balancer: LoadBalancer
) -> Iterable[Arrival]:
    """Go on at the frontend of a region, with its address unless the global rule floats (E-19)."""
    if (told(lambda: _tier(balancer), "") or "").lower() != "global":
        return [trip.untold(regional.id, "only a global load balancer leads to another")]
    public = follow(trip.network, lambda: regional.properties.public_ip_address)
    own = told(lambda: public.properties.ip_address, None) if isinstance(public, PublicIp) else None
    address = address_of(own)
    port = told(lambda: rule.properties.backend_port, None)
    if address is None or not port or isinstance(rule, InboundNatPool):
        return [trip.untold(regional.id, "the address or port of the region is not told")]
    if not told(lambda: rule.properties.enable_floating_ip, None):
        trip = trip.seeing(trip.seen.to(address, port))
    ends = at_frontend(trip, regional, behind_global=True)
    return [end for end in ends if isinstance(end, Arrival)]


def _single(rule: Forwarder) -> bool:
    """Whether a NAT rule leads to one machine whatever the port."""
    return isinstance(rule, InboundNatRule) and bool(
        told(lambda: rule.properties.backend_ip_configuration, None)
    )


def _one_of(end: Arrival) -> Arrival:
    """An end that the packet comes to only when the port was given to that member."""
    if end.fate is not Fate.DELIVERED:
        return end
    why = "which member got the port is not told"
    return Arrival(
        Fate.UNKNOWN, end.at, end.packet, why, (*end.trail[:-1], f"unknown: {why}"), None
    )


def _members(trip: Trip, rule: Forwarder) -> tuple[Member, ...]:
    network = trip.network
    found: list[Member] = []
    if isinstance(rule, LoadBalancingRule):
        refs: Iterable[Ref] | None = told(lambda: rule.pools, None)
        if refs is None:
            return (Member(rule.id, missing="the pool of the rule is not told"),)
        for ref in refs:
            found += _pool(trip, ref)
        return tuple({member.at.lower(): member for member in found}.values())
    if isinstance(rule, InboundNatRule):
        single = follow(network, lambda: rule.properties.backend_ip_configuration)
        if isinstance(single, IpConfiguration | ScaleSetIpConfiguration):
            return (Member(single.id, single),)
        if single is not None:
            return (Member(single.id or rule.id, missing="the target of the rule is not told"),)
        pool = told(lambda: rule.properties.backend_address_pool, Ref())
        if pool is not None:
            return tuple(_pool(trip, pool))
        listed = network.referrers(rule, "loadBalancerInboundNatRules")
    else:
        listed = network.referrers(rule, "loadBalancerInboundNatPools")
    for edge in listed:
        if isinstance(edge.source, IpConfiguration | ScaleSetIpConfiguration):
            found.append(Member(edge.source.id, edge.source))
    return tuple(found) or (Member(rule.id, missing="the target of the rule is not told"),)


def _pool(trip: Trip, ref: Ref) -> tuple[Member, ...]:
    node = follow(trip.network, lambda: ref)
    if isinstance(node, BackendPool):
        return members_of(trip.network, node)
    return (Member(told(lambda: ref.id, None) or "?", missing="the pool is not told"),)


def _to_member(
    trip: Trip,
    balancer: LoadBalancer,
    frontend: LoadBalancerFrontend,
    rule: Forwarder,
    member: Member,
    up: Truth,
) -> Arrival:
    at = member.at
    if member.set_to not in ("", "up") and (member.set_to != "down" or not _probing(rule)):
        return trip.untold(at, f"what a member that is set {member.set_to} gets is not told")
    if member.set_to == "down":
        return trip.dropped(at, "the member is taken out of service")
    if member.configuration is None:
        return trip.untold(at, member.missing or "a regional frontend is not followed")
    seen = trip.seen
    floats = (
        told(lambda: rule.properties.enable_floating_ip, None)
        if not isinstance(rule, InboundNatPool)
        else False
    )
    port = told(lambda: rule.properties.backend_port, None)
    candidates = addresses_of(trip.network, member.configuration, seen.packet.destination.version)
    address = own_address(member.configuration) or candidates.smallest()
    if address is None or not candidates:
        return trip.untold(at, "the member's address is not told")
    if not floats:
        if not port:
            port = seen.packet.destination_port if rule_is_for_all_ports(rule) else port
        if not port:
            return trip.untold(at, "the backend port is not told")
        trip = trip.seeing(seen.to(address, port, candidates))
    if up is False:
        return trip.dropped(at, "probes of the load balancer do not reach the member")
    if up is None:
        trip = trip.doubt("whether probes of the load balancer reach the member is not told")
    if not peopled(member.configuration):
        trip = trip.doubt("whether the scale set has an instance is not told")
    return receive(trip, member.configuration, _closed(trip, balancer, frontend))


def _probing(rule: Forwarder) -> bool:
    """Whether the rule has a probe: without one nobody heeds what members are set to (E-15)."""
    return isinstance(rule, LoadBalancingRule) and (
        told(lambda: rule.properties.probe, None) is not None
    )


def rule_is_for_all_ports(rule: Forwarder) -> bool:
    """Whether it is a rule for all ports (E-11)."""
    return (told(lambda: rule.properties.protocol, None) or "").lower() == "all"


def _closed(trip: Trip, balancer: LoadBalancer, frontend: LoadBalancerFrontend) -> Truth:
    """Whether a member without a security group is closed (E-3)."""
    inside = told(lambda: frontend.properties.private_ip_address, None)
    if inside or subnet_of(trip.network, frontend) is not None:
        return False
    name = (told(lambda: balancer.sku.name if balancer.sku else None, None) or "").lower()
    if name in ("standard", "basic"):
        return name == "standard"
    return None
