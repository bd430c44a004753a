"""A cluster with user-defined routing has no default route.

## Why it matters
With the outbound type `userDefinedRouting` AKS makes no way out: no load balancer with an outbound
rule, no public address. The route table of the subnet is all there is. Without a default route in
it nodes cannot pull images or reach the API server; new nodes do not register, and the cluster
dies at its next upgrade.

## What fails
A cluster whose `networkProfile.outboundType` is `userDefinedRouting`, for each subnet of its nodes
(and each pod subnet, whose own table decides about pods) that has no NAT gateway, when

- it has no route table, or a table without a route for `0.0.0.0/0` (both halves, `0.0.0.0/1` and
  `128.0.0.0/1`, count as one),
- that route's next hop is `None` or `VnetLocal`, which drop what is for the internet,
- that route's next hop is `VirtualNetworkGateway` and the network has no gateway, its own or a
  peer's.

A next hop that is an address is taken as it stands: whether anybody is there is rule RTE-002's.

ExpressRoute, BGP, a Route Server or a virtual hub may announce a default route that Azure does not
list. Where one is at work, no route decides, and the table does not turn propagation off, the
answer is *unknown*; so it is when the subnet, its route table or its gateway is not in the
snapshot.

## What to do
Add a route for `0.0.0.0/0` to the firewall or appliance that lets the cluster out.

## References
- https://learn.microsoft.com/azure/aks/egress-outboundtype
- https://learn.microsoft.com/azure/aks/limit-egress-traffic
- Facts K-4, K-42, K-46, R-6, R-10, R-12, R-25, R-30
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor.errors import Undetermined
from auditor.finding import Evidence
from auditor.ids import fold
from auditor.network import clusters
from auditor.network.default_route_commands import default_to_firewall
from auditor.network.default_routes import ASK_TEACHER, default_routes, may_learn_default
from auditor.network.graph import Network, evidence, possibly, question
from auditor.network.on_premises import gateways_serving
from auditor.resources.managed_clusters import ManagedCluster
from auditor.resources.routing import Route, RouteTable
from auditor.resources.virtual_networks import Subnet
from auditor.rule import Finding, Outcomes, Severity, Unknown, apart, rule
from auditor.snapshot.document import Dialect

_DROPS = frozenset({"none", "vnetlocal"})


@question
def routed_clusters(network: Network) -> tuple[ManagedCluster, ...]:
    """The clusters whose outbound type is user-defined routing."""
    return tuple(
        cluster for cluster in network.all(ManagedCluster) if possibly(_routes_itself, cluster)
    )


def _routes_itself(cluster: ManagedCluster) -> bool:
    kind = clusters.outbound_type(cluster)
    record = cluster.record
    if kind is None and record is not None and record.dialect is not Dialect.LOOSE:
        raise Undetermined(f"the outbound type of cluster {cluster.label}", resource=cluster.id)
    return kind == "userdefinedrouting"


@rule(
    "AKS-016",
    severity=Severity.CRITICAL,
    since="0.1.0",
    of=routed_clusters,
    peers=("AZQ:aks-012",),
)
def no_default_route(network: Network, cluster: ManagedCluster) -> Outcomes:
    """Judge each subnet by the routes that decide about the internet, or by their absence."""
    if not _routes_itself(cluster):
        return
    yield from apart(
        cluster.id,
        ((fold(each or ""), each) for each in clusters.subnet_ids(cluster)),
        lambda subnet_id: _judge(network, cluster, network.get(subnet_id, Subnet)),
    )


def _judge(network: Network, cluster: ManagedCluster, subnet: Subnet | None) -> Outcomes:
    if subnet is None:
        raise Undetermined(f"the subnet of the nodes of cluster {cluster.label}")
    if subnet.properties.nat_gateway is not None:
        return
    table = network.get(subnet.properties.route_table, RouteTable)
    routes = default_routes(table) if table is not None else ()
    faults = [(fault, route) for route in routes if (fault := _fault(network, subnet, route))]
    if faults:
        fault, route = faults[0]
        yield _broken(network, cluster, subnet, table, fault, _of_route(route))
    elif not routes:
        yield from _without(network, cluster, subnet, table)


def _fault(network: Network, subnet: Subnet, route: Route) -> str:
    hop = route.properties.next_hop_type or ""
    prefix = route.properties.address_prefix
    if hop.lower() in _DROPS:
        return f"its route {route.label} for {prefix} has the next hop {hop}, which drops packets"
    if hop.lower() == "virtualnetworkgateway" and not gateways_serving(
        network, clusters.network_of(subnet)
    ):
        return f"its route {route.label} for {prefix} leads to a gateway, and there is none"
    return ""


def _without(
    network: Network, cluster: ManagedCluster, subnet: Subnet, table: RouteTable | None
) -> Iterator[Finding | Unknown]:
    told = table is not None and table.properties.disable_bgp_route_propagation
    learned = "" if told else may_learn_default(network, clusters.network_of(subnet))
    if learned:
        yield Unknown(
            cluster.id,
            missing=f"whether {learned} announces a default route to {subnet.label}",
            remedy=ASK_TEACHER,
            related=(subnet.id,),
            key=subnet.key,
        )
    elif table is None:
        fault = "it has no route table"
        yield _broken(
            network, cluster, subnet, None, fault, evidence(subnet, "/properties", "no routeTable")
        )
    else:
        fault = f"its route table {table.label} has no route for 0.0.0.0/0"
        yield _broken(network, cluster, subnet, table, fault, _of_table(table))


def _broken(
    network: Network,
    cluster: ManagedCluster,
    subnet: Subnet,
    table: RouteTable | None,
    fault: str,
    first: Evidence,
) -> Finding:
    profile = cluster.properties.network_profile
    kind = profile.outbound_type if profile else None
    return Finding(
        subject=cluster.id,
        message=f"cluster {cluster.label} routes its own way out, and subnet {subnet.label} has "
        f"none: {fault}",
        remedy=default_to_firewall(network, subnet, table),
        related=(subnet.id, *((table.id,) if table is not None else ())),
        evidence=(first, evidence(cluster, "/properties/networkProfile/outboundType", kind)),
        key=subnet.key,
        covers=(("NAT-001", subnet.id), ("NAT-002", subnet.id)),
        settles=(("NAT-002", subnet.id),),
    )


def _of_route(route: Route) -> Evidence:
    return evidence(route, "/properties/nextHopType", route.properties.next_hop_type)


def _of_table(table: RouteTable) -> Evidence:
    prefixes = [route.properties.address_prefix for route in table.routes]
    return evidence(table, "/properties/routes", [*prefixes])
