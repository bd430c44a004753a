"""The public addresses by which a machine is seen on the internet (R-30 to R-39)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from auditor.addresses import AddressSet
from auditor.errors import Undetermined
from auditor.network.exposure import carried
from auditor.network.graph import Network
from auditor.network.reasons import Reason, gap
from auditor.network.routing.model import Outbound
from auditor.reach.points import Point
from auditor.resources.base import Ref
from auditor.resources.firewalls import Firewall
from auditor.resources.interfaces import IpConfiguration
from auditor.resources.load_balancers import LoadBalancer, LoadBalancerFrontend
from auditor.resources.nat_gateways import NatGateway
from auditor.resources.public_addresses import PublicIp, PublicIpPrefix
from auditor.special_addresses import PUBLIC


def egress_addresses(
    network: Network, source: Point, way: Outbound
) -> tuple[AddressSet, tuple[Reason, ...]]:
    """Give the addresses that a way out may put in the place of the source's.

    Any public address, with a reason, when they are not told: Azure chooses those of default
    outbound access itself.
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
    return PUBLIC, (reason,)


def _refs(network: Network, source: Point, way: Outbound) -> Iterator[str]:
    node = way.node
    if isinstance(node, NatGateway):
        p = node.properties
        for ref in (*(p.public_ip_addresses or ()), *(p.public_ip_prefixes or ())):
            yield from _id(ref)
    elif way.method == "public-ip" and isinstance(node, IpConfiguration):
        for arm_id, _ in carried(network, node):
            yield arm_id
    elif isinstance(node, LoadBalancer):
        yield from _frontends_out(network, node)


def _frontends_out(network: Network, balancer: LoadBalancer) -> Iterator[str]:
    refs: list[Ref | None] = []
    for rule in balancer.properties.outbound_rules or ():
        refs += rule.properties.frontend_ip_configurations or ()
    if not refs:
        refs = [
            each.properties.frontend_ip_configuration
            for each in balancer.rules
            if each.properties.disable_outbound_snat is not True
        ]
    for ref in refs:
        frontend = network.get(ref, LoadBalancerFrontend)
        if frontend is not None:
            yield from _id(frontend.properties.public_ip_address)
            yield from _id(frontend.properties.public_ip_prefix)


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
    """Give the public addresses of an Azure Firewall, any of which it leaves by."""
    try:
        refs = (each.properties.public_ip_address for each in firewall.ip_configurations)
        found = _addresses(network, (ref.id for ref in refs if ref is not None and ref.id))
    except Undetermined as unknown:
        return PUBLIC, (gap(unknown, firewall.id),)
    reason = Reason("egress-address", f"which public address {firewall.label} uses", firewall.id)
    return found or PUBLIC, (reason,) if found.size != 1 else ()
