"""What the internet can address: public IPs with their owners, frontends with their uses.

A public IP and its owner name each other, and either may be missing from an export, so ownership
is read from both sides (E-1). Whether a frontend of a load balancer answers depends on the rules
that use it (E-7, E-8).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import msgspec

from auditor import ids
from auditor.errors import Undetermined
from auditor.finding import Evidence
from auditor.ids import fold
from auditor.network.blank_references import require_not_meant
from auditor.network.graph import Edge, Network, evidence, question, question_about
from auditor.network.unlisted_rules import may_be_public, outbound_untold
from auditor.resources import walk
from auditor.resources.base import Node, Ref
from auditor.resources.interfaces import IpConfiguration
from auditor.resources.load_balancers import (
    InboundNatPool,
    InboundNatPoolProperties,
    InboundNatRule,
    LoadBalancer,
    LoadBalancerFrontend,
    LoadBalancingRule,
    LoadBalancingRuleProperties,
    OutboundRule,
)
from auditor.resources.public_addresses import PublicIp, PublicIpPrefix

INTERFACE = "microsoft.network/networkinterfaces"
SCALE_SET = "microsoft.compute/virtualmachinescalesets"
LOAD_BALANCER = "microsoft.network/loadbalancers"
APPLICATION_GATEWAY = "microsoft.network/applicationgateways"
NAT_GATEWAY = "microsoft.network/natgateways"
NETWORK_GATEWAY = "microsoft.network/virtualnetworkgateways"
BASTION = "microsoft.network/bastionhosts"
FIREWALL = "microsoft.network/azurefirewalls"
ROUTE_SERVER = "microsoft.network/virtualhubs"

WORDS = {
    INTERFACE: "network interface",
    SCALE_SET: "scale set",
    LOAD_BALANCER: "load balancer",
    APPLICATION_GATEWAY: "application gateway",
    NAT_GATEWAY: "NAT gateway",
    NETWORK_GATEWAY: "virtual network gateway",
    BASTION: "Bastion host",
    FIREWALL: "firewall",
    ROUTE_SERVER: "route server",
}
"""What people call the owners of public addresses, by ARM type in lower case."""


class Owner(msgspec.Struct, frozen=True):
    """The resource that carries a public IP.

    `id` is the resource's and `part` that of its ip configuration or frontend (the resource's own
    where there is none), as spelled; `type` is the ARM type in lower case; `told` is where it says
    so: at the address or at the owner.
    """

    id: str
    type: str
    part: str
    teller: Node
    where: str | Edge
    value: str

    @property
    def told(self) -> Evidence:
        """Quote it."""
        pointer = self.where if isinstance(self.where, str) else self.where.pointer
        return evidence(self.teller, pointer, self.value)

    @property
    def word(self) -> str:
        """What people call such a resource."""
        return WORDS.get(self.type, self.type)

    @property
    def name(self) -> str:
        """Its name."""
        return ids.name(self.id)


@question_about
def owners_of(network: Network, pip: PublicIp) -> tuple[Owner, ...]:
    """Give the owners of a public IP; none when it is attached to nothing (E-1).

    One address has one owner in Azure; more than one means that the export was taken while it
    moved. Raises Undetermined when the input does not tell what it is attached to.
    """
    found: dict[str, Owner] = {}
    for owner in (*_told_by_address(pip), *_told_by_owners(network, pip)):
        found.setdefault(fold(owner.id), owner)
    if not found:
        # Reading the fields makes "not told" unknown: nobody may take it for unattached.
        _ = pip.properties.ip_configuration, pip.properties.nat_gateway
        require_not_meant(network, pip, *_CARRY)
    return tuple(found.values())


def _told_by_address(pip: PublicIp) -> Iterator[Owner]:
    try:
        attached = (
            ("/properties/ipConfiguration/id", pip.properties.ip_configuration),
            ("/properties/natGateway/id", pip.properties.nat_gateway),
        )
    except Undetermined:
        return  # the other side may tell
    for pointer, ref in attached:
        if ref is not None and ref.id:
            yield _described(ref.id, pip, pointer, ref.id)


def _told_by_owners(network: Network, pip: PublicIp) -> Iterator[Owner]:
    for edge in network.referrers(pip, *_CARRY):
        if not isinstance(edge.source, PublicIpPrefix):
            yield _described(edge.source.id, edge.source, edge, pip.id)


_CARRY = ("publicIPAddress", "publicIpAddress", "publicIPAddresses", "publicIpAddresses")
"""The keys by which resources name the public IPs they carry."""


def carried(network: Network, configuration: IpConfiguration) -> tuple[tuple[str, Evidence], ...]:
    """Give the public IPs of a NIC's ip configuration, as ids, and where each is told (E-1).

    The NIC tells it, or the address, or both; the NIC's word is quoted first.
    """
    found: dict[str, tuple[str, Evidence]] = {}
    ref = configuration.properties.public_ip_address
    if ref is not None and ref.id:
        pointer = "/properties/publicIPAddress/id"
        found[fold(ref.id)] = (ref.id, evidence(configuration, pointer, ref.id))
    if configuration in _claimed(network):
        for edge in network.referrers(configuration, "ipConfiguration"):
            if isinstance(edge.source, PublicIp):
                told = evidence(edge.source, edge.pointer, configuration.id)
                found.setdefault(edge.source.key, (edge.source.id, told))
    return tuple(found.values())


@question
def may_carry(network: Network) -> tuple[IpConfiguration, ...]:
    """Give the ip configurations of NICs that carry public IPs, and those that do not tell."""
    nodes, claimed = network.all(IpConfiguration), _claimed(network)
    named = walk.read_each(nodes, "properties.public_ip_address")
    pairs = zip(nodes, named, strict=True)
    return tuple([node for node, ref in pairs if ref is not None or node in claimed])


@question
def _claimed(network: Network) -> frozenset[Node]:
    """What public IPs say they belong to: few of all ip configurations."""
    refs = walk.read_each(network.all(PublicIp), "properties.ip_configuration")
    found = [network.find(ref) for ref in refs if isinstance(ref, Ref) and walk.peek(ref, "id")]
    return frozenset([node for node in found if isinstance(node, Node)])


def is_free(public: PublicIp) -> bool:
    """Whether nobody has a public address for certain, or a NAT gateway, which answers nobody."""
    try:
        settings = public.properties
        return settings.ip_configuration is None or settings.nat_gateway is not None
    except Undetermined:
        return False


def is_basic(network: Network, arm_id: str) -> bool:
    """Tell whether a public IP is of the SKU Basic, which is open by default (E-3).

    Raises Undetermined when the snapshot lacks the address or its SKU: what an absent SKU means
    depends on the api-version.
    """
    pip = network.get(arm_id, PublicIp)
    if pip is None or pip.sku is None or not pip.sku.name:
        raise Undetermined(f"the SKU of {arm_id}", resource=arm_id)
    return pip.sku.name.lower() == "basic"


def _described(part: str, teller: Node, where: str | Edge, value: str) -> Owner:
    resource = ids.top_level(part)
    kind = (ids.type_of(resource) or "").lower()
    return Owner(resource, kind, part, teller, where, value)


InboundRule: TypeAlias = LoadBalancingRule | InboundNatRule | InboundNatPool


class FrontendUse(msgspec.Struct):
    """The rules of a load balancer that use one of its frontends.

    `doubt` is set when the input does not tell of some rule that forwards which frontend it uses:
    there may be more than what is listed. `doubt_out` is the same for outbound rules, by which
    nothing comes in (E-7).
    """

    inbound: list[InboundRule] = msgspec.field(default_factory=list)
    outbound: list[OutboundRule] = msgspec.field(default_factory=list)
    doubt: Undetermined | None = None
    doubt_out: Undetermined | None = None

    def certain(self) -> None:
        """Raise Undetermined when there may be more rules that forward than listed."""
        if self.doubt is not None:
            raise self.doubt

    def whole(self) -> None:
        """Raise Undetermined when there may be more rules of any kind than listed."""
        self.certain()
        if self.doubt_out is not None:
            raise self.doubt_out


def use_of(network: Network, frontend: LoadBalancerFrontend) -> FrontendUse:
    """Give the rules that use a frontend.

    Raises Undetermined when the load balancer is not in the snapshot.
    """
    balancer = network.holder(frontend, LoadBalancer)
    if balancer is None:
        raise Undetermined(f"the load balancer that holds {frontend.id}", resource=frontend.id)
    uses, none = _uses(network)[balancer.key]
    return uses.get(frontend.key) or none


_Uses: TypeAlias = tuple[dict[str, FrontendUse], FrontendUse]
"""The uses of a balancer's frontends by their keys, and that of one which no rule names."""


@question
def _uses(network: Network) -> Mapping[str, _Uses]:
    return {balancer.key: _uses_in(network, balancer) for balancer in network.all(LoadBalancer)}


_INBOUND = ("load_balancing_rules", "inbound_nat_rules", "inbound_nat_pools")
_OUTBOUND = ("outbound_rules",)


def _uses_in(network: Network, balancer: LoadBalancer) -> _Uses:
    found: dict[str, FrontendUse] = defaultdict(FrontendUse)
    doubt = _noted(network, balancer, _INBOUND, found)
    doubt_out = _noted(network, balancer, _OUTBOUND, found)
    none = FrontendUse(doubt=doubt, doubt_out=doubt_out)
    for use in found.values():
        use.doubt, use.doubt_out = doubt, doubt_out
    return dict(found), none


def _noted(
    network: Network,
    balancer: LoadBalancer,
    collections: Sequence[str],
    found: dict[str, FrontendUse],
) -> Undetermined | None:
    """Note the rules of some lists; give what keeps one open which frontends they use."""
    doubt = None
    for collection in collections:
        try:
            rules = getattr(balancer.properties, collection)
        except Undetermined as unknown:
            doubt = unknown
            continue
        if rules is None and collection in _OUTBOUND:
            doubt = outbound_untold(balancer)
        for rule in rules or ():
            try:
                _note(rule, found)
            except Undetermined as unknown:
                doubt = unknown
    return doubt or _named_only(network, balancer, collections)


def _named_only(
    network: Network, balancer: LoadBalancer, collections: Sequence[str]
) -> Undetermined | None:
    """A rule that a frontend names as its user, and the load balancer does not hold."""
    try:
        frontends = balancer.frontends
    except Undetermined as unknown:
        return unknown
    for frontend in frontends:
        settings = walk.peek(frontend, "properties")
        for collection in collections:
            for each in walk.peek(settings, collection) or ():
                user = walk.peek(each, "id")
                if user and not isinstance(network.find(user), Node):
                    return Undetermined(f"{user} is not in the snapshot", resource=user)
    return None


def _note(rule: InboundRule | OutboundRule, found: dict[str, FrontendUse]) -> None:
    if isinstance(rule, OutboundRule):
        for each in rule.properties.frontend_ip_configurations or ():
            if each.id:
                found[fold(each.id)].outbound.append(rule)
        return
    found[fold(frontend_named_by(rule))].inbound.append(rule)


def frontend_named_by(rule: InboundRule) -> str:
    """Give the id of the frontend that a rule uses. Raises Undetermined when it tells none."""
    ref = rule.properties.frontend_ip_configuration
    if ref is None or not ref.id:
        raise Undetermined(f"the frontend of {rule.id}", resource=rule.id)
    return ref.id


@question
def inbound_rules(network: Network) -> tuple[InboundRule, ...]:
    """Give everything in load balancers that may forward inbound, by kind and id."""
    return (
        *network.all(LoadBalancingRule),
        *network.all(InboundNatRule),
        *network.all(InboundNatPool),
    )


@question
def public_frontends(network: Network) -> tuple[LoadBalancerFrontend, ...]:
    """Give the frontends of load balancers that carry a public address or prefix (E-17)."""
    # One that does not tell is judged, and then answered with unknown.
    return tuple(filter(may_be_public, network.all(LoadBalancerFrontend)))


def address_of(network: Network, frontend: LoadBalancerFrontend) -> str:
    """Name a frontend's public address for a person: the address where known, else the name."""
    ref = frontend.properties.public_ip_address or frontend.properties.public_ip_prefix
    if ref is None or not ref.id:
        return "no address"
    return public_name(network, ref.id)


def public_name(network: Network, arm_id: str) -> str:
    """Name a public IP for a person: `20.50.1.2 (pip-web)`, or its name alone."""
    node = network.find(arm_id)
    if isinstance(node, PublicIp):
        try:
            address = node.properties.ip_address
        except Undetermined:
            address = None
        if address:
            return f"{address} ({node.label})"
    return ids.name(arm_id)


def ports_of(rule: InboundRule) -> str:
    """Say what a rule forwards at the frontend: `TCP 443`, `TCP 50000-50119`, `every port`."""
    settings = rule.properties
    protocol = (settings.protocol or "").upper()
    if not isinstance(settings, LoadBalancingRuleProperties) and settings.frontend_port_range_start:
        ports = f"{settings.frontend_port_range_start}-{settings.frontend_port_range_end}"
    elif isinstance(settings, InboundNatPoolProperties) or settings.frontend_port is None:
        ports = "ports not told"
    elif settings.frontend_port == 0:
        return "every port"  # HA ports (E-11)
    else:
        ports = str(settings.frontend_port)
    return f"{protocol if protocol != 'ALL' else 'TCP and UDP'} {ports}".strip()
