"""Which public entrances may lead to a point, straight or by those that pass on what they get."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import product
from typing import TypeAlias

from auditor.network.graph import Network, question, question_about
from auditor.reach.aiming import aims_of, relays_at
from auditor.reach.balancing import forwards_of, forwards_to
from auditor.reach.delivery import leads_to_region
from auditor.reach.entrances import Entrance, entrances, entrances_at, entrances_by_address
from auditor.reach.gatewaying import point_of
from auditor.reach.points import Kind, Point, frontend, keys_of, machine
from auditor.reach.translating import translated_abroad, translated_by_hub, translated_to
from auditor.resources import walk
from auditor.resources.application_gateways import ApplicationGateway, GatewayFrontend
from auditor.resources.base import Node
from auditor.resources.compute import ScaleSetIpConfiguration
from auditor.resources.firewalls import Firewall, FirewallIpConfiguration
from auditor.resources.hybrid import VirtualNetworkGateway, VpnGatewayIpConfiguration
from auditor.resources.interfaces import IpConfiguration
from auditor.resources.load_balancers import LoadBalancerFrontend


@question_about
def entrances_towards(network: Network, target: Point) -> tuple[Entrance, ...]:
    """Give the entrances that may lead to a point: its own, those of balancers, and of gateways."""
    return _towards(network, target, (_by_firewalls(network), _by_gateways(network)))


@question_about
def entrances_straight_to(network: Network, target: Point) -> tuple[Entrance, ...]:
    """Give the entrances that may lead to a point without anybody who connects anew.

    Packets to an application gateway end there, or count as come to any machine of its subnet.
    """
    gateways = _in_subnets(network).get(target.id.lower(), frozenset())
    relaying = (_by_firewalls(network), *((_by_gateways(network),) if gateways else ()))
    own = target.id.lower() if target.kind is Kind.GATEWAY else ""
    return tuple(
        entrance
        for entrance in _towards(network, target, relaying)
        if not isinstance(entrance.node.root, ApplicationGateway)
        or entrance.node.root.key in gateways
        or entrance.node.root.id.lower() == own
    )


@question
def _in_subnets(network: Network) -> dict[str, frozenset[str]]:
    """The application gateways in each subnet, all by their keys."""
    found: dict[str, set[str]] = defaultdict(set)
    for gateway in network.all(ApplicationGateway):
        place = point_of(network, gateway).subnet
        if place is not None:
            found[place.key].add(gateway.key)
    return {key: frozenset(gateways) for key, gateways in found.items()}


_ByTarget: TypeAlias = dict[str, tuple[Entrance, ...]]
"""Entrances by the ids of those they lead to, and by the keys of these ones' subnets."""


def _towards(
    network: Network, target: Point, relaying: Iterable[_ByTarget]
) -> tuple[Entrance, ...]:
    found: dict[str, Entrance] = {}
    nodes = [target.node] if target.node is not None else []
    if target.kind is Kind.GATEWAY and isinstance(target.node, ApplicationGateway):
        settings = walk.peek(target.node, "properties")
        nodes = list(walk.peek(settings, "frontend_ip_configurations") or ())
    if isinstance(target.node, FirewallIpConfiguration | VpnGatewayIpConfiguration):
        nodes = _beside(target.node)
    if target.kind in (Kind.MACHINE, Kind.FRONTEND) and target.node is not None:
        before = [f.frontend for f in forwards_to(network, target.node)]
        nodes += before
        nodes += [f.frontend for node in before for f in forwards_to(network, node)]
    for node in nodes:
        for entrance in entrances_at(network, node):
            found[f"{entrance.node.key} {entrance.address.lower()}"] = entrance
    place = target.subnet.key if target.kind is Kind.SUBNET and target.subnet else ""
    for key, known in product((target.id.lower(), place), relaying):
        for entrance in known.get(key, ()):
            found[f"{entrance.node.key} {entrance.address.lower()}"] = entrance
    return tuple(found[key] for key in sorted(found))


def _beside(part: FirewallIpConfiguration | VpnGatewayIpConfiguration) -> list[Node]:
    """All ip configurations of a firewall or an active-active gateway: one answers at each."""
    if isinstance(part.root, Firewall | VirtualNetworkGateway):
        return list(part.root.ip_configurations)
    return [part]


@question
def _by_gateways(network: Network) -> _ByTarget:
    return _by_target(network, GatewayFrontend)


@question
def _by_firewalls(network: Network) -> _ByTarget:
    return _by_target(network, FirewallIpConfiguration, Firewall)


def _by_target(network: Network, *carriers: type[Node]) -> _ByTarget:
    """The entrances of a kind that lead to others than whoever carries them, by these others.

    By the key of its subnet too, for whoever is asked about as any machine of that.
    """
    found: dict[str, dict[str, Entrance]] = defaultdict(dict)
    for entrance in entrances(network):
        if not isinstance(entrance.node, carriers):
            continue
        mark = f"{entrance.node.key} {entrance.address.lower()}"
        for point in _behind(network, entrance):
            for key in keys_of(point):
                found[key][mark] = entrance
            if point.subnet is not None:
                found[point.subnet.key][mark] = entrance
    return {key: tuple(each.values()) for key, each in found.items()}


def _behind(network: Network, entrance: Entrance) -> list[Point]:
    """Give whom a gateway connects to, and whom a firewall's NAT rules lead to."""
    node = entrance.node
    if isinstance(node, GatewayFrontend):
        return behind_front(network, node)
    if isinstance(node, FirewallIpConfiguration):
        return _translated(network, node, frozenset())
    return beyond(network, translated_by_hub(network, node)) if isinstance(node, Firewall) else []


def behind_front(
    network: Network, front: GatewayFrontend, seen: frozenset[str] = frozenset()
) -> list[Point]:
    """Give whom a gateway connects to for one of its frontends, and so on."""
    gateway = front.root
    found: list[Point] = []
    if not isinstance(gateway, ApplicationGateway) or gateway.key in seen:
        return found
    seen |= {gateway.key}
    for relay in relays_at(network, front):
        for aim in aims_of(network, relay)[0]:
            if isinstance(aim, Point):
                found += beyond(network, [aim], seen)
            else:
                found += _entered(network, aim, seen)
    return found


def leads_on(point: Point, wanted: Point) -> bool:
    """Tell whether packets for a point may end at another: it, one in it, or whoever is behind."""
    if point.kind in (Kind.FRONTEND, Kind.GATEWAY) or wanted.id.lower() in keys_of(point):
        return True
    place = point.subnet.key if point.subnet is not None else ""
    return wanted.kind is Kind.SUBNET and place == wanted.id.lower()


def _entered(network: Network, entrance: Entrance, seen: frozenset[str]) -> list[Point]:
    """Give who is behind an entrance that a gateway connects to."""
    node = entrance.node
    if isinstance(node, IpConfiguration | ScaleSetIpConfiguration):
        return [machine(network, node)]
    if isinstance(node, LoadBalancerFrontend):
        return beyond(network, [frontend(network, node)], seen)
    if isinstance(node, GatewayFrontend) and isinstance(node.root, ApplicationGateway):
        return [point_of(network, node.root), *behind_front(network, node, seen)]
    if isinstance(node, FirewallIpConfiguration):
        return _translated(network, node, seen)
    if isinstance(node, Firewall):
        return beyond(network, translated_by_hub(network, node), seen)
    return []


def _translated(
    network: Network, node: FirewallIpConfiguration, seen: frozenset[str]
) -> list[Point]:
    """Give who is behind the NAT rules of a firewall, in networks and at public addresses."""
    found = beyond(network, translated_to(network, node), seen)
    for address in translated_abroad(network, node):
        for entrance in entrances_by_address(network).get(address, ()):
            if not isinstance(entrance.node, FirewallIpConfiguration | Firewall):
                found += _entered(network, entrance, seen)
    return found


def beyond(
    network: Network, targets: Iterable[Point], seen: frozenset[str] = frozenset()
) -> list[Point]:
    """Give some points, and whoever is behind those that pass on what they get."""
    found: list[Point] = []
    for target in targets:
        found.append(target)
        if isinstance(target.node, LoadBalancerFrontend):
            for forward in forwards_of(network, target.node).known:
                if forward.target is not None:
                    found.append(forward.target)
                    if leads_to_region(forward):
                        found += beyond(network, [forward.target], seen)
        elif isinstance(target.node, GatewayFrontend):
            found += behind_front(network, target.node, seen)
    return found
