"""Whom application gateways send on to (A-26).

A member of a pool is a machine or a frontend that a VNet holds, one with a public address of the
snapshot's, another gateway, or something that cannot be told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from msgspec.structs import replace

from auditor.addresses import Address
from auditor.errors import Undetermined
from auditor.network.graph import Network, question_about
from auditor.network.hosts import addresses_named, own_server
from auditor.network.pod_owners import clusters_with_pod, is_kubenet
from auditor.network.reasons import Reason, gap
from auditor.network.whereabouts import may_be_carried
from auditor.reach.entrances import Entrance, entrances_by_address
from auditor.reach.gatewaying import Relay, listeners_at, point_of, relays_of
from auditor.reach.owners import perhaps_at
from auditor.reach.points import Point, machine, vnet_of
from auditor.resources.application_gateways import ApplicationGateway, GatewayFrontend, Listener
from auditor.resources.virtual_networks import Subnet, VirtualNetwork

Aim: TypeAlias = Point | Entrance
"""Whom a gateway connects to: in a VNet, or by a public address."""


def distinct_relays(network: Network, listeners: Iterable[Listener]) -> Iterator[Relay]:
    """Give what listeners send on, each member, port and probe once."""
    seen: set[tuple[str, int | None, str]] = set()
    for listener in listeners:
        for relay in relays_of(network, listener):
            member = relay.configuration.key if relay.configuration else relay.member
            key = (member, relay.port, relay.probe.key if relay.probe else "")
            if not relay.member:
                key = (relay.teller, None, "")
            if key not in seen:
                seen.add(key)
                yield relay


@question_about
def relays_at(network: Network, front: GatewayFrontend) -> tuple[Relay, ...]:
    """Give what the listeners that answer at a frontend, or may, send on, as `distinct_relays`."""
    return tuple(distinct_relays(network, listeners_at(network, front)))


@question_about
def aims_of(network: Network, relay: Relay) -> tuple[tuple[Aim, ...], tuple[Reason, ...]]:
    """Give whom a gateway may connect to for one relay, and why that cannot be told.

    Nobody, without a reason, where the member is none of the snapshot's: a site, a stranger. What
    becomes of packets for pods with a range of their own, no fact tells for certain.
    """
    if relay.configuration is not None:
        return (machine(network, relay.configuration),), ()
    gateway = network.find(relay.gateway)
    if not isinstance(gateway, ApplicationGateway):
        return (), relay.reasons
    here = point_of(network, gateway)
    place, vnet = here.place, vnet_of(network, here)
    if place is None or vnet is None:
        outside = _public(network, relay.address) if relay.address is not None else ()
        return outside, relay.reasons or here.reasons or (_no_network(gateway),)
    if relay.address is not None:
        addresses: tuple[Address, ...] = (relay.address,)
    elif not relay.member or relay.member.startswith("/"):
        return (), relay.reasons  # nobody is named, or somebody the snapshot lacks
    else:
        try:
            addresses = addresses_named(network, vnet, relay.member)
        except Undetermined as unknown:
            why = gap(unknown, relay.pool)
            return (), (replace(why, label=f"fqdn:{relay.member}"), *_by_own_server(vnet))
    found: list[Aim] = []
    for address in addresses:
        inside = perhaps_at(network, address, place)
        found += inside or _public(network, address)
    return tuple(found), () if found else _pods(network, place, vnet, addresses)


def _public(network: Network, address: Address) -> tuple[Entrance, ...]:
    return tuple(entrances_by_address(network).get(address, ()))


def _pods(
    network: Network, place: Subnet, vnet: VirtualNetwork, addresses: Iterable[Address]
) -> tuple[Reason, ...]:
    """Say that pods may have the addresses of a pool: those of an ingress of a cluster (A-54).

    None of kubenet where no route of the gateway's subnet leads to a node: that takes the table of
    the nodes.
    """
    return tuple(
        Reason(
            "k8s-objects-missing",
            f"whether a pod of cluster {cluster.label} answers at {address}",
            cluster.id,
        )
        for address in addresses
        for cluster in clusters_with_pod(network, vnet, address)
        if may_be_carried(network, place, address) or not is_kubenet(cluster)
    )


def _by_own_server(vnet: VirtualNetwork) -> tuple[Reason, ...]:
    """Say that a DNS server answers which somebody set for a network (L-14, section 12)."""
    try:
        server = own_server(vnet)
    except Undetermined:
        return ()
    what = f"what the DNS server {server} of {vnet.label} answers"
    return (Reason("custom-dns", what, vnet.id),) if server else ()


def _no_network(gateway: ApplicationGateway) -> Reason:
    return Reason("collection-gap", f"in which network {gateway.label} is", gateway.id)
