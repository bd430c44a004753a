"""The instances of a uniform scale set that the input lists, each with a NIC of its own (E-2b)."""

from __future__ import annotations

from auditor.addresses import NOTHING, AddressSet
from auditor.errors import Undetermined
from auditor.ids import parent
from auditor.network.graph import Network, model_key, question_about
from auditor.network.scale_sets import is_flexible, stands_for_nobody
from auditor.resources import walk
from auditor.resources.compute import ScaleSet, ScaleSetIpConfiguration
from auditor.resources.interfaces import IpConfiguration, NetworkInterface
from auditor.resources.virtual_networks import Subnet

_BELOW = "/virtualmachinescalesets/"


@question_about
def listed_configurations(
    network: Network, model: ScaleSetIpConfiguration
) -> tuple[IpConfiguration, ...]:
    """Give the ip configurations of instances that were made after that of a model."""
    below = network.below(f"{model.root.key}/virtualmachines/")
    nics = (each for each in below if isinstance(each, NetworkInterface))
    return tuple(each for nic in nics for each in _told(nic) if model_key(each.key) == model.key)


@question_about
def listed_addresses(network: Network, model: ScaleSetIpConfiguration) -> tuple[AddressSet, ...]:
    """Give the address of each instance of a model that the input lists with one."""
    texts = map(_address, listed_configurations(network, model))
    return tuple(AddressSet.from_text([text]) for text in texts if text)


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


def is_instance_card(nic: object) -> bool:
    """Whether a NIC is that of an instance of a uniform scale set, as its id says."""
    return isinstance(nic, NetworkInterface) and _BELOW in nic.key


def cards_of_instance(network: Network, nic: NetworkInterface) -> tuple[NetworkInterface, ...]:
    """Give the NICs of the instance that a NIC is of, that one too.

    Its machine is in no list of its own: the model tells how many it has. Raises Undetermined where
    not all of them, or no model, are in the input.
    """
    one = parent(nic.key) or ""
    own = tuple(each for each in network.below(f"{one}/") if isinstance(each, NetworkInterface))
    scale_set = network.find(nic.properties.virtual_machine)
    if not isinstance(scale_set, ScaleSet) or len(own) < len(scale_set.interfaces):
        raise Undetermined(f"all network interfaces of the instance of {nic.label}", resource=one)
    return own


def _address(configuration: IpConfiguration) -> str:
    return walk.peek(walk.peek(configuration, "properties"), "private_ip_address") or ""


def _told(nic: NetworkInterface) -> tuple[IpConfiguration, ...]:
    """The ip configurations that a NIC tells."""
    return tuple(walk.peek(walk.peek(nic, "properties"), "ip_configurations") or ())
