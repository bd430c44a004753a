"""What lies behind the gateways of a network: sites, clients, and routes nobody wrote down."""

from __future__ import annotations

import msgspec

from auditor.addresses import Prefix, parse_prefix
from auditor.network.graph import Network, question, question_about
from auditor.resources.hybrid import Connection, LocalNetworkGateway, VirtualNetworkGateway
from auditor.resources.network_manager import ConnectivityConfiguration
from auditor.resources.virtual_networks import AddressSpace, Subnet, VirtualNetwork
from auditor.resources.virtual_wan import HubConnection, HubIpConfiguration
from auditor.simulate.carriers import connections_of, gateways_in, standing
from auditor.simulate.logic import Truth, both, told, told_of
from auditor.simulate.peers import network_of, peers
from auditor.simulate.tunnels import TUNNEL, tunnels


class Beyond(msgspec.Struct):
    """What the gateways that a network may use lead to.

    `sites` are prefixes behind them (R-24), each with whether the route is there for sure.
    `learned` says that there may be routes which no resource tells (R-25, R-28, R-29),
    `always` that a route table cannot keep them out, `gateways` that there is one at all.
    """

    sites: dict[Prefix, bool] = msgspec.field(default_factory=dict)
    learned: bool = False
    always: bool = False
    gateways: Truth = False
    own: list[VirtualNetworkGateway] = msgspec.field(default_factory=list)

    def add(self, prefix: Prefix, surely: bool) -> None:
        """Note a route."""
        self.sites[prefix] = surely or self.sites.get(prefix, False)


@question_about
def beyond(network: Network, home: VirtualNetwork) -> Beyond:
    """Give what the gateways that a network uses, its own or a peer's, lead to."""
    found = Beyond()
    for gateway in gateways_in(network, home):
        found.own.append(gateway)
        _behind(network, gateway, found, True)
    _unplaced(network, found)
    listed = peers(network, home)
    if listed is None:
        found.learned = True
        found.gateways = None
    for peer in listed or ():
        uses = told_of(peer, lambda p: p.peering.properties.use_remote_gateways, None)
        if uses is False or (uses is None and peer.up is False):
            continue
        grants = peer.at_back(lambda p: p.allow_gateway_transit)
        through = both(peer.up, uses or None, grants)
        if through is False:
            continue
        if peer.far is None:
            if uses:
                found.learned = True
                found.gateways = None
            continue
        for gateway in gateways_in(network, peer.far):
            _behind(network, gateway, found, through is True)
        if _route_server(network, peer.far):
            found.learned = True
    if _route_server(network, home):
        found.learned = True
    if any(
        network.find(told_of(hub, lambda h: h.properties.remote_virtual_network, None)) is home
        for hub in network.all(HubConnection)
    ):
        found.learned = found.always = True
        found.gateways = None
    return found


def _unplaced(network: Network, found: Beyond) -> None:
    """A gateway whose subnet is not told may stand anywhere, as may one that the input lacks."""
    if standing(network).get("") or _lost(network):
        found.learned = True
        found.gateways = found.gateways or None


@question
def _lost(network: Network) -> bool:
    """Whether a connection is of a gateway that the input lacks."""
    named = (
        told_of(each, lambda e: e.properties.virtual_network_gateway1, None)
        for each in network.all(Connection)
    )
    return any(
        ref is not None and not isinstance(network.find(ref), VirtualNetworkGateway)
        for ref in named
    )


def _route_server(network: Network, home: VirtualNetwork) -> bool:
    for each in network.all(HubIpConfiguration):
        subnet = network.find(told_of(each, lambda e: e.properties.subnet, None))
        if isinstance(subnet, Subnet) and network_of(network, subnet) is home:
            return True
    return False


def _behind(network: Network, gateway: VirtualNetworkGateway, found: Beyond, surely: bool) -> None:
    found.gateways = True if surely else (found.gateways or None)
    if told(lambda: gateway.kind, "") != "vpn" or learns(network, gateway):
        found.learned = True
    for prefix in site_prefixes(network, gateway) or ():
        found.add(prefix, surely)
    for tunnel in tunnels(network, gateway) or ():
        for prefix in told_of(tunnel.far, lambda f: f.prefixes, ()):
            found.add(prefix, surely)
        for each in tunnel.borrowers:
            for prefix in told_of(each, lambda e: e.prefixes, ()):
                found.add(prefix, False)
    p = gateway.properties
    if told(lambda: p.nat_rules, None):
        found.learned = True
    if told(lambda: gateway.properties.gateway_default_site, None) is not None:
        found.add(parse_prefix("0.0.0.0/0"), surely)
    for prefix in (*_clients(gateway), *_of(told(lambda: p.custom_routes, None))):
        found.add(prefix, False)


def _clients(gateway: VirtualNetworkGateway) -> tuple[Prefix, ...]:
    settings = told(lambda: gateway.properties.vpn_client_configuration, None)
    if settings is None:
        return ()
    pools = [told(lambda: settings.vpn_client_address_pool, None)]
    for each in told(lambda: settings.vng_client_connection_configurations, None) or ():
        pools.append(told_of(each, lambda e: e.properties.vpn_client_address_pool, None))
    return tuple(prefix for pool in pools for prefix in _of(pool))


def _of(space: AddressSpace | None) -> tuple[Prefix, ...]:
    return told(lambda: space.prefixes, ()) if space is not None else ()


def learns(network: Network, gateway: VirtualNetworkGateway) -> bool:
    """Whether a VPN gateway may know routes that no resource tells."""
    if told(lambda: gateway.properties.enable_bgp, None) is not False:
        return True
    for each in connections_of(network, gateway):
        kind = (told_of(each, lambda e: e.properties.connection_type, None) or "").lower()
        if kind not in ("ipsec", TUNNEL) or told_of(each, lambda e: e.properties.enable_bgp, None):
            return True
    return site_prefixes(network, gateway) is None or tunnels(network, gateway) is None


def site_prefixes(network: Network, gateway: VirtualNetworkGateway) -> tuple[Prefix, ...] | None:
    """Give the prefixes of the sites a VPN gateway is connected to; None when one is not told."""
    found: list[Prefix] = []
    for each in connections_of(network, gateway):
        if (told_of(each, lambda e: e.properties.connection_type, None) or "").lower() == TUNNEL:
            continue
        site = network.find(told_of(each, lambda e: e.properties.local_network_gateway2, None))
        if not isinstance(site, LocalNetworkGateway):
            return None
        space = told_of(site, lambda s: s.properties.local_network_address_space, None)
        if space is None:
            return None
        found += _of(space)
    return tuple(found)


def meshed(network: Network) -> bool:
    """Whether a network manager may connect networks without any peering (R-22)."""
    unread = any("/networkmanagers" in gap.subject.lower() for gap in network.gaps)
    return unread or bool(network.all(ConnectivityConfiguration))
