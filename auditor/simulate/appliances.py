"""A packet at a virtual appliance that a route names (R-11)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from auditor.addresses import Address
from auditor.network.graph import Missing, Network
from auditor.resources.base import Node, Ref
from auditor.resources.firewalls import FirewallIpConfiguration
from auditor.resources.interfaces import IpConfiguration, NetworkInterface
from auditor.resources.load_balancers import (
    BackendPool,
    LoadBalancer,
    LoadBalancerFrontend,
    LoadBalancingRule,
)
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.simulate.delivery import inbound
from auditor.simulate.logic import Truth, follow, told
from auditor.simulate.packet import Arrival
from auditor.simulate.peers import network_with
from auditor.simulate.places import nic_of, places_in, subnets_with, vacant
from auditor.simulate.pools import Member, members_of, probed
from auditor.simulate.trip import Onward, Trip


def forward(trip: Trip, home: VirtualNetwork, subnet: Subnet, hop: Address) -> Onward:
    """Give what becomes of a packet that a route hands to an appliance."""
    where = network_with(trip.network, home, hop)
    if where is None:
        return (trip.dropped(subnet.id, f"no network at hand holds the next hop {hop}"),)
    if isinstance(where, Missing):
        return (trip.untold(subnet.id, f"where the next hop {hop} stands is not told"),)
    found = places_in(trip.network, where).get(hop, [])
    if len(found) > 1:
        return (trip.untold(where.id, f"{len(found)} resources have {hop}"),)
    if not found:
        return (_nobody(trip, where, hop),)
    return _at(trip, found[0], hop)


def _nobody(trip: Trip, where: VirtualNetwork, hop: Address) -> Arrival:
    listed = subnets_with(where, hop)
    if listed is not None and all(vacant(trip.network, each) for each in listed):
        return trip.dropped(where.id, f"nobody has the next hop {hop}")
    return trip.untold(where.id, f"who has the next hop {hop} is not told")


def _at(trip: Trip, node: Node, hop: Address) -> Onward:
    if isinstance(node, FirewallIpConfiguration):
        return (trip.untold(node.id, "what the firewall lets through is not modelled"),)
    if isinstance(node, LoadBalancerFrontend):
        return (_behind(trip, node),)
    if not isinstance(node, IpConfiguration):
        return (trip.untold(node.id, f"what {hop} does with it is not modelled"),)
    nic = nic_of(node)
    forwards = (
        told(lambda: nic.properties.enable_ip_forwarding, None)
        if isinstance(nic, NetworkInterface)
        else None
    )
    if forwards is False:
        return (trip.dropped(node.id, "the next hop does not forward"),)
    _, ruling = inbound(trip, node, trip.seen)
    if ruling.passes is False:
        return (trip.dropped(node.id, f"inbound traffic at the appliance is {ruling}"),)
    return (trip.untold(node.id, "what the appliance does with it is not told"),)


def _behind(trip: Trip, frontend: LoadBalancerFrontend) -> Arrival:
    """End at the balancer of a pool of appliances: dropped where each of them gets nothing.

    They see the packet with the address it was sent to, which is not the balancer's.
    """
    rules = _rules_of(trip.network, frontend)
    if rules is None or not all(map(_takes_all, rules)):
        return trip.untold(frontend.id, "what the balancer hands to which appliance is not told")
    ends = [why for rule in rules for why in _refusals(trip, rule)]
    if rules and all(ends):
        return trip.dropped(frontend.id, "; ".join(map(str, ends)) or "the pool has no member")
    return trip.untold(frontend.id, "what the appliances behind the balancer do is not told")


def _rules_of(
    network: Network, frontend: LoadBalancerFrontend
) -> tuple[LoadBalancingRule, ...] | None:
    """Give the rules at a frontend; None where that is not told of one."""
    balancer = frontend.owner
    if not isinstance(balancer, LoadBalancer):
        return None
    found: list[LoadBalancingRule] = []
    for rule in told(lambda: balancer.rules, None) or ():
        at = follow(network, partial(_frontend_of, rule))
        if at is None or isinstance(at, Missing):
            return None
        found += [rule] if at is frontend else []
    return tuple(found)


def _frontend_of(rule: LoadBalancingRule) -> Ref | None:
    return rule.properties.frontend_ip_configuration


def _takes_all(rule: LoadBalancingRule) -> bool:
    protocol = told(lambda: rule.properties.protocol, None) or ""
    return protocol.lower() == "all" and told(lambda: rule.properties.frontend_port, None) == 0


def _refusals(trip: Trip, rule: LoadBalancingRule) -> Iterator[str]:
    """Give why each member of a rule gets nothing; empty where it may."""
    refs = told(lambda: rule.pools, None)
    pools = [trip.network.find(ref) for ref in refs or ()]
    if refs is None or not all(isinstance(pool, BackendPool) for pool in pools):
        yield ""
        return
    found = (each for pool in pools if isinstance(pool, BackendPool)
             for each in members_of(trip.network, pool))  # fmt: skip
    members = tuple({each.at.lower(): each for each in found}.values())
    probe = told(lambda: rule.properties.probe, Ref())
    for member, up in zip(members, probed(trip, probe, members), strict=True):
        yield _refused(trip, member, up, probe is not None)


def _refused(trip: Trip, member: Member, up: Truth, heeded: bool) -> str:
    if member.configuration is None or not isinstance(member.configuration, IpConfiguration):
        return ""
    if member.set_to == "down" and heeded:
        return "a member is taken out of service"
    if up is False and (heeded or not member.set_to):
        return "probes do not reach a member"
    _, ruling = inbound(trip, member.configuration, trip.seen)
    return f"inbound traffic at a member is {ruling}" if ruling.passes is False else ""
