"""Gateways that reach a member of a pool by a load balancer as soon as a health probe gets in."""

from __future__ import annotations

from auditor.errors import Undetermined
from auditor.ids import fold
from auditor.network.graph import Network
from auditor.reach.answer import Verdict
from auditor.reach.backends import Backend, backends
from auditor.reach.gatewaying import point_of
from auditor.reach.talking import obstacle
from auditor.resources.load_balancers import LoadBalancerFrontend, LoadBalancerProbe


def starved(network: Network, probe: LoadBalancerProbe) -> tuple[Backend, ...]:
    """Give the members that nothing but a probe keeps from their gateways, which GW-004 tells."""
    return tuple(
        each
        for each in backends(network)
        if isinstance(each, Backend) and _asks(each, probe) and _starves(network, each, probe)
    )


def _asks(backend: Backend, probe: LoadBalancerProbe) -> bool:
    return any(
        isinstance(end.node, LoadBalancerFrontend) and end.node.root is probe.root
        for end in backend.ends
    )


def _starves(network: Network, backend: Backend, probe: LoadBalancerProbe) -> bool:
    try:
        gateway = point_of(network, backend.gateway)
        answer = obstacle(network, [gateway], backend.ends, backend.port)
    except Undetermined:
        return False
    return (
        answer is not None
        and answer.verdict is Verdict.BLOCKED
        and bool(answer.blockers)
        and all(
            step.code == "probe" and fold(step.rule_id) == probe.key for step in answer.blockers
        )
    )
