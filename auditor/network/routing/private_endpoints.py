"""The routes that private endpoints put into their VNet and into its peers (L-4, L-5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from auditor.addresses import Address, AddressSet, Prefix, parse_prefix
from auditor.errors import Undetermined
from auditor.network.address_owners import owned_addresses
from auditor.network.graph import Network, question, question_about
from auditor.network.names import endpoint_addresses
from auditor.network.private_link import carries, interfaces_of
from auditor.network.reasons import Reason, gap
from auditor.network.routing.model import EffectiveRoute, Found, Hop, Influence, Source
from auditor.network.routing.peered import shut_out, ties_of
from auditor.network.routing.place import Place
from auditor.network.routing_domains import Claim, claims_of, is_whole, network_key
from auditor.resources.private_endpoints import PrivateEndpoint
from auditor.resources.virtual_networks import Subnet, VirtualNetwork

_HEEDS_ROUTES = frozenset({"enabled", "routetableenabled"})


@question
def _by_network(network: Network) -> dict[str, tuple[PrivateEndpoint, ...]]:
    found: dict[str, list[PrivateEndpoint]] = defaultdict(list)
    for endpoint in network.all(PrivateEndpoint):
        try:
            subnet = endpoint.properties.subnet
            home = subnet.id if subnet is not None else None
        except Undetermined:
            continue
        if home:
            found[network_key(home)].append(endpoint)
    return {key: tuple(endpoints) for key, endpoints in found.items()}


def private_endpoint_routes(place: Place) -> Found:
    """Give a route for every address of the endpoints in the VNet and its direct peers.

    A subnet that a peering of subnets leaves out has them too, and nothing gets through (R-19).
    """
    found = routes_to_endpoints(place.network, place.vnet)
    ties = ties_of(place.network, place.vnet).ties
    barred = {
        tie.far_key: shut_out(place, tie.peering) for tie in ties if not is_whole(tie.peering)
    }
    if not barred:
        return found
    routes = [_beyond(route, barred) for route in found.routes]
    return Found(routes, found.influences)


def _beyond(
    route: EffectiveRoute, barred: Mapping[str, tuple[str, tuple[Reason, ...]]]
) -> EffectiveRoute:
    endpoint = route.node
    subnet = endpoint.properties.subnet if isinstance(endpoint, PrivateEndpoint) else None
    home = network_key(subnet.id) if subnet and subnet.id else ""
    if home not in barred:
        return route
    fault, doubts = barred[home]
    return replace(
        route,
        far=home if fault else "",
        fault=fault or route.fault,
        doubts=(*route.doubts, *doubts),
    )


@question_about
def routes_to_endpoints(network: Network, home: VirtualNetwork) -> Found:
    """Give the same for a VNet: they are those of all its subnets."""
    found = Found()
    around: list[tuple[str, VirtualNetwork | None, tuple[Claim, ...] | None, tuple[Reason, ...]]]
    around = [(home.key, home, None, ())]
    around += [
        (tie.far_key, tie.far, tie.claims, tie.reasons) for tie in ties_of(network, home).ties
    ]
    for key, vnet, claims, reasons in around:
        for endpoint in _by_network(network).get(key, ()):
            _add(network, endpoint, vnet, claims, reasons, found)
    return found


def _add(
    network: Network,
    endpoint: PrivateEndpoint,
    vnet: VirtualNetwork | None,
    reached: tuple[Claim, ...] | None,
    reasons: tuple[Reason, ...],
    found: Found,
) -> None:
    try:
        addresses = [parse_prefix(text) for text in endpoint_addresses(network, endpoint)]
    except Undetermined as unknown:
        within = _subnet_space(network, endpoint, vnet)
        reason = gap(unknown, endpoint.id)
        found.influences.append(
            Influence(within, reason, Source.SYSTEM, Hop.PRIVATE_ENDPOINT, "L-4", node=endpoint)
        )
        return
    fault = _fault(endpoint)
    policy = _policy(network, endpoint)
    for address in addresses:
        if reached is not None and not any(address in claim.prefix for claim in reached):
            continue
        yields_to = _length_around(network, vnet, reached, address)
        twice = _had_by_others(network, endpoint, address)
        found.routes.append(
            EffectiveRoute(
                address,
                Source.SYSTEM,
                Hop.PRIVATE_ENDPOINT,
                "L-4",
                node=endpoint,
                reasons=(*reasons, *twice),
                fault=fault,
                yields_to=yields_to,
                policy=policy,
            )
        )


def _fault(endpoint: PrivateEndpoint) -> str:
    if carries(endpoint) is not False:
        return ""
    return f"no connection of private endpoint {endpoint.label} is approved (L-1)"


def _policy(network: Network, endpoint: PrivateEndpoint) -> bool | None:
    """Tell whether the endpoint's subnet lets users' routes count; None: not told (U-1)."""
    try:
        subnet = network.get(endpoint.properties.subnet, Subnet)
        told = subnet.properties.private_endpoint_network_policies if subnet else None
    except Undetermined:
        return None
    return told.lower() in _HEEDS_ROUTES if told else None


def _had_by_others(
    network: Network, endpoint: PrivateEndpoint, address: Prefix
) -> tuple[Reason, ...]:
    """Why it is not told whose an address is: a machine or a frontend has it, too."""
    home = network_key(endpoint.properties.subnet.id or "") if endpoint.properties.subnet else ""
    owners = owned_addresses(network, home).get(Address(address.version, address.first), ())
    own = interfaces_of(network, endpoint.id) if owners else ()
    others = [each.holder for each in owners if each.holder not in own]
    return tuple(
        Reason("conflict", f"{other.label} has the address of {endpoint.label}, too", endpoint.id)
        for other in others[:1]
    )


def _length_around(
    network: Network,
    vnet: VirtualNetwork | None,
    reached: Iterable[Claim] | None,
    address: Prefix,
) -> int:
    """Give the length of the address space prefix that holds an address; never 0 (L-4)."""
    try:
        claims = claims_of(network, vnet) if vnet is not None else reached or ()
    except Undetermined:
        claims = reached or ()
    return max((c.prefix.length for c in claims if address in c.prefix), default=1) or 1


def _subnet_space(
    network: Network, endpoint: PrivateEndpoint, vnet: VirtualNetwork | None
) -> AddressSet:
    subnet = network.find(endpoint.properties.subnet)
    prefixes: Iterator[Prefix] = iter(())
    if isinstance(subnet, Subnet):
        prefixes = iter(subnet.prefixes)
    elif vnet is not None:
        prefixes = iter(vnet.prefixes)
    return AddressSet.from_prefixes(prefixes)
