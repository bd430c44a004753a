"""How a packet leaves for the internet, and as whom (R-30 to R-37)."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from auditor.addresses import Address
from auditor.network.graph import Missing, Network, question
from auditor.resources.base import Ref
from auditor.resources.compute import ScaleSetInterface, VirtualMachine
from auditor.resources.interfaces import IpConfiguration, NetworkInterface
from auditor.resources.load_balancers import (
    BackendPool,
    LoadBalancer,
    LoadBalancerFrontend,
    LoadBalancingRule,
)
from auditor.resources.nat_gateways import NatGateway
from auditor.resources.public_addresses import PublicIp
from auditor.resources.virtual_networks import Subnet
from auditor.simulate.chains import past_chain
from auditor.simulate.endpoints import address_of
from auditor.simulate.logic import Truth, follow, follow_of, told, told_of
from auditor.simulate.packet import INTERNET, WITH_PORTS
from auditor.simulate.places import configurations_of, nic_of
from auditor.simulate.special import EXAMPLES, PUBLIC
from auditor.simulate.trip import Configuration, Knock, Leave, Onward, Origin, Trip


def leave(step: Leave) -> Onward:
    """Translate the source of a packet for the internet, or drop it where nothing does."""
    trip, subnet = step.trip, step.subnet
    packet = trip.seen.packet
    at = step.configuration.id if step.configuration is not None else subnet.id
    if packet.destination not in PUBLIC:
        return (trip.untold(at, f"{packet.destination} is no address of the internet"),)
    if packet.source in PUBLIC:
        return (trip.untold(at, "what becomes of a public source address is not told"),)
    if packet.protocol == "tcp" and packet.destination_port == 25:
        trip = trip.doubt("Azure may block mail to the internet")
    if packet.source.version == 6:
        return (trip.untold(at, "how IPv6 leaves for the internet is not modelled"),)
    nat = follow(trip.network, lambda: subnet.properties.nat_gateway)
    if nat is not None:
        return _by_nat_gateway(step, trip, at, nat)
    if step.configuration is None:
        return (trip.untold(at, "how a machine that is not named leaves is not told"),)
    return _by_machine(step, trip, at, step.configuration)


def _translated(
    trip: Trip, at: str, by: str, source: Address | None, *, ports: bool = True
) -> Onward:
    """Go on with a public source; `ports`: whether the source port is translated too."""
    unnamed = Address(trip.seen.packet.source.version, 0)
    seen = trip.seen.sent_by(source) if source else trip.seen.sent_by(unnamed, PUBLIC)
    if not ports:
        packet = replace(seen.packet, source_port=trip.seen.packet.source_port)
        seen = replace(seen, packet=packet, source_ports=trip.seen.source_ports)
    trip = trip.note(f"{at}: leaves by {by} as {source or 'a public address that is not told'}")
    return (Knock(replace(trip, origin=Origin(INTERNET), seen=seen), outside=False),)


def _stuck(step: Leave, trip: Trip, at: str, why: str) -> Onward:
    """End where nothing takes a packet out; a service endpoint that may needs nothing (R-40)."""
    if step.service:
        return (trip.untold(at, f"{why}, and a service endpoint may take it"),)
    return (trip.dropped(at, why),)


def _by_nat_gateway(step: Leave, trip: Trip, at: str, nat: object) -> Onward:
    if not isinstance(nat, NatGateway):
        return (trip.untold(at, "the NAT gateway is not told"),)
    if trip.seen.packet.protocol not in WITH_PORTS:
        configuration = step.configuration
        if configuration is None or _public(trip.network, configuration) is not None:
            return (trip.untold(at, "what a NAT gateway does not carry may leave otherwise"),)
        return _stuck(step, trip, at, f"NAT gateway {nat.label} carries TCP and UDP only")
    refs = told(lambda: nat.addresses, ())
    prefixes = told(lambda: nat.prefixes, None)
    if not refs and not prefixes:
        return (trip.untold(at, f"NAT gateway {nat.label} names no public address"),)
    one = refs[0] if len(refs) == 1 and prefixes == () else None
    public = trip.network.find(one) if one is not None else None
    source = (
        address_of(told(lambda: public.properties.ip_address, None))
        if isinstance(public, PublicIp)
        else None
    )
    return _translated(trip, at, f"NAT gateway {nat.label}", source)


def _public(network: Network, configuration: Configuration) -> object:
    """Give the public address of an ip configuration: its node, what stands for it, or None."""
    if isinstance(configuration, IpConfiguration):
        named = follow(network, lambda: configuration.properties.public_ip_address)
        return named if named is not None else _attached(network).get(configuration.key)
    return told(lambda: configuration.properties.public_ip_address_configuration, Missing("", ""))


@question
def _attached(network: Network) -> dict[str, PublicIp]:
    """The public addresses by the key of what they say they are attached to."""
    found: dict[str, PublicIp] = {}
    for each in network.all(PublicIp):
        user = network.find(told_of(each, lambda e: e.properties.ip_configuration, None))
        if user is not None:
            found[user.key] = each
    return found


def _by_machine(step: Leave, trip: Trip, at: str, configuration: Configuration) -> Onward:
    network, protocol = trip.network, trip.seen.packet.protocol
    public = _public(network, configuration)
    if public is not None:
        if protocol == "ah":
            return (trip.untold(at, "whether AH leaves by a public address is not told"),)
        source = (
            address_of(told(lambda: public.properties.ip_address, None))
            if isinstance(public, PublicIp)
            else None
        )
        trip = past_chain(trip, configuration)
        return _translated(trip, at, "its public address", source, ports=False)
    if told(lambda: configuration.properties.primary, None) is False:
        why = "a secondary ip configuration has no way out but an address of its own (R-37)"
        return _stuck(step, trip, at, why)
    balanced = tuple(_balancers(network, configuration))
    if balanced:
        return _by_balancer(step, trip, at, balanced)
    return _by_default(step, trip, at, configuration)


def _balancers(
    network: Network, configuration: Configuration
) -> Iterator[tuple[BackendPool | None, LoadBalancer | None]]:
    """Give the pools that an ip configuration is a member of by NIC."""
    pools: dict[str, BackendPool | None] = {}
    listed = told(lambda: configuration.properties.load_balancer_backend_address_pools, None)
    for ref in listed or ():
        node = network.find(ref)
        pools[node.key if node else "?"] = node if isinstance(node, BackendPool) else None
    for edge in network.referrers(configuration, "backendIPConfigurations"):
        if isinstance(edge.source, BackendPool):
            pools[edge.source.key] = edge.source
    for edge in network.referrers(configuration, "networkInterfaceIPConfiguration"):
        pools[edge.source.key] = None
    for pool in pools.values():
        owner = pool.owner if pool is not None else None
        yield pool, owner if isinstance(owner, LoadBalancer) else None


def _by_balancer(
    step: Leave,
    trip: Trip,
    at: str,
    balanced: tuple[tuple[BackendPool | None, LoadBalancer | None], ...],
) -> Onward:
    answers: set[Truth] = set()
    protocol = trip.seen.packet.protocol
    for pool, balancer in balanced:
        if pool is None or balancer is None or _sku(balancer) != "standard":
            answers.add(None)
        else:
            answers.add(_translates(trip.network, balancer, pool, protocol))
    if protocol not in WITH_PORTS and None not in answers:
        return _stuck(step, trip, at, "a load balancer translates TCP and UDP only")
    if True in answers:
        frontends = (_frontends(trip.network, *each) for each in balanced)
        trip = past_chain(trip, *(node for some in frontends for node in some))
        return _translated(trip, at, "its load balancer", None)
    if answers == {False}:
        why = f"no rule of its Standard load balancer translates what it sends over {protocol}"
        return _stuck(step, trip, at, why)
    return (trip.untold(at, "whether its load balancer lets it out is not told"),)


def _sku(balancer: LoadBalancer | None) -> str:
    """The SKU of a load balancer, empty where it is not told."""
    if balancer is None:
        return ""
    return (told_of(balancer, lambda b: b.sku.name if b.sku else None, None) or "").lower()


def _translates(
    network: Network, balancer: LoadBalancer, pool: BackendPool, protocol: str
) -> Truth:
    """Whether a balancer translates what members of a pool send over a protocol (R-35)."""
    p = balancer.properties
    outbound = told(lambda: p.outbound_rules, None)
    rules = told(lambda: balancer.rules, None)
    chosen: set[Truth] = {False}
    named = False
    for rule in outbound or ():
        node = follow_of(network, rule, lambda r: r.properties.backend_address_pool)
        if node is not pool and not isinstance(node, Missing):
            continue
        named = True
        speaks = _speaks(told_of(rule, lambda r: r.properties.protocol, None), protocol)
        chosen.add(speaks if node is pool else None)
    implied: set[Truth] = {None if rules is None else False}
    for each in rules or ():
        takes = _implicitly(network, each, pool)
        speaks = _speaks(told_of(each, lambda r: r.properties.protocol, None), protocol)
        implied.add(False if speaks is False else takes if speaks else takes and None)
    if named and True in implied:
        implied = {None}  # beside outbound rules for the pool it is not told
    answers = chosen | implied
    if True in answers:
        return True
    return None if None in answers else False


def _frontends(
    network: Network, pool: BackendPool | None, balancer: LoadBalancer | None
) -> list[object]:
    """Give the frontends by which members of a pool leave: those of outbound rules come first."""
    if pool is None or balancer is None:
        return []
    refs: list[Ref | None] = [
        ref
        for rule in told(lambda: balancer.properties.outbound_rules, None) or ()
        if follow_of(network, rule, lambda r: r.properties.backend_address_pool) is pool
        for ref in told_of(rule, lambda r: r.properties.frontend_ip_configurations, None) or ()
    ] or [
        told_of(rule, lambda r: r.properties.frontend_ip_configuration, None)
        for rule in told(lambda: balancer.rules, None) or ()
        if _implicitly(network, rule, pool)
    ]
    return [network.find(ref) for ref in refs]


def _speaks(word: str | None, protocol: str) -> Truth:
    """Whether a rule is for a protocol."""
    if not word:
        return None
    return word.lower() in ("all", protocol)


def _implicitly(network: Network, rule: LoadBalancingRule, pool: BackendPool) -> Truth:
    refs = told(lambda: rule.pools, None)
    if refs is None:
        return None
    if all(network.find(ref) is not pool for ref in refs):
        return False
    frontend = follow(network, lambda: rule.properties.frontend_ip_configuration)
    public = (
        told(lambda: frontend.public, None) if isinstance(frontend, LoadBalancerFrontend) else None
    )
    if public is False:
        return False
    kept = told(lambda: rule.properties.disable_outbound_snat, None)
    if kept is None or public is None:
        return None
    return not kept


def _by_default(step: Leave, trip: Trip, at: str, configuration: Configuration) -> Onward:
    """Default outbound access (R-33, R-34)."""
    allowed = _default(trip.network, step.subnet, configuration)
    packet = trip.seen.packet
    if allowed is True and packet.protocol in (*WITH_PORTS,):
        return _translated(trip, at, "default outbound access", None)
    if allowed is False:
        if step.service or (
            packet.protocol == "tcp"
            and packet.destination_port in (80, 443)
            and not _surely_no_storage(trip, packet.destination)
        ):
            why = "Storage of the region is reached from a private subnet, nothing else is"
            return (trip.untold(at, why),)
        return (trip.dropped(at, "nothing gives the machine a way out to the internet"),)
    return (trip.untold(at, "whether default outbound access applies is not told"),)


def _surely_no_storage(trip: Trip, to: Address) -> bool:
    known = trip.tags("Storage")
    return to in EXAMPLES or (known is not None and to not in known)


def _default(network: Network, subnet: Subnet, configuration: Configuration) -> Truth:
    nic = nic_of(configuration)
    if isinstance(nic, NetworkInterface):
        assigned = told(lambda: nic.properties.default_outbound_connectivity_enabled, None)
        if assigned is not None:
            return assigned
    marker = "untold"
    access = told(lambda: subnet.properties.default_outbound_access, marker)
    if access is False:
        return None if told(lambda: subnet.delegated_to, ("?",)) else False
    if access == marker or isinstance(nic, ScaleSetInterface):
        return None
    others = [each for each in configurations_of(nic) if each is not configuration]
    if any(_public(network, each) is not None for each in others):
        return None
    skus = [_sku(one) for each in others for _, one in _balancers(network, each)]
    if "standard" in skus:
        return False  # a pool of such a balancer ends the access of the whole machine
    return None if skus else _alone(network, nic)


def _alone(network: Network, nic: object) -> Truth:
    """Whether the machine is no instance of a flexible scale set and has no other NIC."""
    if not isinstance(nic, NetworkInterface):
        return None
    machine = follow(network, lambda: nic.properties.virtual_machine)
    if machine is None:
        return True
    if not isinstance(machine, VirtualMachine):
        return None
    if follow(network, lambda: machine.properties.virtual_machine_scale_set) is not None:
        return None
    profile = told(lambda: machine.properties.network_profile, None)
    listed = told(lambda: profile.network_interfaces, None) if profile else None
    return True if listed is None or len(listed) <= 1 else None
