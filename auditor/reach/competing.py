"""Which egress methods apply to what runs in a subnet, in the order in which they win (R-30)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

import msgspec

from auditor import ids
from auditor.errors import Undetermined
from auditor.network.graph import Network, question, question_about
from auditor.network.interfaces import configuration_of
from auditor.network.pools import LISTED, pools_of
from auditor.network.routing.model import Hop
from auditor.network.routing.outbound import takes_out
from auditor.reach.leaving import Leaver, Roads, leaver_of, roads_of, running_in
from auditor.resources import walk
from auditor.resources.base import Node
from auditor.resources.interfaces import IpConfiguration, NetworkInterface
from auditor.resources.load_balancers import (
    BackendPool,
    LoadBalancer,
    LoadBalancingRule,
    OutboundRule,
)
from auditor.resources.virtual_networks import Subnet

Word: TypeAlias = Literal["route", "nat-gateway", "public-ip", "load-balancer", "default"]

BY_TYPE: dict[str, Word] = {
    "loadbalancer": "load-balancer",
    "managednatgateway": "nat-gateway",
    "managednatgatewayv2": "nat-gateway",
    "userassignednatgateway": "nat-gateway",
    "userdefinedrouting": "route",
}
"""What each outbound type of AKS says the nodes leave by (R-39)."""


class Method(msgspec.Struct, frozen=True):
    """One way out that applies: `node` is what makes it, `words` names it for people.

    `only` is whether it stands there for nothing else than leaving: a NAT gateway, an outbound
    rule. A public address and a load balancing rule let others in as well.
    """

    word: Word
    words: str
    node: Node | None = None
    only: bool = False


def methods(
    network: Network, subnet: Subnet, leaver: Leaver, *, declared: bool = True
) -> Iterator[Method]:
    """Give the methods that apply, the winner first. Raises Undetermined when one is not told.

    Where nothing is `declared`, a load balancing rule that does not tell whether it takes anybody
    out is left aside: it wins over nobody, and may lose (R-30).
    """
    yield from _of_subnet(network, subnet)
    for nic in leaver.nics:
        configuration = configuration_of(nic, 4)
        if configuration is None:
            continue
        own = walk.peek(configuration.properties, "public_ip_address") or walk.peek(
            configuration.properties, "public_ip_address_configuration"
        )
        if own is not None:
            yield Method("public-ip", f"the public address of {leaver.name}", nic)
        for pool in pools_of(network, configuration):
            balancer = network.holder(pool, LoadBalancer)
            if balancer is None:
                raise Undetermined(f"the load balancer of {pool.label}", resource=pool.id)
            try:
                rule = next(takes_out(network, balancer, pool), None)
            except Undetermined as unknown:
                if declared or not is_of_balancing_rule(network, unknown.resource):
                    raise
                continue
            if isinstance(rule, OutboundRule):
                words = f"outbound rule {rule.label} of {balancer.label}"
                yield Method("load-balancer", words, rule, True)
            elif rule is not None:
                yield Method("load-balancer", f"load balancer {balancer.label}", rule)
    yield from _of_pool(leaver)


def is_of_balancing_rule(network: Network, resource: str) -> bool:
    """Tell whether it is a load balancing rule that does not tell something."""
    return isinstance(network.find(resource), LoadBalancingRule)


def choosers(network: Network, subnet: Subnet) -> Iterator[Leaver]:
    """Give what runs in a subnet, without the machines that plainly have one method at most.

    Access by default apart: whatever comes first, that is nobody's choice.
    """
    plain = _plain(network) if _gives_no_choice(network, subnet) else ()
    for node in running_in(network, subnet, but=plain):
        yield leaver_of(network, subnet, node)


def _gives_no_choice(network: Network, subnet: Subnet) -> bool:
    """Whether what applies to all in a subnet is one method at most, and tells all of itself."""
    try:
        found = _of_subnet(network, subnet)
        default = subnet.properties.default_outbound_access
    except Undetermined:
        return False
    if found and roads_of(network, subnet).lead_elsewhere is None:
        return False
    # Beside a NAT gateway nobody asks for default access, and beside nothing it is alone.
    return len(found) < 2 and (default is False or all(each.only for each in found))


@question
def _plain(network: Network) -> frozenset[Node]:
    """The NICs that certainly have neither a public address nor a load balancer to leave by.

    Of most this is plain from a look at all ip configurations at once; the others are asked.
    """
    nics = network.all(NetworkInterface)
    lists = walk.read_each(nics, "properties.ip_configurations")
    asked: set[Node | None] = {
        nic for nic, listed in zip(nics, lists, strict=True) if listed is walk.UNTOLD
    }
    every = tuple(network.unordered(IpConfiguration))
    asked.update(
        [each.owner for each in every for edge in each.incoming or () if edge.kind in LISTED]
    )
    for name in ("public_ip_address", "load_balancer_backend_address_pools"):
        told = walk.read_each(every, f"properties.{name}")
        asked.update([each.owner for each, value in zip(every, told, strict=True) if value])
    for name in ("private_ip_address_version", "primary"):  # tell by which of them it leaves
        told = walk.read_each(every, f"properties.{name}")
        if walk.UNTOLD in told:
            pairs = zip(every, told, strict=True)
            asked.update([each.owner for each, value in pairs if value is walk.UNTOLD])
    return frozenset([nic for nic in nics if nic not in asked or not _has_its_own(network, nic)])


def _has_its_own(network: Network, nic: NetworkInterface) -> bool:
    """Whether a NIC has a public address or a load balancer to leave by, or it is not told."""
    try:
        for each in nic.properties.ip_configurations or ():
            told = each.properties
            _ = told.private_ip_address_version, told.primary
            if told.public_ip_address is not None:
                return True
            in_pools = bool(told.load_balancer_backend_address_pools)
            for edge in each.incoming or ():
                in_pools = in_pools or edge.kind in LISTED
            if in_pools and not all(_takes_nobody_out(network, p) for p in pools_of(network, each)):
                return True
    except Undetermined:
        return True
    return False


@question_about
def _takes_nobody_out(network: Network, pool: BackendPool) -> bool:
    """Whether a pool is certainly of a load balancer that takes none of its members out.

    One without a SKU does not tell what becomes of them.
    """
    balancer = network.holder(pool, LoadBalancer)
    if balancer is None or balancer.sku is None or not balancer.sku.name:
        return False
    return next(takes_out(network, balancer, pool), None) is None


@question_about
def _of_subnet(network: Network, subnet: Subnet) -> tuple[Method, ...]:
    """Give what applies to all in a subnet."""
    roads = roads_of(network, subnet)
    found = [_route(roads)] if roads.lead_elsewhere else []
    nat = subnet.properties.nat_gateway
    if nat is not None and nat.id:
        node = network.find(nat)
        known = node if isinstance(node, Node) else None
        name = known.label if known is not None else ids.name(nat.id)
        found.append(Method("nat-gateway", f"NAT gateway {name}", known, True))
    return tuple(found)


def has_one_at_most(leaver: Leaver) -> bool:
    """Tell whether a machine surely has one method at most besides routes, and that by default.

    How it leaves says so by itself: NAT gateways, addresses and load balancers come first (R-30).
    """
    words = {way.method for way in leaver.ways}
    return bool(words) and not leaver.kind and words <= {"default", "none"}


def _of_pool(leaver: Leaver) -> Iterator[Method]:
    """Give what AKS makes for the nodes."""
    word = BY_TYPE.get(leaver.kind.lower())
    cluster = leaver.node.owner
    if word in ("load-balancer", "nat-gateway") and leaver.kind.lower() != "userassignednatgateway":
        yield Method(word, f"the outbound type {leaver.kind} of {cluster.label if cluster else ''}",
                     cluster, True)  # fmt: skip
    elif not leaver.kind and any(way.method == "default" for way in leaver.ways):
        yield Method("default", "default outbound access")


def _route(roads: Roads) -> Method:
    if roads.appliances:
        return Method("route", f"the route to {roads.appliances[0]}")
    if roads.all_within(Hop.NONE):
        return Method("route", "the route to nowhere")
    return Method("route", "the route to the gateway")
