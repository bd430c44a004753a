"""What a selector may mean besides what it found: resources that are named and not told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from auditor import ids
from auditor.errors import Undetermined
from auditor.ids import fold
from auditor.network.graph import Edge, Missing, Network, question
from auditor.network.holes import Hole, holes
from auditor.network.reasons import Reason
from auditor.network.reasons import gap as as_reason
from auditor.network.selection import ENDPOINTS, EVERY
from auditor.network.selector_matching import Test, classes_of, home_of_subnet, test_of
from auditor.resources.application_gateways import ApplicationGateway, GatewayFrontend
from auditor.resources.base import Node
from auditor.resources.compute import ScaleSet, ScaleSetInterface
from auditor.resources.interfaces import IpConfiguration, NetworkInterface
from auditor.resources.load_balancers import LoadBalancer, LoadBalancerFrontend
from auditor.resources.managed_clusters import AgentPool, ManagedCluster
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.selector import Kind, Selector
from auditor.snapshot.document import Gap

_Told: TypeAlias = Edge | Hole

_ENDPOINT_TYPES = frozenset(each.lower() for types in ENDPOINTS.values() for each in types)
_EVERY_TYPE = frozenset(each.lower() for types in EVERY.values() for each in types)

_WITHOUT_ADDRESS = (
    "microsoft.advisor/", "microsoft.alertsmanagement/", "microsoft.authorization/",
    "microsoft.compute/availabilitysets", "microsoft.compute/disk", "microsoft.compute/galleries",
    "microsoft.compute/images", "microsoft.compute/proximityplacementgroups",
    "microsoft.compute/restorepointcollections", "microsoft.compute/snapshots",
    "microsoft.compute/sshpublickeys", "microsoft.insights/", "microsoft.maintenance/",
    "microsoft.managedidentity/", "microsoft.management/", "microsoft.network/ddoscustompolicies",
    "microsoft.network/dnsforwardingrulesets", "microsoft.network/networkintentpolicies",
    "microsoft.network/networkprofiles", "microsoft.network/routefilters",
    "microsoft.network/serviceendpointpolicies", "microsoft.operationalinsights/",
    "microsoft.operationsmanagement/", "microsoft.policyinsights/", "microsoft.portal/",
    "microsoft.resources/", "microsoft.security/",
)  # fmt: skip
"""How types begin that nobody reads and that no packet leaves or reaches."""


def named_by(network: Network, selector: Selector) -> tuple[Reason, ...]:
    """Give what certainly fits a selector by id, type, name, group or subnet, and is not told."""
    fits = test_of(selector)
    return (*_absent(network, selector, fits), *_unread(network, selector, fits))


def perhaps(network: Network, selector: Selector) -> tuple[Reason, ...]:
    """Give what may fit a selector besides: lists and pages that are not told."""
    return (*_untold_lists(network, selector), *_gaps(network))


def _absent(network: Network, selector: Selector, fits: Test) -> Iterator[Reason]:
    parts = selector.kind in (Kind.ID, Kind.TYPE)
    for key, told in absent_endpoints(network).items():
        arm_type = (ids.type_of(key) or "").lower()
        if not parts and arm_type not in _ENDPOINT_TYPES:
            continue
        if _fits_absent(selector, fits, key, arm_type):
            spelled = told.missing.id if isinstance(told, Hole) else told.spelled
            yield Reason("collection-gap", f"{spelled} is not in the snapshot", spelled)


def _fits_absent(selector: Selector, fits: Test, key: str, arm_type: str) -> bool:
    if selector.kind is Kind.SUBNET:
        if arm_type.endswith("/subnets"):
            return fits(key)
        # Of a VNet that is not here, nobody can say which subnets it has.
        is_vnet = arm_type.endswith("/virtualnetworks")
        return is_vnet and not selector.exact and home_of_subnet(selector.value)(key)
    if selector.kind is Kind.TYPE and _holds_some(selector, arm_type):
        return True
    return fits(key)


def _holds_some(selector: Selector, arm_type: str) -> bool:
    """Whether a resource of a type holds parts of the type that is selected."""
    inside = f"{arm_type}/"
    return any(
        each.lower().startswith(inside) for cls in classes_of(selector) for each in EVERY[cls]
    )


@question
def absent_endpoints(network: Network) -> dict[str, _Told]:
    """Give what others refer to and the snapshot lacks, as far as it can be an endpoint, by key."""
    found: dict[str, _Told] = {hole.missing.key: hole for hole in holes(network)}
    for edge in network.dangling():
        key = edge.target
        if key in found or not may_be_endpoint(key):
            continue
        if isinstance(network.find(key), Missing):
            found[key] = edge
    return {key: found[key] for key in sorted(found) if may_be_endpoint(key)}


def may_be_endpoint(key: str) -> bool:
    """Tell whether an id is of a type that can be an end of a path."""
    return (ids.type_of(key) or "").lower() in _EVERY_TYPE


def _unread(network: Network, selector: Selector, fits: Test) -> Iterator[Reason]:
    if selector.kind is Kind.SUBNET:
        return
    yield from _by_type(each for each in unread_endpoints(network) if fits(each[0]))


def _by_type(unread: Iterable[tuple[str, str]]) -> Iterator[Reason]:
    for arm_type, number in sorted(Counter(arm_type for _, arm_type in unread).items()):
        yield Reason("type-not-read", f"{number} of type {arm_type}")


@question
def unread_endpoints(network: Network) -> tuple[tuple[str, str], ...]:
    """Give the resources that nobody reads and that may have an address, by key, with their types.

    What they hold goes with them, and what has no address of its own is left out.
    """
    tails = ((key, key.rpartition("/providers/")[2]) for key in network.counted)
    tops = [(key, tail.rpartition("/")[0]) for key, tail in tails if tail.count("/") == 2]
    typed = ((key, kind) for key, kind in tops if not kind.startswith(_WITHOUT_ADDRESS))
    return tuple(sorted(each for each in typed if (ids.type_of(each[0]) or "").lower() == each[1]))


def perhaps_public(network: Network) -> tuple[Reason, ...]:
    """Give what nobody reads and the internet may get to: services with a public name (E-2)."""
    return tuple(_by_type(unread_endpoints(network)))


def unread_of(network: Network, types: frozenset[str]) -> tuple[Reason, ...]:
    """Give what nobody reads of some types, in lower case."""
    return tuple(_by_type(each for each in unread_endpoints(network) if each[1] in types))


_LISTS: tuple[tuple[type[Node], str, type[Node]], ...] = (
    (VirtualNetwork, "subnets", Subnet),
    (NetworkInterface, "ip_configurations", IpConfiguration),
    (ScaleSet, "interfaces", ScaleSetInterface),
    (LoadBalancer, "frontends", LoadBalancerFrontend),
    (ApplicationGateway, "frontends", GatewayFrontend),
    (ManagedCluster, "pools", AgentPool),
)


def _untold_lists(network: Network, selector: Selector) -> Iterator[Reason]:
    """The lists that are not told and in which there may be more that fits."""
    if selector.kind is Kind.TYPE:
        wanted: tuple[type[Node], ...] = classes_of(selector)
    else:
        wanted = (Subnet,) if selector.kind in (Kind.ID, Kind.NAME, Kind.SUBNET) else ()
    for holder, attribute, part in _LISTS:
        if part not in wanted:
            continue
        for node in network.all(holder):
            if selector.kind is Kind.SUBNET and not home_of_subnet(selector.value)(node.key):
                continue
            try:
                getattr(node, attribute)
            except Undetermined as unknown:
                yield as_reason(unknown, node.id)


def _gaps(network: Network) -> Iterator[Reason]:
    """What of the input was not read, told once."""
    found = [each for each in network.gaps if _leaves_out(network, each)]
    if found:
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        yield Reason("collection-gap", f"{found[0].detail}{more}", found[0].subject)


def _leaves_out(network: Network, gap: Gap) -> bool:
    """Whether there may be whole resources behind a gap."""
    if gap.kind == "damaged":  # a value of a resource, or a whole file
        return fold(gap.subject) not in network.nodes
    return gap.kind in ("partial", "denied", "failed", "undecided", "unsupported")
