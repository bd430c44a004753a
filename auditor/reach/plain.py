"""Pairs of which it is plain that they talk: filters and routes let everything pass, both ways.

The look keeps to the safe side: where it says so, the paths say so too; else ask them.
"""

from __future__ import annotations

from collections import defaultdict

from auditor.addresses import AddressSet
from auditor.network.effective_rules import Direction, rules_at
from auditor.network.graph import Network, question
from auditor.network.passage import surely_pass
from auditor.network.routing.near import near
from auditor.network.surroundings import HOSTS
from auditor.reach.balancing import Forward, forwards_of
from auditor.reach.delivery import is_basic
from auditor.reach.leading import leads_to
from auditor.reach.pods import behind_nodes
from auditor.reach.points import Kind, Point, anywhere_in, vnet_of
from auditor.reach.screening import as_its_subnet, takes
from auditor.reach.ways import ways_from
from auditor.resources.load_balancers import LoadBalancerFrontend

_SENDING = frozenset({Kind.MACHINE, Kind.SUBNET, Kind.GATEWAY})
_STANDING = frozenset({Kind.MACHINE, Kind.SUBNET})


def surely_talks(network: Network, source: Point, target: Point, port: int) -> bool:
    """Tell whether a point certainly reaches another straight, over TCP on one port.

    False: it does not, or not so plainly.
    """
    if source.kind not in _SENDING or source.place is None:
        return False
    if isinstance(target.node, LoadBalancerFrontend):
        return _through(network, source, target, target.node, port)
    place = target.place
    if target.kind not in _STANDING or place is None:
        return False
    any_of = anywhere_in(network, place)
    if target.addresses and target.addresses <= any_of.addresses and as_its_subnet(network, target):
        key = (source.kind, source.id, place.key, port)
        known = _sure_of_subnets(network)
        if key not in known:
            known[key] = _straight(network, source, any_of, port)
        if known[key]:
            return True
    return _straight(network, source, target, port)


def _through(
    network: Network, source: Point, front: Point, node: LoadBalancerFrontend, port: int
) -> bool:
    """Whether all packets pass by a load balancer to every machine that a rule may choose."""
    if (
        not behind_nodes(network, node)
        or is_basic(node)
        or not _passes_out(network, source, front, port)
    ):
        return False
    chosen: dict[str, list[Forward]] = defaultdict(list)
    for forward in forwards_of(network, node).known:
        if takes(forward, port):
            chosen[forward.rule.key].append(forward)
    return any(
        all(_forwarded(network, source, front, each, port) for each in members)
        for members in chosen.values()
    )


def _forwarded(network: Network, source: Point, front: Point, forward: Forward, port: int) -> bool:
    target = forward.target
    if target is None or target.place is None or forward.reasons or forward.standing:
        return False
    if target.kind not in _STANDING or not _v4(target) or source.kind is Kind.MACHINE:
        return False
    inbound = rules_at(network, target.nic, Direction.INBOUND, target.subnet, network.tags)
    own = _v4(front if forward.floating else target)
    probe = forward.probe.properties.port if forward.probe is not None else port
    probed = forward.probe is None or (
        probe is not None and surely_pass(inbound, _v4(target), AddressSet(v4=HOSTS.v4), probe)
    )
    return (
        probed
        and bool(own)
        and surely_pass(inbound, own, _v4(source), forward.backend_port or port)
        and _routed(network, target, source)
    )


@question
def _sure_of_subnets(network: Network) -> dict[tuple[Kind, str, str, int], bool]:
    return {}


def _straight(network: Network, source: Point, target: Point, port: int) -> bool:
    """Whether all packets pass, and the replies."""
    inbound = rules_at(network, target.nic, Direction.INBOUND, target.subnet, network.tags)
    return (
        _passes_out(network, source, target, port)
        and surely_pass(inbound, _v4(target), _v4(source), port)
        and _routed(network, target, source)
    )


def _passes_out(network: Network, source: Point, target: Point, port: int) -> bool:
    """Whether filters and routes let all packets go straight into the network of a target."""
    here, there = _v4(source), _v4(target)
    if not here or not there:
        return False
    out = rules_at(network, source.nic, Direction.OUTBOUND, source.subnet, network.tags)
    return surely_pass(out, here, there, port) and _routed(network, source, target)


def _routed(network: Network, source: Point, target: Point) -> bool:
    """Whether all packets go straight into the network of a target."""
    subnet = source.place
    if subnet is None:
        return False
    there = _v4(target)
    if source.home == target.home and there <= near(network, subnet):
        return True
    vnet = vnet_of(network, source)
    ways = ways_from(network, subnet, 4, network.tags)
    found = ways.towards(there)
    return all(leads_to(way, target.home, vnet) is True for way in found)


def _v4(point: Point) -> AddressSet:
    return AddressSet(v4=point.addresses.v4)
