"""Networks that may learn the way to one another from outside Azure (R-25)."""

from __future__ import annotations

from auditor.errors import Undetermined
from auditor.network.graph import Network, question, question_about
from auditor.network.learned_routes import learns_routes
from auditor.resources.virtual_networks import VirtualNetwork


@question_about
def beyond_teachers(network: Network, vnet: VirtualNetwork | None) -> frozenset[str]:
    """Give the keys of the networks into which a route that a VNet learns may lead.

    Whoever teaches its gateways may teach theirs: by one circuit, or by a site that both lead to,
    what leaves by the one comes in by the other. Spokes of one gateway are no exception, as a site
    may announce more than it has.
    """
    if vnet is None or not _may_learn(network, vnet):
        return frozenset()
    return _learning(network) - {vnet.key}


@question
def _learning(network: Network) -> frozenset[str]:
    return frozenset(each.key for each in network.all(VirtualNetwork) if _may_learn(network, each))


@question_about
def _may_learn(network: Network, vnet: VirtualNetwork) -> bool:
    try:
        return bool(learns_routes(network, vnet))
    except Undetermined:
        return True
