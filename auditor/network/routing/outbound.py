"""How a machine's flow to the internet leaves, once its next hop is the internet (R-30 to R-37)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from auditor.addresses import Version
from auditor.errors import Undetermined
from auditor.ids import top_level
from auditor.network.egress import implicit_machine, is_private
from auditor.network.exposure import carried
from auditor.network.graph import Missing, Network
from auditor.network.interfaces import Configuration, Interface, configuration_of
from auditor.network.pools import pools_of
from auditor.network.reasons import Reason, gap
from auditor.network.routing.model import Outbound
from auditor.network.unlisted_rules import outbound_untold
from auditor.resources.base import Ref
from auditor.resources.compute import ScaleSetIpConfiguration
from auditor.resources.interfaces import NetworkInterface
from auditor.resources.load_balancers import (
    BackendPool,
    LoadBalancer,
    LoadBalancerFrontend,
    LoadBalancingRule,
    OutboundRule,
)
from auditor.resources.nat_gateways import NatGateway
from auditor.resources.virtual_networks import Subnet


def outbound(
    network: Network,
    subnet: Subnet,
    nic: Interface | None,
    version: Version,
    configuration: Configuration | None = None,
) -> Outbound:
    """Tell how flows leave: NAT gateway, own public IP, load balancer, default access, or not.

    In this order (R-30). Of a subnet alone only its NAT gateway is told. `configuration` is the one
    whose address they have, by default the one that the NIC's own flows leave by.
    """
    try:
        return _outbound(network, subnet, nic, version, configuration)
    except Undetermined as unknown:
        return Outbound("unknown", "R-30", reasons=(gap(unknown, subnet.id),))


def _outbound(
    network: Network,
    subnet: Subnet,
    nic: Interface | None,
    version: Version,
    configuration: Configuration | None,
) -> Outbound:
    nat = subnet.properties.nat_gateway
    if nat is not None and nat.id:
        gateway = network.find(nat)
        known = gateway if isinstance(gateway, NatGateway) else None
        if version == 4 or (known is not None and known.properties.public_ip_addresses_v6):
            return Outbound("nat-gateway", "R-31", known)
    if nic is None:
        return Outbound("unknown", "R-30", reasons=_who_would_tell(network, subnet))
    first = configuration_of(nic, version)
    configuration = configuration or first
    if configuration is None:
        return Outbound("none", "P-12")
    if _has_public_address(network, configuration):
        return Outbound("public-ip", "R-36", configuration)
    if configuration is not first:
        return Outbound("none", "R-37", configuration)
    return _balanced(network, configuration) or _default(network, subnet, nic, version)


def _who_would_tell(network: Network, subnet: Subnet) -> tuple[Reason, ...]:
    """Name the interfaces that the snapshot lacks; none where no machine is known to be there."""
    listed = map(network.find, subnet.properties.ip_configurations or ())
    absent = dict.fromkeys(top_level(each.id) for each in listed if isinstance(each, Missing))
    found = (Reason("collection-gap", f"{nic} is not in the snapshot", nic) for nic in absent)
    words = f"what takes a machine of {subnet.label} out: its network interface would tell"
    return (*found,) or (Reason("collection-gap", words, subnet.id),)


def _has_public_address(network: Network, configuration: Configuration) -> bool:
    """Whether it has one, told by either side (E-1)."""
    if isinstance(configuration, ScaleSetIpConfiguration):
        return configuration.properties.public_ip_address_configuration is not None
    named = configuration.properties.public_ip_address is not None
    return named or bool(carried(network, configuration))


def _balanced(network: Network, configuration: Configuration) -> Outbound | None:
    """Give the load balancer's part; None when no pool has a say (R-33, R-35)."""
    silent: Outbound | None = None
    for pool in pools_of(network, configuration):
        balancer = network.holder(pool, LoadBalancer)
        if balancer is None:
            raise Undetermined(f"the load balancer of {pool.label}", resource=pool.id)
        if next(takes_out(network, balancer, pool), None) is not None:
            return Outbound("load-balancer", "R-35", balancer)
        sku = balancer.sku.name if balancer.sku is not None else None
        if not sku:
            raise Undetermined(f"the SKU of load balancer {balancer.label}", resource=balancer.id)
        if sku.lower() != "basic":
            silent = Outbound("none", "R-33", balancer)
    return silent


def takes_out(
    network: Network, balancer: LoadBalancer, pool: BackendPool
) -> Iterator[OutboundRule | LoadBalancingRule]:
    """Give the rules that take what members of a pool send out: outbound rules first (R-35).

    Raises Undetermined, after those that are told, where the outbound rules are not.
    """
    for rule in balancer.properties.outbound_rules or ():
        if _names(network, (rule.properties.backend_address_pool,), pool):
            yield rule
    for each in balancer.rules:
        p = each.properties
        front = network.get(p.frontend_ip_configuration, LoadBalancerFrontend)
        if front is None or not front.public or not _names(network, each.pools, pool):
            continue
        if p.disable_outbound_snat is None:
            raise Undetermined(f"disableOutboundSnat of rule {each.label}", resource=each.id)
        if not p.disable_outbound_snat:
            yield each
    untold = outbound_untold(balancer)
    if untold is not None:
        raise untold


def _names(network: Network, refs: Iterable[Ref | None], pool: BackendPool) -> bool:
    return any(network.find(ref) is pool for ref in refs if ref is not None)


def _has_still(nic: Interface) -> bool:
    """Whether Azure says that a NIC has the access: it keeps what it had until it is stopped."""
    if not isinstance(nic, NetworkInterface):
        return False
    return nic.properties.default_outbound_connectivity_enabled is True


def _default(network: Network, subnet: Subnet, nic: Interface, version: Version) -> Outbound:
    """Tell of default outbound access, which is IPv4's alone (R-33, R-34)."""
    if version == 6 or (not _has_still(nic) and is_private(subnet)):
        return Outbound("none", "R-34", subnet)
    machine = nic if isinstance(nic, NetworkInterface) else nic.root
    found = implicit_machine(network, subnet, machine)
    if found is not None and found.lacks:
        raise Undetermined(found.lacks, resource=machine.id)
    if found is not None:
        return Outbound("default", "R-33", subnet)
    if isinstance(nic, NetworkInterface) and nic.properties.virtual_machine is not None:
        return Outbound("none", "R-33", nic)
    raise Undetermined(f"what machine {nic.label} belongs to", resource=nic.id)
