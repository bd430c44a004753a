"""Public addresses of the input at which nobody answers, or nobody who is told (E-1).

And what of the input was not read, in which there may be more of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor import ids
from auditor.addresses import NOTHING, AddressSet
from auditor.errors import Undetermined
from auditor.ids import fold
from auditor.intervals import merged
from auditor.network.exposure import is_free, owners_of
from auditor.network.gaps import undecided_list, unread_type
from auditor.network.graph import Missing, Network, question
from auditor.network.reasons import Reason
from auditor.network.unselected import perhaps_public, unread_of
from auditor.reach.bounds import Bounds
from auditor.reach.entrances import entrances
from auditor.reach.points import Kind, Point, vnet_of
from auditor.reach.stages import remark
from auditor.reach.trail import Trail
from auditor.resources import walk
from auditor.resources.compute import ScaleSetIpConfiguration
from auditor.resources.key_vault import KeyVault
from auditor.resources.public_addresses import PublicIp
from auditor.snapshot.document import Gap
from auditor.special_addresses import PUBLIC


@question
def unanswered(network: Network) -> tuple[Point, ...]:
    """Give the public addresses of the input that lead to nobody who is told; sorted by id."""
    leading = {each.address.lower() for each in entrances(network)}
    found = []
    for node in network.all(PublicIp):
        text = walk.peek(walk.peek(node, "properties"), "ip_address")
        address = AddressSet.from_text([text]) & PUBLIC if text else NOTHING
        if address and node.key not in leading:
            reasons = _untold_owners(network, node)
            found.append(Point(Kind.UNANSWERED, node.id, address, node, reasons=reasons))
    return tuple(found)


_TAKERS = frozenset(
    {
        "microsoft.apimanagement/service",
        "microsoft.batch/batchaccounts",
        "microsoft.compute/cloudservices",
        "microsoft.network/networkvirtualappliances",
        "paloaltonetworks.cloudngfw/firewalls",
    }
)
"""What takes customers' public addresses, of the types that nobody reads; these name the address,
which need not name them."""


def _untold_owners(network: Network, public: PublicIp) -> tuple[Reason, ...]:
    """Say why it is not told that nobody answers at a public address; nothing where it is."""
    what = f"what has the public address {public.label}"
    if not is_free(public):
        return () if _is_route_servers(public) else (_untold_owner(network, public),)
    if owners_of(network, public):
        return ()  # what answers nobody, such as a NAT gateway
    undecided = (undecided_list(network, each) for each in _ENTERED)
    added = next((gap for gap in undecided if gap is not None), None)
    told = (Reason("collection-gap", f"{what}: {added.detail}", public.id),) if added else ()
    return (*told, *unread_of(network, _TAKERS))


def _untold_owner(network: Network, public: PublicIp) -> Reason:
    named = walk.peek(walk.peek(walk.peek(public, "properties"), "ip_configuration"), "id")
    if named and isinstance(network.find(named), Missing):
        return Reason("collection-gap", f"{named} is not in the snapshot", named)
    return Reason("collection-gap", f"what has the public address {public.label}", public.id)


def _is_route_servers(public: PublicIp) -> bool:
    """Whether a Route Server has an address, at which it answers the platform only (3.2)."""
    named = walk.peek(walk.peek(public, "properties"), "ip_configuration")
    return (ids.type_of(walk.peek(named, "id") or "") or "").lower() == _HUB_ADDRESS


_HUB_ADDRESS = "microsoft.network/virtualhubs/ipconfigurations"


def lost_entrances(network: Network) -> tuple[Point, ...]:
    """Give those of them that somebody has whom the input lacks.

    Not an instance's of a scale set, which the scale set's model stands for (E-2b).
    """
    return tuple(p for p in unanswered(network) if p.reasons and not _is_instances(network, p))


def _is_instances(network: Network, point: Point) -> bool:
    named = walk.peek(walk.peek(point.node, "properties"), "ip_configuration")
    return isinstance(network.find(walk.peek(named, "id") or ""), ScaleSetIpConfiguration)


@question
def own_public_addresses(network: Network) -> AddressSet:
    """Give the public addresses of the input: who is sent to one of them is not just anybody."""
    known = [each.addresses for each in entrances(network)]
    known += [each.addresses for each in unanswered(network)]
    return AddressSet(
        merged(pair for each in known for pair in each.v4),
        merged(pair for each in known for pair in each.v6),
    )


def own_space(network: Network, point: Point) -> AddressSet:
    """Give the addresses of a point's own network: public ranges of it are not the internet's."""
    vnet = vnet_of(network, point)
    try:
        return AddressSet.from_prefixes(vnet.prefixes) if vnet is not None else NOTHING
    except Undetermined:
        return NOTHING


_ENTERED = (
    "Microsoft.Network/publicIPAddresses",
    "Microsoft.Network/networkInterfaces",
    "Microsoft.Network/loadBalancers",
    "Microsoft.Network/applicationGateways",
    "Microsoft.Network/azureFirewalls",
    "Microsoft.Network/bastionHosts",
    "Microsoft.Network/virtualNetworkGateways",
    "Microsoft.Compute/virtualMachineScaleSets",
    "Microsoft.ContainerService/managedClusters",
)


@question
def unread_entrances(network: Network) -> tuple[Reason, ...]:
    """Give the lists and inputs that were not read whole and may hold what the internet reaches.

    And the types that nobody reads: container groups, web applications, storage accounts (E-2).
    """
    lists = (unread_type(network, each) for each in _ENTERED)
    found = {gap.subject: gap.detail for gap in lists if gap is not None}
    for gap in network.gaps:  # an inventory without settings, a file that cannot be read
        if gap.kind in ("partial", "failed", "unsupported") and not _is_placed(gap):
            found[gap.subject] = gap.detail
    lost = (Reason("collection-gap", found[key], key) for key in sorted(found))
    return (*lost, *_vaults(network), *perhaps_public(network))


def _vaults(network: Network) -> Iterator[Reason]:
    """That key vaults may be public, whose public names are not followed."""
    settings = (walk.peek(vault, "properties") for vault in network.all(KeyVault))
    told = ((walk.peek(each, "public_network_access") or "").lower() for each in settings)
    open_ones = sum(access != "disabled" for access in told)
    if open_ones:
        one = open_ones == 1
        who = "1 key vault by its" if one else f"{open_ones} key vaults by their"
        name = "name" if one else "names"
        yield Reason("no-endpoint", f"who gets to {who} public {name} is not followed")


def _is_placed(gap: Gap) -> bool:
    """Whether it is told which lists a gap hides."""
    return bool(gap.hides) or fold(gap.subject).startswith("/subscriptions/")


def to_nobody(trail: Trail, target: Point) -> Trail:
    """Add that nobody answers at a public address, or that it cannot be told who does."""
    label = target.node.label if target.node is not None else target.id
    free = not target.reasons
    return remark(
        trail,
        "public-address",
        target.id,
        lambda _: (
            f"nothing answers at the public address {label}"
            if free
            else f"it cannot be told what answers at the public address {label}"
        ),
        Bounds.nothing(trail.space) if free else Bounds.maybe(trail.space.all),
        reasons=target.reasons,
    )
