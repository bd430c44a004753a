"""Whom the security group of a gateway's subnet lets in to its listeners (A-10, A-11)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from auditor.addresses import EVERY_V4, NOTHING, AddressError, AddressSet, PortSet, parse_prefix
from auditor.errors import Undetermined
from auditor.network.effective_rules import Direction, effective_rules, rules_at
from auditor.network.filters import AZURE_LOAD_BALANCER, INTERNET, VIRTUAL_NETWORK
from auditor.network.graph import Network
from auditor.reach.demands import Demand, Refusal, refusal
from auditor.reach.gatewaying import Port, point_of, seen_reason, shares_port
from auditor.reach.plainly import lets_through
from auditor.reach.points import Point
from auditor.resources.application_gateways import ApplicationGateway
from auditor.resources.public_addresses import PublicIp
from auditor.special_addresses import PLATFORM_HOST, PRIVATE, PUBLIC

_NO_CLIENTS = frozenset((INTERNET, VIRTUAL_NETWORK, AZURE_LOAD_BALANCER, "gatewaymanager"))
"""Tags that are no service whose machines may be clients, or are so by their addresses."""
_PUBLIC = PUBLIC & EVERY_V4
_HOST = AddressSet.from_range(PLATFORM_HOST, PLATFORM_HOST)

T = TypeVar("T")


class Door(msgspec.Struct, frozen=True):
    """A port of a gateway at one frontend, as the rules of its subnet see it."""

    gateway: ApplicationGateway
    port: Port
    at: Point

    @property
    def key(self) -> str:
        """Name it in words that survive reordering: `public:443`."""
        return f"{self.port.frontend.label}:{self.port.number}"

    @property
    def public(self) -> bool:
        """Whether it is at a public address. Raises Undetermined."""
        return self.port.frontend.public

    def everybody(self) -> Demand:
        """Give whoever may be a client: the internet at a public address, else any machine."""
        if self.public:
            return self._demand("Internet", EVERY_V4 - PRIVATE - _HOST)
        home = self.at.place.prefixes if self.at.place is not None else ()
        others = EVERY_V4 - _HOST - AddressSet.from_prefixes(home)
        return self._demand("VirtualNetwork", others)

    def client(self, text: str) -> Demand:
        """Give one client that is named by a prefix or a service tag."""
        if text.lower() == INTERNET:
            return self._demand("Internet", _PUBLIC)
        try:
            named = self._demand(text, AddressSet.from_prefixes([parse_prefix(text)]))
            return replace(named, each=True)
        except AddressError:
            return self._demand(text, None)

    def _demand(self, who: str, peers: AddressSet | None) -> Demand:
        return Demand(who, PortSet.of(self.port.number), peers)


def doors(network: Network, gateway: ApplicationGateway, port: Port) -> tuple[Door, ...]:
    """Give a port as the rules of the gateway's subnet see it; two, where that is not told (A-11).

    Raises Undetermined when they see the address of a frontend that is not told.
    """
    here = point_of(network, gateway)
    shared = shares_port(network, gateway, port.number)
    own = [] if shared else [here.addresses]
    fronts = [] if shared is False or not here.addresses else [_address(network, port)]
    seen = (*own, *fronts) or (NOTHING,)
    return tuple(Door(gateway, port, replace(here, addresses=each)) for each in seen)


def agreed(gateway: ApplicationGateway, outcomes: Sequence[T], alike: Callable[[T], object]) -> T:
    """Give the outcome at each door of a port, of which `alike` tells what has to be the same.

    Raises Undetermined where it is not.
    """
    said = [alike(each) for each in outcomes]
    if any(each != said[0] for each in said):
        raise Undetermined(seen_reason(gateway).detail, resource=gateway.id)
    return outcomes[0]


def _address(network: Network, port: Port) -> AddressSet:
    p = port.frontend.properties
    public = network.get(p.public_ip_address, PublicIp)
    text = public.properties.ip_address if public is not None else p.private_ip_address
    if not text:
        whose = f"the address of the frontend {port.frontend.label}"
        raise Undetermined(whose, resource=port.frontend.id)
    return AddressSet.from_text([text])


def shut(network: Network, door: Door) -> Refusal | None:
    """Give a packet of a client that does not get in, when nobody does, or it is not told.

    None when somebody surely gets in: anybody whose address is told, or the machines of a service
    tag that a rule names, whatever their addresses are.
    """
    if door.public and _plainly_open(network, door):
        return None
    refused = refusal(network, door.at, door.everybody())
    if refused is None or refused.certain:
        return refused
    if refused.some:
        return None
    for tag in _named(network, door.at):
        of_tag = refusal(network, door.at, door.client(tag))
        if of_tag is None or of_tag.some:
            return None
    return refused


def _plainly_open(network: Network, door: Door) -> bool:
    """Whether rules plainly let in what the tag `Internet` surely holds: a quick look."""
    rules = rules_at(network, None, Direction.INBOUND, door.at.subnet, network.tags)
    if rules.surroundings.virtual_network.may >= _PUBLIC:
        return False  # then the tag surely holds nothing (N-24)
    ports = PortSet.of(door.port.number)
    return lets_through(rules, door.at.addresses, _PUBLIC, ports, INTERNET)


def _named(network: Network, point: Point) -> Iterator[str]:
    """The service tags that rules name as clients."""
    layers = effective_rules(network, None, Direction.INBOUND, point.subnet).layers
    tags = {
        tag for layer in layers for each in layer.filters if each.allow for tag in each.sources.tags
    }
    yield from sorted(tags - _NO_CLIENTS)
