"""What the internet reaches at a NIC that has a public address of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from auditor.addresses import EVERY_PORT, AddressSet, PortSet, parse_prefix
from auditor.errors import Undetermined
from auditor.network.admission import Admission, Place, admissions, anywhere
from auditor.network.exposure import is_basic
from auditor.network.filters import filters_of
from auditor.network.graph import Network
from auditor.network.openings import WITH_PORTS, ports_in_words, routed_to
from auditor.resources.base import Ref
from auditor.resources.compute import ScaleSetInterface, ScaleSetIpConfiguration
from auditor.resources.interfaces import IpConfiguration, NetworkInterface
from auditor.resources.security import NetworkSecurityGroup
from auditor.resources.virtual_networks import Subnet
from auditor.special_addresses import PUBLIC


@dataclass(frozen=True, slots=True)
class InternetReach:
    """What the internet reaches at an address of a NIC, by protocol.

    `anyone` holds the ports open to any source, `someone` those open to some public sources only.
    `more` is true when something that the snapshot does not tell may open more. `reason` says why
    when nothing filters.
    """

    anyone: Mapping[str, PortSet]
    someone: Mapping[str, PortSet]
    more: bool = False
    reason: str = ""

    def __str__(self) -> str:
        """Say it in words: `TCP 22 and UDP 53 from anywhere, TCP 443 from some addresses`."""
        if self.reason:
            return self.reason
        words = [
            f"{ports_in_words(ports)} from {who}"
            for ports, who in ((self.anyone, "anywhere"), (self.someone, "some addresses"))
            if any(ports.values())
        ]
        told = ", ".join(words) if words else "nothing"
        return f"{told} for certain, and perhaps more" if self.more else told


def open_from_internet(
    network: Network, configuration: IpConfiguration | ScaleSetIpConfiguration, address: str
) -> InternetReach:
    """Give what the internet reaches at a NIC through its public address, named by id.

    Both groups decide, the subnet's and the NIC's (N-11). Without either, a Basic public address
    is open and a Standard one closed (E-3). Raises Undetermined when the snapshot lacks one of
    these.
    """
    subnet = network.get(configuration.properties.subnet, Subnet)
    if subnet is None:
        raise Undetermined(f"the subnet of {configuration.id}", resource=configuration.id)
    groups = [
        group
        for ref in (subnet.properties.network_security_group, _own_group(configuration))
        if (group := network.get(ref, NetworkSecurityGroup)) is not None
    ]
    if groups:
        place = _place(configuration, subnet)
        return _reach([_let_in(network, group, place) for group in groups])
    return _UNFILTERED if is_basic(network, address) else _SHUT


_UNFILTERED = InternetReach(
    dict.fromkeys(WITH_PORTS, EVERY_PORT),
    {},
    reason="every port, with a Basic address and no network security group",
)
_SHUT = InternetReach(
    {}, {}, reason="nothing, since a Standard address without a network security group is closed"
)


def _own_group(configuration: IpConfiguration | ScaleSetIpConfiguration) -> Ref | None:
    owner = configuration.owner
    if isinstance(owner, NetworkInterface | ScaleSetInterface):
        return owner.properties.network_security_group
    raise Undetermined(f"the network interface of {configuration.id}", resource=configuration.id)


def _place(configuration: IpConfiguration | ScaleSetIpConfiguration, subnet: Subnet) -> Place:
    settings = configuration.properties
    members = settings.application_security_groups or ()
    address = getattr(settings, "private_ip_address", None)
    own = [parse_prefix(address)] if address else list(subnet.prefixes)
    return Place(
        AddressSet.from_prefixes(own) if own else None,
        frozenset(ref.id.lower() for ref in members if ref.id),
    )


def _let_in(
    network: Network, group: NetworkSecurityGroup, place: Place
) -> dict[str, tuple[Admission, ...]]:
    filters = filters_of(network, group, inbound=True)
    routed = routed_to(network, group, filters)
    return {protocol: admissions(filters, protocol, place, routed) for protocol in WITH_PORTS}


def _reach(groups: list[dict[str, tuple[Admission, ...]]]) -> InternetReach:
    anyone: dict[str, PortSet] = {}
    someone: dict[str, PortSet] = {}
    for protocol in WITH_PORTS:
        for low, high, sources in _shared([group[protocol] for group in groups]):
            table = anyone if anywhere(sources) else someone
            table[protocol] = table.get(protocol, PortSet()) | PortSet.of(low, high)
    more = any(
        admission.possible - admission.certain
        for group in groups
        for found in group.values()
        for admission in found
    )
    return InternetReach(anyone, someone, more)


def _shared(groups: list[tuple[Admission, ...]]) -> Iterator[tuple[int, int, AddressSet]]:
    """The ranges of ports at which all groups let some source in, and these sources."""
    found = [(0, EVERY_PORT.size - 1, PUBLIC)]
    for group in groups:
        found = [
            (max(low, first), min(high, last), sources & admission.certain)
            for low, high, sources in found
            for admission in group
            for first, last in (admission.ports,)
            if max(low, first) <= min(high, last) and sources.overlaps(admission.certain)
        ]
    yield from found
