"""The security group of a gateway's subnet closes its listeners, or its way out.

## Why it matters
A listener that no client reaches serves nobody, however healthy everything behind it is: the
browser waits until it gives up. And a gateway that cannot get out to the internet fails to fetch
certificates, to check whether they were revoked, and to report to Azure.

## What fails
- A port on which a gateway serves something, and to which the security group of its subnet lets in
  nobody: none of the internet at a public frontend, no machine at a private one. Where clients are
  named, by prefix or service tag, each of them has to get in, a prefix as a whole:

      [params.GW-023]
      clients = ["AzureFrontDoor.Backend", "198.51.100.0/24"]

  Where a public and a private frontend share a port, the rules see the frontend's own address as
  the destination, not the subnet's. Ports of one frontend that one rule closes to the same clients
  are told together, but for one that takes challenges for certificates (TLS-018).
- TCP 443 to the internet is denied to a gateway without network isolation.

A subnet without a security group is kept, and so is a listener that lets in only some. *Unknown*
when the rules depend on what the input does not tell. With a route for 0.0.0.0/0 it is not known
whether the tag `Internet` still holds anybody: a listener that is opened to this tag alone, before
a denial of everything, is *unknown*. So is a service tag of which only a part gets in, and so is a
private frontend with Private Link.

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
from collections.abc import Iterable, Iterator
from functools import partial
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from auditor.addresses import parse_ports, parse_prefix
from auditor.network.challenge_paths import HTTP, challenge_rules
from auditor.network.gateway_homes import gateway_homes, gateways_by_subnet, home
from auditor.network.graph import Network
from auditor.network.reasons import remedy, teller
from auditor.reach.audience import Door, agreed, doors, shut
from auditor.reach.demands import Refusal, allow_before, refusal, remedy_of, teller_of, whys
from auditor.reach.gatewaying import Port, ports_of
from auditor.reach.platform_demands import confined
from auditor.reach.wording import one_or_many
from auditor.resources.application_gateways import ApplicationGateway
from auditor.resources.gateway_routing import PathRule
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
        closed: list[_Closed] = []
        judge = partial(_listening, network, gateway, params.clients, before, closed)
        yield from apart(gateway.id, parts, judge)
        yield from (_finding(network, group) for group in _by_denial(network, closed))
        before += len(ports) * max(1, len(params.clients))
        if reasons and subnet.properties.network_security_group is not None:
            yield Unknown(
                gateway.id,
                "; ".join(map(str, reasons)),
                key="listeners",
                remedy=remedy(reasons),
                told_by=teller(reasons),
            )


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
        yield Unknown(
            subnet.id, missing, key="out", remedy=remedy_of([refused]), told_by=teller_of([refused])
        )


def _listening(
    network: Network,
    gateway: ApplicationGateway,
    clients: tuple[str, ...],
    before: int,
    closed: list[_Closed],
    part: tuple[int, Port],
) -> Outcomes:
    """Add to `closed` whom the group keeps from one port; yield what is not told of it."""
    number, port = part
    first = before + number * max(1, len(clients)) + 1
    seen = doors(network, gateway, port)
    told = [_refused_at(network, at, clients) for at in seen]
    either = agreed(gateway, told, _said)
    for nth, (at, refused) in enumerate(either, first):
        client = refused.demand.who if refused.demand.who in clients else ""
        if refused.certain and port.frontend.properties.private_link_configuration is None:
            closed.append(_Closed(at, refused, nth, client))
        else:
            link = refused.certain and "clients may come by Private Link"
            whom = f"{refused.demand.who} on port {port.number} at {port.frontend.label}"
            missing = f"whether {gateway.label} lets in {whom}: {link or whys([refused])}"
            by = "" if link else teller_of([refused])
            yield Unknown(gateway.id, missing, key=f"{at.key} {client}".strip(), told_by=by)


def _refused_at(network: Network, at: Door, clients: tuple[str, ...]) -> list[tuple[Door, Refusal]]:
    return [(at, refused) for refused in _refused(network, at, clients)]


def _said(told: list[tuple[Door, Refusal]]) -> object:
    return [(refused.demand.who, refused.certain) for _, refused in told]


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


class _Closed(NamedTuple):
    """A port that a client does not get to; which one, where it is named by a parameter."""

    at: Door
    refused: Refusal
    nth: int
    client: str


def _by_denial(network: Network, closed: list[_Closed]) -> Iterable[list[_Closed]]:
    """Put together the ports of a frontend that one rule closes to the same clients.

    Not a port for challenges: what closes that is another rule's, too, which speaks for this one.
    """
    grouped: dict[object, list[_Closed]] = {}
    for each in sorted(closed, key=lambda each: each.at.port.number):
        rule, front = each.refused.rule, each.at.port.frontend.id
        by = (rule.resource, rule.rule) if rule is not None else each.at.key
        alone = each.at.key if _is_for_challenges(network, each.at) else ""
        grouped.setdefault((by, front, each.refused.demand.who, alone), []).append(each)
    return grouped.values()


def _is_for_challenges(network: Network, at: Door) -> bool:
    rules = challenge_rules(network) if at.port.number == HTTP and at.public else ()
    return any(isinstance(each, PathRule) and each.root is at.gateway for each in rules)


def _whom(refused: Refusal, client: str) -> str:
    """Say whom the rule keeps out: of a client that is named perhaps a part."""
    if not client:
        return "every client"
    return f"a part of {client}" if refused.some else client


def _finding(network: Network, group: list[_Closed]) -> Finding:
    at, refused, nth, client = group[0]
    gateway, front = at.gateway, at.port.frontend
    numbers = [each.at.port.number for each in group]
    listeners = [one for each in group for one in each.at.port.listeners]
    ports = parse_ports(*map(str, numbers))
    name = f"AllowClients-{numbers[0]}-{refused.demand.who}"
    every = replace(refused, ports=ports, demand=replace(refused.demand, ports=ports))
    return Finding(
        subject=gateway.id,
        message=f"{refused.by} keeps {_whom(refused, client)} from "
        f"{one_or_many(len(group), 'port', 'ports')} {ports} of {gateway.label} at "
        f"{front.label} ({', '.join(one.label for one in listeners)})",
        remedy=f"let them in: {allow_before(network, every, name, nth=nth)}",
        related=tuple(one.id for one in listeners),
        evidence=refused.quoted(network, gateway.id),
        key=f"{front.label}:{','.join(map(str, numbers))} {client}".strip(),
        hops=refused.hops,
    )
