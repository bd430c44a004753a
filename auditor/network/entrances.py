"""What the internet is meant to reach: listeners of application gateways, Bastion, frontends."""

from __future__ import annotations

from auditor.addresses import AddressSet, PortSet
from auditor.errors import Undetermined
from auditor.ids import top_level
from auditor.network.exposure import LOAD_BALANCER, owners_of
from auditor.network.filters import ANY, selector, subnet_name
from auditor.network.gaps import unread_type
from auditor.network.gateway_homes import gateways_by_subnet
from auditor.network.gateways import is_public, port_of
from auditor.network.graph import Missing, Network, question, question_about
from auditor.resources.application_gateways import ApplicationGateway
from auditor.resources.compute import ScaleSetInterface
from auditor.resources.interfaces import NetworkInterface
from auditor.resources.load_balancers import LoadBalancerFrontend
from auditor.resources.public_addresses import PublicIp
from auditor.resources.security import SecurityRule
from auditor.resources.virtual_networks import Subnet
from auditor.special_addresses import PRIVATE, PUBLIC

BASTION_SUBNET = "azurebastionsubnet"

_MOST_LISTENERS = 200
"""More ports than any gateway has listeners (100 on v2, by Azure's limits)."""


def gateways_in(network: Network, subnet: Subnet) -> tuple[ApplicationGateway, ...]:
    """Give the application gateways whose own subnet this is (A-2), told from either side.

    Raises Undetermined when the subnet names one that the snapshot lacks.
    """
    found = {gateway.key: gateway for gateway in gateways_by_subnet(network).get(subnet.key, ())}
    settings = subnet.properties
    named = (*(settings.application_gateway_ip_configurations or ()),
             *(settings.ip_configurations or ()))  # fmt: skip
    for ref in named:
        if "/applicationgateways/" in (ref.id or "").lower():
            named_gateway = network.get(top_level(ref.id or ""), ApplicationGateway)
            if named_gateway is not None:
                found[named_gateway.key] = named_gateway
    return tuple(found[key] for key in sorted(found))


def public_listener_ports(network: Network, gateway: ApplicationGateway) -> PortSet:
    """Give the ports that a gateway's listeners answer on its public frontends (A-13)."""
    ports = PortSet()
    for listener in gateway.listeners:
        if is_public(network, listener):
            ports = ports | PortSet.of(port_of(network, listener))
    return ports


@question_about
def expected_ports(network: Network, place: Subnet) -> PortSet:
    """Give the TCP ports that the internet has to reach in a subnet: a gateway's, Bastion's (N-43).

    Raises Undetermined when the snapshot lacks a gateway that lives there.
    """
    if subnet_name(place).lower() == BASTION_SUBNET:
        return PortSet.of(443)
    ports = PortSet()
    for gateway in gateways_in(network, place):
        ports = ports | public_listener_ports(network, gateway)
    return ports


def unexpected_ports(
    network: Network,
    rule: SecurityRule,
    open_ports: PortSet,
    places: tuple[Subnet | NetworkInterface | ScaleSetInterface | Missing, ...],
) -> PortSet:
    """Give the TCP ports a rule opens to the internet where nothing has to be reached on them.

    `places` are where the rule's group stands; none of them means that nothing is expected. Raises
    Undetermined when a place is not in the snapshot and the ports may be those of its gateway.
    """
    if not places:
        return open_ports
    total = PortSet()
    doubt: Undetermined | None = None
    for place in places:
        try:
            total = total | _at(network, rule, open_ports, place)
        except Undetermined as unknown:
            if open_ports.size > _MOST_LISTENERS:
                return open_ports
            doubt = unknown
    if not total and doubt is not None:
        raise doubt
    return total


def _at(
    network: Network,
    rule: SecurityRule,
    open_ports: PortSet,
    place: Subnet | NetworkInterface | ScaleSetInterface | Missing,
) -> PortSet:
    if isinstance(place, Missing):
        raise Undetermined(f"{place.id} is not in the snapshot", resource=place.id)
    if not isinstance(place, Subnet):
        return open_ports
    if _aims_elsewhere(network, rule, place):
        return PortSet()
    return open_ports - expected_ports(network, place)


def _aims_elsewhere(network: Network, rule: SecurityRule, subnet: Subnet) -> bool:
    """Whether all destinations of a rule are known to lie outside a subnet.

    A public address is the destination of packets to a frontend with floating IP (E-13), or to a
    gateway (A-11): elsewhere if the snapshot tells whose it is and it is not this subnet's.
    """
    aim = selector(rule.destinations, ())
    prefixes = AddressSet.from_prefixes(subnet.prefixes)
    if not aim.addresses or aim.tags or not prefixes or aim.addresses.overlaps(prefixes):
        return False
    public = aim.addresses & PUBLIC
    if not public:
        return True
    return public <= _attached_addresses(network) and not public.overlaps(
        _own_public(network, subnet)
    )


def _own_public(network: Network, subnet: Subnet) -> AddressSet:
    """The public addresses by which a subnet's gateways are reached (A-11)."""
    texts = []
    for gateway in gateways_in(network, subnet):
        for frontend in gateway.frontends:
            pip = network.get(frontend.properties.public_ip_address, PublicIp)
            if pip is not None and pip.properties.ip_address:
                texts.append(pip.properties.ip_address)
    return AddressSet.from_text(texts)


@question_about
def aims_at_frontends(network: Network, rule: SecurityRule) -> bool:
    """Tell whether all a rule's destinations are public addresses of load balancers (E-13).

    Such a rule serves frontends with floating IP, Kubernetes' own above all (K-59): what it opens
    is told at the frontend. Raises Undetermined when a list that may tell the addresses' owners
    was not read whole, or the public address of a frontend is not in the snapshot.
    """
    if ANY in rule.destinations or rule.properties.destination_application_security_groups:
        return False
    aim = selector(rule.destinations, ())
    if not aim.addresses or aim.tags:
        return False
    if aim.addresses <= _frontend_addresses(network):
        return True
    if aim.addresses.overlaps(PRIVATE):
        return False
    lost = _lost_addresses(network)
    if lost:
        missing = f"whose addresses {rule.label} allows: {lost[0]} is not in the snapshot"
        raise Undetermined(missing, resource=lost[0])
    if network.gaps:
        for arm_type in ("Microsoft.Network/publicIPAddresses", LOAD_BALANCER):
            gap = unread_type(network, arm_type, rule.id)
            if gap is not None:
                missing = f"whose addresses {rule.label} allows: {gap.detail}"
                raise Undetermined(missing, resource=rule.id)
    return False


@question
def _frontend_addresses(network: Network) -> AddressSet:
    return AddressSet.from_text(
        a for a, types in _public_addresses(network) if LOAD_BALANCER in types
    )


@question
def _lost_addresses(network: Network) -> tuple[str, ...]:
    """The public IPs outside the snapshot that frontends of load balancers name."""
    return tuple(
        edge.spelled
        for edge in network.dangling()
        if edge.kind == "publicIPAddress" and isinstance(edge.source, LoadBalancerFrontend)
    )


@question
def _attached_addresses(network: Network) -> AddressSet:
    return AddressSet.from_text(address for address, types in _public_addresses(network) if types)


@question
def _public_addresses(network: Network) -> tuple[tuple[str, frozenset[str]], ...]:
    """The addresses of public IPs, each with the types of its owners."""
    found = []
    for pip in network.all(PublicIp):
        try:
            address = pip.properties.ip_address
            types = frozenset(owner.type for owner in owners_of(network, pip))
        except Undetermined:
            continue
        if address:
            found.append((address, types))
    return tuple(found)
