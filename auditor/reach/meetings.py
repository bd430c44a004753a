"""Where security groups meet: at a NIC, its own and its subnet's (N-11).

Of most of their rules it is plain that something they allow passes the other group, too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import chain

import msgspec

from auditor.addresses import AddressSet
from auditor.errors import Undetermined
from auditor.network.cluster_ranges import pod_claims
from auditor.network.clusters import cluster_of
from auditor.network.effective_rules import Direction, EffectiveRules
from auditor.network.egress import absent_nics
from auditor.network.filters import Filter, attachments, by_priority, filters_by_priority
from auditor.network.graph import Missing, Network, question, question_about
from auditor.network.group_members import addresses_of, configurations_of
from auditor.network.interfaces import Interface
from auditor.network.layers import LayerKind
from auditor.network.rule_lists import where_alike
from auditor.reach.alive import Spot, plainly_alive_at
from auditor.reach.own_filters import groups_at, only
from auditor.resources.base import Node
from auditor.resources.compute import ScaleSet, ScaleSetInterface
from auditor.resources.interfaces import NetworkInterface
from auditor.resources.load_balancers import LoadBalancerFrontend
from auditor.resources.managed_clusters import AgentPool
from auditor.resources.security import NetworkSecurityGroup, SecurityRule
from auditor.resources.virtual_networks import Subnet


class Place(msgspec.Struct, frozen=True):
    """A NIC in a subnet, with a security group at either; `kind` is where the group at hand stands.

    Without a NIC: something else in the subnet, which only the subnet's group filters; or a NIC
    that the input lacks, `missing`.
    """

    kind: LayerKind
    subnet: Subnet
    nic: Interface | None = None
    missing: str = ""


@question
def meeting_allows(network: Network) -> tuple[SecurityRule, ...]:
    """Name the subjects: the custom Allow rules of groups that meet another at some NIC."""
    meetings = _meetings(network)
    groups = [group for group in network.all(NetworkSecurityGroup) if group.key in meetings]
    return tuple(where_alike(chain.from_iterable(map(_rules, groups)), _allows))


@question
def doubtful_allows(network: Network) -> tuple[SecurityRule, ...]:
    """Give those of them of which it is not plain that something gets through: the suspects."""
    alive: set[SecurityRule] = set()
    for group in network.all(NetworkSecurityGroup):
        if group.key in _meetings(network):
            alive |= _plainly_alive(network, group)
    return tuple([rule for rule in meeting_allows(network) if rule not in alive])


def _plainly_alive(network: Network, group: NetworkSecurityGroup) -> set[SecurityRule]:
    found: set[SecurityRule] = set()
    try:
        places = places_of(network, group)
    except Undetermined:
        return found  # they are asked about
    for direction in Direction:
        try:
            filters = filters_by_priority(network, group, direction is Direction.INBOUND)
            alive = _alive_somewhere(network, places, direction, filters)
            if alive:
                rules = by_priority(network, group, direction is Direction.INBOUND)
                found.update([rules[number] for number in alive])
        except Undetermined:
            continue
    return found


def _alive_somewhere(
    network: Network,
    places: tuple[Place, ...],
    direction: Direction,
    filters: tuple[Filter, ...],
) -> set[int]:
    """Give the Allow rules, by their numbers, of which something plainly gets through somewhere.

    No place is looked at when all are known already: NICs in one subnet are much alike.
    """
    allowing = {number for number, each in enumerate(filters) if each.allow}
    left = allowing
    for place in places:
        if not left:
            break
        if place.missing:
            continue
        left = left - _numbers(network, place, direction) if place.nic is not None else set()
    return allowing - left


def _numbers(network: Network, place: Place, direction: Direction) -> frozenset[int]:
    """The rules at a NIC, by their numbers, of which something plainly gets through."""
    assert place.nic is not None
    _, own, other = meeting(network, place, direction)
    if not own.layers or own.layers[0].unknown is not None or not other.layers:
        return frozenset()
    return plainly_alive_at(own, other, _spot(network, place.subnet, place.nic))


def _rules(group: NetworkSecurityGroup) -> tuple[SecurityRule, ...]:
    try:
        return group.rules
    except Undetermined:
        return ()


def _allows(rule: SecurityRule) -> bool:
    try:
        return rule.allows
    except Undetermined:
        return True  # judged, and then answered with unknown


@question
def _meetings(network: Network) -> dict[str, list[Place]]:
    """The places of each group (its key) at which a group stands at subnet and NIC."""
    found: dict[str, list[Place]] = defaultdict(list)
    nics: tuple[Interface, ...]
    nics = (*network.all(NetworkInterface), *network.all(ScaleSetInterface))
    for nic in nics:
        try:
            ref = nic.properties.network_security_group
            at_nic = network.find(ref) if ref is not None else None
            if at_nic is None:
                continue
            subnets = dict.fromkeys(
                network.find(each.properties.subnet) for each in nic.ip_configurations
            )
            for subnet in subnets:
                if isinstance(subnet, Subnet):
                    at_subnet = network.find(subnet.properties.network_security_group)
                    if at_subnet is not None:
                        found[at_nic.key].append(Place(LayerKind.NIC, subnet, nic))
                        found[at_subnet.key].append(Place(LayerKind.SUBNET, subnet, nic))
        except Undetermined:
            continue
    return found


@question_about
def places_of(network: Network, group: NetworkSecurityGroup) -> tuple[Place, ...]:
    """Give every place where a group filters something: where it meets another and where not.

    Those where it is alone come first: there what it allows gets through.
    """
    met = _meetings(network).get(group.key, [])
    known = {(place.kind, place.subnet.key, place.nic.key) for place in met if place.nic}
    alone: list[Place] = []
    for at in attachments(network, group):
        if isinstance(at, Missing):
            raise Undetermined(f"{at.id} is not in the snapshot", resource=at.id)
        if isinstance(at, Subnet):
            alone += _others_in(network, at, known)
            continue
        for configuration in configurations_of(at):
            subnet = network.find(configuration.properties.subnet)
            if isinstance(subnet, Subnet) and (LayerKind.NIC, subnet.key, at.key) not in known:
                alone.append(Place(LayerKind.NIC, subnet, at))
    return (*alone, *met)


def _others_in(
    network: Network, subnet: Subnet, known: set[tuple[LayerKind, str, str]]
) -> Iterator[Place]:
    """Give what stands in a subnet and has no group of its own."""
    for edge in network.referrers(subnet, "subnet", "vnetSubnetID"):
        nic = _interface(edge.source)
        if isinstance(edge.source, LoadBalancerFrontend):
            continue  # its members receive the packets
        if isinstance(edge.source, AgentPool) and _pool_is_shown(network, subnet):
            continue
        if nic is None or (LayerKind.SUBNET, subnet.key, nic.key) not in known:
            yield Place(LayerKind.SUBNET, subnet)
    for absent in absent_nics(network, subnet):
        yield Place(LayerKind.SUBNET, subnet, missing=f"{absent} is not in the snapshot")


def _interface(node: Node) -> Interface | None:
    owner = node.owner
    return owner if isinstance(owner, NetworkInterface | ScaleSetInterface) else None


def _pool_is_shown(network: Network, subnet: Subnet) -> bool:
    """Whether the scale sets of agent pools in a subnet are in the snapshot."""
    return any(
        isinstance(edge.source.root, ScaleSet) for edge in network.referrers(subnet, "subnet")
    )


@question_about
def meeting(
    network: Network, place: Place, direction: Direction
) -> tuple[EffectiveRules, EffectiveRules, EffectiveRules]:
    """Give both groups at a place, the one at hand, and the other."""
    assert place.nic is not None
    rules = groups_at(network, place.nic, direction, place.subnet)
    return rules, *apart(rules, place.kind)


def apart(both: EffectiveRules, kind: LayerKind) -> tuple[EffectiveRules, EffectiveRules]:
    """Give the group at hand, and the one at the other level."""
    other = LayerKind.NIC if kind is LayerKind.SUBNET else LayerKind.SUBNET
    return only(both, kind), only(both, other)


@question_about
def pods_behind(network: Network, nic: Interface) -> AddressSet:
    """Give the addresses of pods behind a node; nothing at what is none."""
    cluster = cluster_of(network, nic.root)
    if cluster is None:
        return AddressSet()
    return AddressSet.from_prefixes(claim.prefix for claim in pod_claims(cluster))


@question_about
def home_of(_: Network, subnet: Subnet) -> AddressSet:
    """Give the addresses of a subnet."""
    return AddressSet.from_prefixes(subnet.prefixes)


@question_about
def _spot(network: Network, subnet: Subnet, nic: Interface) -> Spot:
    return Spot(addresses_at(network, nic), home_of(network, subnet), pods_behind(network, nic))


@question_about
def addresses_at(network: Network, nic: Interface) -> AddressSet:
    """Give the addresses that a NIC has, or may have."""
    mine = AddressSet()
    for configuration in configurations_of(nic):
        mine = mine | addresses_of(network, configuration).may
    return mine
