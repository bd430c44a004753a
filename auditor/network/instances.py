"""The instances of a uniform scale set that the input lists, each with a NIC of its own (E-2b)."""

from __future__ import annotations

from auditor.addresses import NOTHING, AddressSet
from auditor.network.graph import Network, model_key, question_about
from auditor.network.scale_sets import is_flexible, stands_for_nobody
from auditor.resources import walk
from auditor.resources.compute import ScaleSet, ScaleSetIpConfiguration
from auditor.resources.interfaces import IpConfiguration, NetworkInterface
from auditor.resources.virtual_networks import Subnet

_BELOW = "/virtualmachinescalesets/"


@question_about
def listed_addresses(network: Network, model: ScaleSetIpConfiguration) -> tuple[AddressSet, ...]:
    """Give the address of each instance of a model that the input lists with one."""
    below = network.below(f"{model.root.key}/virtualmachines/")
    nics = (each for each in below if isinstance(each, NetworkInterface))
    same = (each for nic in nics for each in _told(nic) if model_key(each.key) == model.key)
    return tuple(AddressSet.from_text([text]) for text in map(_address, same) if text)


def listed_whole(network: Network, model: ScaleSetIpConfiguration) -> bool:
    """Whether all instances of a scale set are in the input, each with an address of its own."""
    if stands_for_nobody(network, model):
        return True
    capacity = walk.peek(walk.peek(model.root, "sku"), "capacity")
    return capacity is not None and 0 < capacity <= len(listed_addresses(network, model))


def adds_nobody(network: Network, configuration: object) -> bool:
    """Tell whether a model's machines are all in the input, each with a NIC and an address."""
    return isinstance(configuration, ScaleSetIpConfiguration) and listed_whole(
        network, configuration
    )


def of_instances(network: Network, model: ScaleSetIpConfiguration) -> AddressSet:
    """Give the addresses of a model's instances where all are listed; else none."""
    total = NOTHING
    if listed_whole(network, model):
        for each in listed_addresses(network, model):
            total = total | each
    return total


def may_own_nics(model: ScaleSetIpConfiguration) -> bool:
    """Whether NICs of VMs may be those of a model's machines: of a flexible scale set they are."""
    return isinstance(model.root, ScaleSet) and is_flexible(model.root)


@question_about
def of_other_nics(network: Network, subnet: Subnet) -> AddressSet:
    """Give what NICs of a subnet have that are no instances of uniform scale sets."""
    texts = [
        _address(edge.source)
        for edge in network.referrers(subnet, "subnet")
        if isinstance(edge.source, IpConfiguration) and _BELOW not in edge.source.key
    ]
    return AddressSet.from_text([each for each in texts if each])


def _address(configuration: IpConfiguration) -> str:
    return walk.peek(walk.peek(configuration, "properties"), "private_ip_address") or ""


def _told(nic: NetworkInterface) -> tuple[IpConfiguration, ...]:
    """The ip configurations that a NIC tells."""
    return tuple(walk.peek(walk.peek(nic, "properties"), "ip_configurations") or ())
