"""What the tag `VirtualNetwork` stands for, seen from one subnet (N-20 to N-25).

Certain: the network's own address space, its peers' while they grant access, the sites that its
gateways are told of, and Azure's host. Possible: prefixes of routes, and whatever is learned at
run time, a default route included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from auditor.addresses import EVERYTHING, AddressError, AddressSet, parse_prefix
from auditor.errors import Undetermined
from auditor.network.extents import Doubt, Extent, joined
from auditor.network.graph import Missing, Network, possibly, question_about
from auditor.network.learned_routes import learns_routes
from auditor.network.network_managers import joinable, unseen_groups
from auditor.network.on_premises import client_pools, gateways_lent, hubs_of, on_premises
from auditor.network.peerings import lends, told_peerings, way_back
from auditor.network.reasons import Reason, gap
from auditor.network.routing_domains import (
    claims_of,
    is_whole,
    neighbours,
    peers_as_a_whole,
    subnet_claims,
    to_hub,
    without_network,
)
from auditor.network.service_tags import ServiceTags
from auditor.network.tunnels import borrowers, tunnels_serving
from auditor.resources.routing import Route, RouteTable
from auditor.resources.virtual_networks import Peering, Subnet, VirtualNetwork
from auditor.special_addresses import PLATFORM_HOST, PUBLIC

_HOST = AddressSet.from_range(PLATFORM_HOST, PLATFORM_HOST)


@question_about
def virtual_network(network: Network, subnet: Subnet | None, tags: ServiceTags) -> Extent:
    """Give what `VirtualNetwork` holds for machines in a subnet; None when that is not there."""
    if subnet is None:
        return joined((Extent(_HOST), _anything(Undetermined("which subnet it is in"))))
    own = _told(lambda: AddressSet.from_prefixes(subnet.prefixes), subnet.id)
    vnet = network.holder(subnet, VirtualNetwork)
    if vnet is None:
        return joined((Extent(_HOST), own, _anything(without_network(subnet))))
    whole = _is_whole(network, vnet)
    if whole and _has_no_table(subnet):
        rest = _in_plain_subnets(network, vnet)
    else:
        rest = joined(
            (
                _alike(network, vnet) if whole else _around(network, vnet, subnet),
                *_beyond_gateways(network, vnet, subnet),
                *_routed(network, subnet, tags),
                *_connected_groups(network),
            )
        )
    return joined((own, rest)) if own.doubts or not own.must <= rest.must else rest


def _is_whole(network: Network, vnet: VirtualNetwork) -> bool:
    """Whether no peering of a network is of some of its subnets."""
    try:
        return peers_as_a_whole(network, vnet)
    except Undetermined:
        return False


def _has_no_table(subnet: Subnet) -> bool:
    try:
        return subnet.properties.route_table is None
    except Undetermined:
        return False


@question_about
def _in_plain_subnets(network: Network, vnet: VirtualNetwork) -> Extent:
    """What the tag holds, but for the subnet itself, where no route table says otherwise."""
    return joined(
        (_alike(network, vnet), *_reached(network, vnet, ()), *_connected_groups(network))
    )


@question_about
def _alike(network: Network, vnet: VirtualNetwork) -> Extent:
    """What is around all subnets of a network that is peered as a whole."""
    return _around(network, vnet, None)


def _around(network: Network, vnet: VirtualNetwork, subnet: Subnet | None) -> Extent:
    """Azure's host, and the address spaces of a network and its peers."""
    space = _told(lambda: vnet_space(network, vnet), vnet.id)
    return joined((Extent(_HOST), space, *_peers(network, vnet, subnet)))


@question_about
def vnet_space(network: Network, vnet: VirtualNetwork) -> AddressSet:
    """Give the address space of a VNet, which the tag surely holds in each of its subnets.

    Raises Undetermined when it is not told.
    """
    return AddressSet.from_prefixes(claim.prefix for claim in claims_of(network, vnet))


def _space_if_told(network: Network, vnet: VirtualNetwork) -> AddressSet:
    try:
        return vnet_space(network, vnet)
    except Undetermined:
        return EVERYTHING


def _told(ask: Callable[[], AddressSet], resource: str) -> Extent:
    try:
        return Extent(ask())
    except Undetermined as unknown:
        return _anything(unknown, resource)


def _anything(unknown: Undetermined, resource: str = "") -> Extent:
    return Extent(doubts=(Doubt(EVERYTHING, gap(unknown, resource)),))


def _perhaps(addresses: AddressSet, reason: Reason) -> Extent:
    return Extent(doubts=(Doubt(addresses, reason),))


def _peers(network: Network, vnet: VirtualNetwork, subnet: Subnet | None) -> Iterator[Extent]:
    peerings, others = told_peerings(network, vnet)
    if others is not None:
        yield _anything(others, vnet.id)
    for peering in peerings:
        # A peering of whole networks gives the same to all subnets.
        yield from _by_peering(network, peering, None if possibly(is_whole, peering) else subnet)


@question_about
def _by_peering(network: Network, peering: Peering, subnet: Subnet | None) -> tuple[Extent, ...]:
    try:
        return tuple(_peer(network, peering, subnet))
    except Undetermined as unknown:
        return (_anything(unknown, peering.id),)


def _peer(network: Network, peering: Peering, subnet: Subnet | None) -> Iterator[Extent]:
    p = peering.properties
    if p.allow_virtual_network_access is False or (p.peering_state and not peering.connected):
        return
    if to_hub(network, peering):
        return  # what a hub teaches is told with the gateways
    doubt = _state_in_doubt(network, peering)
    if doubt is None:
        return
    far = network.find(p.remote_virtual_network)
    known = far if isinstance(far, VirtualNetwork) else None
    synced, current = _remote(network, peering, known)
    if subnet is not None:
        claims = subnet_claims(known, p.remote_subnet_names)
        if claims is not None:
            synced = current = synced & AddressSet.from_prefixes(c.prefix for c in claims)
        joins = p.local_subnet_names is not None and subnet.name.lower() in {
            name.lower() for name in p.local_subnet_names
        }
        if claims is None or not joins:
            doubt.append(
                Reason(
                    "semantics:R-19",
                    f"whether subnet peering {peering.label} is part of VirtualNetwork",
                    peering.id,
                )
            )
    if p.allow_virtual_network_access is None:
        doubt.append(_lacks("allowVirtualNetworkAccess", peering))
    for reason in doubt:
        yield _perhaps(synced, reason)
    if not doubt:
        yield Extent(synced)
    if current - synced:
        reason = Reason(
            "semantics:R-18",
            f"what peering {peering.label} carries, which is not in sync",
            peering.id,
        )
        yield _perhaps(current, reason)


def _state_in_doubt(network: Network, peering: Peering) -> list[Reason] | None:
    """Why it is not certain that a peering is connected; None when it is certain that it is not."""
    doubt = [] if peering.properties.peering_state else [_lacks("peeringState", peering)]
    if isinstance(network.find(peering.properties.remote_virtual_network), Missing):
        return doubt  # Connected is said only of a peering that has both its sides
    try:
        back = way_back(network, peering)
    except Undetermined as unknown:
        return [*doubt, gap(unknown, peering.id)]
    if back is None or (back.properties.peering_state and not back.connected):
        return None
    return doubt if back.properties.peering_state else [*doubt, _lacks("peeringState", back)]


def _lacks(key: str, peering: Peering) -> Reason:
    return Reason("collection-gap", f"{key} of peering {peering.label}", peering.id)


def _remote(
    network: Network, peering: Peering, far: VirtualNetwork | None
) -> tuple[AddressSet, AddressSet]:
    """What is synced of the far address space, and what it is now (R-18)."""
    p = peering.properties
    spaces = [
        AddressSet.from_prefixes(space.prefixes)
        for space in (p.remote_address_space, p.remote_virtual_network_address_space)
        if space is not None and space.address_prefixes is not None
    ]
    if not spaces and far is not None:
        spaces = [vnet_space(network, far)]
    if not spaces:
        lacks = f"the address space behind peering {peering.label}"
        raise Undetermined(lacks, resource=peering.id)
    return spaces[0], spaces[-1]


def _beyond_gateways(network: Network, vnet: VirtualNetwork, subnet: Subnet) -> Iterator[Extent]:
    try:
        table = network.get(subnet.properties.route_table, RouteTable)
        propagates = None if table is None else table.properties.disable_bgp_route_propagation
    except Undetermined as unknown:
        yield _anything(unknown, subnet.id)
        return
    doubts: list[Reason] = []
    if propagates is True:  # nobody says whether the tag loses what the routes lose
        doubts = [
            Reason(
                "semantics:N-20",
                "whether VirtualNetwork holds sites whose routes are kept out",
                subnet.id,
            )
        ]
    elif table is not None and propagates is None:
        doubts = [Reason("collection-gap", "disableBgpRoutePropagation", table.id)]
    yield from _reached(network, vnet, doubts)


def _reached(network: Network, vnet: VirtualNetwork, doubts: Sequence[Reason]) -> Iterator[Extent]:
    """Give what gateways lead to; `doubts` tell why a subnet may not see the sites."""
    try:
        sites = _sites(network, vnet)
    except Undetermined as unknown:
        yield _anything(unknown, vnet.id)
        return
    every = (*doubts, *_lending_in_doubt(network, vnet))
    yield joined([_perhaps(sites, reason) for reason in every]) if every else Extent(sites)
    yield from _borrowing(network, vnet)
    yield from _learned(network, vnet)


@question_about
def _lending_in_doubt(network: Network, vnet: VirtualNetwork) -> tuple[Reason, ...]:
    """Why it is not certain that a VNet is lent the gateways that it uses."""
    found: list[Reason] = []
    for peering in told_peerings(network, vnet)[0]:
        try:
            if peering.properties.use_remote_gateways and not to_hub(network, peering):
                lends(network, peering)
        except Undetermined as unknown:
            found.append(gap(unknown, peering.id))
    return tuple(found)


@question_about
def _sites(network: Network, vnet: VirtualNetwork) -> AddressSet:
    claims = list(on_premises(network, vnet))
    for gateway in gateways_lent(network, vnet):
        claims += client_pools(gateway)
    for tunnel in tunnels_serving(network, vnet):
        claims += claims_of(network, tunnel.far)
    return AddressSet.from_prefixes(claim.prefix for claim in claims)


@question_about
def _borrowing(network: Network, vnet: VirtualNetwork) -> tuple[Extent, ...]:
    """What uses the gateways of VNets at the far ends of tunnels: it is not told if that counts."""
    found: list[Extent] = []
    for tunnel in tunnels_serving(network, vnet):
        for each in borrowers(network, tunnel.far):
            detail = f"whether VirtualNetwork holds what is behind {tunnel.connection.label}"
            reason = Reason("semantics:R-24", detail, tunnel.connection.id)
            found.append(_perhaps(_space_if_told(network, each), reason))
    return tuple(found)


@question_about
def _learned(network: Network, vnet: VirtualNetwork) -> tuple[Extent, ...]:
    try:
        teacher = learns_routes(network, vnet)
    except Undetermined as unknown:
        return (_anything(unknown, vnet.id),)
    hubs = hubs_of(network, vnet)
    if not teacher and hubs:
        teacher = f"the virtual hub {hubs[0].label}"
    if not teacher and any("/virtualhubs/" in (link.near + link.far) for link in
                           neighbours(network).get(vnet.key, ())):  # fmt: skip
        teacher = "the virtual hub"
    if not teacher and any(_leads_to_hub(network, peering) for peering in vnet.peerings):
        teacher = "the virtual hub"
    if not teacher:
        return ()
    reason = Reason("bgp-routes-unknown", f"what {teacher} teaches", vnet.id)
    return (_perhaps(EVERYTHING, reason),)


def _leads_to_hub(network: Network, peering: Peering) -> bool:
    try:
        return to_hub(network, peering)
    except Undetermined:
        return False


def _routed(network: Network, subnet: Subnet, tags: ServiceTags) -> Iterator[Extent]:
    try:
        table = network.get(subnet.properties.route_table, RouteTable)
        routes = table.routes if table is not None else ()
    except Undetermined as unknown:
        yield _anything(unknown, subnet.id)
        return
    for route in routes:
        try:
            yield _perhaps(_prefix(route, tags), _by_route(route))
        except Undetermined as unknown:
            yield _anything(unknown, route.id)


def _prefix(route: Route, tags: ServiceTags) -> AddressSet:
    text = (route.properties.address_prefix or "").strip()
    if not text:
        raise Undetermined(f"the prefix of route {route.label}", resource=route.id)
    try:
        return AddressSet.from_prefixes([parse_prefix(text)])
    except AddressError:
        known = tags(text)
        return PUBLIC if known is None else known


def _by_route(route: Route) -> Reason:
    where = f"route {route.label} to {route.properties.address_prefix}"
    return Reason("semantics:N-22", f"whether {where} is part of VirtualNetwork", route.id)


def _connected_groups(network: Network) -> Iterator[Extent]:
    reason = unseen_groups(network)
    if reason is not None:
        yield _perhaps(joinable(network), reason)
