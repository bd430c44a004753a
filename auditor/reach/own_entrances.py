"""Entrances of services that have things of their own in a subnet, told by no resource (E-2).

A managed instance may have a public endpoint, a Container Apps environment an external ingress:
their addresses and balancers are Azure's. What comes in by them meets the rules of the subnet.
So it is with services of types that nobody reads, such as API Management.
"""

from __future__ import annotations

from auditor.addresses import EVERY_PORT, EVERYTHING
from auditor.errors import Undetermined
from auditor.network.effective_rules import Direction
from auditor.network.graph import Network, question_about
from auditor.network.reasons import Reason, gap
from auditor.network.service_tags import NO_TAGS, ServiceTags
from auditor.reach.bounds import Bounds
from auditor.reach.filter_stage import filters
from auditor.reach.path import Path, start
from auditor.reach.points import INTERNET, Kind, Point, anywhere_in, is_supposed
from auditor.reach.replying import to_internet
from auditor.reach.stages import if_somebody, remark
from auditor.reach.trail import Trail
from auditor.reach.unread_services import unread_in
from auditor.resources.virtual_networks import Subnet

_ENTERED = frozenset(
    {
        "microsoft.app/environments",
        "microsoft.sql/managedinstances",
        "microsoft.web/hostingenvironments",
    }
)
"""Services, by what a subnet is delegated to (D-11), that may let the internet in by themselves."""


def by_own_entrance(trail: Trail, source: Point, target: Point) -> Path | None:
    """Give the way from the internet by an entrance that a service in a subnet may have.

    To any machine of the subnet, which then is one of the service's, or to an address of it that
    perhaps is somebody's. None where it has none.
    """
    subnet = target.node
    if not isinstance(subnet, Subnet) or not _has_some(target):
        return None
    reasons = _untold(trail.network, subnet)
    if not reasons:
        return None
    told = remark(
        trail,
        "public-address",
        target.id,
        lambda _: f"it cannot be told what comes to {subnet.label} by addresses of Azure's",
        Bounds.maybe(trail.space.all),
        reasons=reasons,
    )
    there = told.becoming(destination=target.addresses, destination_port=EVERY_PORT)
    inside = filters(there, target, Direction.INBOUND)
    inside = if_somebody(inside, target) if is_supposed(target) else inside
    return Path(source, target, to_internet(trail)(inside, target))


def _has_some(target: Point) -> bool:
    """Whether what a service has in a subnet may be a point of it."""
    return target.kind is Kind.SUBNET or (target.kind is Kind.NOBODY and bool(target.reasons))


def own_entrances(network: Network, tags: ServiceTags = NO_TAGS) -> tuple[Reason, ...]:
    """Give why the internet may reach more: what may come in by such entrances, past the rules."""
    found: list[Reason] = []
    for subnet in network.all(Subnet):
        for version in anywhere_in(network, subnet).versions if _untold(network, subnet) else ():
            trail = start(network, INTERNET, version, EVERYTHING, tags)
            way = by_own_entrance(trail, INTERNET, anywhere_in(network, subnet))
            if way is not None and not way.bounds.may.is_empty:
                found += _untold(network, subnet)
    return tuple(dict.fromkeys(found))


@question_about
def _untold(network: Network, subnet: Subnet) -> tuple[Reason, ...]:
    """Say why it is not told that nothing in a subnet has an entrance of its own."""
    try:
        services = subnet.delegated_to
    except Undetermined as unknown:
        return (gap(unknown, subnet.id),)
    told = (
        Reason("paas-injected", f"whether {each} lets the internet in to {subnet.label}", subnet.id)
        for each in services
        if each.lower() in _ENTERED
    )
    return (*told, *unread_in(network, subnet))
