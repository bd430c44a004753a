"""Places that are plainly closed to others: whatever the port, their rules let few addresses in.

What the rules before a subnet let in over TCP, to any address and port, is told once for all that
say the same. Where nobody around bears such an address, it does not matter by which entrance or
load balancer a packet comes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from auditor.addresses import EVERY_PORT, EVERYTHING, NOTHING, AddressSet, Prefix
from auditor.network.effective_rules import Direction, is_endpoint, rules_at
from auditor.network.filters import subnet_name
from auditor.network.graph import Network, question, question_about
from auditor.network.passage import may_pass
from auditor.network.sites import every_site
from auditor.reach.balancing import forwards_of
from auditor.reach.handed_on import of_firewalls, put_by_any
from auditor.reach.neighbourhood import PLATFORM_SUBNETS, subnets_around
from auditor.reach.points import Kind, Point, anywhere_in
from auditor.reach.senders import starts_no_others
from auditor.reach.ways import appliances_in
from auditor.resources import walk
from auditor.resources.firewalls import Firewall
from auditor.resources.load_balancers import LoadBalancerFrontend
from auditor.resources.private_endpoints import PrivateLinkService
from auditor.resources.routing import RouteTable
from auditor.resources.virtual_networks import Subnet
from auditor.special_addresses import PUBLIC


def closed_but_to(network: Network, targets: Iterable[Point], known: Collection[str]) -> bool:
    """Tell whether plainly nobody but machines of some subnets (their keys) gets to some points.

    Over TCP, of all who are around: of whom `callers` names the rest. False: look closer.
    """
    keys = frozenset(known)
    return not _may_hide_senders(network) and all(_closed(network, end, keys) for end in targets)


def _closed(network: Network, target: Point, keys: frozenset[str]) -> bool:
    if not target.addresses:
        return False
    if isinstance(target.node, LoadBalancerFrontend):
        forwards = forwards_of(network, target.node)
        return not forwards.reasons and all(
            each.target is not None
            and each.target.kind is not Kind.FRONTEND
            and _closed(network, each.target, keys)
            for each in forwards.known
        )
    if target.kind not in (Kind.MACHINE, Kind.SUBNET) or is_endpoint(target.nic):
        return False
    place = target.place
    return place is not None and _closed_around(network, place, keys)


@question_about
def _closed_around(network: Network, subnet: Subnet, keys: frozenset[str]) -> bool:
    let_in = _let_in(network, subnet)
    if let_in.overlaps(_put_on_the_way(network)) or let_in.overlaps(every_site(network).must):
        return False
    around = subnets_around(network, anywhere_in(network, subnet).home)
    if let_in.overlaps(_put_by_any(network, around)):
        return False
    if not _others_overlap(network, around, keys, let_in):
        return True
    return not any(_may_send(network, each, let_in) for each in around if each.key not in keys)


@question_about
def _put_by_any(network: Network, subnets: tuple[Subnet, ...]) -> AddressSet:
    """What appliances may put in the place of the source of what any of some subnets sends."""
    return put_by_any(network, subnets)


def _others_overlap(
    network: Network, around: tuple[Subnet, ...], keys: frozenset[str], let_in: AddressSet
) -> bool:
    """Whether others than some subnets may have one of the addresses that are let in.

    Asked of all at once: where no two subnets share addresses, what is left are the others'.
    """
    each, total = _by_key(network, around)
    if total is None:
        return True
    rest = let_in
    for key in keys:
        rest = rest - each.get(key, NOTHING)
    return rest.overlaps(total)


@question_about
def _by_key(
    network: Network, subnets: tuple[Subnet, ...]
) -> tuple[dict[str, AddressSet], AddressSet | None]:
    """The addresses of each of some subnets, and of all.

    None for all where two share some, or where it is not told what one has.
    """
    each = {subnet.key: anywhere_in(network, subnet).addresses for subnet in subnets}
    total, apart = AddressSet.union(each.values())
    return each, total if apart and NOTHING not in each.values() else None


def _may_send(network: Network, subnet: Subnet, let_in: AddressSet) -> bool:
    """Whether a subnet's machines may have one of the addresses that are let in."""
    own = anywhere_in(network, subnet).addresses
    return (
        (not own or own.overlaps(let_in))
        and subnet_name(subnet).lower() not in PLATFORM_SUBNETS
        and not starts_no_others(network, subnet)
    )


@question
def _put_on_the_way(network: Network) -> AddressSet:
    """What anybody around may put in the place of a sender's address: for the internet too."""
    total = PUBLIC | of_firewalls(network)
    appliances = {hop for table in network.all(RouteTable) for hop in appliances_in(network, table)}
    return total | AddressSet.from_prefixes(
        Prefix.of(hop.version, hop.value, 32 if hop.version == 4 else 128) for hop in appliances
    )


@question_about
def _let_in(network: Network, subnet: Subnet) -> AddressSet:
    """What the rules before a subnet let in at most; a NIC's own let in less."""
    rules = rules_at(network, None, Direction.INBOUND, subnet, network.tags)
    return may_pass(rules, EVERYTHING, EVERY_PORT)


@question
def _may_hide_senders(network: Network) -> bool:
    """Whether something puts addresses in the place of senders' that is not looked for here.

    Private link services do (P-6), and firewalls in virtual hubs.
    """
    return bool(network.all(PrivateLinkService)) or any(
        walk.peek(walk.peek(each, "properties"), name) is not None
        for each in network.all(Firewall)
        for name in ("virtual_hub", "hub_ip_addresses")
    )
