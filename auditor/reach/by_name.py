"""Services of which no address is told: asked by a public name, or somewhere in a subnet.

Packets get there for certain when they would at every address that it may have: any of the subnet
(L-21, K-13), any public one. With a file of service tags the latter are Azure's; without, all but
the input's own, unless it has hundreds, and those of documentation.
"""

from __future__ import annotations

from auditor.addresses import EVERY_V4, EVERYTHING, NOTHING, AddressSet
from auditor.network.graph import Network, question_about
from auditor.network.reasons import Reason
from auditor.network.service_tags import ServiceTags
from auditor.reach.bounds import Bounds
from auditor.reach.hosting import is_hosted
from auditor.reach.points import Kind, Point
from auditor.reach.space import FlowSpace, always
from auditor.reach.unanswered import own_public_addresses
from auditor.resources import walk
from auditor.resources.base import Node
from auditor.resources.front_doors import ClassicFrontDoor, FrontDoorEndpoint
from auditor.resources.mysql import MySqlFlexibleServer, MySqlSingleServer
from auditor.special_addresses import DOCUMENTATION, PUBLIC

_EDGE = (FrontDoorEndpoint, ClassicFrontDoor)

_NAMES = ("fqdn", "fully_qualified_domain_name", "host_name")


def is_named(point: Point) -> bool:
    """Tell whether clients ask a point by a public name alone."""
    return point.node is not None and (point.kind is Kind.SERVICE or isinstance(point.node, _EDGE))


def public_name(node: Node) -> str:
    """Give the name that clients call; what it is called in ARM, if it is not told."""
    settings = walk.peek(node, "properties")
    named = (walk.peek(settings, key) for key in _NAMES)
    return next((str(name) for name in named if name), node.label)


@question_about
def addresses_of_name(network: Network, node: Node, tags: ServiceTags) -> AddressSet:
    """Give the addresses that a name may stand for."""
    told = next((found for tag in _tags(node) if (found := tags(tag)) is not None), PUBLIC)
    whole = PUBLIC if isinstance(node, _EDGE) else PUBLIC & EVERY_V4
    public = (told & whole) or whole
    own = own_public_addresses(network)
    return (public - own if len(own.v4) < _MANY else public) or public


_MANY = 100
"""Ranges of so many own addresses are not left out: each would cut what follows once more."""


def _tags(node: Node) -> tuple[str, ...]:
    """The service tags that hold the address of a service, the narrowest first."""
    if isinstance(node, MySqlFlexibleServer | MySqlSingleServer):
        return ("Sql", "AzureCloud")
    if isinstance(node, _EDGE):
        return ("AzureFrontDoor.Frontend", "AzureCloud")
    return ("AzureCloud",)


def whichever_address(
    network: Network, source: Point, target: Point, tags: ServiceTags, space: FlowSpace
) -> tuple[AddressSet, Reason | None]:
    """Give the addresses at each of which a target has to be reached, and why; else no reason.

    Of a service in a subnet it is any of that; a name's, as seen from the internet, need no route.
    """
    if is_hosted(target) and len(target.addresses.intervals(space.version)) and target.place:
        where = f"which address of {target.place.label} {target.node and target.node.label} has"
        why = Reason("paas-injected", where, target.id)
        return target.addresses, why if target.addresses.size > 1 else None
    if not is_named(target) or target.node is None or source.kind is Kind.INTERNET:
        return NOTHING, None
    known = addresses_of_name(network, target.node, tags)
    name = public_name(target.node)
    why = Reason(f"fqdn:{name}", f"which public address {name} has", target.id)
    return (known - DOCUMENTATION) or known, why


def at_each(space: FlowSpace, total: Bounds, addresses: AddressSet) -> Bounds:
    """Give what gets for certain to somebody who has one of some addresses: what does at each."""
    elsewhere = space.having(destination=EVERYTHING - addresses)
    return Bounds(total.may, total.must & always(total.must | elsewhere, "destination"))
