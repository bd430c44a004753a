"""Network interfaces by id or by name, and where they stand."""

from __future__ import annotations

from typing import TypeAlias

from auditor.addresses import Version
from auditor.errors import Undetermined, UsageError, quoted
from auditor.network.graph import Network
from auditor.network.suggestions import listed, suggestion
from auditor.resources import walk
from auditor.resources.compute import ScaleSetInterface, ScaleSetIpConfiguration
from auditor.resources.interfaces import IpConfiguration, NetworkInterface
from auditor.resources.virtual_networks import Subnet

Interface: TypeAlias = NetworkInterface | ScaleSetInterface
Configuration: TypeAlias = IpConfiguration | ScaleSetIpConfiguration


def serves_private_link(node: object) -> bool:
    """Tell whether a node is an interface of a private link service (L-7).

    It sends what the service takes at its endpoints, and is no machine's.
    """
    if not isinstance(node, NetworkInterface):
        return False
    return walk.peek(walk.peek(node, "properties"), "private_link_service") is not None


def find_interface(network: Network, text: str) -> Interface:
    """Give the NIC, or the model NIC of a scale set, with an id or a name.

    A name compares without case; `scale-set/nic` names a model NIC too. Raises UsageError when
    there is none, or several.
    """
    if "/providers/" in text.lower():
        found = network.find(text)
        if isinstance(found, NetworkInterface | ScaleSetInterface):
            return found
    wanted = text.casefold()
    known: tuple[Interface, ...]
    known = (*network.all(NetworkInterface), *network.all(ScaleSetInterface))
    named = [nic for nic in known if wanted in _names(nic)]
    if len(named) == 1:
        return named[0]
    if named:
        raise UsageError(
            f"{len(named)} network interfaces are called {quoted(text)}",
            where="--nic",
            advice=f"give the id: {listed(nic.id for nic in named)}",
        )
    raise UsageError(
        f"there is no network interface {quoted(text)}",
        where="--nic",
        advice=suggestion(wanted, _labels(known), "network interface"),
    )


def _names(nic: Interface) -> tuple[str, ...]:
    name = nic.label.casefold()
    if isinstance(nic, ScaleSetInterface):
        return name, f"{nic.root.label.casefold()}/{name}"
    return (name,)


def _labels(known: tuple[Interface, ...]) -> dict[str, str]:
    return {name: nic.label for nic in known for name in _names(nic)}


def configuration_of(nic: Interface, version: Version) -> Configuration | None:
    """Give the ip configuration that a NIC's own flows leave by: the primary one of a version."""
    found = [c for c in nic.ip_configurations if _version(c) == version]
    for configuration in found:
        if configuration.properties.primary:
            return configuration
    return found[0] if found else None


def _version(configuration: Configuration) -> int:
    told = configuration.properties.private_ip_address_version
    return 6 if told and told.lower() == "ipv6" else 4


def subnet_of(network: Network, nic: Interface) -> Subnet:
    """Give the subnet a NIC stands in. Raises Undetermined when the snapshot does not tell it."""
    configuration = configuration_of(nic, 4) or configuration_of(nic, 6)
    if configuration is not None:
        subnet = network.get(configuration.properties.subnet, Subnet)
        if subnet is not None:
            return subnet
    raise Undetermined(f"the subnet of {nic.label}", resource=nic.id)
