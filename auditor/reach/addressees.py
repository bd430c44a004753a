"""What packets may be sent to so that a point gets them."""

from __future__ import annotations

from auditor.network.graph import Network, possibly
from auditor.reach.balancing import forwards_to
from auditor.reach.linking import endpoints_before
from auditor.reach.points import Kind, Point, endpoint, frontend, gateway_frontend
from auditor.reach.private_nat import firewalls_towards
from auditor.reach.relaying import private_frontends
from auditor.resources import walk
from auditor.resources.application_gateways import ApplicationGateway
from auditor.resources.load_balancers import LoadBalancerFrontend


def aims(network: Network, target: Point) -> tuple[Point, ...]:
    """Give what packets may be sent to so that a point gets them: itself, internal frontends, and
    the private endpoints of private link services.

    An application gateway answers at its private frontends, and at no other address of its subnet.
    Where a NAT rule of a firewall leads to a point, the firewall's private address.
    """
    return (*_own_aims(network, target), *firewalls_towards(network, target))


def _own_aims(network: Network, target: Point) -> tuple[Point, ...]:
    known = endpoints_before(network)
    if isinstance(target.node, ApplicationGateway):
        own = walk.peek(walk.peek(target.node, "properties"), "frontend_ip_configurations") or ()
        linked = {each.key: each for front in own for each in known.get(front.key, ())}
        return (
            *(gateway_frontend(network, each) for each in private_frontends(target.node)),
            *(endpoint(network, linked[key]) for key in sorted(linked)),
        )
    if target.kind not in (Kind.MACHINE, Kind.FRONTEND) or target.node is None:
        return (target,)
    fronts = {
        forward.frontend.key: forward.frontend
        for forward in forwards_to(network, target.node)
        if possibly(_is_internal, forward.frontend)
    }
    linked = {each.key: each for key in (target.node.key, *fronts) for each in known.get(key, ())}
    return (
        target,
        *(frontend(network, fronts[key]) for key in sorted(fronts)),
        *(endpoint(network, linked[key]) for key in sorted(linked)),
    )


def _is_internal(node: LoadBalancerFrontend) -> bool:
    return not node.public
