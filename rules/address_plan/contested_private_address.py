"""A private address has two owners, or lies outside its subnet.

## Why it matters
Two owners of one address take turns answering, and both fail now and then. An address outside its
subnet never answers at all. Azure refuses either for what it deploys, so this is a template about
to fail, or an export that was put together from two states.

## What fails
Among the ip configurations of NICs, frontends of load balancers and application gateways,
firewalls and gateways of one virtual network: two hold the same address, and at least one of them
is static (two that Azure chose itself are an export taken while one was replaced by the other); or
a static address is in no prefix of its own subnet. Networks that are not joined may use the same
address. A subnet that is not in the snapshot, or does not tell its prefix, gives *unknown*.

## What to do
Give one of the two another address of its subnet. The finding proposes one of those whose address
was set by hand, and an address that nobody has; who else knows the old address (DNS records, pools,
rules) is to be told the new one, or let the other of the two move.

## References
- https://learn.microsoft.com/azure/virtual-network/ip-services/private-ip-addresses
- Facts D-1, D-4
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from msgspec import Struct

from auditor.addresses import Address
from auditor.errors import Undetermined
from auditor.finding import Evidence
from auditor.ids import fold
from auditor.ids import name as last_segment
from auditor.network.address_owners import Owner, all_owned_addresses, homeless
from auditor.network.doubt import Doubt, settled
from auditor.network.free_addresses import free_address
from auditor.network.graph import evidence, question
from auditor.network.routing_domains import claims_of_subnet
from auditor.network.subnets import told_claims
from auditor.remedy import az
from auditor.resources.base import Node
from auditor.resources.firewalls import Firewall
from auditor.resources.interfaces import IpConfiguration
from auditor.resources.load_balancers import LoadBalancerFrontend
from auditor.resources.virtual_networks import Subnet
from auditor.resources.virtual_wan import VirtualHub
from auditor.rule import Finding, Network, Outcomes, Reads, Severity, rule

OWNERS = ("networkInterfaces", "loadBalancers", "applicationGateways", "azureFirewalls")


class Contest(Struct, frozen=True):
    """An address of one network and who holds it; `id` is the first holder's."""

    id: str
    address: Address
    owners: tuple[Owner, ...]


@question
def static_addresses(network: Network) -> tuple[Contest | Doubt, ...]:
    """Every address that somebody holds for good; doubts for those that do not tell where."""
    found = []
    owned = all_owned_addresses(network)
    for key in sorted(owned):
        held = owned[key]
        kept = [a for a, by in held.items() if by[0].static or (len(by) > 1 and _some_for_good(by))]
        for address in sorted(kept):
            owners = held[address]
            if len(owners) > 1:
                owners = tuple(sorted(owners, key=lambda owner: owner.node.key))
            found.append(Contest(owners[0].node.id, address, owners))
    lost = (
        Doubt(node.id, f"the subnet in which {node.label} of {node.root.label} has {address}")
        for address, nodes in sorted(homeless(network).items())
        for node in nodes
    )
    return (*found, *lost)


def _some_for_good(owners: tuple[Owner, ...]) -> bool:
    return any(owner.static for owner in owners)


@rule(
    "ADR-015",
    severity=Severity.HIGH,
    since="0.1.0",
    of=static_addresses,
    reads=Reads(subjects=OWNERS, nearby=OWNERS),
)
def contested_private_address(network: Network, subject: Contest | Doubt) -> Outcomes:
    """Name those who hold the address twice, and those who hold it outside their subnet."""
    contest = settled(subject)
    holders = _distinct(contest.owners)
    if len(holders) > 1:
        yield _twice(network, contest, list(holders.values()))
    for owner in contest.owners:
        if owner.static and owner.subnet:
            yield from _outside(network, owner)


def _distinct(owners: tuple[Owner, ...]) -> dict[str, Owner]:
    """Give the owners, a resource and its own template counted once.

    A template's resource has a placeholder for its group; the export beside it tells the same.
    """
    placed = {_tail(owner) for owner in owners if "{" not in owner.node.key}
    return {
        owner.node.key: owner
        for owner in owners
        if "{" not in owner.node.key or _tail(owner) not in placed
    }


def _tail(owner: Owner) -> str:
    return owner.node.key.partition("/providers/")[2]


def _twice(network: Network, contest: Contest, owners: list[Owner]) -> Finding:
    first, *others = owners
    names = ", ".join(_named(owner) for owner in owners)
    return Finding(
        subject=first.node.id,
        related=tuple(owner.node.id for owner in others),
        message=f"{contest.address} is held by {names}",
        remedy=_move(network, _movable(owners)),
        evidence=tuple(_evidence(owner) for owner in owners),
        key=str(contest.address),
    )


def _outside(network: Network, owner: Owner) -> Iterator[Finding]:
    subnet = network.get(owner.subnet, Subnet)
    if subnet is None:
        return
    claims = told_claims(subnet)
    if not any(owner.address in claim.prefix for claim in claims):
        prefixes = ", ".join(str(claim.prefix) for claim in claims)
        yield Finding(
            subject=owner.node.id,
            related=(subnet.id,),
            message=f"{owner.address} of {_named(owner)} is outside {prefixes} of subnet "
            f"{subnet.label}",
            remedy=_move(network, owner),
            evidence=(_evidence(owner), *(claim.evidence for claim in claims)),
            key=f"outside {owner.address}",
        )


def _named(owner: Owner) -> str:
    return owner.holder.label


def _evidence(owner: Owner) -> Evidence:
    return evidence(owner.node, _pointer(owner.node), str(owner.address))


def _pointer(node: Node) -> str:
    if isinstance(node, VirtualHub):
        return "/properties/virtualRouterIps"
    if isinstance(node, Firewall):
        return "/properties/hubIPAddresses/privateIPAddress"
    return "/properties/privateIPAddress"


def _free(network: Network, owner: Owner) -> Address | None:
    """The address to propose to one that is to move: not the same to two of them."""
    subnet = network.find(owner.subnet)
    if not isinstance(subnet, Subnet):
        return None
    movers = _movers(network).get(fold(owner.subnet), [])
    nth = movers.index(owner.node.key) if owner.node.key in movers else 0
    return free_address(network, subnet, owner.address.version, nth)


@question
def _movers(network: Network) -> dict[str, list[str]]:
    """Who is to move, by the subnet in which each stays."""
    found: dict[str, list[str]] = defaultdict(list)
    for contest in static_addresses(network):
        if isinstance(contest, Doubt):
            continue
        holders = list(_distinct(contest.owners).values())
        moving = [_movable(holders)] if len(holders) > 1 else []
        moving += [owner for owner in contest.owners if owner.static and _strays(network, owner)]
        for owner in moving:
            if owner.node.key not in found[fold(owner.subnet)]:
                found[fold(owner.subnet)].append(owner.node.key)
    return found


def _strays(network: Network, owner: Owner) -> bool:
    subnet = network.find(owner.subnet)
    try:
        claims = claims_of_subnet(subnet) if isinstance(subnet, Subnet) else ()
    except Undetermined:
        return False
    return not any(owner.address in claim.prefix for claim in claims)


def _movable(owners: list[Owner]) -> Owner:
    return next((owner for owner in reversed(owners) if owner.static), owners[0])


def _move(network: Network, owner: Owner) -> str:
    """Propose an address: one that nobody has, where all who live in the subnet are listed."""
    node, holder = owner.node, owner.holder
    home = last_segment(owner.subnet)
    to, said = f"<a free address of {home}>", f"a free address of {home}"
    free = _free(network, owner)
    if free is not None:
        to, said = str(free), f"{free}, which nobody of {home} has"
    what = f"give {node.label} of {holder.label} {said}"
    move: tuple[str, ...] = ()
    if isinstance(node, IpConfiguration):
        move, names = ("nic", "ip-config"), {"nic_name": holder.label}
    elif isinstance(node, LoadBalancerFrontend):
        move, names = ("lb", "frontend-ip"), {"lb_name": holder.label}
    if not move:
        return what
    command = az(
        *("network", *move, "update"),
        resource_group=holder.resource_group,
        **names,
        name=node.label,
        private_ip_address=to,
    )
    return f"{what}: {command}"
