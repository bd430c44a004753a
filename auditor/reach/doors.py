"""Front Door as a way in: its endpoints answer the internet, and fetch from origins.

An endpoint ends the client's connection and opens one of its own, from an address of the tag
`AzureFrontDoor.Backend`, to an origin: by its public address, or by Private Link. What a firewall
policy or a rule set decides about a request is in no packet: it is *unknown*.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from auditor import ids
from auditor.addresses import EVERY_PORT, AddressSet, PortSet, address_or_none
from auditor.errors import Undetermined
from auditor.network.front_door import deciding_policies
from auditor.network.front_door_fetches import HTTP, HTTPS, Fetch, fetches
from auditor.network.graph import Missing, Network, question
from auditor.network.hosts import addresses_named, of_microsoft
from auditor.network.reasons import Reason, gap
from auditor.reach.balancing import TCP
from auditor.reach.bounds import Bounds
from auditor.reach.delivery import at_linked
from auditor.reach.entrances import Entrance, entrances, entrances_by_address
from auditor.reach.linking import Link, links_by, links_into, through_link
from auditor.reach.points import Kind, Point
from auditor.reach.stages import remark
from auditor.reach.trail import Trail
from auditor.resources import walk
from auditor.resources.application_gateways import ApplicationGateway
from auditor.resources.base import Node
from auditor.resources.dns import PublicRecordSet
from auditor.resources.front_doors import ClassicFrontDoor, FrontDoorEndpoint
from auditor.resources.private_endpoints import PrivateLinkService
from auditor.resources.public_addresses import PublicIp
from auditor.special_addresses import PUBLIC

EDGE = "azurefrontdoor.backend"
"""The service tag of the addresses from which Front Door fetches."""


@question
def doors(network: Network) -> tuple[Entrance, ...]:
    """Give every endpoint of Front Door that answers, or may, by id."""
    found: list[Entrance] = []
    nodes: tuple[FrontDoorEndpoint | ClassicFrontDoor, ...]
    nodes = (*network.all(FrontDoorEndpoint), *network.all(ClassicFrontDoor))
    for node in nodes:
        try:
            state = node.properties.enabled_state
            reasons: tuple[Reason, ...] = ()
        except Undetermined as unknown:
            state, reasons = None, (gap(unknown, node.id),)
        if (state or "").lower() != "disabled":
            name = _name(node)
            found.append(Entrance(node.id, AddressSet(), node, reasons=reasons, name=name))
    return tuple(sorted(found, key=lambda each: each.address.lower()))


def _name(node: FrontDoorEndpoint | ClassicFrontDoor) -> str:
    if isinstance(node, FrontDoorEndpoint):
        return walk.peek(walk.peek(node, "properties"), "host_name") or node.label
    return node.label


def door_point(node: FrontDoorEndpoint | ClassicFrontDoor) -> Point:
    """Give an endpoint as the end of a path: it answers by itself."""
    return Point(Kind.PLATFORM, node.id, AddressSet(), node)


def door_points(network: Network) -> tuple[Point, ...]:
    """Give every endpoint that answers, or may, as a point."""
    nodes = (door.node for door in doors(network))
    return tuple(
        door_point(node) for node in nodes if isinstance(node, FrontDoorEndpoint | ClassicFrontDoor)
    )


def door_of(network: Network, point: Point) -> Entrance | None:
    """Give the endpoint that a point is, if it is one and answers."""
    if not isinstance(point.node, FrontDoorEndpoint | ClassicFrontDoor):
        return None
    return next((door for door in doors(network) if door.node is point.node), None)


def at_door(trail: Trail, door: Entrance) -> Trail:
    """Follow packets to an endpoint, which answers HTTP and HTTPS, were it with an error."""
    web = trail.space.having(protocols=TCP, destination_ports=PortSet.of(HTTP) | PortSet.of(HTTPS))
    return remark(
        trail,
        "front-door",
        door.address,
        lambda _: f"Front Door answers as {door.name}",
        Bounds.maybe(web) if door.reasons else Bounds.exactly(web),
        reasons=door.reasons,
        stopped=f"Front Door answers HTTP and HTTPS only, as {door.name}",
    )


def fetched(trail: Trail, door: Entrance) -> Iterator[tuple[Trail, Entrance | Node | Missing]]:
    """Follow packets to an endpoint, and its own connections to whatever its origins name.

    That is another entrance, or what Private Link leads to. Origins that nobody of the snapshot
    answers for are left out.
    """
    network = trail.network
    for here, fetch in _fetches(trail, door):
        if fetch.link:
            target = network.find(fetch.link)
            if target is not None:
                yield _let_in(_connected(here, door, fetch, None), fetch, target), target
            continue
        for entrance in named_by(network, fetch):
            yield _connected(here, door, fetch, entrance), entrance


def perhaps_fetched(
    trail: Trail, door: Entrance, to: Iterable[Entrance]
) -> Iterator[tuple[Trail, Entrance]]:
    """Follow packets to an endpoint, and on to entrances that its origins may mean.

    An origin whose name nothing in the input resolves may be anybody's whom the edge gets at.
    """
    for here, fetch in _fetches(trail, door):
        if not is_untold(trail.network, fetch):
            continue
        for entrance in to:
            yield _guessed(_connected(here, door, fetch, entrance), door, fetch), entrance


def _guessed(trail: Trail, door: Entrance, fetch: Fetch) -> Trail:
    what = fetch.host or fetch.origin.label
    label = f"fqdn:{fetch.host}" if fetch.host else "collection-gap"
    return remark(
        trail,
        "front-door-origin",
        fetch.origin.id,
        lambda _: f"it cannot be told where {door.name} fetches from as {what}: perhaps there",
        Bounds.maybe(trail.space.all),
        reasons=(Reason(label, f"where {what} leads", fetch.origin.id),),
    )


def is_untold(network: Network, fetch: Fetch) -> bool:
    """Whether it is not told whom an origin names: a name nothing resolves, or no host at all."""
    settings = walk.peek(fetch.origin, "properties")
    if fetch.link or walk.peek(walk.peek(settings, "azure_origin"), "id"):
        return False
    if not fetch.host:
        return True
    if address_or_none(fetch.host) is not None or named_by(network, fetch):
        return False
    try:
        addresses_named(network, None, fetch.host)
    except Undetermined:
        return not of_microsoft(network, fetch.host)
    return False


def _fetches(trail: Trail, door: Entrance) -> Iterator[tuple[Trail, Fetch]]:
    """Follow packets to an endpoint, up to each of its origins."""
    network, node = trail.network, door.node
    if not isinstance(node, FrontDoorEndpoint | ClassicFrontDoor):
        return
    at = at_door(trail, door)
    policies, doubts = deciding_policies(network, node)
    for policy in policies:
        detail = f"whether {policy.label} lets the request through"
        doubts = (*doubts, Reason(f"waf:{policy.label}", detail, policy.id))
    for fetch in fetches(network, node):
        yield _forwarded(at, door, fetch, (*fetch.reasons, *doubts)), fetch


def _forwarded(trail: Trail, door: Entrance, fetch: Fetch, reasons: tuple[Reason, ...]) -> Trail:
    asked = trail.space.having(protocols=TCP, destination_ports=PortSet.of(fetch.port))
    by = " by Private Link" if fetch.link else ""
    return remark(
        trail,
        "front-door-origin",
        fetch.origin.id,
        lambda _: f"{door.name} fetches from {fetch.host or fetch.origin.label}{by}",
        Bounds.maybe(asked) if reasons else Bounds.exactly(asked),
        reasons=reasons,
        rule=fetch.origin,
        stopped=f"{door.name} fetches from it for port {fetch.port} only",
    )


def _connected(trail: Trail, door: Entrance, fetch: Fetch, to: Entrance | None) -> Trail:
    edge = trail.tags(EDGE)
    lead = f"{fetch.origin.key} {fetch.host} {fetch.port}"
    trail = replace(trail, via=(*trail.via, door.address), lead=lead)
    return trail.becoming(
        source=None if to is None else (edge & PUBLIC if edge is not None else PUBLIC),
        destination=(to.addresses or None) if to is not None else None,
        source_port=EVERY_PORT,
        destination_port=PortSet.of(fetch.there) if fetch.there else None,
        reasons=(Reason(f"service-tag:{EDGE}", "from which address Front Door fetches"),),
    )


def named_by(network: Network, fetch: Fetch) -> tuple[Entrance, ...]:
    """Give the entrances that an origin names, by address, by name, or as Azure resource."""
    settings = walk.peek(fetch.origin, "properties")
    resource = (walk.peek(walk.peek(settings, "azure_origin"), "id") or "").lower()
    host = fetch.host.lower().rstrip(".")
    known = _by_name(network)
    found = [*known.get(host, ()), *known.get(resource, ())]
    address = address_or_none(host)
    if address is not None:
        found += entrances_by_address(network).get(address, ())
    return tuple({f"{e.node.key} {e.address.lower()}": e for e in found}.values())


@question
def _by_name(network: Network) -> dict[str, tuple[Entrance, ...]]:
    """Give the entrances by their names, those of their public DNS records, and their ids."""
    found: dict[str, list[Entrance]] = defaultdict(list)
    by_id: dict[str, list[Entrance]] = defaultdict(list)
    for entrance in entrances(network):
        by_id[entrance.address.lower()].append(entrance)
        for key in {entrance.address.lower(), entrance.node.root.key}:
            found[key].append(entrance)
        node = network.find(entrance.address)
        if isinstance(node, PublicIp):
            dns = walk.peek(walk.peek(node, "properties"), "dns_settings")
            fqdn = walk.peek(dns, "fqdn")
            if fqdn:
                found[fqdn.lower().rstrip(".")].append(entrance)
    for record in network.all(PublicRecordSet):
        found[record.host] += _of_record(network, record, by_id, found)
    return {key: tuple(each) for key, each in found.items()}


def _of_record(
    network: Network,
    record: PublicRecordSet,
    by_id: dict[str, list[Entrance]],
    by_name: dict[str, list[Entrance]],
) -> Iterable[Entrance]:
    p = walk.peek(record, "properties")
    target = walk.peek(walk.peek(p, "target_resource"), "id")
    alias = walk.peek(walk.peek(p, "cname_record"), "cname")
    listed = [walk.peek(each, "ipv4_address") for each in walk.peek(p, "a_records") or ()]
    told = [each for each in map(address_or_none, listed) if each is not None]
    found = list(by_id.get((target or "").lower(), ()))
    found += by_name.get((alias or "").lower().rstrip("."), ())
    for address in told:
        found += entrances_by_address(network).get(address, ())
    return found


def is_door(entrance: Entrance) -> bool:
    """Tell whether an entrance is an endpoint of Front Door."""
    return isinstance(entrance.node, FrontDoorEndpoint | ClassicFrontDoor)


def _let_in(trail: Trail, fetch: Fetch, target: Node | Missing) -> Trail:
    """Add whether what Private Link leads to took the connection of Front Door in (L-1)."""
    name = ids.name(target.id)
    reasons: tuple[Reason, ...] = ()
    here = Bounds.exactly(trail.space.all)
    if fetch.status in _REFUSED:
        here = Bounds.nothing(trail.space)
    elif fetch.status != "approved":
        reasons = (Reason("private-link", f"whether {name} lets Front Door in", target.id),)
        here = Bounds.maybe(trail.space.all)
    return remark(
        trail,
        "private-link",
        target.id,
        lambda _: f"Private Link leads to {name}",
        here,
        reasons=reasons,
        rule=fetch.origin,
        stopped=f"the connection of Front Door to {name} is {fetch.status} (L-1)",
        opening=f"approve the connection of Front Door at {name}",
    )


_REFUSED = frozenset({"pending", "rejected", "disconnected", "timeout"})
"""What Front Door says of a connection by Private Link that carries nothing."""


def linked(trail: Trail, target: Node | Missing) -> Iterator[tuple[Trail, Point]]:
    """Follow a connection of Front Door by Private Link to whoever answers there.

    A private link service translates the source to an address of its own, and leads to a frontend
    of a load balancer.
    """
    if isinstance(target, PrivateLinkService):
        yield from _by_links(trail, links_by(trail.network, target))
    elif isinstance(target, ApplicationGateway):
        yield from _by_links(trail, links_into(trail.network, target))
    else:
        node = target if isinstance(target, Node) else None
        yield trail, Point(Kind.PLATFORM, target.id, AddressSet(), node)


def _by_links(trail: Trail, links: Iterable[Link]) -> Iterator[tuple[Trail, Point]]:
    for link in links:
        there, back = through_link(trail, link)
        if link.front is not None:
            yield from at_linked(there, link.front, back)
        else:
            yield there, Point(Kind.PLATFORM, link.service.id, AddressSet(), link.service)
