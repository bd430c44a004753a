"""What the names in security rules stand for, seen from one NIC in one subnet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

import msgspec

from auditor.addresses import EVERYTHING, AddressSet
from auditor.network.extents import Doubt, Extent
from auditor.network.filters import AZURE_LOAD_BALANCER, INTERNET, VIRTUAL_NETWORK, Selector
from auditor.network.graph import Network, question_about
from auditor.network.group_members import every_member, members, own_members
from auditor.network.interfaces import Interface
from auditor.network.platform_traffic import PLATFORM
from auditor.network.reasons import Reason
from auditor.network.routing_domains import network_key
from auditor.network.service_tags import NO_TAGS, ServiceTags
from auditor.network.virtual_network_tag import virtual_network
from auditor.resources.virtual_networks import Subnet
from auditor.special_addresses import PLATFORM_HOST, PUBLIC

Side: TypeAlias = Literal["own", "peer"]

Condition: TypeAlias = tuple[str, bool]
"""Something that is not told, by name, and which way it must be."""

_HOST = AddressSet.from_range(PLATFORM_HOST, PLATFORM_HOST)
# Where probes over IPv6 come from, by number: reading its text would load netaddr at every start.
HOSTS = _HOST | AddressSet(v6=((0xFE80 << 112 | 0x1234_5678_9ABC,) * 2,))
"""What `AzureLoadBalancer` holds."""

_NEAR = frozenset({VIRTUAL_NETWORK, AZURE_LOAD_BALANCER})
"""Tags of which it is quickly found what they may hold."""


class Part(msgspec.Struct, frozen=True):
    """Addresses that a side of a rule matches, on conditions that are not told."""

    addresses: AddressSet
    conditions: tuple[Condition, ...] = ()


class Surroundings(msgspec.Struct, frozen=True):
    """A NIC (None: any machine) in a subnet (None: not in the snapshot), and known service tags.

    Ask `parts` first: `doubts` then tells of each condition why it is not told.
    """

    network: Network
    subnet: Subnet | None
    nic: Interface | None = None
    tags: ServiceTags = NO_TAGS
    doubts: dict[str, tuple[Doubt, ...]] = msgspec.field(default_factory=dict)

    @property
    def virtual_network(self) -> Extent:
        """What `VirtualNetwork` holds here."""
        return virtual_network(self.network, self.subnet, self.tags)

    def parts(self, selector: Selector, side: Side, regions: frozenset[str]) -> tuple[Part, ...]:
        """Give what a side matches; `regions` are all regional tags that the rules name.

        A selector that is not told gives none: only its rule can say on what that depends.
        """
        if selector.everything:
            return (Part(EVERYTHING),)
        certain = selector.addresses
        open_parts: list[Part] = []
        for part in self._named(selector, side, regions):
            if part.conditions:
                open_parts.append(part)
            else:
                certain = certain | part.addresses
        rest = (Part(part.addresses - certain, part.conditions) for part in open_parts)
        return (Part(certain), *(part for part in rest if part.addresses))

    def untold(self, selector: Selector, side: Side) -> AddressSet:
        """Give what a side may match that the input does not tell."""
        if selector.grouped and side == "peer":
            return every_member(self.network)
        return EVERYTHING  # a machine's own addresses: as it is asked about any

    def _named(self, selector: Selector, side: Side, regions: frozenset[str]) -> Iterator[Part]:
        for tag in sorted(selector.tags):
            if tag == INTERNET:
                yield from self._internet(side)
                continue
            yield from self._extent(self.tag(tag), side, tag)
            for region in sorted(regions):
                if region.startswith(tag + "."):
                    yield from self._extent(self.tag(region), side, region)
        for group in sorted(selector.groups):
            yield from self._extent(self.group(group, side), side, group)

    def may_hold(self, tags: frozenset[str], these: AddressSet) -> bool:
        """Tell whether tags may hold some of these: quickly, and yes where that takes a look."""
        return not tags <= _NEAR or any(self.tag(tag).may.overlaps(these) for tag in tags)

    def tag(self, tag: str) -> Extent:
        """Give what a service tag (in lower case) holds here."""
        if tag == VIRTUAL_NETWORK:
            return self.virtual_network
        if tag == INTERNET:
            return self._internet_extent()
        if tag == AZURE_LOAD_BALANCER:
            return Extent(HOSTS)
        hosts = [each.address for each in PLATFORM if each.tag == tag]
        if hosts:
            return Extent(AddressSet.from_text(hosts))
        known = self.tags(tag)
        if known is not None:
            return Extent(known)
        general = self.tags(tag.partition(".")[0])
        why = "no tag file is given" if not len(self.tags) else "it is not in the tag file"
        where = f"which addresses {tag} holds: {why}"
        reason = Reason(f"service-tag:{tag}", where)
        region = PUBLIC if general is None else general
        return Extent(self.tags.within(tag), (Doubt(region, reason),))

    def _internet_extent(self) -> Extent:
        network = self.virtual_network
        doubts = [Doubt(doubt.region - network.must, doubt.reason) for doubt in network.doubts]
        surely, unclear = _internet(self.network, network)
        return Extent(surely, (*doubts, unclear))

    def group(self, key: str, side: Side) -> Extent:
        """Give what an application security group selects on a side, by its folded id."""
        if side == "own" and self.nic is not None:
            return own_members(self.network, self.nic, key)
        home = network_key(self.subnet.id) if self.subnet is not None else ""
        return members(self.network, key, home)

    def _extent(self, extent: Extent, side: Side, name: str) -> Iterator[Part]:
        yield Part(extent.must)
        if extent.open:
            condition = f"{side} {name}"
            self.doubts[condition] = extent.doubts
            yield Part(extent.open, ((condition, True),))

    def _internet(self, side: Side) -> Iterator[Part]:
        """`Internet` is what `VirtualNetwork` is not (N-24): one doubt is about both."""
        network = self.virtual_network
        surely, unclear = _internet(self.network, network)
        yield Part(surely)
        inside, private = f"{side} {VIRTUAL_NETWORK}", f"{side} {INTERNET} not public"
        if network.open:
            self.doubts[inside] = network.doubts
            yield Part(network.open & PUBLIC, ((inside, False),))
        if unclear.region:
            self.doubts[private] = (unclear,)
            yield Part(unclear.region - network.open, ((private, True),))
            if network.open:
                yield Part(unclear.region & network.open, ((inside, False), (private, True)))


@question_about
def _internet(_: Network, around: Extent) -> tuple[AddressSet, Doubt]:
    """What `Internet` surely holds where `VirtualNetwork` holds some addresses, and what perhaps.

    Perhaps what nobody on the internet has, and no network here.
    """
    reason = Reason("semantics:N-24", "whether Internet holds addresses that are not public")
    return PUBLIC - around.may, Doubt(EVERYTHING - PUBLIC - around.must, reason)
