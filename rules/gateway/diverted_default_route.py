r"""The default route of a gateway's subnet does not lead to the internet.

## Why it matters
An application gateway of the second generation is managed from the internet and answers its
visitors there. A default route to a firewall, to a VPN gateway or to nowhere cuts both: the gateway
turns unhealthy, updates fail, and visitors' connections hang half open.

## What fails
The subnet of a gateway of the second generation has, in its route table, a route for 0.0.0.0/0, or
the two halves 0.0.0.0/1 and 128.0.0.0/1, whose next hop is not Internet.

The answer is *unknown* when there is no such route, and the gateway's virtual network learns routes
that are in no export (ExpressRoute, BGP, a Route Server, a virtual hub) or has a VPN gateway with
a default site or a site written as 0.0.0.0/0, while the route table does not switch propagation
off: a default route may come that way. It is *unknown* too when the route table or the subnet is
not in the snapshot.

A gateway with network isolation may have such a route and is kept: its subnet is delegated to
`Microsoft.Network/applicationGateways`, or it has private frontends only. Gateways of the first
generation are not judged.

## What to do
Lead the default route to the internet (`create` replaces a route of the same name, with the address
of its next hop), and switch propagation off:

    az network route-table route create --resource-group GROUP --route-table-name TABLE \
        --name ROUTE --address-prefix 0.0.0.0/0 --next-hop-type Internet

## References
- https://learn.microsoft.com/azure/application-gateway/configuration-infrastructure#supported-user-defined-routes
- https://learn.microsoft.com/azure/application-gateway/application-gateway-private-deployment
- Facts A-5, A-14, R-5, R-6, R-12, R-25
"""

from __future__ import annotations

from auditor.errors import Undetermined
from auditor.finding import Finding, Severity
from auditor.network.default_routes import ASK_TEACHER, default_routes
from auditor.network.egress import learned_default
from auditor.network.gateway_homes import subnet_of
from auditor.network.gateway_subnets import is_isolated
from auditor.network.gateways import is_v2
from auditor.network.graph import Network, evidence, possibly
from auditor.remedy import az
from auditor.resources.application_gateways import ApplicationGateway
from auditor.resources.routing import Route, RouteTable
from auditor.rule import Outcomes, rule


def second_generation(network: Network) -> tuple[ApplicationGateway, ...]:
    """Name the subjects: gateways that are not of the first generation."""
    return tuple(one for one in network.all(ApplicationGateway) if possibly(_is_second, one))


def _is_second(gateway: ApplicationGateway) -> bool:
    return gateway.tier not in ("standard", "waf")


@rule(
    "GW-024",
    severity=Severity.CRITICAL,
    since="0.1.0",
    of=second_generation,
    peers=("CHK:ALZ D07.23",),
)
def diverted_default_route(network: Network, gateway: ApplicationGateway) -> Outcomes:
    """Find gateways whose subnet sends what is for the internet elsewhere."""
    is_v2(gateway)  # raises when the tier is not told
    subnet = subnet_of(network, gateway)
    if is_isolated(network, subnet):
        return
    table = network.get(subnet.properties.route_table, RouteTable)
    defaults = default_routes(table) if table else ()
    routes = tuple(route for route in defaults if _diverts(route))
    if table is not None and routes:
        first = routes[0]
        hop = first.properties.next_hop_ip_address or first.properties.next_hop_type
        names = ", ".join(str(route.properties.address_prefix) for route in routes)
        yield Finding(
            gateway.id,
            f"The subnet {subnet.label} of the gateway {gateway.label} sends {names} to {hop} "
            f"(route {first.label} of {table.label}), not to the internet",
            "lead the default route to the internet: "
            + " && ".join(_lead_out(table, route) for route in routes),
            related=(subnet.id, table.id, *(route.id for route in routes)),
            evidence=tuple(
                evidence(route, "/properties/nextHopType", route.properties.next_hop_type)
                for route in routes
            ),
        )
        return
    if defaults:
        return
    learned = learned_default(network, subnet)
    if learned:
        raise Undetermined(
            f"whether {learned} teaches {subnet.label} a default route",
            resource=subnet.id,
            remedy=ASK_TEACHER,
        )


def _lead_out(table: RouteTable, route: Route) -> str:
    """Write the route anew: an update would keep the address of the next hop."""
    return az(
        *("network", "route-table", "route", "create"),
        resource_group=table.resource_group,
        route_table_name=table.label,
        name=route.label,
        address_prefix=route.properties.address_prefix,
        next_hop_type="Internet",
    )


def _diverts(route: Route) -> bool:
    hop = route.properties.next_hop_type
    if hop is None:
        raise Undetermined(f"the next hop of the route {route.label}", resource=route.id)
    return hop.lower() != "internet"
