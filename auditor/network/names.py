"""Questions about DNS: who resolves a name, and to what (facts L-10 to L-15)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import chain

import msgspec

from auditor.addresses import address_or_none
from auditor.errors import Undetermined
from auditor.ids import fold, parent
from auditor.ids import name as last_segment
from auditor.network.export_commands import ASK_THE_SERVER
from auditor.network.gaps import unread_below, unread_type
from auditor.network.graph import Network, possibly, question
from auditor.network.routing_domains import network_key, routing_domains
from auditor.network.untold_homes import may_be_one, perhaps_meaning
from auditor.resources import walk
from auditor.resources.dns import PrivateDnsZone, PrivateRecordSet, VirtualNetworkLink
from auditor.resources.interfaces import NetworkInterface
from auditor.resources.private_endpoints import PrivateEndpoint, ZoneGroup
from auditor.resources.virtual_networks import VirtualNetwork

AZURE_DNS = "168.63.129.16"
"""Azure's own resolver, the same in every network (L-11)."""


@question
def private_records(network: Network) -> dict[str, tuple[PrivateRecordSet, ...]]:
    """The record sets of each private zone that were exported, by the zone's folded id."""
    found: dict[str, list[PrivateRecordSet]] = defaultdict(list)
    for record in network.all(PrivateRecordSet):
        zone = parent(record.id)
        if zone:
            found[fold(zone)].append(record)
    return {key: tuple(records) for key, records in found.items()}


def records_by_label(network: Network, zone_key: str) -> dict[str, tuple[PrivateRecordSet, ...]]:
    """The record sets of a zone by name, lower case: A, AAAA and CNAME of one name together."""
    found: dict[str, list[PrivateRecordSet]] = defaultdict(list)
    for record in private_records(network).get(zone_key, ()):
        found[record.name.lower()].append(record)
    return {label: tuple(records) for label, records in found.items()}


@question
def linked_networks(network: Network) -> dict[str, frozenset[str]]:
    """The folded ids of the VNets each private zone is linked to, by the zone's folded id.

    The zones of `untold_links` may be linked to more.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for zone, vnet in _links(network)[0]:
        found[zone].add(vnet)
    return {key: frozenset(vnets) for key, vnets in found.items()}


def untold_links(network: Network) -> dict[str, Undetermined]:
    """The private zones with a link that does not tell its VNet, by folded id, each with why."""
    return _links(network)[1]


@question
def _links(network: Network) -> tuple[list[tuple[str, str]], dict[str, Undetermined]]:
    """The folded ids of linked zones and VNets in pairs, and the zones with untold links."""
    pairs: list[tuple[str, str]] = []
    untold: dict[str, Undetermined] = {}
    for link in network.all(VirtualNetworkLink):
        zone = fold(parent(link.id) or "")
        try:
            vnet = link.properties.virtual_network
            if zone and vnet and vnet.id:
                pairs.append((zone, fold(vnet.id)))
            untold.update(_perhaps_meant(network, link, zone))
        except Undetermined as unknown:
            missing = f"the network of the link {link.label}: {unknown.missing}"
            untold[zone] = Undetermined(missing, resource=link.id)
    return pairs, untold


def _perhaps_meant(
    network: Network, link: VirtualNetworkLink, zone: str
) -> Iterator[tuple[str, Undetermined]]:
    """The zones that a link may be of, or link to another network, by what no template tells."""
    if link.key in perhaps_meaning(network):
        missing = f"which network {link.label} links: its template does not tell where it goes"
        yield zone, Undetermined(missing, resource=link.id)
    for each in network.all(PrivateDnsZone) if zone not in network.nodes else ():
        if may_be_one(each.key, zone):
            missing = f"whether the link {link.label} is of {each.label}, of which group"
            yield each.key, Undetermined(missing, resource=link.id)


def links_exported(network: Network, zone: PrivateDnsZone) -> bool:
    """Whether the links of a zone are in the snapshot, as far as one can tell.

    They are when one is, or when the zone itself says that it has none; not when their list was
    not read whole.
    """
    if unread_below(network, zone.id, "virtualNetworkLinks") is not None:
        return False
    if zone.key in linked_networks(network) or zone.key in untold_links(network):
        return True
    return zone.properties.number_of_virtual_network_links == 0


def records_whole(network: Network, zone: PrivateDnsZone) -> bool:
    """Whether all records of a zone are in the snapshot, so that one which is not there is none.

    They are when as many came as the zone counts, its own among them (L-10), or when its list was
    asked for. Where the zone does not count them, an address record shows that they were exported.
    Not when their list was not read whole.
    """
    if unread_below(network, zone.key, "ALL") is not None:
        return False
    if network.asked_below(zone):
        return True
    try:
        number = zone.properties.number_of_record_sets
    except Undetermined:
        number = None
    if number is None:
        return zone.key in private_records(network)
    others = _other_records(network).get(zone.key, frozenset())
    shown = len(private_records(network).get(zone.key, ())) + len(others | {"soa/@"})
    return shown >= number


@question
def _other_records(network: Network) -> dict[str, frozenset[str]]:
    """The records of private zones that lead to no address, `soa/@`, by the zone's folded id."""
    found: dict[str, set[str]] = defaultdict(set)
    for key in network.counted:
        zone = parent(key) if "/privatednszones/" in key else None
        if zone:
            found[zone].add(key.removeprefix(f"{zone}/"))
    return {key: frozenset(records) for key, records in found.items()}


@question
def zone_groups(network: Network) -> dict[str, tuple[ZoneGroup, ...]]:
    """The DNS zone groups of each private endpoint, by the endpoint's folded id."""
    found: dict[str, list[ZoneGroup]] = defaultdict(list)
    for group in network.all(ZoneGroup):
        endpoint = parent(group.id)
        if endpoint:
            found[fold(endpoint)].append(group)
    return {key: tuple(groups) for key, groups in found.items()}


def groups_untold(network: Network, endpoint: PrivateEndpoint) -> bool:
    """Whether nothing tells the zone groups of an endpoint: of none any came, nor were asked for.

    One whose list was asked for and not read is a gap, and not meant here.
    """
    asked = network.asked_below(endpoint) or unread_below(
        network, endpoint.id, "privateDnsZoneGroups"
    )
    return not network.all(ZoneGroup) and not asked


def endpoint_addresses(network: Network, endpoint: PrivateEndpoint) -> tuple[str, ...]:
    """The private addresses of an endpoint: its NICs', else those it lists itself.

    Itself it lists static ones, and those DNS should give while it has no zone group. Raises
    Undetermined when none is told.
    """
    found: list[str] = []
    for ref in endpoint.properties.network_interfaces or ():
        nic = network.find(ref)
        if isinstance(nic, NetworkInterface):
            told = [c.properties.private_ip_address for c in nic.ip_configurations]
            found.extend(filter(None, told))
    p = endpoint.properties
    if not found:
        static = [c.properties.private_ip_address for c in p.ip_configurations or ()]
        found.extend(filter(None, static))
    if not found:
        found.extend(a for c in p.custom_dns_configs or () for a in c.ip_addresses or ())
    if not found:
        raise Undetermined(
            f"the addresses of private endpoint {endpoint.label}", resource=endpoint.id
        )
    return tuple(dict.fromkeys(found))


class Seen(msgspec.Struct, frozen=True):
    """Whether a record with an endpoint's address is seen from its network.

    `lacking` says what might show one: the links of a zone that has such a record, the addresses
    of a record in a zone that the network may see.
    """

    found: bool
    lacking: tuple[str, ...] = ()


def records_seen(network: Network, endpoint: PrivateEndpoint) -> Seen:
    """Look for a private record with the endpoint's address, in a zone its network is linked to.

    Networks joined with its own count: programs there, or the resolver of a hub, use the name.
    Raises Undetermined when the endpoint's addresses or its subnet are not told.
    """
    subnet = endpoint.properties.subnet
    if subnet is None or not subnet.id:
        raise Undetermined(f"the subnet of private endpoint {endpoint.label}")
    around = _joined_with(network, network_key(subnet.id))
    linked = frozenset().union(*(_zones_of_networks(network).get(key, ()) for key in around))
    unsure = _unsure_zones(network)
    having = _zones_with(network, endpoint_addresses(network, endpoint))
    if not having.isdisjoint(linked):
        return Seen(True)
    lacking = [
        f"the network links of private zone {last_segment(zone)}"
        for zone in sorted(having & unsure)
    ]
    lacking += _unread_records(network, around)
    untold = _zones_by_address(network)[1]
    lacking += [
        f"the addresses of a record of private zone {last_segment(zone)}"
        for zone in sorted(untold & (linked | unsure))
    ]
    return Seen(False, tuple(lacking))


@question
def _zones_of_networks(network: Network) -> dict[str, set[str]]:
    """The zones that each network is linked to, both by folded id."""
    found: dict[str, set[str]] = defaultdict(set)
    for zone, linked in linked_networks(network).items():
        for key in linked:
            found[key].add(zone)
    return found


@question
def _unsure_zones(network: Network) -> frozenset[str]:
    """The zones with an address record of which it is not told what they are linked to."""
    by_address, untold = _zones_by_address(network)
    every = untold.union(*by_address.values())
    return frozenset(zone for zone in every if not _links_told(network, zone))


def _unread_records(network: Network, around: frozenset[str]) -> Iterator[str]:
    """The records of zones that these networks see, or may see, and that were not read."""
    if (gap := unread_type(network, "Microsoft.Network/privateDnsZones")) is not None:
        yield f"the private zones: {gap.subject} was not read ({gap.detail})"
    for zone in network.all(PrivateDnsZone):
        unread = bool(network.gaps) and unread_below(network, zone.id, "ALL") is not None
        if not unread and not _no_address_came(network, zone):
            continue
        linked = linked_networks(network).get(zone.key, frozenset()) & around
        if linked or not _links_told(network, zone.key):
            yield f"the records of private zone {zone.label}"


def _no_address_came(network: Network, zone: PrivateDnsZone) -> bool:
    """Whether a zone counts more records than came, and none that leads to an address did."""
    if zone.key in private_records(network) or not possibly(_counts_records, zone):
        return False
    return not records_whole(network, zone)


def _counts_records(zone: PrivateDnsZone) -> bool:
    return zone.properties.number_of_record_sets is not None


def _links_told(network: Network, zone_key: str) -> bool:
    zone = network.nodes.get(zone_key)
    if not isinstance(zone, PrivateDnsZone) or zone_key in untold_links(network):
        return False
    try:
        return links_exported(network, zone)
    except Undetermined:
        return False


def _joined_with(network: Network, key: str) -> frozenset[str]:
    return _members(network).get(key, frozenset({key}))


@question
def _members(network: Network) -> dict[str, frozenset[str]]:
    return {
        key: members
        for domain in routing_domains(network)
        for members in (frozenset(domain.members),)
        for key in domain.members
    }


def _zones_with(network: Network, addresses: tuple[str, ...]) -> frozenset[str]:
    by_address, _ = _zones_by_address(network)
    return frozenset().union(*(by_address.get(address, ()) for address in addresses))


@question
def _zones_by_address(network: Network) -> tuple[dict[str, frozenset[str]], frozenset[str]]:
    """The zones by the addresses in their records, and those with a record that tells none."""
    found: dict[str, set[str]] = defaultdict(set)
    untold: set[str] = set()
    for zone, records in private_records(network).items():
        for record in records:
            try:
                addresses = record.addresses
            except Undetermined:
                if not record.type.lower().endswith("/cname"):  # which leads to a name
                    untold.add(zone)
                continue
            for address in addresses:
                found[address].add(zone)
    return {address: frozenset(zones) for address, zones in found.items()}, frozenset(untold)


def resolvers(network: Network, vnet: VirtualNetwork) -> tuple[str, ...]:
    """The folded ids of the VNets whose zone links decide what names in a VNet resolve to.

    The VNet itself with Azure's DNS (no servers, or 168.63.129.16 among them); with DNS servers
    of its own, the VNets those servers are in (L-11, L-14). Raises Undetermined when a server is
    in no network of the snapshot.
    """
    options = vnet.properties.dhcp_options
    servers = (options.dns_servers or ()) if options else ()
    if not servers:
        return (vnet.key,)
    return tuple(
        dict.fromkeys(
            vnet.key if server == AZURE_DNS else _network_of(network, vnet, server)
            for server in servers
        )
    )


def _network_of(network: Network, vnet: VirtualNetwork, server: str) -> str:
    address = address_or_none(server)
    if address is not None:
        for near in chain((vnet,), _peers(network, vnet)):
            if any(address in prefix for prefix in near.prefixes):
                return near.key
    raise Undetermined(
        f"what the DNS server {server} of {vnet.label} answers",
        resource=vnet.id,
        remedy=ASK_THE_SERVER,
    )


def _peers(network: Network, vnet: VirtualNetwork) -> Iterator[VirtualNetwork]:
    for peering in vnet.peerings:
        near = network.find(peering.properties.remote_virtual_network)
        if isinstance(near, VirtualNetwork):
            yield near


_STORAGE = ("blob", "dfs", "file", "queue", "table", "web")
_ZONES = {
    **{kind: f"privatelink.{kind}.core.windows.net" for kind in _STORAGE},
    "vault": "privatelink.vaultcore.azure.net",
    "registry": "privatelink.azurecr.io",
    "mysqlserver": "privatelink.mysql.database.azure.com",
    "postgresqlserver": "privatelink.postgres.database.azure.com",
    "sqlserver": "privatelink.database.windows.net",
    "namespace": "privatelink.servicebus.windows.net",
    "sites": "privatelink.azurewebsites.net",
    "rediscache": "privatelink.redis.cache.windows.net",
    "configurationstores": "privatelink.azconfig.io",
}


def zone_for(network: Network, endpoint: PrivateEndpoint) -> str | None:
    """The private zone that an endpoint's service needs (L-15): its id when it is in the snapshot.

    Its name when it is not, or only in other estates; None when the service is none of the usual
    ones.
    """
    groups = [g for c in endpoint.connections for g in c.properties.group_ids or ()]
    name = next((_ZONES[g.lower()] for g in groups if g.lower() in _ZONES), None)
    zones = [zone for zone in network.all(PrivateDnsZone) if zone.name.lower() == name]
    seen = _zones_around(network, endpoint)
    own = endpoint.subscription.lower()
    near = (
        (zone for zone in zones if zone.key in seen),
        (zone for zone in zones if zone.subscription.lower() == own),
        (zone for zone in zones if not _links_told(network, zone.key)),
    )
    return next((zone.id for zone in chain(*near)), name)


def _zones_around(network: Network, endpoint: PrivateEndpoint) -> frozenset[str]:
    """The zones linked to an endpoint's network, or to one that is joined with it."""
    subnet = walk.peek(walk.peek(walk.peek(endpoint, "properties"), "subnet"), "id")
    around = _joined_with(network, network_key(subnet)) if subnet else ()
    return frozenset().union(*(_zones_of_networks(network).get(key, ()) for key in around))
