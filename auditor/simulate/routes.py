"""Which way a packet leaves a subnet: Azure's routes and their precedence (R-1 to R-12, L-4)."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from auditor.addresses import Address, Prefix, address_or_none, parse_prefix, prefix_or_none
from auditor.network.graph import Missing, Network
from auditor.network.service_tags import ServiceTags
from auditor.resources.routing import Route as UserRoute
from auditor.resources.routing import RouteTable
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.simulate.beyond import beyond, meshed
from auditor.simulate.endpoints import Endpoint, endpoint_at, nowhere, policy, with_untold
from auditor.simulate.logic import both, follow, told, told_of
from auditor.simulate.peers import Peer, network_of, peers
from auditor.simulate.special import EXAMPLES, PRIVATE, PUBLIC, RESERVED

SYSTEM, LEARNED, TAGGED, USER = 1, 2, 3, 4
"""Who wins on equal prefixes; a prefix written down wins over one of a tag (R-6, R-9)."""


class Hop(msgspec.Struct, frozen=True):
    """A next hop: `kind` is local, peer, internet, service, none, gateway, appliance or unknown."""

    kind: str
    text: str
    peer: Peer | None = None
    address: Address | None = None

    @property
    def key(self) -> tuple[object, ...]:
        """What tells two next hops apart."""
        return self.kind, self.address, id(self.peer) if self.peer else 0


class _Candidate(msgspec.Struct, frozen=True):
    prefix: Prefix
    rank: int
    hop: Hop
    sure: bool = True

    @property
    def order(self) -> tuple[int, int]:
        return self.prefix.length, self.rank


class Choice(msgspec.Struct, frozen=True):
    """The next hops that a packet may take: one when the snapshot tells it."""

    hops: tuple[Hop, ...]

    @property
    def hop(self) -> Hop | None:
        """The next hop, None when it is not told."""
        return self.hops[0] if len(self.hops) == 1 and self.hops[0].kind != "unknown" else None

    @property
    def kinds(self) -> set[str]:
        """The kinds of next hop that are possible."""
        return {hop.kind for hop in self.hops}

    def __str__(self) -> str:
        return " or ".join(hop.text for hop in self.hops)


def unknown(text: str) -> Hop:
    """Give a next hop that is not told."""
    return Hop("unknown", text)


def choose(network: Network, subnet: Subnet, to: Address, tags: ServiceTags) -> Choice:
    """Give the next hop from a subnet to an address."""
    home = network_of(network, subnet)
    if home is None:
        return Choice((unknown("the network of the subnet is not told"),))
    space = told(lambda: home.prefixes, ())
    if not space:
        return Choice((unknown("the address space of the network is not told"),))
    table = follow(network, lambda: subnet.properties.route_table)
    candidates = [*_system(space, to, _overridden(table)), *_peered(network, home, to)]
    if isinstance(table, Missing):
        candidates.append(_anything(to, "the route table is not told"))
    elif isinstance(table, RouteTable):
        candidates += _user(table, to, tags)
    elif table is not None:
        candidates.append(_anything(to, "the route table is something else"))
    candidates += _gateway(network, home, table, to)
    endpoint = _endpoint(network, home, to)
    if endpoint is not None:
        return _to_endpoint(network, home, endpoint, candidates, to)
    if _perhaps_endpoint(network, home, to):
        candidates.append(_anything(to, "whether the peering carries a private endpoint's route"))
    return _best(network, subnet, home, candidates, to, tags)


def _anything(to: Address, why: str, rank: int = USER) -> _Candidate:
    """A route that may be there and may be as narrow as can be."""
    bits = 32 if to.version == 4 else 128
    return _Candidate(Prefix.of(to.version, to.value, bits), rank, unknown(why), sure=False)


def _overridden(table: object) -> bool:
    """Whether a table has a default route of its own, which takes the reserved ranges away."""
    listed = told(lambda: table.routes, None) if isinstance(table, RouteTable) else None
    texts = (told_of(route, lambda r: r.properties.address_prefix, None) for route in listed or ())
    return any(prefix_or_none(text) == Prefix.of(4, 0, 0) for text in texts)


def _system(space: tuple[Prefix, ...], to: Address, overridden: bool) -> Iterator[_Candidate]:
    for prefix in space:
        if to in prefix:
            yield _Candidate(prefix, SYSTEM, Hop("local", f"VnetLocal {prefix}"))
    for text in RESERVED if not overridden else ():
        reserved = parse_prefix(text)
        if to in reserved and not any(reserved in prefix for prefix in space):
            yield _Candidate(reserved, SYSTEM, Hop("none", f"None {reserved} (system)"))
    whole = Prefix.of(to.version, 0, 0)
    if to.version == 6 and to in PRIVATE:
        yield _Candidate(whole, SYSTEM, unknown("where private IPv6 goes is not told"))
    else:
        yield _Candidate(whole, SYSTEM, Hop("internet", f"Internet {whole} (system)"))


def _peered(network: Network, home: VirtualNetwork, to: Address) -> Iterator[_Candidate]:
    listed = peers(network, home)
    if listed is None:
        yield _anything(to, "the peerings are not told", SYSTEM)
    for peer in listed or ():
        if peer.up is False:
            continue
        hop = Hop("peer", f"peering {peer.peering.label}", peer=peer)
        for prefix in peer.possibly:
            if to in prefix:
                yield _Candidate(prefix, SYSTEM, hop, peer.up is True and prefix in peer.surely)
        if peer.anything:
            yield _anything(to, f"the addresses behind peering {peer.peering.label}", SYSTEM)


def _user(table: RouteTable, to: Address, tags: ServiceTags) -> Iterator[_Candidate]:
    listed = told(lambda: table.routes, None)
    if listed is None:
        yield _anything(to, "the routes of the table are not told")
    for route in listed or ():
        text = told_of(route, lambda r: r.properties.address_prefix, None)
        hop = _user_hop(route)
        prefix = prefix_or_none(text)
        if prefix is not None:
            if to in prefix:
                yield _Candidate(prefix, USER, hop)
        elif not text:
            yield _anything(to, f"the prefix of route {route.label}")
        else:
            yield from _tagged(text, hop, to, tags)


def _tagged(text: str, hop: Hop, to: Address, tags: ServiceTags) -> Iterator[_Candidate]:
    known = tags(text)
    if known is None:
        if to in PUBLIC and to not in EXAMPLES:
            yield _Candidate(_anything(to, "").prefix, TAGGED, hop, sure=False)
        return
    for prefix in known.prefixes():
        if to in prefix:
            # The file's prefixes are merged here, so that the length is not quite theirs.
            yield _Candidate(_anything(to, "").prefix, TAGGED, hop, sure=False)


def _user_hop(route: UserRoute) -> Hop:
    kind = told(lambda: route.hop, "")
    name = f"route {route.label}"
    if kind == "virtualappliance":
        address = address_or_none(told(lambda: route.properties.next_hop_ip_address, None))
        if address is None:
            return unknown(f"the next hop of {name}")
        return Hop("appliance", f"VirtualAppliance {address} ({name})", address=address)
    words = {
        "virtualnetworkgateway": "gateway",
        "internet": "internet",
        "none": "none",
    }
    if kind in words:
        return Hop(words[kind], f"{words[kind]} ({name})")
    if kind == "vnetlocal":
        return Hop("local", f"VnetLocal ({name})")
    return unknown(f"the next hop of {name}")


def _propagates(table: object) -> bool | None:
    if table is None:
        return True
    if not isinstance(table, RouteTable):
        return None
    found = told(lambda: table.properties.disable_bgp_route_propagation, None)
    return None if found is None else not found


def _gateway(
    network: Network, home: VirtualNetwork, table: object, to: Address
) -> Iterator[_Candidate]:
    known = beyond(network, home)
    propagates = _propagates(table)
    if propagates is not False:
        for prefix, sure in known.sites.items():
            if to in prefix:
                hop = Hop("gateway", f"VirtualNetworkGateway {prefix}")
                yield _Candidate(prefix, LEARNED, hop, sure and propagates is True)
    if known.always or (known.learned and propagates is not False):
        yield _anything(to, "routes that a gateway may have learned", LEARNED)


def _endpoint(network: Network, home: VirtualNetwork, to: Address) -> tuple[Endpoint, Hop] | None:
    found = endpoint_at(network, home, to)
    if found is not None:
        return found, Hop("local", f"InterfaceEndpoint {to}/32")
    for peer in peers(network, home) or ():
        if peer.far is not None and peer.up is True:
            found = endpoint_at(network, peer.far, to)
            if found is not None:
                return found, Hop("peer", f"InterfaceEndpoint {to}/32", peer=peer)
    return None


def _perhaps_endpoint(network: Network, home: VirtualNetwork, to: Address) -> bool:
    """Whether an endpoint has the address beyond a peering of which nothing is claimed (R-19)."""
    return any(
        peer.far is not None and peer.up is None and endpoint_at(network, peer.far, to) is not None
        for peer in peers(network, home) or ()
    )


def _to_endpoint(
    network: Network,
    home: VirtualNetwork,
    found: tuple[Endpoint, Hop],
    candidates: list[_Candidate],
    to: Address,
) -> Choice:
    """Tell whether a route of the user takes what goes to a private endpoint (L-4)."""
    endpoint, hop = found
    far = network_of(network, endpoint.subnet)
    space = told(lambda: far.prefixes, ()) if far else ()
    length = max((p.length for p in space if to in p), default=0)
    rivals = [c for c in candidates if c.rank >= TAGGED and c.prefix.length >= length]
    on = policy(endpoint.subnet, "routetable")
    if on is False:  # that leaves those of which R-6 says otherwise: for the address itself
        rivals = [c for c in rivals if c.prefix.size == 1]
    if not rivals:
        return Choice((hop,))
    best = max(rivals, key=lambda c: c.order)
    if on is True and all(c.sure for c in rivals):
        winners = {c.hop.key: c.hop for c in rivals if c.order == best.order}
        return Choice(tuple(winners.values()))
    return Choice((hop, *{c.hop.key: c.hop for c in rivals}.values()))


def _best(
    network: Network,
    subnet: Subnet,
    home: VirtualNetwork,
    candidates: list[_Candidate],
    to: Address,
    tags: ServiceTags,
) -> Choice:
    near = [c for c in candidates if c.rank == SYSTEM and c.hop.kind in ("local", "peer")]
    if any(c.sure for c in near):
        candidates = [c for c in candidates if c.rank != LEARNED]
    firm = [c for c in candidates if c.sure and not (near and c.rank == LEARNED)]
    best = max(c.order for c in firm)
    possible = [c for c in candidates if c.order == best or (c not in firm and c.order >= best)]
    hops = {c.hop.key: c.hop for c in possible}
    if _by_service(subnet, to, tags):
        service = Hop("service", "VirtualNetworkServiceEndpoint, perhaps")
        hops[service.key] = service
    if meshed(network) and not any(c.sure and c.hop.kind == "local" for c in near):
        other = unknown("a connected group may lead there")
        hops[other.key] = other
    if any(c.rank >= TAGGED for c in possible) and _hidden_endpoint(network, to):
        other = unknown("a private endpoint may have this address")
        hops[other.key] = other
    return Choice(tuple(hops.values()))


_TAGS = {
    "microsoft.storage": "Storage",
    "microsoft.storage.global": "Storage",
    "microsoft.sql": "Sql",
    "microsoft.keyvault": "AzureKeyVault",
    "microsoft.azurecosmosdb": "AzureCosmosDB",
    "microsoft.containerregistry": "AzureContainerRegistry",
    "microsoft.eventhub": "EventHub",
    "microsoft.servicebus": "ServiceBus",
    "microsoft.azureactivedirectory": "AzureActiveDirectory",
}


def _by_service(subnet: Subnet, to: Address, tags: ServiceTags) -> bool:
    """Whether a service endpoint may take the packet; no other route can keep it (R-7, R-40)."""
    if to not in PUBLIC:
        return False
    nobodys = to in EXAMPLES  # unless a tag says otherwise
    listed = told(lambda: subnet.properties.service_endpoints, None)
    if listed is None:
        # Azure writes the list or leaves it out when it is empty; an unset one may hold any.
        return not nobodys and told(lambda: bool(subnet.properties.service_endpoints), True)
    for each in listed:
        service = (told_of(each, lambda e: e.service, None) or "").lower()
        known = tags(_TAGS.get(service, "")) if service in _TAGS else None
        if not nobodys if known is None else to in known:
            return True
    return False


def _hidden_endpoint(network: Network, to: Address) -> bool:
    if nowhere(network):
        return to in PRIVATE
    return any(
        to in prefix
        for subnet in with_untold(network)
        for prefix in told_of(subnet, lambda s: s.prefixes, ())
    )


def leads_home(choice: Choice, to: VirtualNetwork | None) -> bool | None:
    """Whether a next hop leads into a network."""
    hop = choice.hop
    if hop is None or to is None:
        return None
    if hop.kind == "peer" and hop.peer is not None:
        return both(hop.peer.up, hop.peer.far is to)
    return hop.kind == "local"
