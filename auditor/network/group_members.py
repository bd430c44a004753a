"""Which addresses an application security group selects (N-31 to N-34)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TypeAlias

from auditor.addresses import EVERY_V4, EVERY_V6, EVERYTHING, AddressSet
from auditor.errors import Undetermined
from auditor.ids import fold
from auditor.network.extents import Doubt, Extent, joined
from auditor.network.graph import Edge, Missing, Network, question, question_about
from auditor.network.instances import adds_nobody
from auditor.network.interfaces import Configuration, Interface
from auditor.network.reasons import Reason, gap
from auditor.network.routing_domains import network_key
from auditor.network.spelling import as_spelled
from auditor.resources.base import Ref
from auditor.resources.compute import ScaleSetIpConfiguration
from auditor.resources.interfaces import IpConfiguration, NetworkInterface
from auditor.resources.managed_clusters import AgentPool
from auditor.resources.private_endpoints import PrivateEndpoint
from auditor.resources.virtual_networks import Subnet

_KINDS = "applicationSecurityGroups"
_Member: TypeAlias = IpConfiguration | ScaleSetIpConfiguration | PrivateEndpoint


@question_about
def members(network: Network, key: str, home: str) -> Extent:
    """Give the addresses of a group's members, by the folded ids of the group and of the VNet.

    Addresses of machines that the snapshot does not hold are in doubt: instances of scale sets,
    and whatever stands in a subnet that lists NICs which were not exported. So are members in
    another VNet than the one where it is asked; an empty id asks nowhere.
    """
    return joined((*_members(network, key, home), network.ask(_unexported)))


@question
def every_member(network: Network) -> AddressSet:
    """Give the addresses that any group selects, or may: of whom the input holds, and may lack."""
    found = [network.ask(_untold), network.ask(_unexported)]
    for edge in network.edges():
        if edge.kind == _KINDS:
            found += _selected(network, "", edge)
    return AddressSet.union([each.may for each in found])[0]


def _members(network: Network, key: str, home: str) -> Iterator[Extent]:
    if key not in network.nodes and key not in network.counted:
        gone = as_spelled(network, key)
        lacks = Reason("collection-gap", f"{gone} is not in the snapshot", gone)
        yield Extent(doubts=(Doubt(EVERYTHING, lacks),))
    for edge in network.referrers(Missing(key, key), _KINDS):
        yield from _selected(network, home, edge)
    yield network.ask(_untold)


def _selected(network: Network, home: str, edge: Edge) -> Iterator[Extent]:
    """Give whom a group selects by one who names it."""
    source, key = edge.source, edge.target
    if adds_nobody(network, source):
        return
    if isinstance(source, IpConfiguration | ScaleSetIpConfiguration):
        yield _seen_from(home, key, source, addresses_of(network, source))
    elif isinstance(source, PrivateEndpoint):
        yield _seen_from(home, key, source, _endpoint(network, source))
    elif isinstance(source, AgentPool):
        yield _pool(network, source)


def _seen_from(home: str, key: str, member: _Member, found: Extent) -> Extent:
    """Doubt a member in another VNet: groups are said to be of one (N-33)."""
    try:
        place = member.properties.subnet
    except Undetermined:
        place = None
    if not home or place is None or not place.id or network_key(place.id) in ("", home):
        return found
    what = f"whether group {key.rpartition('/')[2]} selects machines of other networks"
    return Extent(doubts=(Doubt(found.must, Reason("semantics:N-33", what, key)), *found.doubts))


def configurations_of(nic: Interface) -> tuple[Configuration, ...]:
    """Give the ip configurations of a NIC; none when the input does not tell them."""
    try:
        return nic.ip_configurations
    except Undetermined:
        return ()


def addresses_of(network: Network, configuration: Configuration) -> Extent:
    """Give the address of an ip configuration, or those it may have."""
    if isinstance(configuration, IpConfiguration):
        label, what = "unallocated", f"which address {configuration.root.label} has"
        try:
            address = configuration.properties.private_ip_address
            if address:
                return Extent(AddressSet.from_text([address]))
        except Undetermined:
            pass
    else:
        whose = f"the instances of scale set {configuration.root.label}"
        label, what = "vmss-model-only", f"which addresses {whose} have"
    reason = Reason(label, what, configuration.id)
    return Extent(doubts=(Doubt(_around(network, configuration), reason),))


def _around(network: Network, configuration: Configuration) -> AddressSet:
    """The addresses of its subnet, of its version of IP; all when that is not told."""
    around = EVERYTHING
    try:
        subnet = network.get(configuration.properties.subnet, Subnet)
        if subnet is not None and subnet.prefixes:
            around = AddressSet.from_prefixes(subnet.prefixes)
        told = configuration.properties.private_ip_address_version or "ipv4"
    except Undetermined:
        return around
    return around & (EVERY_V6 if told.lower() == "ipv6" else EVERY_V4) or around


def _endpoint(network: Network, endpoint: PrivateEndpoint) -> Extent:
    found: list[Extent] = []
    try:
        for ref in endpoint.properties.network_interfaces or ():
            nic = network.get(ref, NetworkInterface)
            for configuration in nic.ip_configurations if nic is not None else ():
                found.append(addresses_of(network, configuration))
        if found:
            return joined(found)
        subnet = network.get(endpoint.properties.subnet, Subnet)
        if subnet is None:
            raise Undetermined(f"the subnet of {endpoint.label}", resource=endpoint.id)
        region = AddressSet.from_prefixes(subnet.prefixes)
    except Undetermined as unknown:
        return Extent(doubts=(Doubt(EVERYTHING, gap(unknown, endpoint.id)),))
    reason = Reason("unallocated", f"the address of {endpoint.label}", endpoint.id)
    return Extent(doubts=(Doubt(region, reason),))


def _pool(network: Network, pool: AgentPool) -> Extent:
    reason = Reason("vmss-model-only", f"addresses of agent pool {pool.label}", pool.id)
    region = EVERYTHING
    try:
        subnet = network.get(pool.vnet_subnet_id, Subnet)
        if subnet is not None:
            region = AddressSet.from_prefixes(subnet.prefixes)
    except Undetermined:
        pass
    return Extent(doubts=(Doubt(region, reason),))


@question
def _untold(network: Network) -> Extent:
    """The addresses of machines that do not tell their groups: members of any, perhaps."""
    found = []
    configurations: list[Configuration] = [
        *network.all(IpConfiguration),
        *network.all(ScaleSetIpConfiguration),
    ]
    for configuration in configurations:
        try:
            _groups(configuration)
        except Undetermined as unknown:
            region = addresses_of(network, configuration).may
            found.append(Extent(doubts=(Doubt(region, gap(unknown, configuration.id)),)))
    return joined(found)


def _groups(configuration: Configuration) -> tuple[str, ...]:
    groups = configuration.properties.application_security_groups or ()
    return tuple(fold(ref.id) for ref in groups if ref.id)


def _groups_of_endpoint(network: Network, nic: Interface) -> tuple[str, ...]:
    ref = nic.properties.private_endpoint if isinstance(nic, NetworkInterface) else None
    endpoint = network.get(ref, PrivateEndpoint)
    groups = endpoint.properties.application_security_groups if endpoint is not None else None
    return tuple(fold(each.id) for each in groups or () if each.id)


@question
def _unexported(network: Network) -> Extent:
    """What subnets hold whose NICs the snapshot lacks: any of them may be a member."""
    lacking: dict[Subnet, str] = defaultdict(str)
    for subnet in network.all(Subnet):
        for ref in _listed(subnet):
            if isinstance(network.find(ref), Missing) and _is_interface(ref.id or ""):
                lacking[subnet] = ref.id or ""
                break
    return joined(
        Extent(
            doubts=(
                Doubt(
                    AddressSet.from_prefixes(subnet.prefixes),
                    Reason("collection-gap", f"{target} is not in the snapshot", target),
                ),
            )
        )
        for subnet, target in lacking.items()
    )


def _listed(subnet: Subnet) -> list[Ref]:
    try:
        return subnet.properties.ip_configurations or []
    except Undetermined:
        return []


def _is_interface(target: str) -> bool:
    return "/networkinterfaces/" in target.lower()


def own_members(network: Network, nic: Interface, key: str) -> Extent:
    """Give those of a NIC's own addresses that a group selects (N-32).

    The NIC of a private endpoint is in the groups that the endpoint tells (N-31). Other addresses
    that it is asked about, as those of a load balancer with floating IP, are in doubt if the NIC
    is a member (N-34).
    """
    found: list[Extent] = []
    own = AddressSet()
    try:
        configurations = nic.ip_configurations
    except Undetermined as unknown:
        return Extent(doubts=(Doubt(EVERYTHING, gap(unknown, nic.id)),))
    for configuration in configurations:
        addresses = addresses_of(network, configuration).may
        own = own | addresses
        try:
            if key in (*_groups(configuration), *_groups_of_endpoint(network, nic)):
                found.append(Extent(addresses))
        except Undetermined as unknown:
            found.append(Extent(doubts=(Doubt(addresses, gap(unknown, configuration.id)),)))
    if found:
        group = key.rpartition("/")[2]
        what = f"whether group {group} selects an address that is not the NIC's own"
        reason = Reason("semantics:N-34", what, nic.id)
        found.append(Extent(doubts=(Doubt(EVERYTHING - own, reason),)))
    return joined(found)
