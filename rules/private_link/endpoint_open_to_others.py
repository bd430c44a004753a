"""A private endpoint is reachable from networks that were not meant to use it.

## Why it matters
A private endpoint gives a service an address inside a network: a vault, a database, a registry. The
default rules let every subnet, every peer and every site on premises use it, and the service sees
a private address that its own firewall does not judge.

## What fails
A private endpoint that some subnet around it, or a site on premises, certainly reaches on the port,
although it is not among the sources that are meant to: by default the subnets of the endpoint's own
network, otherwise those that are declared, globs of ids of subnets, or `onprem`:

    [params.PE-010]
    sources = ["*/virtualNetworks/vnet-shop/subnets/*"]
    port = 443

Left out are subnets where nobody starts such connections: those of Azure's own, of application
gateways, of private endpoints, delegated to databases and the like, and empty ones, as Azure
answered them.

Who is meant to use an endpoint is a matter of the architecture, so the rule runs only when it is
selected by id. For single endpoints an `[[intent]]` with `expect = "unreachable"` says the same.

## What to do
Set `privateEndpointNetworkPolicies` of the endpoint's subnet to Enabled, and let its security group
allow the sources that are meant to, and deny `VirtualNetwork`.

## References
- https://learn.microsoft.com/azure/private-link/disable-private-endpoint-network-policy
- Facts L-2, L-4, L-5, N-44, N-48
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from auditor.network.approval import approved
from auditor.network.graph import every
from auditor.ports import Port
from auditor.reach.closing import also
from auditor.reach.fencing import Meant, heeded, meant_of, only_from
from auditor.reach.points import Point, endpoint
from auditor.reach.screening import callers
from auditor.reach.talking import Intruders, intruders
from auditor.reach.told import told_of
from auditor.resources.private_endpoints import PrivateEndpoint
from auditor.rule import Finding, Network, Outcomes, Reads, Severity, Unknown, rule


class Params(Struct, frozen=True):
    """Who is meant to use private endpoints, and how."""

    sources: tuple[str, ...] = ()
    """Globs of ids of subnets, or `onprem`; none: the subnets of the endpoint's own network."""
    port: Port = 443
    """The port of the services behind them."""


@rule(
    "PE-010",
    severity=Severity.HIGH,
    since="0.1.0",
    of=every(PrivateEndpoint),
    parameters=Params,
    on=False,
    reads=Reads(
        anywhere=(
            "virtualNetworks",
            "networkInterfaces",
            "virtualNetworkGateways",
            "connections",
            "localNetworkGateways",
        )
    ),
)
def endpoint_open_to_others(network: Network, target: PrivateEndpoint, params: Params) -> Outcomes:
    """Name whoever reaches one endpoint without being meant to."""
    there = endpoint(network, target)
    found = intruders(
        network, _others(network, there, params.sources, params.port), (there,), params.port
    )
    first = found.first
    if first is None:
        if found.perhaps:
            missing = f"whether {found.reach} {target.label}: {found.reasons}"
            yield Unknown(target.id, missing, remedy=found.remedy, told_by=found.told_by)
        return
    told = told_of(network, first, target.id)
    meant = _let_in(network, there, found, params)
    yield Finding(
        subject=target.id,
        message=f"{found.reach} {target.label} without being meant to ({told.words})",
        remedy=heeded(there)
        + "allow whoever is meant to use it and deny "
        + ("the others" if meant.others else "VirtualNetwork")
        + also(only_from(network, first, meant, params.port)),
        related=found.ids,
        evidence=told.evidence,
        witness=told.witness,
        hops=told.hops,
    )


def _let_in(network: Network, there: Point, found: Intruders, params: Params) -> Meant:
    """Who is to be let in: those around it that are no intruders."""
    others = {point.id for point in _others(network, there, params.sources, params.port)}
    keys = {
        here.subnet.key
        for here in callers(network, (there,), params.port)
        if here.subnet is not None and here.id not in others
    }
    return meant_of(network, "meant", keys, found, onprem="onprem" in params.sources)


def _others(network: Network, there: Point, sources: tuple[str, ...], port: int) -> Iterator[Point]:
    for here in callers(network, (there,), port):
        if here.subnet is None:
            if "onprem" not in sources:
                yield here
            continue
        meant = approved(sources, here.id) if sources else here.home == there.home
        own = there.subnet is not None and here.subnet.key == there.subnet.key
        if not meant and not own:
            yield here
