"""The subnets that application gateways live in: who else is there, and how much room there is."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from auditor.ids import fold, name, type_of
from auditor.network.gateway_homes import gateways_by_subnet
from auditor.network.gateways import is_v2
from auditor.network.graph import Missing, Network
from auditor.resources.application_gateways import ApplicationGateway, GatewayFrontend
from auditor.resources.base import Node, Ref
from auditor.resources.private_endpoints import PrivateEndpoint
from auditor.resources.virtual_networks import Subnet

LIVES_IN = (
    "subnet",
    "vnetSubnetID",
    "podSubnetID",
    "subnetId",
    "delegatedSubnetResourceId",
    "infrastructureSubnetId",
)
"""The edge kinds by which something takes a place in a subnet."""

OWN_DELEGATION = "microsoft.network/applicationgateways"
"""The delegation of a gateway subnet with network isolation (A-5)."""

RESERVED = 5
"""Addresses that Azure keeps of every IPv4 prefix of a subnet (D-1)."""

_MOST_V1, _MOST_V2 = 32, 125


class Tenant(msgspec.Struct, frozen=True):
    """Something in a gateway's subnet that is no application gateway, and what says so."""

    id: str
    type: str
    told_by: Node
    pointer: str
    value: str

    @property
    def label(self) -> str:
        """What it is and how it is called, for a sentence."""
        return f"{name(self.id)} ({self.type.rpartition('/')[2] or 'of unknown type'})"


class Scale(msgspec.Struct, frozen=True):
    """The addresses that a gateway may take: `least` is sure, `most` possible; `told` when equal.

    Private frontends are counted in (A-3).
    """

    gateway: ApplicationGateway
    least: int
    most: int


def tenants(network: Network, subnet: Subnet) -> tuple[Tenant, ...]:
    """Give what else lives in a subnet, each resource once, sorted by id."""
    found: dict[str, Tenant] = {}
    for tenant in (*_referring(network, subnet), *_listed(network, subnet)):
        found.setdefault(fold(tenant.id), tenant)
    return tuple(found[key] for key in sorted(found))


def _referring(network: Network, subnet: Subnet) -> Iterator[Tenant]:
    for edge in network.referrers(subnet, *LIVES_IN):
        root = edge.source.root
        if not isinstance(root, ApplicationGateway):
            kind = type_of(root.id) or ""
            yield Tenant(root.id, kind, edge.source, edge.pointer, edge.spelled)


def _listed(network: Network, subnet: Subnet) -> Iterator[Tenant]:
    """What the subnet itself lists; for resources that are not in the snapshot."""
    p = subnet.properties
    lists: tuple[tuple[str, list[Ref] | None], ...] = (
        ("ipConfigurations", p.ip_configurations),
        ("privateEndpoints", p.private_endpoints),
    )
    for key, refs in lists:
        for index, ref in enumerate(refs or ()):
            target = network.find(ref)
            if target is None or _is_gateway(target):
                continue
            root = target.root.id if isinstance(target, Node) else _resource(target.id)
            pointer = f"/properties/{key}/{index}/id"
            yield Tenant(root, type_of(root) or "", subnet, pointer, ref.id or "")


def _is_gateway(target: Node | Missing) -> bool:
    return "/providers/microsoft.network/applicationgateways/" in target.key


def _resource(arm_id: str) -> str:
    """Cut the id of a part down to the resource that holds it."""
    start = arm_id.lower().rfind("/providers/") + len("/providers/")
    return arm_id[:start] + "/".join(arm_id[start:].split("/")[:3])


def foreign_delegations(subnet: Subnet) -> tuple[str, ...]:
    """Give the services, other than application gateways, that a subnet is delegated to."""
    return tuple(one for one in subnet.delegated_to if one.lower() != OWN_DELEGATION)


def is_isolated(network: Network, subnet: Subnet) -> bool:
    """Tell whether the gateways in a subnet have network isolation (A-4, A-5).

    The subnet is delegated to them, or none of them has a public frontend, which only isolation
    allows in the second generation. Those of the first have none, and share no subnet with others.
    """
    if any(one.lower() == OWN_DELEGATION for one in subnet.delegated_to):
        return True
    gateways = gateways_by_subnet(network).get(subnet.key, ())
    if not gateways or not all(map(_is_private, gateways)):
        return False  # whatever their generation
    return all(map(is_v2, gateways))


def _is_private(gateway: ApplicationGateway) -> bool:
    """Whether a gateway has private frontends only."""
    return bool(gateway.frontends) and not any(front.public for front in gateway.frontends)


def scale(gateway: ApplicationGateway, subnet: Subnet) -> Scale:
    """Give how many addresses a gateway may take of its subnet (A-3)."""
    p = gateway.properties
    autoscale = p.autoscale_configuration
    told = autoscale.max_capacity if autoscale else (p.sku.capacity if p.sku else None)
    private = sum(1 for one in gateway.frontends if _takes(one, subnet))
    if told is not None:
        return Scale(gateway, told + private, told + private)
    most = _MOST_V2 if is_v2(gateway) else _MOST_V1
    least = (autoscale.min_capacity or 0) if autoscale else 1
    return Scale(gateway, least + private, most + private)


def _takes(frontend: GatewayFrontend, subnet: Subnet) -> bool:
    """Whether a frontend takes a private address of the subnet."""
    ref = frontend.properties.subnet
    return ref is not None and bool(ref.id) and fold(ref.id or "") == subnet.key


def addresses_taken(network: Network, subnet: Subnet) -> int:
    """Count the addresses of a subnet that resources other than application gateways take.

    Those the snapshot holds: ip configurations and frontends that name the subnet. A private
    endpoint takes its address through its network interface.
    """
    return sum(
        1
        for edge in network.referrers(subnet, "subnet")
        if not isinstance(edge.source.root, ApplicationGateway)
        and not isinstance(edge.source, PrivateEndpoint)
    )
