"""Network interfaces by id or by name, and where they stand."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TypeAlias

from auditor.addresses import Version
from auditor.errors import Undetermined, UsageError, quoted
from auditor.network.graph import Network
from auditor.resources.compute import ScaleSetInterface, ScaleSetIpConfiguration
from auditor.resources.interfaces import IpConfiguration, NetworkInterface
from auditor.resources.virtual_networks import Subnet

Interface: TypeAlias = NetworkInterface | ScaleSetInterface
Configuration: TypeAlias = IpConfiguration | ScaleSetIpConfiguration

_SHOWN = 8
"""How many candidates a message names."""


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
            advice=f"give the id: {_listed([nic.id for nic in named])}",
        )
    raise UsageError(
        f"there is no network interface {quoted(text)}",
        where="--nic",
        advice=_advice(wanted, known),
    )


def _names(nic: Interface) -> tuple[str, ...]:
    name = nic.label.casefold()
    if isinstance(nic, ScaleSetInterface):
        return name, f"{nic.root.label.casefold()}/{name}"
    return (name,)


def _advice(wanted: str, known: tuple[Interface, ...]) -> str:
    if not known:
        return "the input holds no network interface"
    names = {name: nic for nic in known for name in _names(nic)}
    close = get_close_matches(wanted, list(names), n=3)
    if close:
        return f"did you mean {_listed([names[name].label for name in close])}?"
    return f"there are: {_listed(sorted({nic.label for nic in known}))}"


def _listed(texts: list[str]) -> str:
    shown = ", ".join(quoted(text, 200)[1:-1] for text in texts[:_SHOWN])
    return f"{shown} and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else shown


def configuration_of(nic: Interface, version: Version) -> Configuration | None:
    """Give the ip configuration that a NIC's own flows leave by: the primary one of a version."""
    found = [c for c in nic.ip_configurations if _version(c) == version]
    return next((c for c in found if c.properties.primary), found[0] if found else None)


def _version(configuration: Configuration) -> int:
    told = (configuration.properties.private_ip_address_version or "IPv4").lower()
    return 6 if told == "ipv6" else 4


def subnet_of(network: Network, nic: Interface) -> Subnet:
    """Give the subnet a NIC stands in. Raises Undetermined when the snapshot does not tell it."""
    configuration = configuration_of(nic, 4) or configuration_of(nic, 6)
    if configuration is not None:
        subnet = network.get(configuration.properties.subnet, Subnet)
        if subnet is not None:
            return subnet
    raise Undetermined(f"the subnet of {nic.label}", resource=nic.id)
