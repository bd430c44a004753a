"""Whether anything restricts what the machines of a subnet send to the internet.

Security groups and admin rules may, and so does a route that leads everything to an appliance, a
gateway or nowhere. The path of some packet tells that there is a way out at all.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from auditor.addresses import EVERY_PORT, AddressSet, PortSet
from auditor.errors import Undetermined
from auditor.network.effective_rules import Direction, EffectiveRules, effective_rules
from auditor.network.egress import perhaps_inside
from auditor.network.filters import ANY, INTERNET, VIRTUAL_NETWORK, Filter, filters_of
from auditor.network.graph import Network
from auditor.network.reasons import FORCED_TUNNEL, teller
from auditor.network.route_tables import default_route
from auditor.network.virtual_network_tag import virtual_network
from auditor.reach import points
from auditor.reach.answer import Answer, Verdict, answers
from auditor.reach.lateral import hidden_at
from auditor.reach.own_filters import VERSIONS, denied, doubts_of, packets_of, spoken_to, why
from auditor.reach.points import Point
from auditor.reach.replay import check
from auditor.reach.sending_subnets import machines_leaving
from auditor.reach.space import space_of
from auditor.reach.subnet_addresses import usable
from auditor.resources.security import NetworkSecurityGroup
from auditor.resources.virtual_networks import Subnet
from auditor.special_addresses import DOCUMENTATION, PUBLIC

_PORT = 443
_EXAMPLE = points.internet(DOCUMENTATION)
"""Somewhere that nobody is, where the public addresses of the input are no concern."""


class Outflow(msgspec.Struct, frozen=True):
    """A machine that may send anything to anybody: a packet of it.

    `doubt` says why only perhaps, `told_by` who would tell it.
    """

    subnet: Subnet
    answer: Answer | None = None
    doubt: str = ""
    told_by: str = ""


def unrestricted(network: Network, subnet: Subnet) -> Outflow | None:
    """Give a machine of a subnet that nothing restricts, a certain one if there is any.

    None where everything is led elsewhere, something is denied, or nothing gets out. Raises
    Undetermined when the route table or the addresses of the subnet are not told.
    """
    if default_route(network, subnet) is not None or _closed(network, subnet):
        return None
    perhaps: Outflow | None = None
    for point in machines_leaving(network, subnet):
        found = _of(network, subnet, point)
        if found is not None and not found.doubt:
            return found
        perhaps = perhaps or found
    for lost in perhaps_inside(network, subnet) if perhaps is None else ():
        return Outflow(subnet, None, lost.missing, lost.resource)
    return perhaps


def _of(network: Network, subnet: Subnet, point: Point) -> Outflow | None:
    rules = effective_rules(network, point.nic, Direction.OUTBOUND, subnet, network.tags)
    restricted = _restricted(network, rules, subnet)
    if restricted:
        return None
    out = _way_out(network, point)
    if out is None:
        return None
    if restricted is None:
        return Outflow(subnet, out, why(rules), teller(doubts_of(rules)))
    if out.verdict is Verdict.UNKNOWN:
        reasons = dict.fromkeys(str(reason) for reason in out.reasons)
        words = "; ".join(reasons) or "whether there is a way out"
        return Outflow(subnet, out, words, teller(out.reasons))
    hidden = hidden_at(network, point)
    if hidden is not None:
        return Outflow(subnet, out, f"{hidden.subject} was not read whole")
    check(network, out, network.tags)
    return Outflow(subnet, out)


def _restricted(network: Network, rules: EffectiveRules, subnet: Subnet) -> bool | None:
    """Whether some packet to the internet is denied; None when it is not told."""
    perhaps = False
    for version in VERSIONS:
        own = usable(subnet)
        region = packets_of(network, rules, own, version)
        region &= space_of(network, version).having(destination=PUBLIC)
        if region.is_empty:
            continue
        found = denied(network, rules, region, version, own=own, peers=PUBLIC)
        if not found.must.is_empty:
            return True
        perhaps = perhaps or not found.may.is_empty
    return None if perhaps else False


def _way_out(network: Network, point: Point) -> Answer | None:
    """The answer that gets furthest to the internet; None when nothing gets there."""
    sample = _furthest(network, point, _EXAMPLE)
    if sample is not None and sample.verdict is Verdict.REACHABLE:
        return replace(sample, target=points.INTERNET)
    return _furthest(network, point, points.INTERNET)


def _furthest(network: Network, point: Point, target: Point) -> Answer | None:
    found = answers(
        network,
        point,
        target,
        protocols=("tcp",),
        ports=PortSet.of(_PORT),
        tags=network.tags,
        blocked=False,
        relays=False,
    )
    for verdict in (Verdict.REACHABLE, Verdict.UNKNOWN):
        for answer in found:
            if answer.verdict is verdict and not _by_sites(answer):
                return answer
    return None


def _by_sites(answer: Answer) -> bool:
    """Whether everything is led to sites, which are somewhere else."""
    return {reason.label for reason in answer.reasons} == {FORCED_TUNNEL}


def _closed(network: Network, subnet: Subnet) -> bool:
    """Whether the subnet's group denies some of the internet: the cheap answer for most."""
    try:
        group = network.get(subnet.properties.network_security_group, NetworkSecurityGroup)
        if group is None:
            return False
        filters = filters_of(network, group, inbound=False)
    except Undetermined:
        return False
    let_out: list[AddressSet] = []
    for each in filters:
        if not each.allow and _all_ports(each):
            left = spoken_to(_destinations(network, subnet, each), usable(subnet))
            for addresses in let_out:
                left = left - addresses
            return bool(left)
        if each.allow and each.speaks_of("icmp"):
            if not each.destinations.told or INTERNET in each.destinations.tags:
                return False
            let_out.append(each.destinations.addresses)
    return False


def _all_ports(each: Filter) -> bool:
    return (
        each.protocols is not None
        and ANY in each.protocols
        and (each.sources.everything or VIRTUAL_NETWORK in each.sources.tags)
        and each.destination_ports == each.source_ports == EVERY_PORT
    )


def _destinations(network: Network, subnet: Subnet, each: Filter) -> AddressSet:
    """The public addresses that a Deny surely names; `Internet` is what no network holds."""
    found = each.destinations.addresses & PUBLIC
    if INTERNET in each.destinations.tags:
        found = found | (PUBLIC - virtual_network(network, subnet, network.tags).may)
    return found
