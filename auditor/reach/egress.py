"""The public addresses by which a machine is seen on the internet (R-30 to R-39)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress

from auditor.addresses import AddressSet
from auditor.errors import Undetermined
from auditor.network.exposure import carried
from auditor.network.graph import Network
from auditor.network.pools import pools_of
from auditor.network.reasons import Reason, gap
from auditor.network.reserved_addresses import of_others
from auditor.network.routing.model import Outbound
from auditor.network.routing.outbound import takes_out
from auditor.reach.balancing import chained
from auditor.reach.points import Point
from auditor.resources.application_gateways import ApplicationGateway
from auditor.resources.base import Ref
from auditor.resources.compute import ScaleSetIpConfiguration
from auditor.resources.firewalls import Firewall
from auditor.resources.interfaces import IpConfiguration
from auditor.resources.load_balancers import (
    BackendPool,
    LoadBalancer,
    LoadBalancerFrontend,
    LoadBalancingRule,
    OutboundRule,
)
from auditor.resources.managed_clusters import ManagedCluster
from auditor.resources.nat_gateways import NatGateway
from auditor.resources.public_addresses import PublicIp, PublicIpPrefix
from auditor.resources.virtual_networks import Subnet
from auditor.special_addresses import PUBLIC


def egress_addresses(
    network: Network, source: Point, way: Outbound
) -> tuple[AddressSet, tuple[Reason, ...]]:
    """Give the addresses that a way out may put in the place of the source's.

    Any public address, with a reason, when they are not told: Azure chooses those of default
    outbound access itself, from those that are nobody's (R-33).
    """
    try:
        refs = list(_refs(network, source, way))
        found = _addresses(network, refs)
    except Undetermined as unknown:
        return PUBLIC, (gap(unknown, source.id),)
    if found:
        reason = Reason(
            "egress-address", "which of several public addresses it leaves by", source.id
        )
        return found, (reason,) if found.size > 1 else ()
    reason = Reason("unallocated", "the public address it leaves by", source.id)
    return of_others(network) if way.method == "default" else PUBLIC, (reason,)


def chained_out(network: Network, source: Point, way: Outbound) -> tuple[Reason, ...]:
    """Tell of Gateway Load Balancers that packets go through first on a way out (E-19b)."""
    if way.method == "public-ip" and way.node is not None:
        return chained(way.node)
    if not isinstance(way.node, LoadBalancer):
        return ()
    try:
        frontends = list(_frontends_out(network, way.node, source))
    except Undetermined as unknown:
        return (gap(unknown, source.id),)
    return tuple(reason for frontend in frontends for reason in chained(frontend))


def as_whom(addresses: AddressSet, reasons: tuple[Reason, ...]) -> str:
    """Say the one address that packets get on their way out: ` as 20.0.0.1`, if it is told."""
    one = addresses.smallest() if addresses.size == 1 and not reasons else None
    return f" as {one}" if one is not None else ""


def _refs(network: Network, source: Point, way: Outbound) -> Iterator[str]:
    node = way.node
    if isinstance(node, NatGateway):
        yield from _of_nat_gateway(node)
    elif way.method == "public-ip" and isinstance(node, IpConfiguration):
        for arm_id, _ in carried(network, node):
            yield arm_id
    elif isinstance(node, LoadBalancer):
        for frontend in _frontends_out(network, node, source):
            yield from _id(frontend.properties.public_ip_address)
            yield from _id(frontend.properties.public_ip_prefix)
    elif isinstance(node, ManagedCluster):
        for ref in _of_cluster(node):
            yield from _id(ref)


def nat_gateway_addresses(network: Network, gateway: NatGateway) -> AddressSet:
    """Give the public addresses of a NAT gateway. Raises Undetermined where they are not told."""
    return _addresses(network, _of_nat_gateway(gateway))


def _of_nat_gateway(gateway: NatGateway) -> Iterator[str]:
    p = gateway.properties
    for ref in (*(p.public_ip_addresses or ()), *(p.public_ip_prefixes or ())):
        yield from _id(ref)


def _of_cluster(cluster: ManagedCluster) -> Iterator[Ref]:
    """Give the addresses that AKS leaves by: those in force, or else those brought along (R-39)."""
    profile = cluster.properties.network_profile
    if profile is None:
        return
    balancer, nat = profile.load_balancer_profile, profile.nat_gateway_profile
    kind = (profile.outbound_type or "").lower()
    if kind.startswith("managednatgateway"):
        yield from (nat.effective_outbound_ips or ()) if nat is not None else ()
    elif balancer is not None and balancer.effective_outbound_ips:
        yield from balancer.effective_outbound_ips
    elif balancer is not None:
        own, prefixes = balancer.outbound_ips, balancer.outbound_ip_prefixes
        yield from (own.public_ips or ()) if own is not None else ()
        yield from (prefixes.public_ip_prefixes or ()) if prefixes is not None else ()


def protocols_out(
    network: Network, source: Point, balancer: LoadBalancer
) -> tuple[frozenset[str], frozenset[str]]:
    """Give the protocols that a load balancer surely takes out for a source, and those it may.

    Those of its outbound rules, or else of the load-balancing rules that translate (R-35). Whether
    the latter go on beside the former is not told, nor what they are to a Basic one.
    """
    try:
        outbound, implicit = _rules_out(network, source, balancer)
    except Undetermined:  # whether a load-balancing rule translates
        surely = _outbound_rules(network, source, balancer)
        return _all_of(each for each in map(_protocols, surely) if each is not None), _CARRIED
    if not outbound and not implicit:
        return _CARRIED, _CARRIED
    basic = balancer.sku is None or (balancer.sku.name or "").lower() == "basic"
    chosen, spare = list(map(_protocols, outbound)), list(map(_protocols, implicit))
    sure = _all_of(each for each in chosen or spare if each is not None)
    return sure, _CARRIED if basic and not outbound else _all_of((*chosen, *spare))


_CARRIED = frozenset({"tcp", "udp"})


def _all_of(found: Iterable[frozenset[str] | None]) -> frozenset[str]:
    return frozenset(one for each in found for one in (_CARRIED if each is None else each))


def _protocols(rule: OutboundRule | LoadBalancingRule) -> frozenset[str] | None:
    """Give the protocols of a rule; None when they are not told."""
    try:
        word = (rule.properties.protocol or "").lower()
    except Undetermined:
        return None
    if word == "all":
        return _CARRIED
    return frozenset((word,)) if word in _CARRIED else None


def _rules_out(
    network: Network, source: Point, balancer: LoadBalancer
) -> tuple[list[OutboundRule], list[LoadBalancingRule]]:
    """Give the rules that take the source's pools out."""
    pools = _own_pools(network, source, balancer)
    rules = [rule for pool in pools for rule in takes_out(network, balancer, pool)]
    outbound = [rule for rule in rules if isinstance(rule, OutboundRule)]
    return outbound, [rule for rule in rules if isinstance(rule, LoadBalancingRule)]


def _outbound_rules(
    network: Network, source: Point, balancer: LoadBalancer
) -> Iterator[OutboundRule]:
    """Give the outbound rules among those, which come first, whatever the others do not tell."""
    for pool in _own_pools(network, source, balancer):
        with suppress(Undetermined):
            for rule in takes_out(network, balancer, pool):
                if isinstance(rule, OutboundRule):
                    yield rule


def _own_pools(network: Network, source: Point, balancer: LoadBalancer) -> tuple[BackendPool, ...]:
    configuration = source.node
    if not isinstance(configuration, IpConfiguration | ScaleSetIpConfiguration):
        return ()
    found = pools_of(network, configuration)
    return tuple(pool for pool in found if network.holder(pool, LoadBalancer) is balancer)


def _frontends_out(
    network: Network, balancer: LoadBalancer, source: Point
) -> Iterator[LoadBalancerFrontend]:
    """Give the frontends of the rules that take the source's pools out."""
    outbound, implicit = _rules_out(network, source, balancer)
    whole = _all_of(map(_protocols, outbound)) == _CARRIED
    refs: list[Ref | None] = []
    chosen: list[OutboundRule | LoadBalancingRule] = [*outbound, *([] if whole else implicit)]
    for rule in chosen:
        if isinstance(rule, OutboundRule):
            refs += rule.properties.frontend_ip_configurations or ()
        else:
            refs.append(rule.properties.frontend_ip_configuration)
    for ref in refs:
        frontend = network.get(ref, LoadBalancerFrontend)
        if frontend is not None:
            yield frontend


def _id(ref: Ref | None) -> Iterator[str]:
    if ref is not None and ref.id:
        yield ref.id


def _addresses(network: Network, arm_ids: Iterable[str]) -> AddressSet:
    texts: list[str] = []
    for arm_id in arm_ids:
        node = network.find(arm_id)
        if isinstance(node, PublicIp) and node.properties.ip_address:
            texts.append(node.properties.ip_address)
        elif isinstance(node, PublicIpPrefix) and node.properties.ip_prefix:
            texts.append(node.properties.ip_prefix)
        else:
            raise Undetermined(f"the address of {arm_id}", resource=arm_id)
    return AddressSet.from_text(texts)


def firewall_addresses(
    network: Network, firewall: Firewall
) -> tuple[AddressSet, tuple[Reason, ...]]:
    """Give the public addresses of an Azure Firewall, any of which it leaves by.

    Those of the NAT gateway of its subnet, if there is one (R-30).
    """
    try:
        refs = [each.properties.public_ip_address for each in firewall.ip_configurations]
        named = [ref.id for ref in refs if ref is not None and ref.id]
        gateway = _before(network, firewall)
        found = _addresses(network, named if gateway is None else _of_nat_gateway(gateway))
    except Undetermined as unknown:
        return PUBLIC, (gap(unknown, firewall.id),)
    reason = Reason("egress-address", f"which public address {firewall.label} uses", firewall.id)
    return found or PUBLIC, (reason,) if found.size != 1 else ()


def _before(network: Network, firewall: Firewall) -> NatGateway | None:
    for each in firewall.ip_configurations:
        subnet = network.find(each.properties.subnet)
        nat = subnet.properties.nat_gateway if isinstance(subnet, Subnet) else None
        if nat is not None and nat.id:
            return network.get(nat, NatGateway)
    return None


def gateway_addresses(
    network: Network, gateway: ApplicationGateway
) -> tuple[AddressSet, tuple[Reason, ...]]:
    """Give the public addresses of an application gateway; any, with a reason, if not told.

    None where it has no public frontend.
    """
    try:
        refs = [each.properties.public_ip_address for each in gateway.frontends]
        named = [ref.id for ref in refs if ref is not None and ref.id]
        found = _addresses(network, named)
    except Undetermined as unknown:
        return PUBLIC, (gap(unknown, gateway.id),)
    reason = Reason("egress-address", f"which public address {gateway.label} uses", gateway.id)
    return found, (reason,) if found.size > 1 else ()
