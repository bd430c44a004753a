"""Virtual networks, their subnets, virtual hubs, and what joins them."""

from __future__ import annotations

from auditor import ids
from auditor.errors import Undetermined
from auditor.network.graph import Missing
from auditor.network.peerings import far_network, peerings_of_ours, way_back
from auditor.network.routing_domains import network_id
from auditor.picture.canvas import Canvas, key_of, spelled, told
from auditor.resources.base import Node
from auditor.resources.virtual_networks import Peering, Subnet, VirtualNetwork
from auditor.resources.virtual_wan import VirtualHub
from auditor.topology import Kind, Spot, Tie


def draw_networks(canvas: Canvas) -> None:
    """Draw every virtual network with its subnets, and every hub of a Virtual WAN."""
    for vnet in canvas.network.all(VirtualNetwork):
        doubts: list[str] = []
        space = told(doubts, vnet, "properties", "address_space", "address_prefixes")
        told(doubts, vnet, "properties", "subnets")
        facts = tuple(text for text in space or () if text)
        canvas.put(Spot(vnet.id, Kind.NETWORK, vnet.label, "", facts, tuple(doubts)))
    for subnet in canvas.network.all(Subnet):
        _subnet(canvas, subnet)
    for hub in canvas.network.all(VirtualHub):
        doubts = []
        if not told(doubts, hub, "properties", "ip_configurations"):
            prefix = told(doubts, hub, "properties", "address_prefix")
            facts = (prefix,) if prefix else ()
            canvas.put(Spot(hub.id, Kind.HUB, hub.label, "", facts, tuple(doubts)))


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
        ref = told(doubts, subnet, "properties", attribute)
        found = canvas.network.find(ref)
        if found is not None:
            facts.append(f"{word} {spelled(found)}{_absent(found)}")
        elif none and len(doubts) == before:
            facts.append(none)
    for service in told(doubts, subnet, "delegated_to") or ():
        facts.append(f"for {service}")
    spot = Spot(
        subnet.id, Kind.SUBNET, subnet.label, canvas.spots[above].id, tuple(facts), tuple(doubts)
    )
    canvas.put(spot)


def _absent(found: Node | Missing) -> str:
    return " (not in the snapshot)" if isinstance(found, Missing) else ""


def draw_peerings(canvas: Canvas) -> None:
    """Join networks by peerings, and by connections to a hub."""
    for peering in peerings_of_ours(canvas.network):
        _peering(canvas, peering)
    for hub in canvas.network.all(VirtualHub):
        here = canvas.at(hub.id)
        doubts: list[str] = []
        for connection in told(doubts, hub, "connections") or ():
            there = _far(canvas, told(doubts, connection, "properties", "remote_virtual_network"))
            if here is not None and there is not None:
                canvas.join(here, there, Tie.CONNECTION, ("hub connection",))
        if here is not None:
            canvas.add(here, doubts=doubts)


def _far(canvas: Canvas, ref: object) -> str | None:
    found = canvas.network.find(ref)  # type: ignore[arg-type]
    if found is None:
        return None
    return canvas.at(found.id) or canvas.missing(found.id, Kind.NETWORK)


def _peering(canvas: Canvas, peering: Peering) -> None:
    here = canvas.at(network_id(peering))
    if here is None:
        here = canvas.missing(network_id(peering), Kind.NETWORK)
    doubts: list[str] = []
    there = _far(canvas, told(doubts, peering, "properties", "remote_virtual_network"))
    if there is None:
        canvas.add(here, doubts=doubts or [f"not told: the far end of peering {peering.label}"])
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
                    doubts.append(f"not told: the state of peering {side.label}")
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
