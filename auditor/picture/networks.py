"""Virtual networks, their subnets, virtual hubs, and what joins them."""

from __future__ import annotations

from auditor import ids
from auditor.errors import Undetermined
from auditor.network.graph import Missing
from auditor.network.peerings import far_network, peerings_of_ours, way_back
from auditor.network.routing_domains import network_id
from auditor.picture.canvas import Canvas, key_of, linked, name_of, told
from auditor.resources.base import Node
from auditor.resources.virtual_networks import Peering, Subnet, VirtualNetwork
from auditor.resources.virtual_wan import VirtualHub
from auditor.topology import Kind, Spot, Tie


def draw_networks(canvas: Canvas) -> None:
    """Draw every virtual network with its subnets, and every hub of a Virtual WAN."""
    canvas.each(canvas.network.all(VirtualNetwork), _network)
    canvas.each(canvas.network.all(Subnet), _subnet)
    canvas.each(canvas.network.all(VirtualHub), _hub)


def _network(canvas: Canvas, vnet: VirtualNetwork) -> None:
    doubts: list[str] = []
    space = told(doubts, vnet, "properties", "address_space", "address_prefixes")
    told(doubts, vnet, "properties", "subnets")
    facts = tuple(text for text in space or () if text)
    canvas.put(Spot(vnet.id, Kind.NETWORK, name_of(vnet), "", facts, tuple(doubts)))


def _hub(canvas: Canvas, hub: VirtualHub) -> None:
    doubts: list[str] = []
    if not told(doubts, hub, "properties", "ip_configurations"):
        prefix = told(doubts, hub, "properties", "address_prefix")
        facts = (prefix,) if prefix else ()
        canvas.put(Spot(hub.id, Kind.HUB, name_of(hub), "", facts, tuple(doubts)))


def _subnet(canvas: Canvas, subnet: Subnet) -> None:
    vnet = subnet.owner.id if subnet.owner is not None else ids.parent(subnet.id) or ""
    above = canvas.at(vnet) or canvas.missing(vnet, Kind.NETWORK)
    doubts: list[str] = []
    one = told(doubts, subnet, "properties", "address_prefix")
    many = told(doubts, subnet, "properties", "address_prefixes")
    facts = list(dict.fromkeys(text for text in (one, *(many or ())) if text))
    for attribute, word, none in (
        ("network_security_group", "NSG", "no NSG"),
        ("route_table", "routes", ""),
        ("nat_gateway", "out by", ""),
    ):
        before = len(doubts)
        found = canvas.network.find(linked(doubts, subnet, "properties", attribute))
        if found is not None:
            facts.append(f"{word} {name_of(found)}{_absent(found)}")
        elif none and len(doubts) == before:
            facts.append(none)
    for service in told(doubts, subnet, "delegated_to") or ():
        facts.append(f"for {service}")
    spot = Spot(
        subnet.id, Kind.SUBNET, name_of(subnet), canvas.spots[above].id, tuple(facts), tuple(doubts)
    )
    canvas.put(spot)


def _absent(found: Node | Missing) -> str:
    return " (not in the snapshot)" if isinstance(found, Missing) else ""


def draw_peerings(canvas: Canvas) -> None:
    """Join networks by peerings, and by connections to a hub."""
    canvas.each(peerings_of_ours(canvas.network), _peering)
    canvas.each(canvas.network.all(VirtualHub), _connections)


def _connections(canvas: Canvas, hub: VirtualHub) -> None:
    here = canvas.at(hub.id)
    if here is None:
        return
    doubts: list[str] = []
    for connection in told(doubts, hub, "connections") or ():
        there = _far(canvas, linked(doubts, connection, "properties", "remote_virtual_network"))
        if there is not None:
            canvas.join(here, there, Tie.CONNECTION, ("hub connection",))
    canvas.add(here, doubts=doubts)


def _far(canvas: Canvas, arm_id: str | None) -> str | None:
    found = canvas.network.find(arm_id)
    if found is None:
        return None
    return canvas.at(found.id) or canvas.missing(found.id, Kind.NETWORK)


def _peering(canvas: Canvas, peering: Peering) -> None:
    here = canvas.at(network_id(peering))
    if here is None:
        here = canvas.missing(network_id(peering), Kind.NETWORK)
    doubts: list[str] = []
    there = _far(canvas, linked(doubts, peering, "properties", "remote_virtual_network"))
    if there is None:
        canvas.add(here, doubts=doubts or [f"not told: the far end of peering {name_of(peering)}"])
        return
    texts: list[str] = []
    down = False
    try:
        far_network(canvas.network, peering)
        back = way_back(canvas.network, peering)
        if back is None:
            texts, down = ["one side only"], True
        else:
            for side in (peering, back):
                state = side.properties.peering_state
                if state is None:
                    doubts.append(f"not told: the state of peering {name_of(side)}")
                elif not side.connected:
                    texts, down = [*texts, state], True
    except Undetermined as unknown:
        doubts.append(f"not told: {unknown.missing}")
    canvas.join(here, there, Tie.PEERING, texts, doubts, down=down)


def network_of(canvas: Canvas, key: str | None) -> str:
    """Give the id of the network that holds a spot, empty when none does."""
    while key:
        spot = canvas.spots[key]
        if spot.kind is Kind.NETWORK:
            return spot.id
        key = key_of(spot.parent) if spot.parent else None
    return ""
