"""Who is in an application security group (N-31 to N-34)."""

from __future__ import annotations

import msgspec

from auditor.addresses import EVERYTHING, NOTHING, AddressSet
from auditor.network.graph import Missing, Network, question_about
from auditor.resources.base import Node
from auditor.resources.compute import ScaleSetIpConfiguration
from auditor.resources.interfaces import IpConfiguration
from auditor.resources.managed_clusters import AgentPool
from auditor.resources.private_endpoints import PrivateEndpoint
from auditor.resources.virtual_networks import Subnet
from auditor.simulate.endpoints import address_of, addresses_of
from auditor.simulate.logic import follow, told
from auditor.simulate.packet import one
from auditor.simulate.peers import network_of

_KINDS = ("applicationSecurityGroups",)


class Members(msgspec.Struct, frozen=True):
    """The addresses that are members for sure, and those that may be."""

    surely: AddressSet
    possibly: AddressSet


@question_about
def members(network: Network, group: str, home: str) -> Members:
    """Give the members of a group, by the folded ids of the group and of the rule's network.

    Members in another network are members for nobody here, or so the documents say; they may be.
    """
    node = network.find(group)
    if node is None or isinstance(node, Missing):
        return Members(NOTHING, EVERYTHING)
    surely = possibly = NOTHING
    for edge in network.referrers(node, *_KINDS):
        certain, maybe = _addresses(network, edge.source, home)
        surely, possibly = surely | certain, possibly | maybe
    return Members(surely, surely | possibly)


def _addresses(network: Network, source: Node, home: str) -> tuple[AddressSet, AddressSet]:
    if isinstance(source, IpConfiguration):
        subnet = follow(network, lambda: source.properties.subnet)
        address = address_of(told(lambda: source.properties.private_ip_address, None))
        found = one(address) if address is not None else _of(subnet)
        certain = address is not None and _within(network, subnet, home)
        return (found if certain else NOTHING), found
    if isinstance(source, PrivateEndpoint):
        subnet = follow(network, lambda: source.properties.subnet)
        addresses = addresses_of(network, source)
        if not addresses:
            return NOTHING, _of(subnet)
        found = NOTHING
        for each in addresses:
            found = found | one(each)
        return (found if _within(network, subnet, home) else NOTHING), found
    if isinstance(source, ScaleSetIpConfiguration):
        return NOTHING, _of(follow(network, lambda: source.properties.subnet))
    if isinstance(source, AgentPool):
        return NOTHING, _of(follow(network, lambda: source.vnet_subnet_id))
    return NOTHING, NOTHING  # rules of groups name them too


def _of(subnet: object) -> AddressSet:
    if isinstance(subnet, Subnet):
        return AddressSet.from_prefixes(told(lambda: subnet.prefixes, ())) or EVERYTHING
    return EVERYTHING


def _within(network: Network, subnet: object, home: str) -> bool:
    if not isinstance(subnet, Subnet):
        return False
    found = network_of(network, subnet)
    return found is not None and found.key == home
