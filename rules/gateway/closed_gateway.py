"""The security group of a gateway's subnet closes its listeners, or its way out.

## Why it matters
A listener that no client reaches serves nobody, however healthy everything behind it is: the
browser waits until it gives up. And a gateway that cannot get out to the internet fails to fetch
certificates, to check whether they were revoked, and to report to Azure.

## What fails
- A port on which a gateway serves something, and to which the security group of its subnet lets in
  nobody: none of the internet at a public frontend, no machine at a private one. Where clients are
  named, by prefix or service tag, each of them has to get in:

      [params.GW-023]
      clients = ["AzureFrontDoor.Backend", "198.51.100.0/24"]

  Where a public and a private frontend share a port, the rules see the frontend's own address as
  the destination, not the subnet's.
- TCP 443 to the internet is denied to a gateway without network isolation.

A subnet without a security group is kept, and so is a listener that lets in only some. *Unknown*
when the rules depend on what the input does not tell. With a route for 0.0.0.0/0 it is not known
whether the tag `Internet` still holds anybody: a listener that is opened to this tag alone, before
a denial of everything, is *unknown*. So is a private frontend with Private Link.

## What to do
Let the clients in, before the rule that denies them:

    az network nsg rule create --resource-group GROUP --nsg-name NSG --name AllowClients \
        --priority 4000 --direction Inbound --access Allow --protocol Tcp \
        --source-address-prefixes Internet --destination-port-ranges 443

## References
- https://learn.microsoft.com/azure/application-gateway/configuration-infrastructure#network-security-groups
- Facts A-5, A-10, A-11, N-10, N-22
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from msgspec import Struct

from auditor.addresses import parse_prefix
from auditor.network.gateway_homes import gateway_homes, gateways_by_subnet, home
from auditor.network.graph import Network
from auditor.reach.audience import Door, door, shut
from auditor.reach.demands import Refusal, allow_before, refusal, whys
from auditor.reach.gatewaying import Port, ports_of
from auditor.reach.platform_demands import confined
from auditor.reach.wording import one_or_many
from auditor.resources.application_gateways import ApplicationGateway
from auditor.resources.virtual_networks import Subnet
from auditor.rule import Finding, Outcomes, Reads, Severity, Unknown, apart, rule

_TAG = r"[A-Za-z][A-Za-z0-9.]*"
_PLATFORM = 2
"""How many priorities are left to what Azure itself must be let in by."""


class Params(Struct, frozen=True):
    """Whom listeners are for."""

    clients: tuple[str, ...] = ()
    """Prefixes and service tags that every public listener must let in; none: somebody."""

    def __post_init__(self) -> None:
        """Refuse what is neither."""
        for text in self.clients:
            if not re.fullmatch(_TAG, text):
                parse_prefix(text)


@rule(
    "GW-023",
    severity=Severity.HIGH,
    since="0.1.0",
    of=gateway_homes,
    parameters=Params,
    reads=Reads(subjects=("applicationGateways",)),
)
def closed_gateway(
    network: Network, subject: Subnet | ApplicationGateway, params: Params
) -> Outcomes:
    """Judge the security group of one gateway subnet."""
    subnet = home(network, subject)
    yield from apart(subnet.id, (("out", subnet),), partial(_outbound, network))
    before = _PLATFORM
    for gateway in gateways_by_subnet(network).get(subnet.key, ()):
        ports, reasons = ports_of(network, gateway)
        each = enumerate(ports)
        parts = ((f"{port.frontend.label}:{port.number}", (n, port)) for n, port in each)
        judge = partial(_listening, network, gateway, params.clients, before)
        yield from apart(gateway.id, parts, judge)
        before += len(ports) * max(1, len(params.clients))
        if reasons and subnet.properties.network_security_group is not None:
            yield Unknown(gateway.id, "; ".join(map(str, reasons)), key="listeners")


def _outbound(network: Network, subnet: Subnet) -> Outcomes:
    refused = confined(network, subnet)
    names = ", ".join(one.label for one in gateways_by_subnet(network)[subnet.key])
    if refused is not None and refused.certain:
        yield Finding(
            subject=subnet.id,
            message=f"{refused.by} keeps {names} in {subnet.label} from the internet",
            remedy=f"allow it: {allow_before(network, refused, 'AllowInternet')}",
            related=tuple(one.id for one in gateways_by_subnet(network)[subnet.key]),
            evidence=refused.quoted(network, subnet.id),
            key="out",
            hops=refused.hops,
        )
    elif refused is not None:
        get = one_or_many(len(gateways_by_subnet(network)[subnet.key]), "gets", "get")
        missing = f"whether {names} {get} out to the internet: {whys([refused])}"
        yield Unknown(subnet.id, missing, key="out")


def _listening(
    network: Network,
    gateway: ApplicationGateway,
    clients: tuple[str, ...],
    before: int,
    part: tuple[int, Port],
) -> Outcomes:
    number, port = part
    at = door(network, gateway, port)
    first = before + number * max(1, len(clients)) + 1
    for nth, refused in enumerate(_refused(network, at, clients), first):
        key = at.key if refused.demand.who not in clients else f"{at.key} {refused.demand.who}"
        if refused.certain and port.frontend.properties.private_link_configuration is None:
            yield _finding(network, at, refused, key, nth)
        else:
            link = refused.certain and "clients may come by Private Link"
            whom = f"{refused.demand.who} on port {port.number} at {port.frontend.label}"
            missing = f"whether {gateway.label} lets in {whom}: {link or whys([refused])}"
            yield Unknown(gateway.id, missing, key=key)


def _refused(network: Network, at: Door, clients: tuple[str, ...]) -> Iterator[Refusal]:
    if clients and at.public:
        for text in clients:
            refused = refusal(network, at.at, at.client(text))
            if refused is not None:
                yield refused
        return
    refused = shut(network, at)
    if refused is not None:
        yield refused


def _finding(network: Network, at: Door, refused: Refusal, key: str, nth: int) -> Finding:
    whom = refused.demand.who if " " in key else "every client"
    names = ", ".join(one.label for one in at.port.listeners)
    name = f"AllowClients-{at.port.number}-{refused.demand.who}"
    return Finding(
        subject=at.gateway.id,
        message=f"{refused.by} keeps {whom} from port {at.port.number} of {at.gateway.label} at "
        f"{at.port.frontend.label} ({names})",
        remedy=f"let them in: {allow_before(network, refused, name, nth=nth)}",
        related=tuple(one.id for one in at.port.listeners),
        evidence=refused.quoted(network, at.gateway.id),
        key=key,
        hops=refused.hops,
    )
