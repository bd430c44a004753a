"""Who stands behind a load balancer, and who counts on the address of its frontend."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial

import msgspec

from auditor.addresses import Address, address_or_none, parse_address
from auditor.errors import Undetermined
from auditor.finding import Evidence
from auditor.ids import fold, parent
from auditor.network.address_plan import locate
from auditor.network.blank_references import require_not_meant
from auditor.network.exposure import FrontendUse, InboundRule
from auditor.network.gaps import unread_type
from auditor.network.gateway_homes import vnet_of
from auditor.network.gateways import members_of
from auditor.network.graph import Network, evidence, question, question_about
from auditor.network.reads import SCALE_SETS
from auditor.network.strays import unbound
from auditor.resources import walk
from auditor.resources.application_gateways import ApplicationGateway, GatewayPool
from auditor.resources.base import Ref
from auditor.resources.dns import PrivateRecordSet, RecordSet, VirtualNetworkLink
from auditor.resources.load_balancers import (
    BackendPool,
    InboundNatPool,
    InboundNatRule,
    LoadBalancer,
    LoadBalancerFrontend,
    LoadBalancingRule,
    OutboundRule,
)
from auditor.resources.virtual_networks import Subnet, VirtualNetwork


@question_about
def members(network: Network, pool: BackendPool) -> tuple[str, ...]:
    """Give the members of a pool: folded ids of ip configurations and frontends, and addresses.

    The union of what the pool lists by NIC, what it lists by address, and the NICs and scale sets
    that name the pool (E-14). Whether a member is in the snapshot does not matter.
    """
    found = dict.fromkeys(_listed(pool))
    for edge in network.referrers(pool, "loadBalancerBackendAddressPools"):
        found.setdefault(edge.source.key)
    return tuple(found)


def _listed(pool: BackendPool) -> Iterator[str]:
    for ref in pool.properties.backend_ip_configurations or ():
        if ref.id:
            yield fold(ref.id)
    for entry in pool.properties.load_balancer_backend_addresses or ():
        settings = entry.properties
        named = (
            settings.network_interface_ip_configuration,
            settings.load_balancer_frontend_ip_configuration,
        )
        ids = [fold(ref.id) for ref in named if ref is not None and ref.id]
        if ids:
            yield from ids
        elif settings.ip_address:
            yield settings.ip_address


def serves(network: Network, rule: InboundRule | OutboundRule) -> bool:
    """Tell whether a rule of a load balancer leads to a machine, or from one for outbound rules.

    Raises Undetermined when the pool it names is not in the snapshot.
    """
    if isinstance(rule, InboundNatPool):
        return bool(network.referrers(rule, "loadBalancerInboundNatPools"))
    if isinstance(rule, InboundNatRule) and (
        (rule.properties.backend_ip_configuration is not None)
        or network.referrers(rule, "loadBalancerInboundNatRules")
    ):
        return True
    pools = rule.pools if isinstance(rule, LoadBalancingRule) else _pool_of(rule)
    found = [network.get(ref, BackendPool) for ref in pools]
    return any(pool is not None and members(network, pool) for pool in found)


def _pool_of(rule: InboundNatRule | OutboundRule) -> tuple[Ref, ...]:
    ref = rule.properties.backend_address_pool
    return (ref,) if ref is not None else ()


def frontend_serves(network: Network, use: FrontendUse) -> bool:
    """Tell whether some rule that uses a frontend leads to a machine."""
    return any(serves(network, rule) for rule in (*use.inbound, *use.outbound))


def has_members(network: Network, balancer: LoadBalancer) -> bool:
    """Tell whether anything stands behind a load balancer, in a pool or behind a NAT rule."""
    settings = balancer.properties
    return any(members(network, pool) for pool in balancer.pools) or any(
        serves(network, rule)
        for rule in (*(settings.inbound_nat_rules or ()), *(settings.inbound_nat_pools or ()))
    )


def require_members(network: Network, balancer: LoadBalancer) -> None:
    """Raise Undetermined when a list that may tell members was not read whole, or a NIC hides them.

    NICs and scale sets name the pools they are in; they are of the balancer's subscription.
    """
    for nic in unbound(network):
        if nic.subscription.lower() == balancer.subscription.lower():
            missing = f"whether {nic.label} is in a pool of {balancer.label}"
            raise Undetermined(missing, resource=nic.id)
    require_not_meant(network, balancer, *_JOINING)
    for arm_type in ("Microsoft.Network/networkInterfaces", SCALE_SETS):
        gap = unread_type(network, arm_type, balancer.id)
        if gap is not None:
            raise Undetermined(
                f"who is in the pools of {balancer.label}: {gap.detail}", resource=balancer.id
            )


_JOINING = (
    "loadBalancerBackendAddressPools",
    "loadBalancerInboundNatRules",
    "loadBalancerInboundNatPools",
)
"""How interfaces and scale sets name the pools and the NAT rules of load balancers."""


class Reliance(msgspec.Struct, frozen=True):
    """Somebody who counts on a private address: a gateway's pool, or a DNS record.

    `word` names it for a person, `told` quotes the address where it is written.
    """

    id: str
    word: str
    told: Evidence


class Reliances(msgspec.Struct):
    """Who counts on which frontend, by its key; `doubts` by address, where that cannot be told."""

    found: dict[str, list[Reliance]] = msgspec.field(default_factory=lambda: defaultdict(list))
    doubts: dict[Address, Undetermined] = msgspec.field(default_factory=dict)


def relied_on(network: Network, frontend: LoadBalancerFrontend) -> tuple[Reliance, ...]:
    """Give the gateway pools and DNS records that hold the private address of a frontend.

    Raises Undetermined when some hold the address but it cannot be told whose they mean.
    """
    text = frontend.properties.private_ip_address
    if not text:
        return ()
    known = _reliances(network)
    found = known.found.get(frontend.key, [])
    doubt = known.doubts.get(parse_address(text))
    if not found and doubt is not None:
        raise doubt
    return tuple(found)


@question
def _reliances(network: Network) -> Reliances:
    result = Reliances()
    for pool in network.all(GatewayPool):
        for address, reliance in _in_pool(network, pool):
            _note(network, result, address, reliance, partial(_of_gateway, network, pool))
    for record in network.all(RecordSet):
        homes = _of_zone if isinstance(record, PrivateRecordSet) else _of_frontends
        for address, reliance in _in_record(network, record):
            _note(network, result, address, reliance, partial(homes, network, record))
    return result


def _note(
    network: Network,
    result: Reliances,
    address: Address,
    reliance: Reliance,
    homes: Callable[[], tuple[VirtualNetwork, ...]],
) -> None:
    try:
        vnets = homes()
    except Undetermined as unknown:
        result.doubts[address] = unknown
        return
    for vnet in vnets:
        for owner in locate(network, address, vnet).owners:
            if isinstance(owner.node, LoadBalancerFrontend):
                known = result.found[owner.node.key]
                if reliance not in known:
                    known.append(reliance)


@question
def _frontend_addresses(network: Network) -> frozenset[Address]:
    """The private addresses of frontends: few, so that most records need no second look."""
    found = (walk.peek(f.properties, "private_ip_address") for f in _told(network))
    return frozenset(parse_address(text) for text in found if text)


def _told(network: Network) -> Iterator[LoadBalancerFrontend]:
    for frontend in network.all(LoadBalancerFrontend):
        if walk.peek(frontend, "properties") is not None:
            yield frontend


def _in_pool(network: Network, pool: GatewayPool) -> Iterator[tuple[Address, Reliance]]:
    try:
        entries = members_of(network, pool)
    except Undetermined:
        return
    for member in entries:
        if member.address is not None and member.address in _frontend_addresses(network):
            word = f"pool {pool.label} of gateway {pool.root.label}"
            told = evidence(pool, member.pointer, member.text)
            yield member.address, Reliance(pool.id, word, told)


def _in_record(network: Network, record: RecordSet) -> Iterator[tuple[Address, Reliance]]:
    try:
        texts = record.addresses
    except Undetermined:
        return
    for text in texts:
        address = address_or_none(text)
        if address is not None and address in _frontend_addresses(network):
            told = evidence(record, record.addresses_pointer, text)
            yield address, Reliance(record.id, f"DNS record {record.host}", told)


def _of_gateway(network: Network, pool: GatewayPool) -> tuple[VirtualNetwork, ...]:
    gateway = network.holder(pool, ApplicationGateway)
    if gateway is None:
        raise Undetermined(f"the gateway that holds {pool.id}", resource=pool.id)
    return (vnet_of(network, gateway),)


def _of_zone(network: Network, record: RecordSet) -> tuple[VirtualNetwork, ...]:
    """The networks whose machines ask a private zone."""
    zone = _zone_of(record.id)
    links = (each for each in network.all(VirtualNetworkLink) if _zone_of(each.id) == zone)
    found = [network.get(each.properties.virtual_network, VirtualNetwork) for each in links]
    return tuple(vnet for vnet in found if vnet is not None)


def _zone_of(arm_id: str) -> str:
    """The folded id of the zone that a record set or a link is in."""
    return fold(parent(arm_id) or "")


def _of_frontends(network: Network, record: RecordSet) -> tuple[VirtualNetwork, ...]:
    """The network that a record of a public zone means: the only one with such a frontend."""
    texts = set(record.addresses)
    vnets = {
        vnet.key: vnet
        for frontend in _told(network)
        if walk.peek(frontend.properties, "private_ip_address") in texts
        and (vnet := _network_of(network, frontend)) is not None
    }
    if len(vnets) > 1:
        raise Undetermined(f"which network the record {record.host} means", resource=record.id)
    return tuple(vnets.values())


def _network_of(network: Network, frontend: LoadBalancerFrontend) -> VirtualNetwork | None:
    subnet = network.get(frontend.properties.subnet, Subnet)
    return network.holder(subnet, VirtualNetwork) if subnet is not None else None
