"""What a subnet's security group does to packets from `VirtualNetwork`, peers and sites included.

The default rule AllowVnetInBound lets all of them in (N-10); a group restricts them when a rule of
its own denies some.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from auditor.addresses import NOTHING, AddressSet
from auditor.errors import Undetermined
from auditor.network.effective_rules import Direction, EffectiveRules
from auditor.network.filters import AZURE_LOAD_BALANCER, Filter, attachments, filters_of
from auditor.network.graph import Network, question_about
from auditor.network.reasons import teller
from auditor.network.virtual_network_tag import virtual_network, vnet_space
from auditor.reach.injected import SENDING_ONLY
from auditor.reach.neighbourhood import PLATFORM_SUBNETS
from auditor.reach.own_filters import (
    VERSIONS,
    allowing_first,
    at_subnet,
    denied,
    doubts_of,
    spoken_to,
    why,
)
from auditor.reach.space import space_of
from auditor.resources.security import NetworkSecurityGroup
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.special_addresses import PLATFORM_HOST

_HOST = AddressSet.from_range(PLATFORM_HOST, PLATFORM_HOST)


class Inflow(msgspec.Struct, frozen=True):
    """A subnet that its group leaves open to `VirtualNetwork`, certainly or perhaps.

    `inside` is what the tag surely holds there. `doubt` says why it is not certain, `told_by` who
    would tell it; both are empty when it is.
    """

    subnet: Subnet
    inside: AddressSet
    doubt: str = ""
    told_by: str = ""


def unrestricted(network: Network, group: NetworkSecurityGroup) -> list[Inflow]:
    """Give the subnets of a group where nothing restricts what comes from `VirtualNetwork`.

    Raises Undetermined when the input does not tell the group's rules or the subnet's addresses.
    """
    found: list[Inflow] = []
    for place in attachments(network, group):
        if isinstance(place, Subnet) and _takes_something(place):
            own = AddressSet.from_prefixes(place.prefixes)
            filters = filters_of(network, group, inbound=True)
            if not _plainly_keep_out(network, filters, own, _near(network, place)):
                found += _inflow(network, filters, place, own)
    return found


def _takes_something(subnet: Subnet) -> bool:
    """Whether rules about what comes in are for somebody that people put there."""
    lent = {service.lower() for service in subnet.delegated_to}
    return subnet.name.lower() not in PLATFORM_SUBNETS and not lent & SENDING_ONLY


def _inflow(
    network: Network, filters: tuple[Filter, ...], subnet: Subnet, own: AddressSet
) -> Iterator[Inflow]:
    let_in = _let_in(network, filters)
    extent = virtual_network(network, subnet, network.tags)
    inside = extent.must - _HOST
    others = spoken_to(inside - own, own)
    if let_in is not None and others - let_in:
        return
    rules = at_subnet(network, subnet, Direction.INBOUND)
    surely = _restricted(network, rules, own, inside, others)
    if surely:
        return
    if surely is None:
        yield Inflow(subnet, inside, why(rules), teller(doubts_of(rules)))
    elif others:
        yield Inflow(subnet, inside)
    elif extent.open - own:
        reasons = extent.reasons()[:2]
        words = f"who else is in VirtualNetwork: {'; '.join(map(str, reasons))}"
        yield Inflow(subnet, inside, words, teller(reasons))


@question_about
def _plainly_keep_out(
    network: Network, filters: tuple[Filter, ...], own: AddressSet, near: AddressSet
) -> bool:
    """Whether rules keep out some of those nearby: asked once for all networks of one design."""
    let_in = _let_in(network, filters)
    return let_in is not None and bool(spoken_to(near - own, own) - let_in)


def _near(network: Network, subnet: Subnet) -> AddressSet:
    """Some of what the tag surely holds: enough for most."""
    vnet = network.holder(subnet, VirtualNetwork)
    return _in_network(network, vnet) if vnet is not None else NOTHING


@question_about
def _in_network(network: Network, vnet: VirtualNetwork) -> AddressSet:
    try:
        return vnet_space(network, vnet) - _HOST
    except Undetermined:
        return NOTHING


def _restricted(
    network: Network,
    rules: EffectiveRules,
    own: AddressSet,
    inside: AddressSet,
    others: AddressSet,
) -> bool | None:
    """Whether some packet from the others inside is denied; None when it is not told."""
    perhaps = False
    for version in VERSIONS:
        region = space_of(network, version).having(source=others, destination=own)
        if region.is_empty:
            continue
        # Many subnets of a network have the same peers inside, and others each.
        found = denied(network, rules, region, version, own=own, peers=inside)
        if not found.must.is_empty:
            return True
        perhaps = perhaps or not found.may.is_empty
    return None if perhaps else False


@question_about
def _let_in(network: Network, filters: tuple[Filter, ...]) -> AddressSet | None:
    """Whom rules let in by ICMP before they deny everything; None where that is not plain.

    The cheap answer for groups that end in a Deny of everything: whoever else sends is denied.
    """
    let_in = AddressSet()
    for each in allowing_first(network, filters) or ():
        if each.speaks_of("icmp"):
            side = each.sources
            if not side.told or side.groups or side.tags - {AZURE_LOAD_BALANCER}:
                return None
            let_in = let_in | side.addresses
    return let_in if allowing_first(network, filters) is not None else None
