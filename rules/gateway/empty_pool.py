r"""A routing rule sends requests to a pool without members.

## Why it matters
The gateway answers every request that takes this rule with 502 Bad Gateway. Such a pool is often
the one the portal made and nobody filled, while the real servers sit in another pool beside it.

## What fails
A backend pool that a listener's requests can reach, through a routing rule, a path rule, the
default of a path map or a load distribution policy, and that has no member of any kind: no address,
no name, no network interface, whether the pool lists the interface or the interface names the pool.

A pool that no rule uses is not judged here, nor is one behind a redirect, which reaches no pool,
nor the default of a path map with a path rule for `/*`, which leaves nothing to it. Where an
ingress controller writes the gateway (the AGIC add-on, or its tags), an empty default pool is what
it writes while no Ingress matches; it answers 502 as well, and the finding is of medium severity.
Of an empty pool the answer is *unknown* when a rule of the gateway names a target that the snapshot
does not hold.

## What to do
Put the servers into the pool, or take the rule away:

    az network application-gateway address-pool update --resource-group GROUP \
        --gateway-name GATEWAY --name POOL --servers 10.0.2.10

## References
- https://learn.microsoft.com/azure/application-gateway/application-gateway-components#backend-pools
- https://learn.microsoft.com/azure/application-gateway/application-gateway-troubleshooting-502
- Facts A-25, A-26, A-29, A-54
"""

from __future__ import annotations

from auditor.finding import Finding, Severity
from auditor.network.doubt import Doubt, settled
from auditor.network.gateway_backends import is_controlled
from auditor.network.gateway_use import listeners_using, pools_in_use
from auditor.network.gateways import gateway_of, is_empty
from auditor.network.graph import Network, evidence
from auditor.remedy import az
from auditor.resources.application_gateways import GatewayPool
from auditor.rule import Outcomes, rule


@rule(
    "GW-006",
    severity=Severity.HIGH,
    since="0.1.0",
    of=pools_in_use,
    peers=("AZQ:2f3a4b5c",),
)
def empty_pool(network: Network, subject: GatewayPool | Doubt) -> Outcomes:
    """Find pools that a rule uses and that nobody is in."""
    pool = settled(subject)
    if not is_empty(network, pool):
        return
    gateway = gateway_of(network, pool)
    listeners = listeners_using(network, pool)
    controlled = is_controlled(network, pool)
    names = ", ".join(listener.label for listener in listeners)
    remedy = "put the servers' private addresses into the pool: " + az(
        *("network", "application-gateway", "address-pool", "update"),
        resource_group=gateway.resource_group,
        gateway_name=gateway.label,
        name=pool.label,
        servers="ADDRESS",
    )
    if controlled:  # the controller would write over it
        remedy = (
            "give the Ingress a default backend, or a rule for the path /, with pods that run: its "
            "controller writes the pool"
        )
    yield Finding(
        pool.id,
        f"The backend pool {pool.label} of {gateway.label} is empty, "
        f"so requests to the listener {names} get 502",
        remedy,
        related=tuple(listener.id for listener in listeners),
        evidence=(evidence(pool, "/properties/backendAddresses", []),),
        severity=Severity.MEDIUM if controlled else None,
    )
