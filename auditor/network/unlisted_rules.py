"""Outbound rules of load balancers, which Azure lists where there can be any (R-35)."""

from __future__ import annotations

from auditor.errors import Undetermined
from auditor.network.graph import possibly
from auditor.resources import walk
from auditor.resources.load_balancers import LoadBalancer, LoadBalancerFrontend
from auditor.snapshot.document import Dialect


def outbound_untold(balancer: LoadBalancer) -> Undetermined | None:
    """Say that a Standard load balancer lacks its outbound rules, if only an empty list of them.

    Basic has none, and Azure writes no list there; nor does a request without any. They are of
    public frontends: without one there are none.
    """
    sku = (walk.peek(walk.peek(balancer, "sku"), "name") or "").lower()
    asked = balancer.record is not None and balancer.record.dialect is Dialect.LOOSE
    if sku != "standard" or asked or balancer.properties.outbound_rules is not None:
        return None
    if not possibly(_has_public, balancer):
        return None
    return Undetermined(f"the outbound rules of {balancer.label}", resource=balancer.id)


def may_be_public(frontend: LoadBalancerFrontend) -> bool:
    """Whether a frontend carries a public address or prefix, or does not tell whether it does."""
    return possibly(lambda each: each.public, frontend)


def _has_public(balancer: LoadBalancer) -> bool:
    return any(map(may_be_public, balancer.frontends))
