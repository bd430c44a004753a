"""Gateways that reach a member of a pool by a load balancer as soon as a health probe gets in."""

from __future__ import annotations

from collections import defaultdict

from auditor.errors import Undetermined
from auditor.ids import fold
from auditor.network.graph import Network, question
from auditor.reach.answer import Verdict
from auditor.reach.backends import Backend, backends
from auditor.reach.gatewaying import point_of
from auditor.reach.talking import obstacle
from auditor.resources.load_balancers import LoadBalancerFrontend, LoadBalancerProbe


def starved(network: Network, probe: LoadBalancerProbe) -> tuple[Backend, ...]:
    """Give the members that nothing but a probe keeps from their gateways, which GW-004 tells."""
    asking = _by_balancer(network).get(probe.root.key, ())
    return tuple(each for each in asking if _starves(network, each, probe))


@question
def _by_balancer(network: Network) -> dict[str, list[Backend]]:
    """The members of gateways' pools that are frontends, by the keys of their load balancers."""
    found: dict[str, list[Backend]] = defaultdict(list)
    for each in backends(network):
        if isinstance(each, Backend):
            fronts = (end.node for end in each.ends if isinstance(end.node, LoadBalancerFrontend))
            for key in dict.fromkeys([front.root.key for front in fronts]):
                found[key].append(each)
    return dict(found)


def _starves(network: Network, backend: Backend, probe: LoadBalancerProbe) -> bool:
    try:
        gateway = point_of(network, backend.gateway)
        answer = obstacle(network, [gateway], backend.ends, backend.port, straight=True)
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
