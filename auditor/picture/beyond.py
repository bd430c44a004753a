"""What lies outside: the internet with its ways in, Front Door, sites on premises."""

from __future__ import annotations

from auditor import ids
from auditor.addresses import address_or_none
from auditor.errors import Undetermined
from auditor.network.databases import Server, servers
from auditor.network.exposure import public_name, use_of
from auditor.network.front_door import origins
from auditor.network.graph import Missing
from auditor.network.reasons import Reason
from auditor.picture.backends import public_owner
from auditor.picture.canvas import INTERNET, Canvas, linked, name_of, told
from auditor.reach.doors import doors
from auditor.reach.entrances import Entrance, entrances
from auditor.reach.services import Access, api_server_access, database_access
from auditor.resources.base import Node
from auditor.resources.front_doors import ClassicFrontDoor, FrontDoorProfile
from auditor.resources.hybrid import Connection, ExpressRouteCircuit, LocalNetworkGateway
from auditor.resources.load_balancers import LoadBalancerFrontend
from auditor.resources.managed_clusters import ManagedCluster
from auditor.resources.virtual_wan import HubVpnGateway, VpnSite
from auditor.special_addresses import PUBLIC
from auditor.topology import Kind, Spot, Tie

_SHOWN = 4
"""Prefixes of a site that are told one by one."""


def draw_internet(canvas: Canvas) -> None:
    """Draw the internet and every public address or name that leads in (E-1 to E-20)."""
    network = canvas.network
    here = canvas.put(Spot(INTERNET, Kind.INTERNET, "internet"))
    for entrance in entrances(network):
        there = canvas.at(entrance.node.id)
        if there is not None and _answers(canvas, entrance):
            address = entrance.addresses.smallest()
            name = str(address) if address else public_name(network, entrance.address)
            canvas.join(here, there, Tie.ENTRANCE, (name,), _why(entrance.reasons))
    for entrance in doors(network):
        there = canvas.at(entrance.node.id)
        if there is not None:
            canvas.join(here, there, Tie.ENTRANCE, (entrance.name,), _why(entrance.reasons))
    canvas.each(network.all(ManagedCluster), _api_server)
    canvas.each(servers(network), _server)


def _api_server(canvas: Canvas, cluster: ManagedCluster) -> None:
    _service(canvas, cluster, api_server_access(canvas.network, cluster), "API server")


def _server(canvas: Canvas, server: Server) -> None:
    _service(
        canvas,
        server,
        database_access(canvas.network, server, canvas.network.tags),
        "public endpoint",
    )


def _answers(canvas: Canvas, entrance: Entrance) -> bool:
    """Whether anything listens there, or may: a frontend with outbound rules alone does not."""
    if not isinstance(entrance.node, LoadBalancerFrontend):
        return True
    try:
        use = use_of(canvas.network, entrance.node)
    except Undetermined:
        return True
    return bool(use.inbound) or use.doubt is not None


def _service(canvas: Canvas, node: Node, access: Access, name: str) -> None:
    there = canvas.at(node.id)
    if there is None:
        return
    if not access.may:
        canvas.add(there, facts=(f"{name}: none that is public",))
        return
    doubts = () if access.must else _why(access.reasons)
    some = "" if access.may >= PUBLIC and access.must >= PUBLIC else ", to some"
    canvas.join(INTERNET, there, Tie.ENTRANCE, (f"{name}{some}",), doubts)


def _why(reasons: tuple[Reason, ...]) -> tuple[str, ...]:
    return tuple(f"cannot tell: {reason}" for reason in reasons)


def draw_doors(canvas: Canvas) -> None:
    """Draw Front Doors."""
    canvas.each(canvas.network.all(FrontDoorProfile), _profile)
    for door in canvas.network.all(ClassicFrontDoor):
        canvas.put(Spot(door.id, Kind.DOOR, name_of(door), facts=("classic",)))


def _profile(canvas: Canvas, profile: FrontDoorProfile) -> None:
    doubts: list[str] = []
    if told(doubts, profile, "is_front_door") or doubts:
        canvas.put(Spot(profile.id, Kind.DOOR, name_of(profile), doubts=tuple(doubts)))


def draw_origins(canvas: Canvas) -> None:
    """Join Front Doors to the origins whose address somebody here has."""
    try:
        found = origins(canvas.network)
    except Undetermined:
        for profile in canvas.network.all(FrontDoorProfile):
            key = canvas.at(profile.id)
            if key is not None:
                canvas.add(key, doubts=("not told: some of its origins",))
        return
    for origin, host in found:
        here = canvas.at(origin.id)
        if here is None:
            continue
        address = address_or_none(host)
        there = public_owner(canvas, address) if address is not None else None
        if there is not None:
            canvas.join(here, there, Tie.BACKEND, (host,))
        else:
            canvas.add(here, facts=(f"fetches from {host}",))


def draw_sites(canvas: Canvas) -> None:
    """Draw what is on premises, and the connections to it."""
    network = canvas.network
    for gateway in network.all(LocalNetworkGateway):
        _site(canvas, gateway, "local_network_address_space")
    for site in network.all(VpnSite):
        _site(canvas, site, "address_space")
    for circuit in network.all(ExpressRouteCircuit):
        canvas.put(Spot(circuit.id, Kind.SITE, name_of(circuit), facts=("ExpressRoute circuit",)))
    canvas.each(network.all(Connection), _connection)
    canvas.each(network.all(HubVpnGateway), _hub_connections)


def _hub_connections(canvas: Canvas, gateway: HubVpnGateway) -> None:
    here = canvas.at(gateway.id)
    doubts: list[str] = []
    for each in told(doubts, gateway, "properties", "connections") or ():
        there = _end(canvas, linked(doubts, each, "properties", "remote_vpn_site"), Kind.SITE)
        if here is not None and there is not None:
            canvas.join(there, here, Tie.CONNECTION, (name_of(each),))
    if here is not None:
        canvas.add(here, doubts=doubts)


def _site(canvas: Canvas, node: Node, attribute: str) -> None:
    doubts: list[str] = []
    space = told(doubts, node, "properties", attribute, "address_prefixes")
    prefixes = [text for text in space or () if text]
    facts = prefixes[:_SHOWN]
    if len(prefixes) > _SHOWN:
        facts.append(f"and {len(prefixes) - _SHOWN} prefixes more")
    canvas.put(Spot(node.id, Kind.SITE, name_of(node), "", tuple(facts), tuple(doubts)))


def _end(canvas: Canvas, arm_id: str | None, kind: Kind) -> str | None:
    found = canvas.network.find(arm_id)
    if isinstance(found, Missing):
        return canvas.missing(found.id, kind)
    return canvas.at(found.id) if found is not None else None


def _connection(canvas: Canvas, connection: Connection) -> None:
    doubts: list[str] = []
    near = _end(
        canvas, linked(doubts, connection, "properties", "virtual_network_gateway1"), Kind.VPN
    )
    ends = (
        ("virtual_network_gateway2", Kind.VPN),
        ("local_network_gateway2", Kind.SITE),
        ("peer", Kind.SITE),
    )
    state = told(doubts, connection, "properties", "connection_status")
    kind = told(doubts, connection, "properties", "connection_type") or ids.name(connection.id)
    for attribute, what in ends:
        far = _end(canvas, linked(doubts, connection, "properties", attribute), what)
        if near is not None and far is not None:
            texts = (kind, state or "")
            canvas.join(
                far,
                near,
                Tie.CONNECTION,
                texts,
                doubts,
                down=(state or "").lower() == "notconnected",
            )
