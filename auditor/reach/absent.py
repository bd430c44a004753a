"""Whoever lives in networks that the input names and does not hold: far ends of peerings."""

from __future__ import annotations

from auditor import ids
from auditor.addresses import EVERYTHING, NOTHING, AddressSet, Version
from auditor.errors import Undetermined
from auditor.network.graph import Network, question
from auditor.network.hidden_addresses import unlisted
from auditor.network.reasons import Reason
from auditor.network.routing.peered import ties_of
from auditor.network.routing_domains import network_key
from auditor.network.service_tags import ServiceTags
from auditor.reach.bounds import Bounds
from auditor.reach.path import Path, start
from auditor.reach.points import Kind, Point, on_premises
from auditor.reach.stages import remark
from auditor.resources import walk
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.special_addresses import PRIVATE, PUBLIC


def in_absent_networks(network: Network, addresses: AddressSet) -> tuple[Point, ...]:
    """Give somebody with some addresses in each peered network that the input does not hold.

    The peering tells the addresses of the far side; where it does not, any private one may be
    there (R-18).
    """
    found: dict[str, Point] = {}
    for key, (arm_id, space) in _spaces(network).items():
        here = addresses & space if space is not None else addresses - PUBLIC
        if here:
            why = Reason("peer-external", f"{arm_id} is not in the snapshot", arm_id)
            found[key] = Point(Kind.BEYOND, arm_id, here, home=key, reasons=(why,))
    return tuple(found[key] for key in sorted(found))


def behind_gateways(network: Network, told: AddressSet, reasons: tuple[Reason, ...] = ()) -> Point:
    """Give what is on premises: `told`, or where nothing is, whatever private address may be there.

    `reasons` tell why there may be more (R-25).
    """
    if told or not reasons:
        return on_premises(told)
    ours = address_spaces(network)
    return on_premises(PRIVATE - ours or EVERYTHING - PUBLIC - ours, reasons)


def address_spaces(network: Network) -> AddressSet:
    """Give the addresses of all networks of the input that tell theirs."""
    total = NOTHING
    for vnet in network.all(VirtualNetwork):
        try:
            total = total | AddressSet.from_prefixes(vnet.prefixes)
        except Undetermined:
            continue
    return total


@question
def _spaces(network: Network) -> dict[str, tuple[str, AddressSet | None]]:
    """The far ends of peerings that are missing, by key: id, and addresses (None: not told)."""
    found: dict[str, tuple[str, AddressSet | None]] = {}
    for vnet in network.all(VirtualNetwork):
        for tie in ties_of(network, vnet).ties:
            if tie.far is not None and walk.peek(tie.far, "properties") is not None:
                continue  # told; an entry of an inventory is as good as missing
            told = AddressSet.from_prefixes(claim.prefix for claim in tie.claims)
            space = told if tie.vague is None else None
            arm_id, known = found.get(tie.far_key, ("", AddressSet()))
            remote = tie.peering.properties.remote_virtual_network
            arm_id = arm_id or (remote.id if remote is not None and remote.id else tie.far_key)
            both = known | space if known is not None and space is not None else None
            found[tie.far_key] = arm_id, both
    return found


def told_of_absent(network: Network) -> AddressSet:
    """Give the addresses that peerings tell of networks that are missing."""
    total = AddressSet()
    for _, space in _spaces(network).values():
        total = total | space if space is not None else total
    return total


def nobody(
    network: Network, subnet: Subnet, one: AddressSet, untold: Reason | None = None
) -> Point:
    """Give an address of a subnet that nobody has, or nobody that the input lists.

    `untold`: of whom it is not told what has the address.
    """
    reasons = (untold,) if untold else who_else(network, subnet)
    return Point(Kind.NOBODY, subnet.id, one, subnet, None, subnet, network_key(subnet.id), reasons)


def who_else(network: Network, subnet: Subnet) -> tuple[Reason, ...]:
    """Say why an address of a subnet that nobody listed has may be somebody's.

    It is certainly nobody's where the subnet lists who is in it, and all of these are told.
    """
    doubt = unlisted(network, subnet)
    try:
        listed = subnet.properties.ip_configurations is not None
    except Undetermined:
        listed = False
    if listed and not doubt:
        return ()
    return (Reason("nobody-listed", doubt or f"who else is in subnet {subnet.label}", subnet.id),)


def absent_name(point: Point) -> str:
    """Name the network that is missing."""
    return f"{ids.name(point.id)} (not in the input)"


def into_absent(
    network: Network, source: Point, target: Point, version: Version, tags: ServiceTags
) -> Path:
    """Give the path from outside into a network that the input does not hold: nobody tells."""
    trail = start(network, source, version, target.addresses, tags)
    doubt = remark(
        trail,
        "public-address" if source.kind is Kind.INTERNET else "gateway",
        target.id,
        lambda _: "it cannot be told what leads into a network that the input does not hold",
        Bounds.maybe(trail.space.all),
        reasons=target.reasons,
    )
    return Path(source, target, doubt)
