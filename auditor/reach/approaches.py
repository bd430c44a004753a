"""Which public entrances may lead to a point, and to whom application gateways send on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import product
from typing import TypeAlias

from auditor.network.graph import Network, question, question_about
from auditor.reach.balancing import forwards_of, forwards_to
from auditor.reach.entrances import Entrance, entrances, entrances_at, translated_to
from auditor.reach.gatewaying import Relay, point_of, ports_of, relays_of
from auditor.reach.owners import points_at
from auditor.reach.points import Kind, Point, machine
from auditor.resources.application_gateways import ApplicationGateway, GatewayFrontend, Listener
from auditor.resources.base import Node
from auditor.resources.firewalls import FirewallIpConfiguration
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
        nodes = list(target.node.properties.frontend_ip_configurations or ())
    if target.kind is Kind.MACHINE and target.node is not None:
        nodes += [f.frontend for f in forwards_to(network).get(target.node.key, ())]
    for node in nodes:
        for entrance in entrances_at(network, node):
            found[f"{entrance.node.key} {entrance.address.lower()}"] = entrance
    if target.kind is not Kind.GATEWAY:
        place = target.subnet.key if target.kind is Kind.SUBNET and target.subnet else ""
        for key, known in product((target.id.lower(), place), relaying):
            for entrance in known.get(key, ()):
                found[f"{entrance.node.key} {entrance.address.lower()}"] = entrance
    return tuple(found[key] for key in sorted(found))


@question
def _by_gateways(network: Network) -> _ByTarget:
    return _by_target(network, GatewayFrontend)


@question
def _by_firewalls(network: Network) -> _ByTarget:
    return _by_target(network, FirewallIpConfiguration)


def _by_target(network: Network, carrier: type[Node]) -> _ByTarget:
    """The entrances of a kind that lead to others than whoever carries them, by these others.

    By the key of its subnet too, for whoever is asked about as any machine of that.
    """
    found: dict[str, dict[str, Entrance]] = defaultdict(dict)
    for entrance in entrances(network):
        if not isinstance(entrance.node, carrier):
            continue
        for point in _behind(network, entrance):
            place = point.subnet.key if point.subnet is not None else ""
            for key in {point.id.lower(), place} - {""}:
                found[key][f"{entrance.node.key} {entrance.address.lower()}"] = entrance
    return {key: tuple(each.values()) for key, each in found.items()}


def _behind(network: Network, entrance: Entrance) -> Iterator[Point]:
    """Give whom a gateway connects to, and whom a firewall's NAT rules lead to."""
    node = entrance.node
    targets: list[Point] = []
    if isinstance(node, GatewayFrontend) and isinstance(node.root, ApplicationGateway):
        for port in ports_of(network, node.root)[0]:
            if port.frontend is node:
                for relay in distinct_relays(network, port.listeners):
                    targets += relay_targets(network, node.root, relay)
    elif isinstance(node, FirewallIpConfiguration):
        targets += translated_to(network, node)
    for target in targets:
        yield target
        if isinstance(target.node, LoadBalancerFrontend):
            for forward in forwards_of(network, target.node).known:
                if forward.target is not None:
                    yield forward.target


def distinct_relays(network: Network, listeners: Iterable[Listener]) -> Iterator[Relay]:
    """Give what listeners send on, each member and port once."""
    seen: set[tuple[str, int | None]] = set()
    for listener in listeners:
        for relay in relays_of(network, listener):
            key = (relay.configuration.key if relay.configuration else relay.member, relay.port)
            if key not in seen:
                seen.add(key)
                yield relay


def relay_targets(network: Network, gateway: ApplicationGateway, relay: Relay) -> tuple[Point, ...]:
    """Give the points a gateway may connect to for one relay; none that the snapshot holds."""
    if relay.configuration is not None:
        return (machine(network, relay.configuration),)
    place = point_of(network, gateway).place
    if relay.address is None or place is None:
        return ()
    return points_at(network, relay.address, place)
