"""A backend of a gateway answers the internet around it.

## Why it matters
The gateway has the certificate, the web application firewall and the log; its backend was to be
reached through it alone. A second way in makes all of that optional: attackers find the address by
scanning.

## What fails
A machine behind a pool that some listener uses, a NIC or the nodes behind an internal load
balancer, to which packets from *any source*, as NSG-003 defines it, certainly arrive by another
entrance: a public IP of its own, a public load balancer (an AKS Service of type LoadBalancer, say),
an inbound NAT rule or a firewall's NAT rule.

Entrances that are meant to be are approved with `allow`, globs of ids of machines, load balancers
or public IPs:

    [params.EXP-008]
    allow = ["*/publicIPAddresses/pip-partner"]

## What to do
Take the address or the load-balancing rule away, or allow the gateway's subnet alone in the
security group before the backend. A Kubernetes Service becomes internal with the annotation
`service.beta.kubernetes.io/azure-load-balancer-internal: "true"`.

## References
- https://learn.microsoft.com/azure/aks/internal-lb
- Facts A-28, E-12, E-13, K-57, K-62
"""

from __future__ import annotations

from msgspec import Struct

from auditor.network.doubt import Doubt, settled
from auditor.network.graph import question
from auditor.network.openings import ports_in_words
from auditor.network.reads import INHABITANTS
from auditor.reach.backends import Backend, backends, machines_behind
from auditor.reach.closing import closing
from auditor.reach.instance_openings import of_instances_alike
from auditor.reach.openings import Opening, openings
from auditor.reach.told import remedy_of, teller_of, told_of, whys
from auditor.rule import Finding, Network, Outcomes, Reads, Severity, Unknown, rule


class Params(Struct, frozen=True):
    """Which other entrances are meant to be."""

    allow: tuple[str, ...] = ()
    """Globs of ids of machines, load balancers or public IPs; letter case does not matter."""


class Bypass(Struct, frozen=True, eq=False):
    """An entrance to a machine that is also behind a gateway."""

    opening: Opening
    backend: Backend

    @property
    def id(self) -> str:
        """The machine's id."""
        return self.opening.id


@question
def bypasses(network: Network) -> tuple[Bypass | Doubt, ...]:
    """Give every entrance to a machine behind a gateway, whether or not anything gets in.

    Where other machines are open, a doubt stands for each gateway that may send to them and does
    not tell.
    """
    told = [one for one in backends(network) if isinstance(one, Backend)]
    behind = {
        machine.id.lower(): backend
        for backend in told
        for machine, _ in machines_behind(network, backend)
    }
    others = any(o.certain and o.target.id.lower() not in behind for o in openings(network))
    return (
        *(
            Bypass(opening, behind[opening.target.id.lower()])
            for opening in openings(network)
            if opening.target.id.lower() in behind
        ),
        *(one for one in backends(network) if isinstance(one, Doubt) and others),
    )


@rule(
    "EXP-008",
    severity=Severity.CRITICAL,
    since="0.1.0",
    of=bypasses,
    parameters=Params,
    reads=Reads(
        subjects=("applicationGateways", "virtualNetworks", *INHABITANTS),
        nearby=("loadBalancers",),
    ),
)
def backend_around_gateway(network: Network, bypass: Bypass | Doubt, params: Params) -> Outcomes:
    """Judge one entrance to one machine behind a gateway."""
    bypass = settled(bypass)
    opening, backend = bypass.opening, bypass.backend
    if opening.approved(params.allow):
        return
    ports = opening.certain or opening.possible
    shown = opening.shown(ports, certain=bool(opening.certain)) if ports else None
    if shown is None:
        return
    around = f"{opening.words}, around {backend.gateway.label}, on {ports_in_words(ports)}"
    if not opening.certain:
        yield Unknown(
            opening.id,
            f"whether the internet reaches {around}: {whys([shown])}",
            related=(backend.id, opening.entrance.address),
            key=opening.key,
            remedy=remedy_of([shown]),
            told_by=teller_of([shown]),
        )
        return
    told = told_of(network, shown, opening.id)
    yield Finding(
        subject=opening.id,
        message=f"the internet reaches {around} ({told.words})",
        remedy="take the address or the load-balancing rule away, or "
        + closing(network, opening, ports, to=f" to all but the subnet of {backend.gateway.label}"),
        related=(backend.id, opening.entrance.address),
        evidence=told.evidence,
        key=opening.key,
        covers=(
            ("EXP-004", opening.id, opening.key),
            *(("EXP-008", each.id, each.key) for each in of_instances_alike(network, opening)),
        ),
        witness=told.witness,
        hops=told.hops,
    )
