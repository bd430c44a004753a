"""What lies beyond a VNet's gateways: sites and clients (R-24).

A VNet reaches what its own gateways reach, and, where its peering says `useRemoteGateways`, what
the gateways of that peer reach (R-17), and what the gateways of its virtual hub reach.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import msgspec

from auditor.addresses import AddressError, AddressSet, Prefix, parse_prefix
from auditor.errors import Undetermined
from auditor.ids import fold, parent
from auditor.network.gaps import unread_type
from auditor.network.graph import Network, question, question_about
from auditor.network.peerings import may_lend
from auditor.network.routing_domains import Claim, home_of, neighbours, spelled
from auditor.network.virtual_hubs import leads_to_told_hub
from auditor.resources import walk
from auditor.resources.base import Node, Ref
from auditor.resources.hybrid import (
    Connection,
    LocalNetworkGateway,
    VirtualNetworkGateway,
    VpnNatRule,
)
from auditor.resources.virtual_networks import AddressSpace, Peering, VirtualNetwork
from auditor.resources.virtual_wan import (
    HubClientGateway,
    HubVpnConnection,
    HubVpnGateway,
    VirtualHub,
    VpnSite,
)


class Elsewhere(msgspec.Struct, frozen=True):
    """What is used outside Azure: the parameters of rules that compare with it."""

    on_premises: tuple[str, ...] = ()
    """Ranges used on premises or by partners, as CIDRs; complete, when it is given at all."""

    def __post_init__(self) -> None:
        """Refuse what is no CIDR."""
        try:
            self.ranges()
        except AddressError as error:
            raise ValueError(str(error)) from error

    def ranges(self) -> tuple[Prefix, ...]:
        """Give the ranges as prefixes."""
        return tuple(map(parse_prefix, self.on_premises))


@question
def _gateways_by_network(network: Network) -> dict[str, tuple[VirtualNetworkGateway, ...]]:
    found: dict[str, list[VirtualNetworkGateway]] = defaultdict(list)
    for gateway in network.all(VirtualNetworkGateway):
        try:
            home = home_of(gateway)
        except Undetermined:
            continue
        if home is not None:
            found[fold(home)].append(gateway)
    return {key: tuple(gateways) for key, gateways in found.items()}


def gateways_in(network: Network, vnet: VirtualNetwork) -> tuple[VirtualNetworkGateway, ...]:
    """Give the VPN and ExpressRoute gateways that stand in a VNet.

    Raises Undetermined when a subnet lists a gateway that is not in the snapshot, and when one of
    its region that does not tell its network, or that a connection alone tells of, may be its only
    one.
    """
    known = _gateways_in(network)
    found = known.get(vnet)
    if found is None:
        _refuse_missing(network, vnet)
        found = known[vnet] = _gateways_by_network(network).get(vnet.key, ())
    if found or not (_homeless_gateways(network) or _lost_gateways(network)):
        return found
    if any(subnet.label.lower() == "gatewaysubnet" for subnet in vnet.subnets):
        homeless = homeless_gateway(network, vnet.location)
        if homeless is not None:
            raise Undetermined(f"the network of gateway {homeless.label}", resource=homeless.id)
        lost = _lost_gateways(network).get((vnet.subscription.lower(), _region(vnet)))
        if lost is not None:
            raise Undetermined(f"{lost} is not in the snapshot", resource=lost)
    return found


@question
def _gateways_in(
    network: Network,
) -> dict[VirtualNetwork, tuple[VirtualNetworkGateway, ...]]:
    return {}


def homeless_gateway(network: Network, location: str | None) -> VirtualNetworkGateway | None:
    """Give a gateway of a region that does not tell which network it stands in, if there is one."""
    return _homeless_gateways(network).get(location.lower()) if location else None


@question
def _homeless_gateways(network: Network) -> dict[str, VirtualNetworkGateway]:
    """The first of each region, in lower case."""
    found: dict[str, VirtualNetworkGateway] = {}
    for gateway in network.all(VirtualNetworkGateway):
        place = walk.peek(gateway, "location")
        try:
            at_home = home_of(gateway) is not None
        except Undetermined:
            at_home = False
        if place and not at_home:
            found.setdefault(place.lower(), gateway)
    return found


@question
def _lost_gateways(network: Network) -> dict[tuple[str, str], str]:
    """The first gateway of each subscription and region that only a connection of it tells of."""
    found: dict[tuple[str, str], str] = {}
    for edge in network.dangling():
        if isinstance(edge.source, Connection) and edge.kind == "virtualNetworkGateway1":
            key = edge.source.subscription.lower(), _region(edge.source)
            found.setdefault(key, spelled(network, edge.target))
    return found


def _region(node: Node) -> str:
    return (walk.peek(node, "location") or "").lower()


def _refuse_missing(network: Network, vnet: VirtualNetwork) -> None:
    for subnet in vnet.subnets:
        for ref in subnet.properties.ip_configurations or ():
            if ref.node is not None:  # as most are, and ids are long
                continue
            gateway = _gateway_of(ref)
            if gateway is not None and fold(gateway) not in network.nodes:
                raise Undetermined(f"{gateway} is not in the snapshot", resource=gateway)


def _gateway_of(ref: Ref) -> str | None:
    text = ref.id or ""
    return parent(text) if "/virtualnetworkgateways/" in text.lower() else None


@question_about
def gateways_serving(network: Network, vnet: VirtualNetwork) -> tuple[VirtualNetworkGateway, ...]:
    """Give a VNet's own gateways, and those it uses through gateway transit (R-17).

    Raises Undetermined when the VNet whose gateways it uses is not in the snapshot.
    """
    return _serving(network, vnet, lambda _: True)


@question_about
def gateways_lent(network: Network, vnet: VirtualNetwork) -> tuple[VirtualNetworkGateway, ...]:
    """Give the gateways that serve a VNet, but for those that it is certainly not lent.

    Raises Undetermined as `gateways_serving` does.
    """
    return _serving(network, vnet, lambda peering: may_lend(network, peering))


def _serving(
    network: Network, vnet: VirtualNetwork, by: Callable[[Peering], bool]
) -> tuple[VirtualNetworkGateway, ...]:
    found = list(gateways_in(network, vnet))
    for far in lenders(network, vnet, by):
        found.extend(gateways_in(network, far))
    return tuple(found)


def lenders(
    network: Network, vnet: VirtualNetwork, by: Callable[[Peering], bool] = lambda _: True
) -> tuple[VirtualNetwork, ...]:
    """Give the peers whose gateways a VNet uses; what a virtual hub lends, `hubs_of` tells (R-29).

    `by` are the peerings to heed.

    Raises Undetermined when one is not in the snapshot.
    """
    using = (peering for peering in vnet.peerings if peering.properties.use_remote_gateways)
    refs = (
        peering.properties.remote_virtual_network
        for peering in using
        if not leads_to_told_hub(network, peering) and by(peering)
    )
    return tuple(far for ref in refs if ref and (far := network.get(ref, VirtualNetwork)))


@question_about
def hubs_of(network: Network, vnet: VirtualNetwork) -> tuple[VirtualHub, ...]:
    """Give the virtual hubs that a VNet is connected to, as far as the snapshot holds them."""
    if not network.all(VirtualHub):
        return ()
    ends = {link.near for link in neighbours(network).get(vnet.key, ()) if link.far == vnet.key}
    nodes = (network.nodes.get(key) for key in sorted(ends))
    return tuple(node for node in nodes if isinstance(node, VirtualHub))


class ToldSites(msgspec.Struct, frozen=True):
    """The prefixes of the sites that a VNet is connected to, and what may hide others."""

    claims: tuple[Claim, ...]
    lacking: tuple[Undetermined, ...]


@question_about
def sites_told(network: Network, vnet: VirtualNetwork) -> ToldSites:
    """Give what the snapshot tells of `on_premises`. Never raises: one hole hides no other site."""
    parts = [ToldSites((), ())]
    try:
        parts += [_behind(network, gateway) for gateway in gateways_lent(network, vnet)]
    except Undetermined as unknown:
        parts.append(ToldSites((), (unknown,)))
    parts += [_behind_hub(network, hub) for hub in hubs_of(network, vnet)]
    return _joined(parts)


def on_premises(network: Network, vnet: VirtualNetwork) -> tuple[Claim, ...]:
    """Give the prefixes of the sites that a VNet is connected to, as configured.

    Prefixes that a VPN NAT rule translates on their way in are left out. What BGP teaches is not
    here: see `learns_routes`. Raises Undetermined when a gateway, a connection's far end or a
    peer with the gateway is not in the snapshot.
    """
    told = sites_told(network, vnet)
    for unknown in told.lacking:
        raise unknown
    return told.claims


@question_about
def _behind(network: Network, gateway: VirtualNetworkGateway) -> ToldSites:
    """The prefixes of the sites behind one gateway, which many networks may use."""
    try:
        connections = connections_of(network, gateway)
    except Undetermined as unknown:
        return ToldSites((), (unknown,))
    return _joined([_told(partial(_site_claims, network, each)) for each in connections])


def _told(read: Callable[[], Iterator[Claim]]) -> ToldSites:
    try:
        return ToldSites(tuple(read()), ())
    except Undetermined as unknown:
        return ToldSites((), (unknown,))


def _joined(parts: Sequence[ToldSites]) -> ToldSites:
    return ToldSites(
        tuple(claim for part in parts for claim in part.claims),
        tuple(unknown for part in parts for unknown in part.lacking),
    )


@question_about
def connections_of(network: Network, gateway: VirtualNetworkGateway) -> tuple[Connection, ...]:
    """Give the connections of a gateway.

    Raises Undetermined when a list of them in its subscription was not read whole.
    """
    unread = unread_type(network, "Microsoft.Network/connections", gateway.id)
    if unread is not None:
        raise Undetermined(
            f"the connections of {gateway.label}: {unread.detail}", resource=gateway.id
        )
    edges = network.referrers(gateway, "virtualNetworkGateway1", "virtualNetworkGateway2")
    sources = {edge.source.key: edge.source for edge in edges}
    return tuple(node for node in sources.values() if isinstance(node, Connection))


@question
def _untold_connections(network: Network) -> dict[str, Undetermined]:
    """The first connection of each subscription that does not tell which gateways it joins.

    Every connection has a first gateway; only one between networks has a second. One that came
    without any settings is left out: the input's gaps tell of it.
    """
    found: dict[str, Undetermined] = {}
    for connection in network.all(Connection):
        ends = walk.peek(connection, "properties")
        if ends is None:
            continue
        try:
            first, second = ends.virtual_network_gateway1, ends.virtual_network_gateway2
            told = first is not None and first.id and (second is None or second.id)
        except Undetermined:
            told = False
        if not told:
            found.setdefault(
                connection.subscription.lower(),
                Undetermined(
                    f"which gateways the connection {connection.label} joins",
                    resource=connection.id,
                ),
            )
    return found


def require_connections(network: Network, gateway: VirtualNetworkGateway) -> None:
    """Raise Undetermined when a connection does not tell whose it is, and may be this gateway's.

    A connection is of the subscription of its gateway.
    """
    doubt = _untold_connections(network).get(gateway.subscription.lower())
    if doubt is not None:
        raise doubt


def site_of(network: Network, connection: Connection) -> LocalNetworkGateway | None:
    """Give the site that a connection leads to; None of one whose type leads to none.

    Raises Undetermined when the site is not told.
    """
    site = network.get(connection.properties.local_network_gateway2, LocalNetworkGateway)
    kind = (connection.properties.connection_type or "").lower()
    if site is None and kind not in _WITHOUT_SITES:
        missing = f"the site that the connection {connection.label} leads to"
        raise Undetermined(missing, resource=connection.id)
    return site


_WITHOUT_SITES = frozenset({"vnet2vnet", "expressroute", "vpnclient"})


def _site_claims(network: Network, connection: Connection) -> Iterator[Claim]:
    site = site_of(network, connection)
    if site is None:
        return
    translated = _translated(network, connection)
    space = site.properties.local_network_address_space
    told = space is not None and space.address_prefixes is not None
    if not told and not connection.properties.enable_bgp:
        missing = f"the address prefixes of the site {site.label}"
        raise Undetermined(missing, resource=site.id)
    for claim in claims_of_space(site, space, "localNetworkAddressSpace"):
        if claim.prefix not in translated:
            yield claim


def _translated(network: Network, connection: Connection) -> AddressSet:
    inner: list[Prefix] = []
    for ref in connection.properties.ingress_nat_rules or ():
        rule = network.get(ref, VpnNatRule)
        for mapping in (rule.properties.internal_mappings or ()) if rule else ():
            if mapping.address_space:
                inner.append(parse_prefix(mapping.address_space))
    return AddressSet.from_prefixes(inner)


def claims_of_space(node: Node, space: AddressSpace | None, path: str) -> tuple[Claim, ...]:
    """Give the prefixes of an address space that stands at `/properties/{path}` of a node."""
    texts = (space.address_prefixes or ()) if space else ()
    return tuple(
        Claim(
            parse_prefix(text),
            node,
            f"/properties/{path}/addressPrefixes/{index}",
            text,
        )
        for index, text in enumerate(texts)
        if text
    )


def _behind_hub(network: Network, hub: VirtualHub) -> ToldSites:
    """The prefixes of the sites behind a virtual hub."""
    gateways = [edge.source for edge in network.referrers(hub, "virtualHub")]
    parts = [_told(partial(_own_gateway, network, hub))]
    for gateway in gateways:
        if isinstance(gateway, HubVpnGateway):
            try:
                tunnels = gateway.properties.connections or ()
            except Undetermined as unknown:
                parts.append(ToldSites((), (unknown,)))
                continue
            parts += [_told(partial(_of_tunnel, network, each)) for each in tunnels]
    return _joined(parts)


def _own_gateway(network: Network, hub: VirtualHub) -> Iterator[Claim]:
    """Raise Undetermined when the VPN gateway that a hub names is not in the snapshot."""
    network.get(hub.properties.vpn_gateway, HubVpnGateway)
    yield from ()


def _of_tunnel(network: Network, connection: HubVpnConnection) -> Iterator[Claim]:
    site = network.get(connection.properties.remote_vpn_site, VpnSite)
    if site is not None:
        yield from claims_of_space(site, site.properties.address_space, "addressSpace")


def client_pools(gateway: VirtualNetworkGateway | HubClientGateway) -> tuple[Claim, ...]:
    """Give the point-to-site pools of a gateway, whole and by group of clients."""
    if isinstance(gateway, HubClientGateway):
        entries = gateway.properties.connection_configurations or ()
        return tuple(
            claim
            for index, entry in enumerate(entries)
            for claim in claims_of_space(
                gateway,
                entry.properties.vpn_client_address_pool,
                f"p2SConnectionConfigurations/{index}/properties/vpnClientAddressPool",
            )
        )
    configuration = gateway.properties.vpn_client_configuration
    if configuration is None:
        return ()
    base = "vpnClientConfiguration"
    found = list(
        claims_of_space(
            gateway, configuration.vpn_client_address_pool, f"{base}/vpnClientAddressPool"
        )
    )
    for index, group in enumerate(configuration.vng_client_connection_configurations or ()):
        path = f"{base}/vngClientConnectionConfigurations/{index}/properties/vpnClientAddressPool"
        found += claims_of_space(gateway, group.properties.vpn_client_address_pool, path)
    return tuple({claim.prefix: claim for claim in reversed(found)}.values())
