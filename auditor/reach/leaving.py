"""How whatever runs in a subnet leaves for the internet: by routes, then by what translates.

Machines leave by what `auditor.network.routing.outbound` tells; nodes of AKS by their cluster's
outbound type, which says what AKS makes for them (R-30, R-39, K-4).
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from functools import cached_property

import msgspec

from auditor.addresses import EVERYTHING, Address, AddressSet
from auditor.errors import Undetermined
from auditor.ids import known_as
from auditor.network import clusters
from auditor.network.effective_rules import Direction, effective_rules
from auditor.network.egress import is_private, machine_subnets, machines_told, nics_of
from auditor.network.filters import AZURE_LOAD_BALANCER, INTERNET, VIRTUAL_NETWORK
from auditor.network.graph import Network, question, question_about
from auditor.network.instances import cards_of_instance, is_instance_card
from auditor.network.interfaces import Interface, subnet_of
from auditor.network.reasons import Reason, gap
from auditor.network.routing.model import EffectiveRoute, EffectiveRoutes, Hop, Outbound
from auditor.network.routing.outbound import outbound
from auditor.network.routing.outward import outward_routes
from auditor.reach.narrowing import let_through_between
from auditor.reach.own_filters import doubts_of
from auditor.reach.space import space_of
from auditor.reach.ways import Way, ways_by
from auditor.resources import walk
from auditor.resources.base import Node
from auditor.resources.compute import ScaleSet, ScaleSetIpConfiguration, VirtualMachine
from auditor.resources.interfaces import NetworkInterface
from auditor.resources.load_balancers import OutboundRule
from auditor.resources.managed_clusters import AgentPool, ManagedCluster
from auditor.resources.nat_gateways import NatGateway
from auditor.resources.virtual_networks import Subnet
from auditor.special_addresses import PUBLIC

_AWAY = frozenset({Hop.INTERNET, Hop.APPLIANCE, Hop.GATEWAY, Hop.NONE, Hop.UNKNOWN})

NO_EGRESS = frozenset({"none", "block"})
"""Outbound types of clusters that need no way out (K-4)."""


class Roads(msgspec.Struct, frozen=True, dict=True):
    """Where the routes of a subnet take what is for the internet (IPv4).

    `options`: for each part of the internet, the next hops of which one decides; with `UNKNOWN`
    when there may be others. A route that leads to something missing counts as `NONE`, but for an
    appliance. `appliances` are those that any may name, `stopped` a route that drops.
    """

    options: frozenset[frozenset[Hop]]
    appliances: tuple[Address, ...]
    stopped: EffectiveRoute | None
    reasons: tuple[Reason, ...]

    def all_within(self, *hops: Hop) -> bool:
        """Whether nothing takes any other hop, for sure."""
        return frozenset[Hop]().union(*self.options) <= {*hops}

    def some_within(self, *hops: Hop) -> bool:
        """Whether some part certainly takes one of these."""
        return any(option <= {*hops} for option in self.options)

    @cached_property
    def lead_elsewhere(self) -> bool | None:
        """Whether routes take everything elsewhere than straight to the internet.

        None when the snapshot lacks routes. What BGP may teach besides is not asked.
        """
        if self.all_within(Hop.APPLIANCE, Hop.GATEWAY, Hop.NONE):
            return True
        if self.some_within(Hop.INTERNET):
            return False
        return None if any(Hop.UNKNOWN in option for option in self.options) else False

    def lead_out(self, translated: bool | None) -> bool | None:
        """Tell whether some of the internet is reached; None: not told.

        `translated`: whether what goes straight to the internet is translated there.
        """
        straight = {Hop.INTERNET}
        if self.some_within(Hop.APPLIANCE, Hop.GATEWAY, *(straight if translated else ())):
            return True
        if self.all_within(Hop.NONE, *(straight if translated is False else ())):
            return False
        return None


@question_about
def roads_of(network: Network, subnet: Subnet) -> Roads:
    """Give where a subnet's routes take what is for the internet. Never raises."""
    return _roads_by(network, outward_routes(network, subnet))


@question_about
def _roads_by(network: Network, routes: EffectiveRoutes) -> Roads:
    options: set[frozenset[Hop]] = set()
    appliances: set[Address] = set()
    reasons: set[Reason] = set()
    stopped: EffectiveRoute | None = None
    public = AddressSet(v4=PUBLIC.v4)
    for way in ways_by(network, routes, 4).towards(public):
        found = _hops(way)
        if found:
            options.add(found)
        if len(found) > 1:
            reasons.update(way.reasons)
        for route in way.possible:
            if route.hop is Hop.APPLIANCE and route.address is not None:
                appliances.add(route.address)
            if stopped is None and route.hop in _AWAY and _hop(route) is Hop.NONE:
                stopped = route
    ordered = tuple(sorted(appliances)), stopped, tuple(sorted(reasons))
    return Roads(frozenset(options), *ordered)


def _hops(way: Way) -> frozenset[Hop]:
    """Give the next hops of which one decides; none where it stays in Azure's own networks."""
    if not way.possible:
        return frozenset({Hop.UNKNOWN if way.reasons else Hop.NONE})
    away = [route for route in way.possible if route.hop in _AWAY]
    found = {_hop(route) for route in away}
    if away and not any(route.certain for route in away):
        found.add(Hop.UNKNOWN)
    return frozenset(found)


def _hop(route: EffectiveRoute) -> Hop:
    if route.fault and route.hop is not Hop.APPLIANCE:
        return Hop.NONE
    return route.hop


class Leaver(msgspec.Struct, frozen=True):
    """Something that runs in a subnet: a NIC of a machine, a scale set, a pool of nodes or pods.

    `ways` are those by which its flows leave once their next hop is the internet; none for a
    cluster that is told to need none. `kind` is the outbound type of its cluster, as written.
    """

    node: Node
    ways: tuple[Outbound, ...]
    kind: str = ""

    @property
    def name(self) -> str:
        """The name of the machine, scale set or pool."""
        if isinstance(self.node, NetworkInterface):
            ref = self.node.properties.virtual_machine
            return known_as((ref.id or "").rstrip("/")) if ref else self.node.label
        if isinstance(self.node, AgentPool) and self.node.owner is not None:
            return f"pool {self.node.label} of {self.node.owner.label}"
        return self.node.label

    @property
    def nics(self) -> tuple[Interface, ...]:
        """Its NICs here: a machine's one, a scale set's models; none for a pool."""
        if isinstance(self.node, NetworkInterface):
            return (self.node,)
        return tuple(self.node.interfaces) if isinstance(self.node, ScaleSet) else ()

    @property
    def needs_none(self) -> bool:
        """Whether it is told to need no way out."""
        return self.kind.lower() in NO_EGRESS


@question
def inhabited_subnets(network: Network) -> tuple[Subnet, ...]:
    """Give the subnets in which machines, or nodes or pods of AKS, run."""
    found = {subnet.key: subnet for subnet in machine_subnets(network)}
    for key in clusters.pools_by_pod_subnet(network):
        node = network.nodes.get(key)
        if isinstance(node, Subnet):
            found[key] = node
    return tuple(found[key] for key in sorted(found))


@question_about
def leavers(network: Network, subnet: Subnet) -> tuple[Leaver, ...]:
    """Give what runs in a subnet, with the ways out. Never raises for what is not told of them."""
    return tuple(leaver_of(network, subnet, node) for node in running_in(network, subnet))


def running_in(network: Network, subnet: Subnet, *, but: Container[Node] = ()) -> list[Node]:
    """Give what runs in a subnet, but for some: NICs, scale sets, pools of nodes and pods."""
    found = {node.key: node for node in machines_told(network, subnet) if node not in but}
    for _, pool in clusters.pools_by_pod_subnet(network).get(subnet.key, ()):
        found.setdefault(pool.key, pool)
    return [found[key] for key in sorted(found)]


def leaver_of(network: Network, subnet: Subnet, node: Node) -> Leaver:
    """Give one of those that run in a subnet, with its ways out. Never raises."""
    try:
        if isinstance(node, AgentPool):
            kind = _kind(node)
            return Leaver(node, tuple(_of_pool(network, subnet, node, kind.lower())), kind)
        found = Leaver(node, ())
        ways = tuple(outbound(network, subnet, nic, 4) for nic in found.nics)
        return Leaver(node, ways)
    except Undetermined as unknown:
        return Leaver(node, (Outbound("unknown", "R-30", reasons=(gap(unknown, node.id),)),))


def _kind(pool: AgentPool) -> str:
    cluster = pool.owner
    profile = cluster.properties.network_profile if isinstance(cluster, ManagedCluster) else None
    told = profile.outbound_type if profile is not None else None
    if not told:
        raise Undetermined(f"the outbound type of the cluster of {pool.label}", resource=pool.id)
    return told


def _of_pool(network: Network, subnet: Subnet, pool: AgentPool, kind: str) -> Iterator[Outbound]:
    """Tell how nodes leave: by the subnet's NAT gateway before anything that AKS makes (R-30)."""
    nat = subnet.properties.nat_gateway
    if nat is not None and nat.id:
        gateway = network.find(nat)
        known = gateway if isinstance(gateway, NatGateway) else None
        yield Outbound("nat-gateway", "R-31", known)
    elif kind in NO_EGRESS:
        return
    elif kind == "loadbalancer":
        yield Outbound("load-balancer", "R-39", pool.owner)
    elif kind.startswith("managednatgateway"):
        yield Outbound("nat-gateway", "R-39", pool.owner)
    elif is_private(subnet):
        yield Outbound("none", "R-34", pool.owner)
    elif (told := _of_scale_set(network, subnet, pool)) is not None:
        yield told
    else:
        detail = f"whether default outbound access takes the nodes of {pool.label} out"
        yield Outbound("unknown", "R-33", pool.owner, (Reason("semantics:R-33", detail, pool.id),))


def _of_scale_set(network: Network, subnet: Subnet, pool: AgentPool) -> Outbound | None:
    """Tell how a pool's machines leave by their model; None: not told, or by default access.

    As members of a Standard load balancer, the one of internal Services too, they have none of
    that (R-33).
    """
    for edge in subnet.incoming or ():
        node = edge.source
        if not isinstance(node, ScaleSetIpConfiguration) or not isinstance(node.root, ScaleSet):
            continue
        if clusters.pool_of(network, node.root) is pool and isinstance(node.owner, Interface):
            found = outbound(network, subnet, node.owner, 4)
            return None if found.method in ("unknown", "default") else found
    return None


def gets_out(network: Network, leaver: Leaver) -> bool | None:
    """Tell whether something translates what goes to the internet; None: not told.

    Of a machine with several NICs, any of them will do.
    """
    answers = {_carries(way) for way in leaver.ways}
    if True not in answers and isinstance(leaver.node, NetworkInterface):
        answers |= set(_by_others(network, leaver.node))
    return True if True in answers else None if None in answers else False


def asks_for_internet(network: Network, subnet: Subnet, nic: Interface) -> bool | None:
    """Tell whether the security rules of a NIC let it to the internet; None: not told.

    A service tag is a wish for the internet, whatever its addresses; `Storage` is not, of which
    the region's own answers a private subnet too (R-34).
    """
    internet = space_of(network, 4).having(destination=PUBLIC)
    rules = effective_rules(network, nic, Direction.OUTBOUND, subnet, network.tags)
    found = let_through_between(network, rules, 4, EVERYTHING, PUBLIC).within(internet)
    if found.may.is_empty:
        return False
    named = {
        tag.partition(".")[0]
        for layer in rules.layers
        for each in layer.filters
        if each.allow
        for tag in each.destinations.tags
    }
    return True if not found.must.is_empty or named - _NO_SERVICES else None


def why_untold(network: Network, subnet: Subnet, nic: Interface) -> list[Reason]:
    """Give why it is not told whether the security rules of a NIC let it to the internet."""
    rules = effective_rules(network, nic, Direction.OUTBOUND, subnet, network.tags)
    return doubts_of(rules)


_NO_SERVICES = frozenset({INTERNET, VIRTUAL_NETWORK, AZURE_LOAD_BALANCER, "storage"})


def _carries(way: Outbound) -> bool | None:
    return None if way.method == "unknown" else way.method != "none"


def _by_others(network: Network, nic: NetworkInterface) -> Iterator[bool | None]:
    """Tell it of what else may let a machine out, than its NIC in this subnet.

    Its other NICs, access that Azure gave and has not taken yet (NAT-001 tells), and load balancers
    that list it by address: whether their outbound rules serve such members is told nowhere.
    """
    if nic.properties.default_outbound_connectivity_enabled:
        yield True
    try:
        addresses = {each.properties.private_ip_address for each in nic.ip_configurations}
        if addresses & _taken_out_by_address(network):
            yield None
        for other in _cards(network, nic):
            if other is not nic:
                subnet = subnet_of(network, other)
                translated = _carries(outbound(network, subnet, other, 4))
                yield roads_of(network, subnet).lead_out(translated)
    except Undetermined:
        yield None


def _cards(network: Network, nic: NetworkInterface) -> tuple[NetworkInterface, ...]:
    """Give the NICs of the machine of a NIC; none, where it names no machine."""
    if is_instance_card(nic):
        return cards_of_instance(network, nic)
    machine = network.get(nic.properties.virtual_machine, VirtualMachine)
    return nics_of(network, machine) if machine is not None else ()


@question
def _taken_out_by_address(network: Network) -> frozenset[str | None]:
    """Give the addresses that pools of outbound rules list without a NIC."""
    found: set[str | None] = set()
    for rule in network.all(OutboundRule):
        pool = network.find(walk.peek(walk.peek(rule, "properties"), "backend_address_pool"))
        listed = walk.peek(walk.peek(pool, "properties"), "load_balancer_backend_addresses")
        for entry in listed or ():
            settings = walk.peek(entry, "properties")
            if walk.peek(settings, "network_interface_ip_configuration") is None:
                found.add(walk.peek(settings, "ip_address"))
    return frozenset(found - {None})
