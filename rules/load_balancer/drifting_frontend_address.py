"""A private frontend that others send to by address may change it.

## Why it matters
An application gateway or a DNS record that holds the literal address of an internal load balancer
is right until the frontend is made anew: with allocation `Dynamic`, Azure then gives it any free
address of the subnet, and the gateway sends every request to nobody, or to whoever has the old
address now. A Kubernetes Service that is deleted and deployed again does just that (K-62).

## What fails
A load-balancer frontend with a private address, allocated `Dynamic`, whose address stands in a
backend pool of an application gateway, or in an A or AAAA record, of a network that reaches it.
The same address in unconnected networks is another address.

*Unknown* when the address is written somewhere and the snapshot lacks the network that tells whose
it is, or when the frontend does not tell its allocation.

## What to do
Pin the address. For a Kubernetes Service, name it in the manifest, where Kubernetes reads it; for
any other frontend, make it static.

## References
- https://learn.microsoft.com/azure/aks/internal-lb
- https://learn.microsoft.com/azure/virtual-network/ip-services/private-ip-addresses
- Facts K-51, K-62, A-26
"""

from __future__ import annotations

from auditor.errors import Undetermined
from auditor.network.backends import Reliance, relied_on
from auditor.network.clusters import cluster_of
from auditor.network.graph import evidence, question
from auditor.remedy import az
from auditor.resources.load_balancers import LoadBalancerFrontend
from auditor.rule import Finding, Network, Outcomes, Reads, Severity, rule

_PIN = "service.beta.kubernetes.io/azure-load-balancer-ipv4"


@question
def private_frontends(network: Network) -> tuple[LoadBalancerFrontend, ...]:
    """Name the subjects: frontends without a public address."""
    return tuple(f for f in network.all(LoadBalancerFrontend) if not _is_public(f))


def _is_public(frontend: LoadBalancerFrontend) -> bool:
    try:
        return frontend.public
    except Undetermined:
        return False  # judged, and then answered with unknown


@rule(
    "LB-005",
    severity=Severity.HIGH,
    since="0.1.0",
    of=private_frontends,
    reads=Reads(
        anywhere=(
            "privateDnsZones",
            "privateDnsZones/virtualNetworkLinks",
            "privateDnsZones/ALL",
            "applicationGateways",
        )
    ),
)
def drifting_frontend_address(network: Network, frontend: LoadBalancerFrontend) -> Outcomes:
    """Judge one private frontend."""
    users = relied_on(network, frontend)
    if not users:
        return
    method = frontend.properties.private_ip_allocation_method
    if method is None:
        raise Undetermined("privateIPAllocationMethod of the frontend", resource=frontend.id)
    if method.lower() == "static":
        return
    address = frontend.properties.private_ip_address or ""
    yield Finding(
        subject=frontend.id,
        message=f"{address} of {frontend.root.label}/{frontend.label} is {method}, and "
        f"{_who(users)} {'send' if len(users) > 1 else 'sends'} to it",
        remedy=_remedy(network, frontend, address),
        related=tuple(dict.fromkeys(user.id for user in users)),
        evidence=(
            evidence(frontend, "/properties/privateIPAllocationMethod", method),
            *(user.told for user in users),
        ),
    )


def _who(users: tuple[Reliance, ...], most: int = 3) -> str:
    words = [user.word for user in users]
    if len(words) > most:
        words = [*words[:most], f"{len(words) - most} more"]
    return " and ".join(words)


def _remedy(network: Network, frontend: LoadBalancerFrontend, address: str) -> str:
    if cluster_of(network, frontend) is not None:
        return f'pin it in the Service\'s manifest with the annotation {_PIN}: "{address}"'
    command = az(
        "network", "lb", "frontend-ip", "update",
        resource_group=frontend.resource_group,
        lb_name=frontend.root.label,
        name=frontend.label,
        private_ip_address=address,
    )  # fmt: skip
    return f"make it static: {command}"
